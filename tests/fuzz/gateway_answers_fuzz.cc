// Whatever the services outside may answer: the check of a key, of an organisation, the ranks, the overrides of the
// player cams, a registration, the row of a player, a command. Nothing but what fits gets into a match, and that can be
// shown and read from its journal again.
//
// The input is answers, a line each: a letter for whose, three digits of its status, the body.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/access_keys.h"
#include "gateway/bus_commands.h"
#include "gateway/bus_directory.h"
#include "gateway/bus_row.h"
#include "gateway/match_reports.h"
#include "gateway/match_stats.h"
#include "gateway/player_cams.h"
#include "match/snapshot.h"
#include "unit/gateway/fake_http_client.h"
#include "ws/utf8_validator.h"

namespace {

using namespace matchbus;
using namespace matchbus::gateway;

void require(bool holds) {
  if (!holds) std::abort();
}

void require_json(std::string text) {
  json::Document document;
  require(ws::is_utf8(text) && document.parse_in_place(text).ok());
}

class SilentLog final : public Log {
 public:
  using Log::Log;

 protected:
  void emit(LogLevel, std::string_view) override {}
};

// A journal without a disk: what is written reads as the same kind of event.
class Recorder final : public match::EventSink {
 public:
  void on_created(const match::Match&, const match::ObserverLogon&, const match::Organization&, std::string_view,
                  int64_t) override {}
  void on_event(const match::Match&, const match::Envelope& event) override {
    BytesWriter out;
    match::write_event(out, event);
    require_json(std::string(out.view()));
  }
  void on_removed(const match::Match&) override {}
};

class World {
 public:
  World() {
    registry.set_sink(&recorder);
    match::ObserverLogon logon;
    logon.client_version = "0.3.20";
    logon.group_code = "G";
    logon.left.name = "A";
    logon.left.attack_start = true;
    logon.right.name = "B";
    logon.tools = R"({"playercamsInfo":{"secret":"s","identifier":"i"}})";
    live = registry.admit(logon, {"1", "Org", true}, clock.wall_ms()).match;
    require(live != nullptr);
    tell("match_start", "\"M\"");
    tell("roster", R"({"name":"n","tagline":"t","startTeam":0,"agentInternal":"Clay","playerId":"P","position":0,)"
                   R"("locked":true,"rank":0})");
  }

  // The answer to what `whose` is asked.
  void answer(char whose, int status, std::string body) {
    switch (whose) {
      case 'k':
        keys.check_key("key", [](const KeyAnswer& answer) { check(answer); });
        break;
      case 'r':
        stats.fetch_ranks(*live);
        break;
      case 'c':
        cams.fetch(*live);
        break;
      case 'm':
        reports.on_started(*live);
        break;
      case 'd':
        directory.look_up(token(), [](const DirectoryAnswer& answer) { check(answer); });
        break;
      case 'x':
        run_command();
        break;
      default:
        return;
    }
    // The check of a key asks once more, for its organisation.
    for (int i = 0; i < 5 && !calls.empty(); ++i) {
      net::HttpAnswer answer{status, {}, body};
      FakeHttpClient::take(calls).done(std::move(answer));
    }
    clock.advance(20'000);
    timers.advance(clock.monotonic_ms());
    while (!calls.empty()) FakeHttpClient::take(calls).done(Error{"gone"});
    BytesWriter out;
    match::write_snapshot(out, *live);
    require_json(std::string(out.view()));
    if (live->has_news()) live->mark_shown();
    live->tidy();
  }

 private:
  static void check(const KeyAnswer& answer) {
    const bool has_organization = !answer.organization.id.empty();
    require(has_organization == (answer.status == KeyStatus::kValid));
    require(answer.organization.id.size() <= 256 && answer.organization.name.size() <= 256);
    require(ws::is_utf8(answer.organization.id) && ws::is_utf8(answer.organization.name));
  }
  static void check(const DirectoryAnswer& answer) {
    if (answer.kind != DirectoryAnswer::Kind::kRow) return;
    require(answer.row.user_id == "user" && !answer.row.username.empty());
    for (const std::string* part : {&answer.row.sector_id, &answer.row.team_id, &answer.row.region_id})
      require(part->size() <= kMaxRowText && ws::is_utf8(*part));
    require((answer.row.role == bus::Role::kAdmin) == (answer.row.role_name == "admin"));
  }
  bus::Token token() const { return {"user", INT64_MAX, claims.root()}; }
  void run_command() {
    bus::PlayerRow row;
    row.user_id = "user";
    commands.run({row, "", "1", "mine", "null"}, [](const bus::Commands::Answer& answer) {
      if (!answer.body_json.empty()) require_json(answer.body_json);
      require(answer.ok == (answer.status >= 200 && answer.status < 300));
    });
  }
  void tell(std::string_view type, std::string_view data) {
    std::string text =
        R"({"obsName":"O","groupCode":"G","type":")" + std::string(type) + R"(","data":)" + std::string(data) + "}";
    json::Document document;
    require(document.parse_in_place(text).ok());
    const auto event = match::read_envelope(document.root(), match::Writer::kObserver, clock.wall_ms());
    require(event.has_value() && registry.receive_observer("G", *event).verdict == match::Verdict::kApplied);
  }
  static json::Document parsed() {
    static std::string text = "{}";
    json::Document document;
    require(document.parse_in_place(text).ok());
    return document;
  }

  FakeClock clock;
  SilentLog log{clock, LogLevel::kOff};
  TimerWheel timers{clock.monotonic_ms(), 100, 64};  // coarse, for speed
  Recorder recorder;
  match::MatchRegistry registry{match::Names::built_in()};
  match::Match* live = nullptr;
  json::Document claims = parsed();
  // Each client's calls come to the same list; the callers go before it does.
  std::deque<FakeHttpClient::Call> calls;
  ServiceCaller caller{std::make_unique<FakeHttpClient>(calls), timers, log, {.retries = 0}, 100};
  AccessKeys keys{caller, {"http://b", "", "http://s"}};
  MatchReports reports{caller, registry, clock, timers, {"http://b", ""}, 8};
  MatchStats stats{caller, registry, clock, {"http://s", ""}, 8};
  PlayerCams cams{caller, registry, clock, "http://c"};
  HttpDirectory directory{std::make_unique<FakeHttpClient>(calls), timers, log, "http://d", "", 10};
  BusCommands commands{std::make_unique<FakeHttpClient>(calls), log, {.url = "http://c", .token = {}}};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  World world;
  for (int answers = 0; answers < 20 && input.size() > 4; ++answers) {
    const size_t end = std::min(input.find('\n'), input.size());
    const std::string_view line = input.substr(0, end);
    input.remove_prefix(std::min(end + 1, input.size()));
    if (line.size() < 4) continue;
    int status = 0;
    for (const char c : line.substr(1, 3)) status = status * 10 + (c >= '0' && c <= '9' ? c - '0' : 2);
    world.answer(line[0], status, std::string(line.substr(4)));
  }
  return 0;
}
