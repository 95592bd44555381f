// The realtime bus: players' sockets, the rooms and topics they are in, what is sent to them, and what they missed
// (realtime-bus sections 1 to 6). Whoever gets here has been authenticated and looked up by the door.
//
// Everything happens on the loop's thread. A send never blocks and never fails: messages are queued per socket and
// written a slice per loop turn; every socket gets what it gets in the order of event ids.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "broker/broker.h"
#include "bus/commands.h"
#include "bus/message_class.h"
#include "bus/options.h"
#include "bus/row.h"
#include "bus/stats.h"
#include "bus/target.h"
#include "bus/topic_source.h"
#include "json/document.h"
#include "net/loop.h"
#include "ws/connection.h"

namespace matchbus::bus {

// Close codes of the bus beside those of RFC 6455 (realtime-bus, end).
enum BusCloseCode : uint16_t {
  kSuperseded = 4001,
  kRateLimited = 4002,
  kForbidden = 4003,
  kHeartbeatTimeout = 4008,
  kRegionChanged = 4009,
  kUnauthorized = 4401,
};

enum class Endpoint : uint8_t { kPlayer, kAdmin };

struct ConnectOptions {
  std::string device_id;  // "" is the implicit device
  std::optional<std::string> last_event_id;
  int64_t expires_at_s = INT64_MAX;  // of the token, seconds since 1970
  Endpoint endpoint = Endpoint::kPlayer;
  std::span<char> early;  // bytes behind the handshake; borrowed for the call
};

struct Sent {
  int64_t event_id = 0;
  size_t receivers = 0;  // sockets that it was queued for
};

// A user in a room. Borrowed for the callback.
struct PresentUser {
  std::string_view user_id;
  std::string_view username;
  int64_t connected_at_ms = 0;    // since 1970; of the socket that is open longest
  int64_t last_heartbeat_ms = 0;  // since 1970; of all sockets the latest
};

class Bus {
 public:
  // Borrows all but the options.
  static std::unique_ptr<Bus> create(net::Loop& loop, ws::Context& context, broker::Broker& broker,
                                     const BusOptions& options);
  // Drops the connections that are left.
  virtual ~Bus() = default;

  // Both borrowed; null (the beginning): there is none. A source must be set before any socket connects.
  virtual void set_commands(Commands* commands) = 0;
  virtual void set_topic_source(TopicSource* source) = 0;

  // A verified, looked-up player with an open connection that has not been started. The bus takes it and starts it; if
  // it may not come in (the admin endpoint without the role) it is closed with a code.
  virtual void connect(std::unique_ptr<ws::Connection> connection, PlayerRow row, const ConnectOptions& options) = 0;
  // Closes a connection that never was a player's, keeping it until its close handshake is over.
  virtual void refuse(std::unique_ptr<ws::Connection> connection, uint16_t code, std::string_view reason) = 0;

  // Sends an event to everybody in at least one of the rooms, once, except to the sockets of `exclude_user` ("" is
  // nobody). `message`: an object; its `event_id` member, if any, is replaced.
  virtual Sent send(std::span<const Target> targets, json::Value message, MessageClass message_class,
                    std::string_view exclude_user) = 0;
  // New state of a topic of the TopicSource, as `TopicSource::snapshot` has it. Not kept for replay; a socket that is
  // busy is passed over and gets the snapshot when it has drained.
  virtual Sent send_state(std::string_view topic, std::string_view members) = 0;
  // True if somebody is subscribed.
  virtual bool has_subscribers(std::string_view topic) const = 0;

  // Takes a user to other rooms; false if no socket of the user is here. Another region closes the user's sockets
  // (4009).
  virtual bool move(std::string_view user_id, const MoveRow& row) = 0;
  // Closes the sockets of a user, or that of one device; how many they were.
  virtual size_t disconnect(std::string_view user_id, std::optional<std::string_view> device_id, uint16_t code,
                            std::string_view reason) = 0;
  // The users in a room, in the order of their connecting.
  virtual void presence(const Target& room, const std::function<void(const PresentUser&)>& each) const = 0;
  virtual const BusStats& stats() const = 0;

  // Closes every socket with 1001: the process is about to end. Nobody comes in any more.
  virtual void close_all() = 0;
};

}  // namespace matchbus::bus
