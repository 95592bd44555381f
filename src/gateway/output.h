// The output door (5200): viewers log on to a group and get its match's state (spec section 7).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/log.h"
#include "gateway/match_update.h"
#include "gateway/match_watcher.h"
#include "gateway/show_gate.h"
#include "hub/feed.h"
#include "json/document.h"
#include "match/registry.h"
#include "socketio/server.h"

namespace matchbus::gateway {

struct OutputStats {
  uint64_t logons = 0;
  uint64_t refused_logons = 0;  // without a usable group code
  UpdateStats updates;
  hub::EncodingStats frames;
};

class Output final : public socketio::SocketHandler {
 public:
  // Borrows everything for its life. `interval_ms`: least time between two broadcasts of a match; 0: the caller sees
  // to it.
  Output(Log& log, match::MatchRegistry& registry, hub::FanOut& fan_out, hub::Encoding encoding,
         int64_t interval_ms = 0);
  ~Output();

  void on_connect(socketio::Socket& socket, json::Value auth) override;
  void on_event(socketio::Socket& socket, const socketio::Event& event) override;
  void on_drained(socketio::Socket& socket) override;
  void on_disconnect(socketio::Socket& socket, std::string_view reason) override;

  // Null: everything may be shown at once. Must outlive this object or be taken away again.
  void set_gate(const ShowGate* gate) { gate_ = gate; }

  // Null: none. Must outlive this object or be taken away again.
  void set_watcher(MatchWatcher* watcher) { watcher_ = watcher; }
  // From now on, until `unwatch`, the watcher hears of every state of the group's match; never inside this call. The
  // number of the state that is published already, which is Match::shown; 0: there is none, it comes with a tick.
  uint64_t watch(std::string_view group_code);
  void unwatch(std::string_view group_code);

  // A tick is both at once, or, with a journal that has to have it first, the one and then the other.
  // Times are monotonic.
  // Takes the state of every match that has news, that somebody watches, and whose last broadcast is long enough ago.
  // Returns when the first of those left out is due; INT64_MAX: there are none.
  int64_t prepare(int64_t now_ms);
  // Sends what was prepared to its rooms.
  void publish(int64_t now_ms);

  // Viewers that log on later get no state of it.
  void on_match_removed(const match::Match& match);

  const OutputStats& stats() const { return stats_; }
  size_t rooms() const { return rooms_.size(); }

 private:
  struct Room;
  struct Viewer;
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  Room& room_of(std::string_view group_code);
  // Ends it if nobody is interested any more.
  void release(Room& room);
  void log_on(Viewer& viewer, std::string_view text);
  void welcome(Viewer& viewer, std::string_view code);
  // An update that nobody uses.
  std::shared_ptr<MatchUpdate> free_update(Room& room);
  // The next update of the room, of the match's state, which is about to be shown.
  std::shared_ptr<MatchUpdate> next_update(Room& room, const match::Match& match);
  void prepare(match::Match& match, Room* room);
  void prepare_wanting(Room& room);
  // The next tick is to look at the room.
  void want(Room& room);
  // Nothing is to be done for the room any more.
  void forget(const Room& room);
  Room* find_room(std::string_view group_code);

  Log& log_;
  match::MatchRegistry& registry_;
  hub::FanOut& fan_out_;
  const ShowGate* gate_ = nullptr;
  MatchWatcher* watcher_ = nullptr;
  OutputStats stats_;
  hub::Encoding encoding_;
  int64_t interval_ms_;
  uint64_t updates_ = 0;  // in all rooms
  // A room exists while somebody is in it, or it is watched.
  std::unordered_map<std::string, std::unique_ptr<Room>, TextHash, std::equal_to<>> rooms_;
  std::vector<Room*> prepared_;  // rooms with a state to be published
  std::vector<Room*> wanting_;   // rooms to be looked at by the next tick, whether or not their match has news
  std::string text_;
  json::Document document_;
};

}  // namespace matchbus::gateway
