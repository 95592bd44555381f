// Whatever may be asked of the extras port: the bus's API, previews, results of matches, organisations of keys, status
// and metrics. Every request that reads as one is answered once, and JSON is JSON in UTF-8.
//
// The input is a list of requests, a line each: a letter for the route, then what is behind it in the path or query up
// to a space, then the body.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <uv.h>

#include "broker/local_broker.h"
#include "gateway/bus_api.h"
#include "gateway/extras.h"
#include "gateway/org_lookup.h"
#include "gateway/previews.h"
#include "gateway/router.h"
#include "gateway/team_infos.h"
#include "match/registry.h"
#include "net/http_exchange.h"
#include "support/fake_stream.h"
#include "ws/utf8_validator.h"

namespace {

using namespace matchbus;

void require(bool holds) {
  if (!holds) std::abort();
}

class SilentLog final : public Log {
 public:
  using Log::Log;

 protected:
  void emit(LogLevel, std::string_view) override {}
};

// Knows every key, by a name that is the key.
class EveryKey final : public gateway::KeyAuthority {
 public:
  void check_key(const std::string& key, gateway::OnKeyAnswer done) override {
    done({gateway::KeyStatus::kValid, {"1", ws::is_utf8(key) ? key : "?", true}});
  }
};

struct Route {
  char letter;
  std::string_view method;
  std::string_view path;
};
constexpr std::array kRoutes = {Route{'p', "POST", "/api/v1/bus/publish"},
                                Route{'m', "POST", "/api/v1/bus/move"},
                                Route{'d', "POST", "/api/v1/bus/disconnect"},
                                Route{'r', "GET", "/api/v1/bus/presence"},
                                Route{'s', "GET", "/api/v1/bus/stats"},
                                Route{'c', "PUT", "/createPreview"},
                                Route{'v', "GET", "/preview/"},
                                Route{'t', "GET", "/getTeamInfoForCode"},
                                Route{'o', "GET", "/getOrgForKey"},
                                Route{'e', "GET", "/status"},
                                Route{'g', "GET", "/metrics"},
                                Route{'q', "GET", ""}};

class World {
 public:
  World() {
    gateway::add_extras(router, {[] { return size_t{1}; }, [] { return std::string("a 1\n"); }});
    match::ObserverLogon logon;
    logon.client_version = "0.3.20";
    logon.group_code = "G";
    logon.left.name = "A";
    logon.right.name = "B";
    results.keep(*registry.admit(logon, {}, clock.wall_ms()).match);
  }
  ~World() {
    turn();
    bus.reset();
    turn();
  }

  void ask(const Route& route, std::string_view text) {
    const size_t end = std::min(text.find(' '), text.size());
    const std::string target = std::string(route.path) + std::string(text.substr(0, end));
    const std::string_view body = text.substr(std::min(end + 1, text.size()));
    std::string request =
        std::string(route.method) + " " + target + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\n";
    if (!key_.empty()) request += "Idempotency-Key: " + key_ + "\r\n";
    if (route.method != "GET") request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    request += "\r\n";
    if (route.method != "GET") request += body;
    auto& stream = streams_.emplace_back();
    server.serve(test::FakeStream::make(stream));
    stream.feed(request);
    // A body of many messages is worked off in more than one turn.
    for (int i = 0; i < 50 && stream.written.empty(); ++i) turn();
    check(stream.take());
  }
  void use_key(std::string_view key) { key_ = key.substr(0, key.find_first_of("\r\n")); }

 private:
  void check(const std::string& answer) {
    net::HttpAnswerReader reader(false, 10'000, 10'000'000);
    require(reader.feed(answer) == answer.size() && reader.state() == net::HttpAnswerReader::State::kDone);
    const net::HttpAnswer& read = reader.answer();
    require(read.status >= 200 && read.status < 600 && read.status != 500);
    for (const auto& [name, value] : read.headers) {
      if (name != "content-type" || !value.starts_with("application/json")) continue;
      std::string body = read.body;
      json::Document document;
      require(ws::is_utf8(body) && document.parse_in_place(body).ok());
    }
  }
  void turn() {
    for (int i = 0; i < 3; ++i) uv_run(loop.uv(), UV_RUN_NOWAIT);
    clock.advance(1);
    loop.timers().advance(clock.monotonic_ms());
  }

  FakeClock clock;
  std::deque<test::FakeStreamState> streams_;  // outlive the streams
  std::string key_;                            // Idempotency-Key
  SilentLog log{clock, LogLevel::kOff};
  net::Loop loop{clock, log};
  std::unique_ptr<ws::Context> context = ws::Context::create(loop);
  broker::LocalBroker broker;
  std::unique_ptr<bus::Bus> bus = bus::Bus::create(loop, *context, broker, {});
  match::MatchRegistry registry{match::Names::built_in()};
  EveryKey authority;
  gateway::KeyGuard guard{clock, log, {}};
  gateway::KeyCheck keys{{.required = true, .auth_key = "own", .use_backend = true}, &authority, guard};
  gateway::Router router{loop};
  gateway::BusApi api{router, loop, *bus, guard, {.key = "k", .max_per_second = 1'000, .max_body = 100'000}};
  gateway::Previews previews{router, clock, keys, 5};
  gateway::TeamInfos results{router, clock, 5};
  gateway::OrgLookup organizations{router, keys};
  net::HttpServer server{loop, router, {}};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  World world;
  for (int requests = 0; requests < 30 && !input.empty(); ++requests) {
    const size_t end = std::min(input.find('\n'), input.size());
    const std::string_view line = input.substr(0, end);
    input.remove_prefix(std::min(end + 1, input.size()));
    if (line.empty()) continue;
    if (line[0] == 'i') world.use_key(line.substr(1));
    for (const Route& route : kRoutes) {
      if (route.letter == line[0]) world.ask(route, line.substr(1));
    }
  }
  return 0;
}
