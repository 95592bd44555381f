// A bus whose clients do whatever the input says: come with any row and last event, say anything, move, get lost, come
// back. It must not crash; what a client is sent is text with event ids that grow; nobody is left at the end.
//
// The input is a list of lines: a letter for what to do, then its text.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <uv.h>

#include "broker/local_broker.h"
#include "bus/bus.h"
#include "support/fake_stream.h"
#include "unit/ws/wire.h"
#include "ws/connection.h"
#include "ws/utf8_validator.h"

namespace {

using namespace matchbus;

constexpr size_t kMostClients = 30;

void require(bool holds) {
  if (!holds) std::abort();
}

class SilentLog final : public Log {
 public:
  using Log::Log;

 protected:
  void emit(LogLevel, std::string_view) override {}
};

// Answers some commands at once, some later, some never.
class SomeCommands final : public bus::Commands {
 public:
  bool configured() const override { return true; }
  void run(const Request& request, Done done) override {
    if (request.name == "now") return done({true, 200, R"({"a":1})"});
    if (later.size() < 100) later.push_back(std::move(done));
  }
  std::vector<Done> later;
};

class SomeTopics final : public bus::TopicSource {
 public:
  bool has(std::string_view topic) const override { return topic.starts_with("match:"); }
  void on_subscribed(std::string_view) override {}
  void on_unsubscribed(std::string_view) override {}
  Bytes snapshot(std::string_view topic) override {
    return topic.size() % 2 == 0 ? Bytes() : Bytes::copy(R"("type":"match_data")");
  }
};

struct Client {
  test::FakeStreamState stream;
  int64_t last_id = -1;
  bool is_held = false;

