#include "bus/bus_impl.h"

#include <algorithm>
#include <utility>

#include "bus/server_messages.h"

namespace matchbus::bus {

namespace {

// Outboxes count in 32 bits.
BusOptions with_sane_bounds(BusOptions options) {
  options.max_queue_bytes = std::min<size_t>(options.max_queue_bytes, 1 << 30);
  return options;
}

}  // namespace

std::unique_ptr<Bus> Bus::create(net::Loop& loop, ws::Context& context, broker::Broker& broker,
                                 const BusOptions& options) {
  return std::make_unique<BusImpl>(loop, context, broker, options);
}

BusImpl::BusImpl(net::Loop& loop, ws::Context& context, broker::Broker& /*broker*/, const BusOptions& options)
    : loop_(loop),
      options_(with_sane_bounds(options)),
      ids_(loop.clock()),
      pool_(context, options.deflate_threshold, options.deflate_level),
      replay_(rooms_, ids_, {options.replay_ms, options.replay_events, options.replay_bytes}),
      departures_(rooms_, options.replay_ms, options.max_departures, options.max_user_departures),
      delivery_(loop, options_, stats_, *this),
      client_messages_({loop.clock(), options_, stats_, users_, rooms_, broadcast_, topics_}, *this),
      closing_(loop) {
  loop_.timers().set(sweep_timer_, options_.presence_sweep_ms);
}

BusImpl::~BusImpl() {
  for (const std::unique_ptr<Session>& session : sessions_) delivery_.end(*session);
}

void BusImpl::refuse(std::unique_ptr<ws::Connection> connection, uint16_t code, std::string_view reason) {
  closing_.close(std::move(connection), code, reason);
}

// Sending.

Sent BusImpl::send(std::span<const Target> targets, json::Value message, MessageClass message_class,
                   std::string_view exclude_user) {
  const auto write = [message](json::Writer& out) {
    for (json::Value key = message.first(); key.exists();) {
      const json::Value value = message.after(key);
      if (key.string() != "event_id") out.key(*key.string()).exact(value);
      key = message.after(value);
    }
  };
  return broadcast_.send(targets, write, message_class, exclude_user);
}

bool BusImpl::has_subscribers(std::string_view topic) const {
  const Room* const room = rooms_.find({RoomKind::kTopic, topic});
  return room != nullptr && !room->members.empty();
}

void BusImpl::on_overflow(Session& session) {
  ++stats_.resyncs;
  delivery_.push_uncounted(session, writer_.make([](json::Writer& out) { write_state_resync(out, "overflow"); }));
  Topics::mark_all_stale(session);
}

EventRef BusImpl::next_missed(Session& session) {
  if (EventRef first = session.replay->take_first()) {
    ++stats_.deliveries;
    return first;
  }
  if (!replay_.is_whole(*session.replay)) {
    delivery_.clear(session);
    ++stats_.overflows;
    on_overflow(session);
    return {};
  }
  EventRef event = replay_.read(*session.replay);
  if (event) {
    ++stats_.deliveries;
    ++stats_.replayed;
  }
  return event;
}

void BusImpl::on_stalled(Session& session) {
  ++stats_.stalled;
  close(session, ws::kTryAgainLater, "too slow");
}

void BusImpl::on_message(Session& session, ws::Opcode opcode, std::span<char> payload) {
  client_messages_.handle(session, opcode, payload);
}

// Going.

void BusImpl::end(Session& session, Farewell farewell) {
  User& user = *session.user;
  const bool was_present = user.is_present();
  delivery_.end(session);
  Memberships held = rooms_.leave_all(session);
  for (const Membership& membership : held) topics_.on_left(*membership.room);
  departures_.keep(user.row.user_id(), session.device_id, std::move(held), loop_.clock().monotonic_ms());
  user.sessions.remove(session);
  session.user = nullptr;
  client_messages_.forget(session);

  const uint32_t place = session.place;
  loop_.defer(std::move(sessions_[place]));
  if (place + 1 != sessions_.size()) {
    sessions_[place] = std::move(sessions_.back());
    sessions_[place]->place = place;
  }
  sessions_.pop_back();

  if (farewell == Farewell::kSilent) return;
  if (was_present && !user.is_present()) announce("player_left_sector", user);
  if (user.sessions.empty()) users_.remove(user);
}

void BusImpl::close(Session& session, uint16_t code, std::string_view reason, Farewell farewell) {
  if (session.user == nullptr) return;  // it has ended already
  end(session, farewell);
  closing_.close(std::move(session.connection), code, reason);
}

void BusImpl::close_players(User& user, uint16_t code, std::string_view reason, Farewell farewell) {
  std::vector<Session*> players;
  std::copy_if(user.sessions.begin(), user.sessions.end(), std::back_inserter(players),
               [](const Session* session) { return !session->is_admin_door; });
  for (Session* const session : players) close(*session, code, reason, farewell);
}

size_t BusImpl::disconnect(std::string_view user_id, std::optional<std::string_view> device_id, uint16_t code,
                           std::string_view reason) {
  const User* const user = users_.find(user_id);
  if (user == nullptr) return 0;
  std::vector<Session*> chosen;
  for (Session* const session : user->sessions) {
    if (!device_id || session->device_id.view() == *device_id) chosen.push_back(session);
  }
  for (Session* const session : chosen) close(*session, code, reason);
  return chosen.size();
}

void BusImpl::close_all() {
  is_ending_ = true;
  sweep_timer_.cancel();
  while (!sessions_.empty()) close(*sessions_.back(), ws::kGoingAway, "going away");
}

// Looking.

void BusImpl::presence(const Target& room, const std::function<void(const PresentUser&)>& each) const {
  const Room* const found = rooms_.find(room);
  if (found == nullptr) return;
  for (const PresentUser& user : Presence::list(*found)) each(user);
}

const BusStats& BusImpl::stats() const {
  stats_.sockets = sessions_.size();
  stats_.users = users_.size();
  stats_.rooms = rooms_.size();
  stats_.departures = departures_.size();
  stats_.replay_events = replay_.size();
  stats_.replay_bytes = replay_.bytes();
  return stats_;
}

}  // namespace matchbus::bus
