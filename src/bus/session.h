// One player's socket. A record that the parts of the bus share: what each field means is said here, what happens to it
// is theirs.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "bus/compact_text.h"
#include "bus/outbox.h"
#include "bus/rate_limit.h"
#include "bus/replay_log.h"
#include "bus/room.h"
#include "net/loop.h"
#include "ws/connection.h"

namespace matchbus::bus {

struct Session;
struct User;

// What a socket's events are given to.
class SessionOwner {
 public:
  virtual void on_message(Session& session, ws::Opcode opcode, std::span<char> payload) = 0;
  virtual void on_drained(Session& session) = 0;
  // The connection is gone already.
  virtual void on_lost(Session& session) = 0;

 protected:
  ~SessionOwner() = default;
};

struct Session final : public ws::Handler, public net::Deferred {
  static constexpr uint32_t kNone = UINT32_MAX;

  explicit Session(SessionOwner& session_owner) : owner(session_owner) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Membership* membership_in(const Room& room) {
    for (Membership& membership : memberships) {
      if (membership.room == &room) return &membership;
    }
    return nullptr;
  }
  size_t topic_count() const {
    size_t count = 0;
    for (const Membership& membership : memberships) count += membership.room->kind == RoomKind::kTopic ? 1 : 0;
    return count;
  }
  bool has_expired(int64_t wall_ms) const { return wall_ms / 1000 >= expires_at_s; }

  void on_ws_message(ws::Opcode opcode, std::span<char> payload) override { owner.on_message(*this, opcode, payload); }
  void on_ws_drained() override { owner.on_drained(*this); }
  void on_ws_closed(uint16_t, std::string_view) override { owner.on_lost(*this); }

  SessionOwner& owner;
  std::unique_ptr<ws::Connection> connection;  // null once it is closed and handed over
  User* user = nullptr;                        // null once the session has ended
  Session* next_of_user = nullptr;             // in User::sessions
  CompactText device_id;
  Memberships memberships;

  Outbox outbox;
  std::unique_ptr<ReplayCursor> replay;  // what it missed and has not been sent yet; null: nothing
  int64_t last_queued_id = 0;  // of what was put into the outbox last: an event for several rooms goes in once

  int64_t connected_at_ms = 0;    // since 1970
  int64_t last_heartbeat_ms = 0;  // since 1970
  int64_t heard_ms = 0;           // monotonic; of any message
  int64_t expires_at_s = 0;       // of the token, since 1970
  uint64_t number = 0;            // in the order of connecting
  RateLimit rate;

  uint32_t place = kNone;          // in the table of sessions
  uint32_t dirty_place = kNone;    // in Delivery's list of those that have something to send
  uint32_t late_place = kNone;     // in Delivery's list of those that are held back by their peer
  uint16_t commands = 0;           // in flight
  bool is_admin_door : 1 = false;  // came by the admin endpoint
  bool is_admin : 1 = false;       // its row has the role
  bool has_stale : 1 = false;      // a membership is stale
};

}  // namespace matchbus::bus
