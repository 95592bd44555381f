// A bus on fake streams and a fake clock, and clients that speak WebSocket to it as bytes.
#pragma once

#include <gtest/gtest.h>
#include <uv.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "broker/local_broker.h"
#include "bus/bus.h"
#include "json/document.h"
#include "json/writer.h"
#include "net/http_message.h"
#include "net/loop.h"
#include "support/fake_stream.h"
#include "unit/ws/wire.h"
#include "ws/connection.h"

namespace matchbus::test {

using Texts = std::vector<std::string>;

class QuietLog final : public Log {
 public:
  using Log::Log;

 protected:
  void emit(LogLevel, std::string_view) override {}
};

// A parsed JSON text with its memory.
class Parsed {
 public:
  explicit Parsed(std::string_view text) : text_(text) { EXPECT_TRUE(document_.parse_in_place(text_).ok()) << text; }
  json::Value root() const { return document_.root(); }
  std::string text(std::string_view key) const { return std::string(root()[key].string().value_or("")); }
  int64_t integer(std::string_view key) const {
    return root()[key].integer(INT64_MIN / 4096, INT64_MAX / 1024).value_or(-1);
  }

 private:
  std::string text_;
  json::Document document_;
};

inline std::string to_text(json::Value value) {
  BytesWriter out;
  json::write_value(out, value);
  return std::string(out.view());
}

class Client {
 public:
  FakeStreamState stream;
  int64_t last_id = -1;           // of what was taken
  std::vector<int64_t> ids;       // of all that was taken
  std::optional<uint16_t> ended;  // the close code that came
  std::string ended_why;

  void say(std::string_view text) { stream.feed(encode({.payload = std::string(text)})); }
  void say_binary(std::string_view bytes) { stream.feed(encode({.opcode = 2, .payload = std::string(bytes)})); }
  // The connection breaks.
  void drop() { stream.close(net::CloseReason::kError); }

  // What came since the last call, without event ids, which must have grown from each to the next.
  Texts take() {
    Texts texts;
    for (const WireFrame& frame : decode_frames(take_bytes())) {
      if (frame.opcode == 8) {
        ended = static_cast<uint16_t>(static_cast<uint8_t>(frame.payload[0]) * 256 +
                                      static_cast<uint8_t>(frame.payload[1]));
        ended_why = frame.payload.substr(2);
        continue;
      }
      EXPECT_FALSE(ended) << "a message behind the close frame";
      texts.push_back(take_id(frame.rsv == 0 ? frame.payload : PeerInflate().message(frame.payload)));
    }
    return texts;
  }
  // The same, only their types.
  Texts take_types() {
    Texts types;
    for (const std::string& text : take()) types.push_back(Parsed(text).text("type"));
    return types;
  }

 private:
  std::string take_bytes() {
    std::string bytes = stream.take();
    if (bytes.starts_with("HTTP/1.1 ")) bytes.erase(0, bytes.find("\r\n\r\n") + 4);
    return bytes;
  }
  std::string take_id(const std::string& text) {
    constexpr std::string_view kStart = "{\"event_id\":";
    EXPECT_TRUE(text.starts_with(kStart)) << text;
    const size_t end = text.find_first_of(",}", kStart.size());
    const int64_t id = std::stoll(text.substr(kStart.size(), end - kStart.size()));
    EXPECT_GT(id, last_id) << text;
    EXPECT_LT(id, int64_t{1} << 53);
    last_id = id;
    ids.push_back(id);
    return text[end] == '}' ? "{}" : "{" + text.substr(end + 1);
  }
};

class BusWorld {
 public:
  explicit BusWorld(bus::BusOptions with = {})
      : options(with), bus(bus::Bus::create(loop, *context, broker, options)) {}

  FakeClock clock;
  std::deque<Client> clients;  // outlive their streams
  QuietLog log{clock, LogLevel::kOff};
  net::Loop loop{clock, log};
  std::unique_ptr<ws::Context> context = ws::Context::create(loop);
  broker::LocalBroker broker;
  bus::BusOptions options;
  std::unique_ptr<bus::Bus> bus;
  std::string extensions;  // that clients offer