  // What has come since the last call.
  void check() {
    std::string bytes = stream.take();
    if (const size_t end = bytes.find("\r\n\r\n"); bytes.starts_with("HTTP/1.1 ")) bytes.erase(0, end + 4);
    if (is_held) return;  // a frame may have been cut
    for (const test::WireFrame& frame : test::decode_frames(bytes)) {
      if (frame.opcode != 1 || frame.rsv != 0) continue;
      constexpr std::string_view kStart = "{\"event_id\":";
      require(frame.payload.starts_with(kStart) && ws::is_utf8(frame.payload));
      const int64_t id = std::stoll(frame.payload.substr(kStart.size()));
      require(id > last_id);
      last_id = id;
    }
  }
};

// Takes the next word off `text`.
std::string word(std::string_view& text) {
  const size_t end = std::min(text.find(' '), text.size());
  const std::string taken(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return taken;
}

class World {
 public:
  World() : bus(bus::Bus::create(loop, *context, broker, options())) {
    bus->set_commands(&commands);
    bus->set_topic_source(&topics);
  }
  ~World() {
    bus->close_all();
    turn();
    bus.reset();
    turn();
    for (const Client& client : clients_) require(client.stream.destroyed);
  }

  void act(char action, std::string_view text) {
    switch (action) {
      case 'c':
      case 'a':
        return connect(action == 'a', text);
      case 'm':
        return move(text);
      case 'k':
        return disconnect(text);
      case 's':
        return send(text);
      case 'p':
        if (const auto room = bus::parse_room(text)) bus->presence(*room, [](const bus::PresentUser&) {});
        return;
      case 'y':
        bus->send_state(text, R"("type":"match_data","n":1)");
        return;
      case 'z':
        for (auto& done : std::exchange(commands.later, {})) done({false, 500, {}});
        return;
      case 'w':
        return advance(int64_t{250} << std::min<size_t>(text.size(), 9));
      case 'n':
        if (!clients_.empty()) current_ = (current_ + 1) % clients_.size();
        return;
      default:
        break;
    }
    if (clients_.empty()) return;
    Client& client = clients_[current_];
    if (action == 't') client.stream.feed(test::encode({.payload = std::string(text)}));
    if (action == 'b') client.stream.feed(test::encode({.opcode = 2, .payload = std::string(text)}));
    if (action == 'r') client.stream.feed(std::string(text));
    if (action == 'e') client.stream.feed(test::encode({.opcode = 8, .payload = test::close_body(1000)}));
    if (action == 'l') client.stream.close(net::CloseReason::kError);
    if (action == 'h') {
      client.is_held = true;
      client.stream.accept = text.size();
    }
    if (action == 'd') client.stream.drain();
  }
  void turn() {
    for (int i = 0; i < 3; ++i) uv_run(loop.uv(), UV_RUN_NOWAIT);
    for (Client& client : clients_) client.check();
  }

 private:
  static bus::BusOptions options() {
    bus::BusOptions options;
    options.heartbeat_timeout_ms = 5'000;
    options.presence_sweep_ms = 1'000;
    options.replay_ms = 3'000;
    options.replay_events = 50;
    options.replay_bytes = 20'000;
    options.max_departures = 5;
    options.max_queue_messages = 20;
    options.max_queue_bytes = 10'000;
    options.max_topics = 5;
    options.max_devices = 3;
    options.stall_ms = 2'000;
    return options;
  }
  // user sector team region device [last event]
  void connect(bool is_admin, std::string_view text) {
    if (clients_.size() >= kMostClients) return;
    bus::PlayerRow row;
    row.user_id = word(text);
    if (row.user_id.empty()) row.user_id = "u";
    row.username = row.user_id;
    row.sector_id = word(text);
    row.team_id = word(text);
    row.region_id = word(text);
    bus::ConnectOptions how;
    how.device_id = word(text);
    if (!text.empty()) how.last_event_id = std::string(text);
    if (is_admin) {
      how.endpoint = bus::Endpoint::kAdmin;
      row.role_name = "admin";
      row.role = bus::Role::kAdmin;
    }
    // The door lets in nothing else.
    for (const std::string* part : {&row.user_id, &row.sector_id, &row.team_id, &row.region_id, &how.device_id})
      if (!ws::is_utf8(*part) || part->size() > 256) return;
    Client& client = clients_.emplace_back();
    current_ = clients_.size() - 1;
    net::HttpRequest request;
    request.method = "GET";
    request.target = "/";
    request.headers = {{"host", "x"},
                       {"upgrade", "websocket"},
                       {"connection", "Upgrade"},
                       {"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="},
                       {"sec-websocket-version", "13"}};
    bus->connect(ws::Connection::accept(*context, loop, request, test::FakeStream::make(client.stream), {}),
                 std::move(row), how);
  }
  // user sector team region; "-" leaves it as it is
  void move(std::string_view text) {
    if (!ws::is_utf8(text)) return;
    const std::string user = word(text);
    bus::MoveRow row;
    for (auto* field : {&row.sector_id, &row.team_id, &row.region_id})
      if (const std::string id = word(text); id != "-") *field = id;
    bus->move(user, row);
  }
  void disconnect(std::string_view text) {
    const std::string user = word(text);
    const std::string device = word(text);
    bus->disconnect(user, device.empty() ? std::nullopt : std::optional<std::string_view>(device), 4000, "x");
  }
  // room message
  void send(std::string_view text) {
    const std::string name = word(text);
    const auto room = bus::parse_room(name);
    std::string message(text);
    json::Document document;
    if (!ws::is_utf8(text) || !document.parse_in_place(message) || !document.root().is_object()) return;
    const bus::Target target = room.value_or(bus::Target{bus::RoomKind::kTopic, name});
    bus->send(std::span(&target, 1), document.root(), bus::MessageClass::kNormal, "u");
  }
  void advance(int64_t ms) {
    for (int64_t left = ms; left > 0; left -= 1'000) {
      clock.advance(std::min<int64_t>(left, 1'000));
      loop.timers().advance(clock.monotonic_ms());
      turn();
    }
  }

  FakeClock clock;
  std::deque<Client> clients_;  // outlive their streams
  size_t current_ = 0;
  SilentLog log{clock, LogLevel::kOff};
  net::Loop loop{clock, log};
  std::unique_ptr<ws::Context> context = ws::Context::create(loop);
  broker::LocalBroker broker;
  SomeCommands commands;
  SomeTopics topics;
  std::unique_ptr<bus::Bus> bus;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  World world;
  for (int actions = 0; actions < 150 && !input.empty(); ++actions) {
    const size_t end = std::min(input.find('\n'), input.size());
    const std::string_view line = input.substr(0, end);
    input.remove_prefix(std::min(end + 1, input.size()));
    line.empty() ? world.turn() : world.act(line[0], line.substr(1));
  }
  world.turn();
  return 0;
}
