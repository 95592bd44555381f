// A server without sockets for the vectors: the gateway's part in a few lines over registry, logon and snapshot, with
// clients that remember what they received and a clock that moves only when told.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "json/writer.h"
#include "match/key_policy.h"
#include "match/logon.h"
#include "match/registry.h"
#include "match/snapshot.h"
#include "match_fixture.h"

namespace matchbus::test {

struct VectorClient {
  std::string port;
  bool connected = false;
  bool has_logged_on = false;  // whether it worked or not
  std::string group;           // observers and viewers
  std::string match_id;        // auxiliary clients
  std::string secret;
  // Since the last checkpoint: what arrived except match_data, as texts of {"event","data"}.
  std::vector<std::string> events;
  std::string match_data;  // the last one, ever
  int match_data_count = 0;
};

class VectorWorld {
 public:
  int64_t now() const { return now_; }
  std::map<std::string, VectorClient>& clients() { return clients_; }

  void connect(const std::string& name, std::string port) {
    VectorClient client;
    client.port = std::move(port);
    client.connected = true;
    clients_.insert_or_assign(name, std::move(client));
  }
  void disconnect(const std::string& name) { clients_.at(name).connected = false; }

  void emit(const std::string& name, const std::string& event, std::string text) {
    VectorClient& client = clients_.at(name);
    const Parsed parsed(std::move(text));
    if (event == "logon") {
      view(client, parsed.root());
    } else if (event == "obs_logon") {
      observe(client, parsed.root());
    } else if (event == "aux_logon") {
      assist(client, parsed.root());
    } else if (event == "obs_data" && !client.group.empty()) {
      if (const auto envelope = match::read_envelope(parsed.root(), match::Writer::kObserver, now_))
        registry_.receive_observer(client.group, *envelope);
    } else if (event == "aux_data" && !client.match_id.empty()) {
      if (const auto envelope = match::read_envelope(parsed.root(), match::Writer::kAuxiliary, now_))
        registry_.receive_auxiliary(*envelope);
    }
    run(2);
  }

  // Time passes, with a tick every 100 ms. True if anything was received.
  bool run(int64_t ms) {
    bool received = false;
    for (int64_t i = 0; i < ms; ++i) {
      ++now_;
      if (now_ % 100 == 0) received = tick() || received;
    }
    return received;
  }
  // Until nobody has received anything for 350 ms.
  void settle() {
    for (int quiet = 0; quiet < 350; quiet += 10) {
      if (run(10)) quiet = 0;
    }
  }

 private:
  static void receive(VectorClient& client, std::string_view event, std::string_view data) {
    BytesWriter out;
    out.append(R"({"event":)");
    json::write_string(out, event);
    out.append(R"(,"data":)");
    out.append(data);
    out.append('}');
    client.events.emplace_back(out.view());
  }
  static void refuse(VectorClient& client, std::string_view event, std::string_view reason) {
    BytesWriter out;
    out.append(R"({"type":"authenticate","value":false,"reason":)");
    json::write_string(out, reason);
    out.append('}');
    receive(client, event, out.view());
    receive(client, "(disconnect)", R"("io server disconnect")");
    client.connected = false;
  }
  static void send_state(VectorClient& client, const match::Match& match) {
    BytesWriter out;
    match::write_snapshot(out, match);
    client.match_data = out.view();
    ++client.match_data_count;
  }

  void observe(VectorClient& client, json::Value root) {
    if (std::exchange(client.has_logged_on, true)) return;
    const auto logon = match::read_observer_logon(root, versions_);
    if (!logon) return refuse(client, "obs_logon_ack", logon.error().message);
    if (match::check_key(logon->key, keys_) != match::KeyVerdict::kValid)
      return refuse(client, "obs_logon_ack", match::kReasonInvalidKey);
    const auto admission = registry_.admit(*logon, {}, now_);
    if (admission.match == nullptr) return refuse(client, "obs_logon_ack", admission.reason);
    client.group = logon->group_code;
    client.secret = admission.reason;
    receive(client, "obs_logon_ack", R"({"type":"authenticate","value":true,"reason":")" + admission.reason + "\"}");
  }

  void assist(VectorClient& client, json::Value root) {
    if (std::exchange(client.has_logged_on, true)) return;
    const auto logon = match::read_auxiliary_logon(root, versions_);
    if (!logon) return refuse(client, "aux_logon_ack", logon.error().message);
    if (!registry_.has_match_id(logon->match_id))
      return refuse(client, "aux_logon_ack", match::reason_no_match(logon->match_id_text));
    client.match_id = logon->match_id;
    receive(client, "aux_logon_ack", R"({"type":"aux_authenticate","value":true})");
  }

  void view(VectorClient& client, json::Value root) {
    if (std::exchange(client.has_logged_on, true)) return;
    client.group = *root["groupCode"].string();
    receive(client, "logon_success",
            R"({"groupCode":")" + client.group + R"(","msg":"Logon succeeded for group code )" + client.group + "\"}");
    if (const match::Match* const match = registry_.find_group(client.group)) send_state(client, *match);
  }

  bool tick() {
    bool received = false;
    registry_.advance(now_);
    while (match::Match* const match = registry_.take_changed()) {
      for (auto& [name, client] : clients_) {
        if (client.port != "output" || !client.connected || client.group != match->group_code()) continue;
        send_state(client, *match);
        received = true;
      }
      match->mark_shown();
    }
    return received;
  }

  match::MatchRegistry registry_{match::Names::built_in()};
  match::VersionRange versions_ = *match::VersionRange::parse(match::VersionRange::kDefault);
  match::KeyPolicy keys_{true, "testkey", false};
  std::map<std::string, VectorClient> clients_;
  int64_t now_ = kStart;
};

}  // namespace matchbus::test
