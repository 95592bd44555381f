// What the bus should do, the plain way: every event ever sent in one list, every room a search, no queues of shared
// nodes. Tests do the same to a bus and to this, and compare what every client got, message by message.
//
// Positions: an event's is its number in the list; that of any other message is that of the last event before it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bus/row.h"

namespace matchbus::test {

struct ModelMessage {
  std::string text;  // as `simplified` shows it
  size_t position = 0;
  bool is_cosmetic = false;
  bool is_counted = true;  // against the bound of a queue
};

struct ModelSession {
  std::string user;
  std::string device;
  std::map<std::string, size_t> rooms;  // with topics; since which position
  size_t chain = 0;                     // of sockets that went on from each other
  int64_t heard_ms = 0;
  bool is_blocked = false;              // the peer takes nothing
  bool is_held_back = false;            // and the bus knows
  bool got_some = false;                // in this turn
  std::vector<ModelMessage> wire;       // taken by the peer
  std::vector<ModelMessage> in_flight;  // given to the connection
  std::vector<ModelMessage> queue;      // in the outbox
  std::optional<uint16_t> closed;
};

struct ModelOptions {
  int64_t replay_ms = 60'500;
  size_t replay_events = 100'000;
  size_t max_queue = 256;
  int64_t heartbeat_timeout_ms = 90'000;
};

class BusModel {
 public:
  using SessionPtr = std::shared_ptr<ModelSession>;
  struct Last {
    size_t position = 0;
    size_t chain = 0;         // of the socket that got it
    bool is_too_old = false;  // what only the real ids can tell
    bool is_unknown = false;
  };

  explicit BusModel(ModelOptions options) : options_(options) {}

  int64_t now_ms = 0;

  SessionPtr connect(const bus::PlayerRow& row, const std::string& device, std::optional<Last> last) {
    auto session = std::make_shared<ModelSession>();
    session->user = row.user_id;
    session->device = device;
    session->heard_ms = now_ms;
    sessions_.push_back(session);
    User& user = users_[row.user_id];
    const bool was_present = !user.sessions.empty();
    bool changes_sector = false, changes_row = false;
    if (was_present) {
      if (const SessionPtr old = find_device(user, device)) end(old, 4001, false);
      changes_sector = user.row.sector_id != row.sector_id;
      changes_row = changes_sector || user.row.team_id != row.team_id || user.row.region_id != row.region_id;
      if (user.row.region_id != row.region_id) {
        for (const SessionPtr& other : std::vector(user.sessions)) end(other, 4009, false);
      }
      if (changes_sector) leave(user, "sector:" + user.row.sector_id, true);
      if (user.row.team_id != row.team_id) leave(user, "team:" + user.row.team_id, false);
    }
    user.row = row;
    for (const SessionPtr& other : user.sessions) enter_row_rooms(*other, nullptr);
    user.sessions.push_back(session);
    expire();
    std::optional<Departure> held;
    if (const auto found = departures_.find({row.user_id, device}); found != departures_.end()) {
      held = std::move(found->second);
      departures_.erase(found);
    }
    greet(session, last, held);
    if (!was_present || changes_sector) announce("player_entered_sector", user);
    if (changes_row) {
      for (const SessionPtr& other : user.sessions) {
        if (other != session) answer(*other, "state_changed " + rooms_text(*other));
      }
    }
    return session;
  }

  // `code`: what it is closed with; nothing: the connection broke.
  void end(const SessionPtr& session, std::optional<uint16_t> code, bool is_told) {
    User& user = users_[session->user];
    session->closed = code.value_or(1006);
    departures_[{session->user, session->device}] = {session->rooms, now_ms, session->chain};
    session->rooms.clear();
    std::erase(user.sessions, session);
    // The table's own order decides in which a sweep ends several.
    const auto place = std::find(sessions_.begin(), sessions_.end(), session);
    *place = sessions_.back();
    sessions_.pop_back();
    if (is_told && user.sessions.empty()) announce("player_left_sector", user);
  }

  bool move(const std::string& user_id, const bus::MoveRow& row) {
    User& user = users_[user_id];
    if (user.sessions.empty()) return false;
    if (row.region_id && *row.region_id != user.row.region_id) {
      for (const SessionPtr& session : std::vector(user.sessions)) end(session, 4009, true);
      return true;
    }
    const bool changes_sector = row.sector_id && *row.sector_id != user.row.sector_id;
    const bool changes_team = row.team_id && *row.team_id != user.row.team_id;
    if (changes_sector) {
      leave(user, "sector:" + user.row.sector_id, true);
      user.row.sector_id = *row.sector_id;
      for (const SessionPtr& session : user.sessions) enter_row_rooms(*session, nullptr);
      announce("player_entered_sector", user);
    }
    if (changes_team) {
      leave(user, "team:" + user.row.team_id, false);
      user.row.team_id = *row.team_id;
      for (const SessionPtr& session : user.sessions) enter_row_rooms(*session, nullptr);
    }
    if (changes_sector || changes_team || row.region_id) {
      for (const SessionPtr& session : user.sessions) answer(*session, "state_changed " + rooms_text(*session));
    }
    return true;
  }

