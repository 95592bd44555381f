#include "gateway/output.h"

#include <algorithm>
#include <utility>

#include "json/ecmascript.h"
#include "json/writer.h"

namespace matchbus::gateway {
namespace {

constexpr size_t kMaxGroupCode = 64 * 4;  // bytes: 64 characters, see match/logon.h

}  // namespace

struct Output::Room {
  Room(hub::FanOut& fan_out, std::string code) : feed(fan_out), group_code(std::move(code)) {}
  hub::Feed feed;
  std::string group_code;
  size_t followers = 0;     // viewers that follow changes
  bool is_watched = false;  // by the watcher
  bool is_live = false;     // the feed's latest is the state of a match that still is
  std::shared_ptr<MatchUpdate> prepared;
  bool is_prepared_live = false;  // the same of what is prepared
  bool is_wanting = false;
  std::shared_ptr<MatchUpdate> final_state;           // of a match that has gone, while is_wanting
  std::shared_ptr<MatchUpdate> last;                  // begun
  bool is_last_shown = false;                         // the match shows it
  uint64_t seq = 0;                                   // of the last one
  int64_t due_ms = INT64_MIN;                         // no broadcast before
  std::vector<std::shared_ptr<MatchUpdate>> updates;  // all there are, to be used again
};

struct Output::Viewer final : socketio::SocketData, hub::FeedMember {
  explicit Viewer(socketio::Socket& the_socket) : socket(the_socket) {}
  void feed_send(const hub::Message& message) override {
    socket.send_prepared(message);
    socket.flush();
  }
  size_t feed_pending() const override { return socket.pending(); }
  void feed_flush() override { socket.flush(); }
  void feed_stalled() override { socket.disconnect(true); }

