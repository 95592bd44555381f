// The bus behind the interface: who comes, moves and goes (bus_connect.cc, bus_move.cc), the sweep (bus_sweep.cc), and
// the parts that do the rest.
//
// Everything that happens to a user's rooms happens here, in one order: out of every room first, departure before
// arrival, and nobody in two sectors at any time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/timer_wheel.h"
#include "bus/broadcast.h"
#include "bus/bus.h"
#include "bus/client_messages.h"
#include "bus/delivery.h"
#include "bus/departures.h"
#include "bus/event.h"
#include "bus/event_ids.h"
#include "bus/event_writer.h"
#include "bus/presence.h"
#include "bus/replay_log.h"
#include "bus/room.h"
#include "bus/session.h"
#include "bus/topics.h"
#include "bus/user.h"
#include "ws/closing_connections.h"

namespace matchbus::bus {

class BusImpl final : public Bus,
                      private SessionOwner,
                      private Delivery::Client,
                      private ClientMessages::Host,
                      private Timer::Handler {
 public:
  BusImpl(net::Loop& loop, ws::Context& context, broker::Broker& broker, const BusOptions& options);
  ~BusImpl() override;

  void set_commands(Commands* commands) override { client_messages_.set_commands(commands); }
  void set_topic_source(TopicSource* source) override { topics_.set_source(source); }
  void connect(std::unique_ptr<ws::Connection> connection, PlayerRow row, const ConnectOptions& options) override;
  void refuse(std::unique_ptr<ws::Connection> connection, uint16_t code, std::string_view reason) override;
  Sent send(std::span<const Target> targets, json::Value message, MessageClass message_class,
            std::string_view exclude_user) override;
  Sent send_state(std::string_view topic, std::string_view members) override {
    return topics_.send_state(topic, members);
  }
  bool has_subscribers(std::string_view topic) const override;
  bool move(std::string_view user_id, const MoveRow& row) override;
  size_t disconnect(std::string_view user_id, std::optional<std::string_view> device_id, uint16_t code,
                    std::string_view reason) override;
  void presence(const Target& room, const std::function<void(const PresentUser&)>& each) const override;
  const BusStats& stats() const override;
  void close_all() override;

 private:
  // What a client that names its last event gets.
  struct Return {
    std::optional<std::string_view> resync;  // why it has to fetch the state again
    bool is_recovered = false;
    int64_t position = 0;  // the event
  };
  // What others notice of a user's coming.
  struct Arrival {
    bool was_present = false;     // another of his sockets was here, and be it one that gives way now
    bool changes_sector = false;  // and in another sector
    bool changes_row = false;     // or something else of his row was different
  };
  enum class Farewell : uint8_t { kSilent, kTold };  // whether the sector is told that the user left

  // Coming (bus_connect.cc).
  Session& add_session(std::unique_ptr<ws::Connection> connection, const PlayerRow& row, const ConnectOptions& options);
  User& settle_user(const PlayerRow& row, const ConnectOptions& options, Arrival& arrival);
  void adopt_row(User& user, const PlayerRow& row, Arrival& arrival);
  Return judge_return(const ConnectOptions& options, const Memberships* held) const;
  void enter_rooms(Session& session, const Memberships* held);
  void greet(Session& session, const Return& back);

  // Moving (bus_move.cc).
  void hop(User& user, RoomKind kind, std::string_view to, bool is_told);
  void announce(std::string_view type, const User& user);
  void tell_state(const User& user, const Session* except);

  // Going (bus_impl.cc). The session is gone for everybody but callers on the stack: it is destroyed at the end of the
  // turn.
  void end(Session& session, Farewell farewell);
  void close(Session& session, uint16_t code, std::string_view reason, Farewell farewell = Farewell::kTold);
  void close_players(User& user, uint16_t code, std::string_view reason, Farewell farewell);

  // Sweeping (bus_sweep.cc).
  void on_timer(Timer& timer) override;
  void sweep_session(Session& session);

  void on_message(Session& session, ws::Opcode opcode, std::span<char> payload) override;
  void on_drained(Session& session) override { delivery_.on_drained(session); }
  void on_lost(Session& session) override { end(session, Farewell::kTold); }
  void on_overflow(Session& session) override;
  EventRef next_missed(Session& session) override;
  void on_caught_up(Session& session) override { topics_.catch_up(session); }
  void on_stalled(Session& session) override;
  void close_session(Session& session, uint16_t code, std::string_view reason) override {
    close(session, code, reason);
  }
  const BusStats& current_stats() const override { return stats(); }

  net::Loop& loop_;
  BusOptions options_;
  mutable BusStats stats_;  // the figures of now are taken when they are asked for
  EventIds ids_;
  EventPool pool_;
  EventWriter writer_{ids_, pool_};
  UserTable users_;
  RoomTable rooms_;
  ReplayLog replay_;
  Departures departures_;
  Delivery delivery_;
  Broadcast broadcast_{ids_, writer_, rooms_, users_, replay_, delivery_, stats_};
  Presence presence_{rooms_, broadcast_};
  Topics topics_{options_, stats_, ids_, writer_, rooms_, delivery_, broadcast_};
  ClientMessages client_messages_;
  ws::ClosingConnections closing_;
  std::vector<std::unique_ptr<Session>> sessions_;
  uint64_t last_number_ = 0;  // of a session
  bool is_ending_ = false;

  Timer sweep_timer_{*this};
  size_t sweep_left_ = 0;  // sessions that the running sweep has not looked at: the first ones
  enum class SweepStep : uint8_t { kWait, kSessions, kPresence } sweep_step_ = SweepStep::kWait;
};

}  // namespace matchbus::bus
