// The whole of a Socket.IO session at the doors of the server, as its client may have it: the handshake, polling,
// posts, probe and upgrade, frames, losses and returns, with observers, auxiliary clients and overlays behind them.
// Whatever comes, no door crashes, matches can be shown, and no sender is left at the end.
//
// The first byte chooses the door. The rest is a list of lines: a letter for what to do, then its text.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/ingest.h"
#include "gateway/output.h"
#include "hub/feed.h"
#include "match/registry.h"
#include "match/snapshot.h"
#include "socketio/server.h"
#include "unit/socketio/wire_world.h"

namespace {

using namespace matchbus;

constexpr size_t kMost = 20;  // sessions, sockets

void require(bool holds) {
  if (!holds) std::abort();
}

class World : public test::WireWorld<socketio::Server>, private match::RegistryHandler {
 public:
  explicit World(bool is_ingest) {
    registry.set_handler(this);
    socketio::ServerOptions options;
    options.recovery_window_ms = is_ingest ? 1'000 : 0;
    options.recovery_max_events = 3;
    options.recovery_max_sockets = kMost;
    options.connect_timeout_ms = 500;
    options.engine.ping_interval_ms = 300;
    options.engine.ping_timeout_ms = 200;
    options.engine.max_pending = 5'000;
    options.engine.max_payload = 20'000;
    options.engine.ws.shared_history = !is_ingest;
    target = socketio::Server::create(loop, *context, options);
    if (is_ingest) {
      target->add_namespace("/", ingest);
    } else {
      target->add_namespace("/", output);
    }
    match::ObserverLogon logon;
    logon.client_version = "0.3.20";
    logon.group_code = "LIVE";
    logon.left.name = "A";
    logon.right.name = "B";
    require(registry.admit(logon, {}, clock.wall_ms()).match != nullptr);
  }
  ~World() override {
    target.reset();
    turn();
    require(ingest.senders() == 0);
    registry.set_handler(nullptr);
  }

  void act(char action, std::string_view text) {
    switch (action) {
      case 'o':
        if (sids_.size() < kMost) sids_.push_back(open());
        return;
      case 'w':
        if (sockets_.size() < kMost) sockets_.push_back(&connect(text));
        return;
      case 'u':
        if (!sids_.empty() && sockets_.size() < kMost) sockets_.push_back(&upgrade_session(sids_.back()));
        return;
      case 'g':
        if (!sids_.empty()) polls_.push_back(&request("GET", polling(sids_.back()), {}, false));
        return;
      case 'p':
        if (!sids_.empty()) request("POST", polling(sids_.back()), text, false);
        return;
      case 'q':
        if (is_query(text)) request("GET", text, {}, false);
        return;
      case 'x':
        if (!polls_.empty()) polls_.back()->stream.close();
        return;
      case 'a':
        for (size_t steps = text.size() % 30; steps > 0; --steps) stall(50);
        return;
      case 'e':
        return tell(text);
      case 'k':
        return tick();
      case 'n':
        if (!sockets_.empty()) std::rotate(sockets_.begin(), sockets_.begin() + 1, sockets_.end());
        if (!sids_.empty()) std::rotate(sids_.begin(), sids_.begin() + 1, sids_.end());
        return;
      default:
        break;
    }
    if (sockets_.empty()) return;
    test::WsCall& socket = *sockets_.back();
    if (action == 't') socket.text(text);
    if (action == 'b') socket.binary(text);
    if (action == 'f') socket.stream.feed(std::string(text));
    if (action == 'c') socket.close(1000);
    if (action == 'l') socket.stream.close(net::CloseReason::kError);
    if (action == 'h') socket.stream.accept = text.size();
    if (action == 'd') socket.stream.drain();
  }

 private:
  void on_effects(match::Match&, match::Effects) override {}
  void on_match_id_changed(match::Match& match, const std::string& before) override {
    ingest.on_match_id_changed(match, before);
  }
  void on_removed(match::Match& match) override {
    output.on_match_removed(match);
    ingest.on_match_removed(match);
  }
  void on_stats_due(std::string_view) override {}

  static bool is_query(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
  }
  // An event of the live match's observer.
  void tell(std::string_view text) {
    std::string copy(text);
    json::Document document;
    if (!document.parse_in_place(copy)) return;
    const auto event = match::read_envelope(document.root(), match::Writer::kObserver, clock.wall_ms());
    if (event) registry.receive_observer("LIVE", *event);
  }
  void tick() {
    registry.advance(clock.wall_ms());
    output.prepare(clock.monotonic_ms());
    output.publish(clock.monotonic_ms());
    registry.for_each([](match::Match& match) {
      BytesWriter out;
      match::write_snapshot(out, match);
      std::string copy(out.view());
      json::Document document;
      require(document.parse_in_place(copy).ok());
    });
  }

  match::MatchRegistry registry{match::Names::built_in(), {.matches = 10}};
  hub::FanOut fan_out{loop, {.stall_ms = 1'000}};
  gateway::KeyGuard guard{clock, log, {}};
  gateway::KeyCheck keys{{.required = false, .auth_key = {}, .use_backend = false}, nullptr, guard};
  gateway::Ingest ingest{clock,    loop.timers(), log,
                         registry, keys,          *match::VersionRange::parse(match::VersionRange::kDefault)};
  gateway::Output output{log, registry, fan_out, {*context, 1'024, 3}};
  std::vector<std::string> sids_;
  std::vector<test::WsCall*> sockets_;
  std::vector<test::HttpCall*> polls_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  World world(data[0] != 'v');
  for (int actions = 0; actions < 100 && !input.empty(); ++actions) {
    const size_t end = std::min(input.find('\n'), input.size());
    const std::string_view line = input.substr(0, end);
    input.remove_prefix(std::min(end + 1, input.size()));
    line.empty() ? world.turn() : world.act(line[0], line.substr(1));
  }
  world.turn();
  return 0;
}