  static bus::PlayerRow row(std::string user, std::string sector = "7", std::string team = "",
                            std::string region = "") {
    bus::PlayerRow row;
    row.username = "name of " + user;
    row.user_id = std::move(user);
    row.sector_id = std::move(sector);
    row.team_id = std::move(team);
    row.region_id = std::move(region);
    return row;
  }
  static bus::PlayerRow admin_row(std::string user) {
    bus::PlayerRow made = row(std::move(user), "");
    made.role_name = "admin";
    made.role = bus::Role::kAdmin;
    return made;
  }

  std::unique_ptr<ws::Connection> accept(Client& client) {
    net::HttpRequest request;
    request.method = "GET";
    request.target = "/";
    request.headers = {{"host", "x"},
                       {"upgrade", "websocket"},
                       {"connection", "Upgrade"},
                       {"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="},
                       {"sec-websocket-version", "13"}};
    if (!extensions.empty()) request.headers.emplace_back("sec-websocket-extensions", extensions);
    return ws::Connection::accept(*context, loop, request, FakeStream::make(client.stream), {});
  }
  // A client that has come; what it was greeted with is still to be taken.
  Client& connect(const bus::PlayerRow& who, const bus::ConnectOptions& how = {}) {
    Client& client = clients.emplace_back();
    bus->connect(accept(client), who, how);
    turn();
    return client;
  }
  Client& connect_device(const bus::PlayerRow& who, std::string device) {
    bus::ConnectOptions how;
    how.device_id = std::move(device);
    return connect(who, how);
  }
  // A client that names its last event.
  Client& come_back(const bus::PlayerRow& who, const std::string& last_event_id, std::string device = "") {
    bus::ConnectOptions how;
    how.device_id = std::move(device);
    how.last_event_id = last_event_id;
    return connect(who, how);
  }
  Client& come_back(const bus::PlayerRow& who, int64_t last_event_id) {
    return come_back(who, std::to_string(last_event_id));
  }
  Client& connect_admin(std::string user) {
    bus::ConnectOptions how;
    how.endpoint = bus::Endpoint::kAdmin;
    return connect(admin_row(std::move(user)), how);
  }
  // The same, with the greeting and what the others heard of it taken.
  Client& settle(Client& client) {
    for (Client& each : clients) each.take();
    return client;
  }
  Client& settled(const bus::PlayerRow& who) { return settle(connect(who)); }

  bus::Sent send(const std::vector<bus::Target>& targets, std::string_view message, std::string_view exclude = {},
                 bus::MessageClass message_class = bus::MessageClass::kNormal) {
    const Parsed parsed(message);
    return bus->send(targets, parsed.root(), message_class, exclude);
  }
  // The same, and the turn ends.
  bus::Sent tell(const std::vector<bus::Target>& targets, std::string_view message, std::string_view exclude = {},
                 bus::MessageClass message_class = bus::MessageClass::kNormal) {
    const bus::Sent sent = send(targets, message, exclude, message_class);
    turn();
    return sent;
  }

  // Lets the loop do what it has to do.
  void turn() {
    for (int i = 0; i < 3; ++i) uv_run(loop.uv(), UV_RUN_NOWAIT);
  }
  void advance(int64_t ms, int64_t step = 250) {
    for (int64_t left = ms; left > 0; left -= step) {
      clock.advance(std::min(left, step));
      loop.timers().advance(clock.monotonic_ms());
      turn();
    }
  }
};

inline constexpr bus::Target kGlobal{bus::RoomKind::kGlobal, {}};
inline bus::Target sector(std::string_view id) { return {bus::RoomKind::kSector, id}; }
inline bus::Target team(std::string_view id) { return {bus::RoomKind::kTeam, id}; }
inline bus::Target region(std::string_view id) { return {bus::RoomKind::kRegion, id}; }
inline bus::Target personal(std::string_view id) { return {bus::RoomKind::kPersonal, id}; }
inline bus::Target topic(std::string_view id) { return {bus::RoomKind::kTopic, id}; }

}  // namespace matchbus::test
