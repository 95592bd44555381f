#include "bus/topics.h"

#include <string>

#include "bus/topic_rules.h"
#include "bus/user.h"

namespace matchbus::bus {

std::string_view Topics::subscribe(Session& session, std::string_view topic) {
  const std::string_view refusal = topic_refusal(topic, session.is_admin, options_.max_topic_bytes);
  if (!refusal.empty()) return refusal;
  const std::string room_id = topic_room_id(topic, session.user->row.user_id());
  const Room* const known = rooms_.find({RoomKind::kTopic, room_id});
  if (known != nullptr && session.membership_in(*known) != nullptr) return {};
  if (session.topic_count() >= options_.max_topics) return "too_many_topics";
  Room& room = open(room_id);
  enter(session, room, ids_.last());
  session.memberships.back().is_stale = room.has_source;
  return {};
}

void Topics::unsubscribe(Session& session, std::string_view topic) {
  Room* const room = rooms_.find({RoomKind::kTopic, topic_room_id(topic, session.user->row.user_id())});
  if (room == nullptr || !rooms_.leave(session, *room)) return;
  on_left(*room);
  rooms_.release(*room);
}

void Topics::restore(Session& session, const Membership& held) {
  if (!topic_refusal(topic_name(held.room->id), session.is_admin, options_.max_topic_bytes).empty()) return;
  enter(session, *held.room, held.since);
}

Room& Topics::open(std::string_view room_id) {
  Room& room = rooms_.get({RoomKind::kTopic, room_id});
  room.has_source = source_ != nullptr && source_->has(room_id);
  return room;
}

void Topics::enter(Session& session, Room& room, int64_t since) {
  rooms_.join(session, room, since);
  ++stats_.subscriptions;
  if (room.has_source && room.members.size() == 1) source_->on_subscribed(room.id);
}

void Topics::on_left(const Room& room) {
  if (room.kind == RoomKind::kTopic) --stats_.subscriptions;
  if (room.has_source && room.members.empty()) source_->on_unsubscribed(room.id);
}

void Topics::send_snapshot(Session& session, std::string_view topic) {
  const Room* const room = rooms_.find({RoomKind::kTopic, topic});
  Membership* const membership = room != nullptr ? session.membership_in(*room) : nullptr;
  if (membership == nullptr || !membership->is_stale) return;
  if (Delivery::is_held_back(session)) {
    session.has_stale = true;
    return;
  }
  membership->is_stale = false;
  give_snapshot(session, *room);
}

void Topics::send_snapshots(Session& session) {
  for (const Membership& membership : session.memberships) {
    if (membership.room->has_source) give_snapshot(session, *membership.room);
  }
}

void Topics::give_snapshot(Session& session, const Room& room) {
  const Bytes members = source_->snapshot(room.id);
  if (members.empty()) return;
  broadcast_.answer(session, [&](json::Writer& out) { out.raw(members.view()); });
}

void Topics::mark_all_stale(Session& session) {
  for (Membership& membership : session.memberships) {
    if (membership.room->has_source) membership.is_stale = session.has_stale = true;
  }
}

void Topics::catch_up(Session& session) {
  session.has_stale = false;
  for (Membership& membership : session.memberships) {
    if (!membership.is_stale) continue;
    membership.is_stale = false;
    give_snapshot(session, *membership.room);
  }
}

Sent Topics::send_state(std::string_view topic, std::string_view members) {
  Room* const room = rooms_.find({RoomKind::kTopic, topic});
  if (room == nullptr || room->members.empty()) return {};
  const EventRef event = writer_.make([members](json::Writer& out) { out.raw(members); });
  Sent sent{event->id(), 0};
  for (Session* const session : room->members) {
    if (session->has_stale || Delivery::is_held_back(*session)) {
      Membership& membership = *session->membership_in(*room);
      if (Delivery::is_held_back(*session)) membership.is_stale = session->has_stale = true;
      if (membership.is_stale) continue;
    }
    delivery_.push(*session, event);
    ++sent.receivers;
  }
  return sent;
}

}  // namespace matchbus::bus
