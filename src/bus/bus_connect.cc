// A player's coming: who he is now, whether he was here before, and what he missed.
#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "bus/bus_impl.h"
#include "bus/server_messages.h"

namespace matchbus::bus {
namespace {

// The number that `last_event_id` is; nothing if it is none that an event could have.
std::optional<int64_t> parse_event_id(std::string_view text) {
  int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size() || id < 0) return std::nullopt;
  return id;
}

// Whether what came after `position` was meant for the socket that held this. Everybody is in the global room, and from
// the first of the sockets on that went on from each other: an event before that was not theirs to miss, and whoever
// names one was told to fetch the state again but has not heard of it.
bool has_seen(const Memberships& held, int64_t position) {
  return std::any_of(held.begin(), held.end(), [position](const Membership& m) {
    return m.room->kind == RoomKind::kGlobal && m.since < position;
  });
}

// How many rooms follow from a session's row.
size_t rooms_of(const Session& session) {
  const PackedRow& row = session.user->row;
  constexpr size_t kGlobalAndPersonal = 2;
  if (session.is_admin_door) return kGlobalAndPersonal + 1;
  return kGlobalAndPersonal + (row.sector_id().empty() ? 0 : 1) + (row.team_id().empty() ? 0 : 1) +
         (row.region_id().empty() ? 0 : 1);
}

}  // namespace

void BusImpl::connect(std::unique_ptr<ws::Connection> connection, PlayerRow row, const ConnectOptions& options) {
  const bool is_admin_door = options.endpoint == Endpoint::kAdmin;
  if (is_ending_) return refuse(std::move(connection), ws::kGoingAway, "going away");
  if (is_admin_door && row.role != Role::kAdmin) return refuse(std::move(connection), kForbidden, "admins only");
  ++stats_.connects;

  Arrival arrival;
  Session& session = add_session(std::move(connection), row, options);
  User& user = settle_user(row, options, arrival);
  session.user = &user;
  user.sessions.push_back(session);

  replay_.expire();
  departures_.expire(loop_.clock().monotonic_ms());
  const std::optional<Memberships> held = departures_.take(row.user_id, options.device_id);
  const Return back = judge_return(options, held ? &*held : nullptr);
  enter_rooms(session, back.is_recovered ? &*held : nullptr);
  if (held) rooms_.unhold_all(*held);
  greet(session, back);
  if (is_admin_door) {
    // It may have taken the place of the player's only socket.
    if (arrival.was_present && !user.is_present()) announce("player_left_sector", user);
  } else {
    if (!arrival.was_present || arrival.changes_sector) announce("player_entered_sector", user);
    if (arrival.changes_row) tell_state(user, &session);
  }
  // Last: messages that came behind the handshake are handled inside, and may end the session.
  session.connection->set_handler(&session);
  session.connection->start(options.early);
}

Session& BusImpl::add_session(std::unique_ptr<ws::Connection> connection, const PlayerRow& row,
                              const ConnectOptions& options) {
  SessionOwner& owner = *this;
  auto session = std::make_unique<Session>(owner);
  session->connection = std::move(connection);
  session->device_id = CompactText(options.device_id);
  session->expires_at_s = options.expires_at_s;
  session->is_admin_door = options.endpoint == Endpoint::kAdmin;
  session->is_admin = row.role == Role::kAdmin;
  session->number = ++last_number_;
  session->heard_ms = loop_.clock().monotonic_ms();
  session->connected_at_ms = session->last_heartbeat_ms = loop_.clock().wall_ms();
  session->place = static_cast<uint32_t>(sessions_.size());
  sessions_.push_back(std::move(session));
  return *sessions_.back();
}

// The user whose row this is, rid of an older socket of the same device, and with the row's new values.
User& BusImpl::settle_user(const PlayerRow& row, const ConnectOptions& options, Arrival& arrival) {
  User* const user = users_.find(row.user_id);
  if (user == nullptr) return users_.add(row);
  arrival.was_present = user->is_present();
  if (Session* const old = user->find_device(options.device_id)) {
    ++stats_.superseded;
    close(*old, kSuperseded, "superseded", Farewell::kSilent);
  } else if (options_.max_devices != 0 && user->sessions.size() >= options_.max_devices) {
    close(**user->sessions.begin(), kSuperseded, "too many devices", Farewell::kSilent);
  }
  if (options.endpoint == Endpoint::kPlayer) adopt_row(*user, row, arrival);
  return *user;
}