  void subscribe(ModelSession& session, const std::string& topic) {
    session.rooms.emplace(topic, events_.size());
    answer(session, "topic_subscribed " + topic);
  }
  void unsubscribe(ModelSession& session, const std::string& topic) {
    session.rooms.erase(topic);
    answer(session, "topic_unsubscribed " + topic);
  }

  // How many sockets get it.
  size_t send(const std::vector<std::string>& rooms, const std::string& text, const std::string& exclude,
              bool is_cosmetic) {
    const auto holds = [&](const std::map<std::string, size_t>& held) {
      return std::any_of(rooms.begin(), rooms.end(), [&](const std::string& room) { return held.contains(room); });
    };
    const bool is_known =
        std::any_of(sessions_.begin(), sessions_.end(), [&](const SessionPtr& s) { return holds(s->rooms); }) ||
        std::any_of(departures_.begin(), departures_.end(), [&](const auto& d) { return holds(d.second.rooms); });
    if (!is_known) return 0;
    events_.push_back({{text, events_.size() + 1, is_cosmetic}, rooms, exclude, now_ms});
    size_t receivers = 0;
    for (const SessionPtr& session : sessions_) {
      if (session->user == exclude || !holds(session->rooms)) continue;
      push(*session, {text, events_.size(), is_cosmetic});
      ++receivers;
    }
    expire_events();
    if (events_.size() - first_kept_ > options_.replay_events) {
      first_kept_ = events_.size() - options_.replay_events;
      lost_until_ = first_kept_;
    }
    return receivers;
  }

  void answer(ModelSession& session, const std::string& text) { push(session, {text, events_.size()}); }

  void sweep() {
    for (size_t left = sessions_.size(); left != 0;) {
      left = std::min(left, sessions_.size());
      if (left == 0) break;
      const SessionPtr session = sessions_[--left];
      if (now_ms - session->heard_ms > options_.heartbeat_timeout_ms) end(session, 4008, true);
    }
    const std::vector<std::string> changed = std::exchange(changed_, {});
    for (size_t i = changed.size(); i-- > 0;) tell_presence(changed[i]);
    expire();
  }

  void block(ModelSession& session) { session.is_blocked = true; }
  void drain(ModelSession& session) {
    for (std::vector<ModelMessage>* part : {&session.in_flight, &session.queue}) {
      session.wire.insert(session.wire.end(), part->begin(), part->end());
      part->clear();
    }
    session.is_blocked = session.is_held_back = session.got_some = false;
  }
  // What was sent in this turn has gone as far as it can.
  void end_turn() {
    for (const SessionPtr& session : sessions_) {
      if (std::exchange(session->got_some, false) && session->is_blocked) session->is_held_back = true;
    }
  }

  const std::vector<SessionPtr>& sessions() const { return sessions_; }
  const bus::PlayerRow& row_of(const std::string& user_id) { return users_[user_id].row; }
  size_t events() const { return events_.size(); }
  size_t kept() const { return events_.size() - first_kept_; }
  size_t resyncs = 0;
  size_t recoveries = 0;
  size_t replayed = 0;

 private:
  struct User {
    bus::PlayerRow row;
    std::vector<SessionPtr> sessions;
  };
  struct Departure {
    std::map<std::string, size_t> rooms;
    int64_t left_ms = 0;
    size_t chain = 0;
  };
  struct Event {
    ModelMessage message;
    std::vector<std::string> rooms;
    std::string exclude;
    int64_t time_ms = 0;
  };

  static SessionPtr find_device(const User& user, const std::string& device) {
    for (const SessionPtr& session : user.sessions) {
      if (session->device == device) return session;
    }
    return nullptr;
  }

  static bool is_topic(const std::string& room) { return room.starts_with("market:") || room.starts_with("combat:"); }

  std::string rooms_text(const ModelSession& session) const {
    std::string text;
    for (const auto& [room, since] : session.rooms) text += room + " ";
    return text;
  }

  void enter_row_rooms(ModelSession& session, const std::map<std::string, size_t>* held) {
    const bus::PlayerRow& row = users_[session.user].row;
    std::set<std::string> rooms = {"global", "personal:" + row.user_id};
    if (!row.sector_id.empty()) rooms.insert("sector:" + row.sector_id);
    if (!row.team_id.empty()) rooms.insert("team:" + row.team_id);
    if (!row.region_id.empty()) rooms.insert("region:" + row.region_id);
    for (const std::string& room : rooms) {
      const bool is_inherited = held != nullptr && held->contains(room);
      session.rooms.emplace(room, is_inherited ? held->at(room) : events_.size());
    }
  }

