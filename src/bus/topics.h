// Subscriptions: sockets enter and leave topics, and get the state of those that have one (realtime-bus section 2).
#pragma once

#include <cstdint>
#include <string_view>

#include "bus/broadcast.h"
#include "bus/bus.h"
#include "bus/delivery.h"
#include "bus/event_writer.h"
#include "bus/options.h"
#include "bus/room.h"
#include "bus/session.h"
#include "bus/topic_source.h"

namespace matchbus::bus {

class Topics {
 public:
  // Borrows all of them.
  Topics(const BusOptions& options, BusStats& stats, EventIds& ids, EventWriter& writer, RoomTable& rooms,
         Delivery& delivery, Broadcast& broadcast)
      : options_(options),
        stats_(stats),
        ids_(ids),
        writer_(writer),
        rooms_(rooms),
        delivery_(delivery),
        broadcast_(broadcast) {}

  void set_source(TopicSource* source) { source_ = source; }

  // Why the socket may not subscribe; empty if it has subscribed now, or had before.
  std::string_view subscribe(Session& session, std::string_view topic);
  void unsubscribe(Session& session, std::string_view topic);
  // The socket takes up a subscription of the one before it, if it still may have it.
  void restore(Session& session, const Membership& held);
  // A socket has left this room.
  void on_left(const Room& room);

  // Gives the socket the state of a topic that it has just subscribed to, or of all its topics that have one, if there
  // is some. Who subscribes again has it already, and who is slow gets it later: asking is cheap, and states are long.
  void send_snapshot(Session& session, std::string_view topic);
  void send_snapshots(Session& session);
  // The state of the socket's topics is lost with its outbox: it gets it anew when it has caught up.
  static void mark_all_stale(Session& session);
  // The socket has got everything: what passed it by follows.
  void catch_up(Session& session);
  // See Bus::send_state.
  Sent send_state(std::string_view topic, std::string_view members);

 private:
  Room& open(std::string_view room_id);
  void enter(Session& session, Room& room, int64_t since);
  void give_snapshot(Session& session, const Room& room);

  const BusOptions& options_;
  BusStats& stats_;
  EventIds& ids_;
  EventWriter& writer_;
  RoomTable& rooms_;
  Delivery& delivery_;
  Broadcast& broadcast_;
  TopicSource* source_ = nullptr;
};

}  // namespace matchbus::bus