  socketio::Socket& socket;
  Room* room = nullptr;
  bool follows_changes = false;
};

Output::Output(Log& log, match::MatchRegistry& registry, hub::FanOut& fan_out, hub::Encoding encoding,
               int64_t interval_ms)
    : log_(log), registry_(registry), fan_out_(fan_out), encoding_(encoding), interval_ms_(interval_ms) {
  encoding_.stats = &stats_.frames;
}
Output::~Output() = default;

void Output::on_connect(socketio::Socket& socket, json::Value /*auth*/) {
  socket.data = std::make_unique<Viewer>(socket);
}

void Output::on_event(socketio::Socket& socket, const socketio::Event& event) {
  Viewer& viewer = static_cast<Viewer&>(*socket.data);
  if (event.name == "logon" && viewer.room == nullptr) log_on(viewer, event.text(0).value_or(""));
}

void Output::log_on(Viewer& viewer, std::string_view text) {
  text_.assign(text);
  json::Value root;
  if (document_.parse_in_place(text_)) root = document_.root();
  json::TextReader texts;
  const std::string_view code = texts.read(root["groupCode"]).value_or("");
  if (code.empty() || code.size() > kMaxGroupCode) {
    ++stats_.refused_logons;
    return log_.limited(LogLevel::kWarning, "viewer logon",
                        "ignored a logon without a usable group code from " + viewer.socket.peer_address());
  }
  Room& room = room_of(code);
  viewer.room = &room;
  viewer.follows_changes = root["diff"].boolean().value_or(false);
  if (viewer.follows_changes) ++room.followers;
  ++stats_.logons;
  viewer.socket.admit(net::Standing::kGuest);

  welcome(viewer, code);

  // The room's latest state is what everybody there has; only where there is none yet it is made, for all who come
  // later too. If it may not be shown yet, they get it with the next tick.
  match::Match* match = room.is_live || room.prepared || room.is_wanting ? nullptr : registry_.find_group(code);
  if (match != nullptr && (gate_ == nullptr || gate_->may_show(*match))) {
    room.feed.publish(next_update(room, *match));
    room.is_live = true;
    match->mark_shown();
    if (room.is_watched) watcher_->on_published(room.group_code, room.seq);
  } else if (match != nullptr) {
    want(room);
  }
  room.feed.join(viewer, room.is_live, viewer.follows_changes);
}

void Output::welcome(Viewer& viewer, std::string_view code) {
  BytesWriter out;
  json::Writer(out)
      .begin_object()
      .key("groupCode")
      .string(code)
      .key("msg")
      .string("Logon succeeded for group code " + std::string(code))
      .end_object();
  viewer.socket.emit("logon_success", out.view());
  viewer.socket.flush();  // what is still queued counts as not taken, and would hold the state back
}

void Output::on_drained(socketio::Socket& socket) {
  Viewer& viewer = static_cast<Viewer&>(*socket.data);
  if (viewer.room != nullptr) viewer.room->feed.drained(viewer);
}

void Output::on_disconnect(socketio::Socket& socket, std::string_view /*reason*/) {
  Viewer& viewer = static_cast<Viewer&>(*socket.data);
  Room* room = std::exchange(viewer.room, nullptr);
  if (room == nullptr) return;
  room->feed.leave(viewer);
  if (viewer.follows_changes) --room->followers;
  release(*room);
}

Output::Room& Output::room_of(std::string_view group_code) {
  auto found = rooms_.find(group_code);
  if (found == rooms_.end())
    found = rooms_.emplace(std::string(group_code), std::make_unique<Room>(fan_out_, std::string(group_code))).first;
  return *found->second;
}

void Output::release(Room& room) {
  if (room.feed.size() != 0 || room.is_watched) return;
  forget(room);
  rooms_.erase(room.group_code);
}

uint64_t Output::watch(std::string_view group_code) {
  Room& room = room_of(group_code);
  room.is_watched = true;
  if (room.prepared) return 0;
  if (room.is_live) return room.seq;
  want(room);
  return 0;
}

void Output::unwatch(std::string_view group_code) {
  Room* room = find_room(group_code);
  if (room == nullptr) return;
  room->is_watched = false;
  release(*room);
}

void Output::want(Room& room) {
  if (!std::exchange(room.is_wanting, true)) wanting_.push_back(&room);
}

void Output::forget(const Room& room) {
  if (room.prepared) prepared_.erase(std::find(prepared_.begin(), prepared_.end(), &room));
  if (room.is_wanting) wanting_.erase(std::find(wanting_.begin(), wanting_.end(), &room));
}

Output::Room* Output::find_room(std::string_view group_code) {
  const auto found = rooms_.find(group_code);
  return found == rooms_.end() ? nullptr : found->second.get();
}

std::shared_ptr<MatchUpdate> Output::free_update(Room& room) {
  // Three take turns: the latest, the one before, whose text it may still refer to, and the one being made. Should
  // somebody slow hold the bytes of one for long, another is used.
  constexpr size_t kMostUpdates = 5;
  std::shared_ptr<MatchUpdate> held;
  std::shared_ptr<MatchUpdate> free;
  for (const std::shared_ptr<MatchUpdate>& update : room.updates) {
    if (update.use_count() == 1) (update->retire() ? free : held) = update;
  }
  if (free) return free;
  if (held && room.updates.size() >= kMostUpdates) return held;
  return room.updates.emplace_back(std::make_shared<MatchUpdate>(encoding_, stats_.updates));
}

std::shared_ptr<MatchUpdate> Output::next_update(Room& room, const match::Match& match) {
  std::shared_ptr<MatchUpdate> next = free_update(room);
  next->begin(match, ++room.seq, room.last.get(), ++updates_);
  // Everybody who has the one before can go on with a patch, if the match still shows that.
  const bool can_go_on = std::exchange(room.is_last_shown, true) && room.feed.latest() == room.last;
  if (can_go_on && room.followers != 0) next->add_patch(room.last->seq());
  if (room.is_watched) watcher_->on_prepared(match, room.seq, can_go_on);
  // Whoever is still to be sent the one before needs it whole: a slow disk has it published only now that the next one
  // is made, and would have every state gone before anybody was sent it.
  if (room.last) room.feed.is_passing() ? room.last->keep() : room.last->let_go();
  room.last = next;
  return next;
}

void Output::prepare(match::Match& match, Room* room) {
  if (room != nullptr) {
    if (!room->prepared) prepared_.push_back(room);
    room->prepared = next_update(*room, match);
    room->is_prepared_live = true;
  }
  match.mark_shown();
}

void Output::prepare_wanting(Room& room) {
  room.is_wanting = false;
  std::shared_ptr<MatchUpdate> final_state = std::exchange(room.final_state, nullptr);
  if (room.prepared) return;
  if (match::Match* match = registry_.find_group(room.group_code)) {
    prepare(*match, &room);
  } else if (final_state) {
    prepared_.push_back(&room);
    room.prepared = std::move(final_state);
    room.is_prepared_live = false;
  }
}

int64_t Output::prepare(int64_t now_ms) {
  while (match::Match* match = registry_.take_changed()) {
    if (!match->has_news()) continue;  // a viewer that logged on meanwhile has it already
    Room* room = find_room(match->group_code());
    if (room != nullptr && room->due_ms > now_ms) {
      want(*room);
    } else {
      prepare(*match, room);
    }
  }
  int64_t next_ms = INT64_MAX;
  size_t kept = 0;
  for (Room* room : wanting_) {
    if (room->due_ms > now_ms) {
      wanting_[kept++] = room;
      next_ms = std::min(next_ms, room->due_ms);
    } else {
      prepare_wanting(*room);
    }
  }
  wanting_.resize(kept);
  return next_ms;
}

void Output::publish(int64_t now_ms) {
  for (Room* room : prepared_) {
    const uint64_t seq = room->prepared->seq();
    room->feed.publish(std::exchange(room->prepared, nullptr));
    room->is_live = room->is_prepared_live;
    room->due_ms = now_ms + interval_ms_;
    if (room->is_watched) watcher_->on_published(room->group_code, seq);
  }
  prepared_.clear();
}

void Output::on_match_removed(const match::Match& match) {
  Room* room = find_room(match.group_code());
  if (room == nullptr) return;
  room->is_live = room->is_prepared_live = false;
  // Viewers that are late, or come before the next one.
  if (room->is_last_shown) room->last->keep();
  if (room->is_watched) watcher_->on_removed(match);
  room->is_last_shown = false;
  // It may have had no tick since its last event: one that gives way to the next of its group.
  if (!match.has_news()) return;
  room->final_state = next_update(*room, match);
  room->final_state->write_last();
  room->is_last_shown = false;
  want(*room);
}

}  // namespace matchbus::gateway