  void greet(const SessionPtr& session, std::optional<Last> last, const std::optional<Departure>& held) {
    const char* reason = nullptr;
    if (last) {
      if (last->is_unknown) {
        reason = "unknown_position";
      } else if (last->is_too_old) {
        reason = "too_old";
      } else if (!held || held->chain != last->chain) {
        reason = "unknown_position";
      } else if (last->position < lost_until_) {
        reason = "overflow";
      }
    }
    if (!last || reason != nullptr) {
      session->chain = ++chains_;
      enter_row_rooms(*session, nullptr);
      answer(*session, "connected false " + rooms_text(*session));
      if (reason == nullptr) return;
      ++resyncs;
      return answer(*session, std::string("state_resync ") + reason);
    }
    ++recoveries;
    session->chain = held->chain;
    enter_row_rooms(*session, &held->rooms);
    for (const auto& [room, since] : held->rooms) {
      if (is_topic(room)) session->rooms.emplace(room, since);
    }
    std::vector<ModelMessage> missed;
    for (size_t i = last->position; i < events_.size(); ++i) {
      const Event& event = events_[i];
      const bool is_mine = std::any_of(event.rooms.begin(), event.rooms.end(), [&](const std::string& room) {
        const auto mine = session->rooms.find(room);
        return mine != session->rooms.end() && event.message.position > mine->second;
      });
      if (is_mine && event.exclude != session->user) {
        missed.push_back(event.message);
      }
    }
    const size_t position = missed.empty() ? events_.size() : last->position;
    push(*session, {"connected true " + rooms_text(*session), position});
    for (const ModelMessage& message : missed) push(*session, message);
    replayed += missed.size();
  }

  void leave(User& user, const std::string& room, bool is_told) {
    for (const SessionPtr& session : user.sessions) session->rooms.erase(room);
    if (is_told) announce("player_left_sector", user);
  }

  void announce(const std::string& type, const User& user) {
    if (user.row.sector_id.empty()) return;
    if (std::find(changed_.begin(), changed_.end(), user.row.sector_id) == changed_.end()) {
      changed_.push_back(user.row.sector_id);
    }
    send({"sector:" + user.row.sector_id}, type + " " + user.row.user_id + " " + user.row.sector_id, user.row.user_id,
         true);
  }

  void tell_presence(const std::string& sector) {
    std::vector<std::string> users;
    std::vector<SessionPtr> present;
    for (const auto& [id, user] : users_) {
      if (user.row.sector_id == sector && !user.sessions.empty()) users.push_back(id);
    }
    if (users.empty()) return;
    std::string text = "presence_updated " + sector;
    for (const std::string& user : users) text += " " + user;
    send({"sector:" + sector}, text, "", true);
  }

  void push(ModelSession& session, const ModelMessage& message) {
    session.got_some = true;
    if (!session.is_held_back) {
      (session.is_blocked ? session.in_flight : session.wire).push_back(message);
      return;
    }
    std::vector<ModelMessage>& queue = session.queue;
    queue.push_back(message);
    const auto is_over = [&] {
      const auto counted =
          std::count_if(queue.begin(), queue.end(), [](const ModelMessage& m) { return m.is_counted; });
      return static_cast<size_t>(counted) > options_.max_queue;
    };
    for (size_t i = 0; i < queue.size() && is_over();) {
      if (queue[i].is_cosmetic) {
        queue.erase(queue.begin() + static_cast<ptrdiff_t>(i));
      } else {
        ++i;
      }
    }
    if (!is_over()) return;
    queue.clear();
    ++resyncs;
    queue.push_back({"state_resync overflow", events_.size(), false, false});
  }

  void expire_events() {
    while (first_kept_ < events_.size() && now_ms - events_[first_kept_].time_ms > options_.replay_ms) ++first_kept_;
  }
  void expire() {
    expire_events();
    std::erase_if(departures_, [this](const auto& d) { return now_ms - d.second.left_ms > options_.replay_ms; });
  }

  ModelOptions options_;
  std::map<std::string, User> users_;
  std::vector<SessionPtr> sessions_;
  std::map<std::pair<std::string, std::string>, Departure> departures_;
  std::vector<Event> events_;
  std::vector<std::string> changed_;  // sectors, in the order of their first change
  size_t first_kept_ = 0;
  size_t chains_ = 0;
  size_t lost_until_ = 0;
};

}  // namespace matchbus::test