// The row belongs to the user, not to the socket: other devices follow.
void BusImpl::adopt_row(User& user, const PlayerRow& row, Arrival& arrival) {
  const PackedRow& current = user.row;
  const bool changes_team = row.team_id != current.team_id();
  const bool changes_region = row.region_id != current.region_id();
  arrival.changes_sector = row.sector_id != current.sector_id();
  arrival.changes_row = arrival.changes_sector || changes_team || changes_region;
  if (changes_region) close_players(user, kRegionChanged, "region changed", Farewell::kSilent);
  if (arrival.changes_sector) hop(user, RoomKind::kSector, row.sector_id, arrival.was_present);
  if (changes_team) hop(user, RoomKind::kTeam, row.team_id, false);
  user.row = PackedRow(row);
}

BusImpl::Return BusImpl::judge_return(const ConnectOptions& options, const Memberships* held) const {
  if (!options.last_event_id) return {};
  const std::optional<int64_t> position = parse_event_id(*options.last_event_id);
  if (!position || *position > ids_.last()) return {.resync = "unknown_position"};
  if (ids_.age_ms(*position) > options_.replay_ms) return {.resync = "too_old"};
  if (*position <= ids_.before_first()) return {.resync = "server_restart"};
  if (held == nullptr || !has_seen(*held, *position)) return {.resync = "unknown_position"};
  if (replay_.has_lost_after(*position)) return {.resync = "overflow"};
  return {.resync = {}, .is_recovered = true, .position = *position};
}

// Enters the rooms of the row, and the topics held before. A room held before counts from when it was entered then.
void BusImpl::enter_rooms(Session& session, const Memberships* held) {
  const PackedRow& row = session.user->row;
  const int64_t now = ids_.last();
  const std::span<const Membership> before = held == nullptr ? std::span<const Membership>() : *held;
  // As many as there will be: every player has them.
  session.memberships.reserve(rooms_of(session) +
                              static_cast<size_t>(std::count_if(before.begin(), before.end(), [](const Membership& m) {
                                return m.room->kind == RoomKind::kTopic;
                              })));
  const auto enter = [&](RoomKind kind, std::string_view id) {
    Room& room = rooms_.get({kind, id});
    int64_t since = now;
    const auto was = std::find_if(before.begin(), before.end(), [&](const Membership& m) { return m.room == &room; });
    if (was != before.end()) since = was->since;
    rooms_.join(session, room, since);
  };
  enter(RoomKind::kGlobal, {});
  if (session.is_admin_door) {
    enter(RoomKind::kAdmin, {});
  } else {
    if (!row.sector_id().empty()) enter(RoomKind::kSector, row.sector_id());
    if (!row.team_id().empty()) enter(RoomKind::kTeam, row.team_id());
    if (!row.region_id().empty()) enter(RoomKind::kRegion, row.region_id());
  }
  enter(RoomKind::kPersonal, row.user_id());
  for (const Membership& membership : before) {
    if (membership.room->kind == RoomKind::kTopic) topics_.restore(session, membership);
  }
}

// Says `connected`, and then either what was missed, or that it cannot be had any more.
void BusImpl::greet(Session& session, const Return& back) {
  const auto connected = [&](json::Writer& out) {
    write_connected(out, session, loop_.clock().wall_ms(), back.is_recovered);
  };
  if (!back.is_recovered) {
    broadcast_.answer(session, connected);
    if (!back.resync) return;
    ++stats_.resyncs;
    return broadcast_.answer(session, [&](json::Writer& out) { write_state_resync(out, *back.resync); });
  }
  ++stats_.recovered;
  auto missed =
      std::make_unique<ReplayCursor>(replay_.missed(session.memberships, back.position, session.user->row.user_id()));
  if (!missed->next_id()) {
    broadcast_.answer(session, connected);
  } else {
    // It stands before what is sent again, in time and so in its id.
    missed->set_first(writer_.make_with_id(std::min(back.position + 1, *missed->next_id() - 1), connected));
    session.replay = std::move(missed);
    delivery_.start_replay(session);
  }
  topics_.send_snapshots(session);
}

}  // namespace matchbus::bus
