// All live matches: found by group code and by match id, created by logons, fed with events, removed when they end.
//
// Knows no sockets and no clocks: the gateway calls it with the time, and is told through two interfaces: EventSink
// (the journal: what happened, before anybody sees it) and RegistryHandler (what is to be done outside). One tick is
//
//     registry.advance(now);
//     while (Match* match = registry.take_changed()) { broadcast(*match); match->mark_shown(); }
//
// `take_changed` costs O(changed): changed matches are in a list; events that leave everything visible as it was do not
// put them there. All times are epoch ms, of a clock that does not jump (SteadyClock); where it has to, see clock_set.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "match/event.h"
#include "match/logon.h"
#include "match/match.h"
#include "match/reducer.h"

namespace matchbus::match {

// Hears of everything that must survive a crash, in order, each time before a viewer can see the effect.
class EventSink {
 public:
  virtual ~EventSink() = default;
  // `secret`: the group's; never into the journal proper. `now_ms` is the match's start time.
  virtual void on_created(const Match& match, const ObserverLogon& logon, const Organization& organization,
                          std::string_view secret, int64_t now_ms) = 0;
  // An accepted event (see write_event); `event` is valid during the call only.
  virtual void on_event(const Match& match, const Envelope& event) = 0;
  // The match has left the registry.
  virtual void on_removed(const Match& match) = 0;
  // Whether another event of that writer is taken; what is not is refused, as it would not survive a crash.
  virtual bool has_room(const Match& /*match*/, Writer /*writer*/) const { return true; }
};

class RegistryHandler {
 public:
  virtual ~RegistryHandler() = default;
  // Never empty. kRemove does not come here, see on_removed. The match may be used, but not removed, during the call.
  virtual void on_effects(Match& match, Effects effects) = 0;
  // The match had the id `before`, which is not empty, and has another one now.
  virtual void on_match_id_changed(Match& /*match*/, const std::string& /*before*/) {}
  // The match leaves: drop its senders. The object goes when the call returns.
  virtual void on_removed(Match& match) = 0;
  // 15 s after the end of a supporter's match: have the stats service fetch it.
  virtual void on_stats_due(std::string_view match_id) = 0;
};

struct RegistryLimits {
  size_t matches = 1'000;                       // 0: no limit
  size_t match_memory = Match::kDefaultMemory;  // bytes, each
};

struct RegistryTiming {
  Timing match;
  int64_t stats_ms = 15'000;  // from game_end to on_stats_due
};

struct RegistryStats {
  uint64_t created = 0;
  uint64_t removed = 0;
  uint64_t abandoned = 0;  // of the removed: for inactivity
  uint64_t applied = 0;    // events, once per match
  uint64_t ignored = 0;
  uint64_t unknown_types = 0;  // of the ignored
  uint64_t refused = 0;
  uint64_t foreign = 0;  // of the refused: an observer wrote to another group
};

class MatchRegistry {
 public:
  MatchRegistry(const Names& names, RegistryLimits limits = {}, RegistryTiming timing = {});
  ~MatchRegistry();
  MatchRegistry(const MatchRegistry&) = delete;
  MatchRegistry& operator=(const MatchRegistry&) = delete;

  // Both may be null; they must outlive the registry or be taken away again.
  void set_sink(EventSink* sink) { sink_ = sink; }
  void set_handler(RegistryHandler* handler) { handler_ = handler; }
  // Viewers of matches that come from now on are not told players' `riotId`s.
  void hide_ids() { hides_ids_ = true; }
  // Called whenever a match comes to have news, for those who do not wait for the next tick. Must not call back.
  void set_on_changed(std::function<void()> on_changed) { on_changed_ = std::move(on_changed); }

  enum class Entry : uint8_t { kCreated, kReconnected, kRefused };
  struct Admission {
    Entry entry = Entry::kRefused;
    // For the client: the new match's secret, "reconnected", or why not.
    std::string reason;
    Match* match = nullptr;  // null when refused
  };
  // The last step of an observer's logon, after its key was found good. A match of the group that has ended already
  // gives way to a new one.
  Admission admit(const ObserverLogon& logon, const Organization& organization, int64_t now_ms);
  // Recovery: a match as it was created, with its secret; nobody is told. Null if the group is taken or a limit is
  // reached. Follow with `replay` of its events in order, then `resume` and `advance` once.
  Match* restore(const ObserverLogon& logon, const Organization& organization, std::string_view secret,
                 int64_t created_ms);
  // An event from a journal: applied without telling anybody; effects are dropped.
  Verdict replay(Match& match, const Envelope& event);
  // Recovery is done: matches whose last event lies ahead of `now_ms`, since the clock was set back meanwhile, go on
  // from now on; stats of those that have ended are still due.
  void resume(int64_t now_ms);

  // `own_group`: the observer's logon. Data for another group is refused; an observer that names only a match id must
  // name its own match.
  Outcome receive_observer(std::string_view own_group, const Envelope& event);
  // To every live match with the envelope's match id, or to the one of `only_group`. The verdict is the best of them.
  Outcome receive_auxiliary(const Envelope& event, std::string_view only_group = {});
  // Something the server knows by itself; `data` is JSON text of the event's kind (event.h).
  Outcome receive_server(Match& match, EventType type, std::string_view data, int64_t now_ms);
  // The auxiliary client that spoke for `player_id` has gone, if only for now; or it is back as it was; or one has
  // logged on for that player anew. In every live match with that id, or in that of `only_group`.
  void auxiliary_gone(std::string_view match_id, std::string_view player_id, int64_t now_ms,
                      std::string_view only_group = {});
  void auxiliary_back(std::string_view match_id, std::string_view player_id, int64_t now_ms,
                      std::string_view only_group = {});
  void auxiliary_new(std::string_view match_id, std::string_view player_id, int64_t now_ms,
                     std::string_view only_group = {});

  // The names of agents and maps have been replaced: all matches show the new ones.
  void names_changed(int64_t now_ms);
  // The clock that times come from has been set by `step_ms` and shows `now_ms`: every deadline is as far away as it
  // was, and every time that viewers see is one of the new clock.
  void clock_set(int64_t step_ms, int64_t now_ms);

  // Null if there is none.
  Match* find_group(std::string_view group_code);
  // Whether a live match has this id; false for "".
  bool has_match_id(std::string_view match_id) const;
  // The oldest live match with this id that `fits`; null if there is none.
  Match* find_match_id(std::string_view match_id, const std::function<bool(const Match&)>& fits);
  void for_each(const std::function<void(Match&)>& visit);
  // Live matches, ended ones that are still here included.
  size_t size() const { return live_.size(); }
  // Those that the match's secret admits.
  bool is_secret(const Match& match, std::string_view secret) const;
  // For proofs that are made with it; never to be shown.
  std::string_view secret_of(const Match& match) const;

  // Lets time pass: deadlines of matches, removals, stats.
  void advance(int64_t now_ms);
  // When `advance` has something to do next; INT64_MAX: never.
  int64_t next_deadline() const;
  // The next match with news for its viewers, in order of their first change; null when there are no more. It leaves
  // the list: call mark_shown() once it is sent.
  Match* take_changed();
  // Takes a match out at once (an operator's wish). The handler and the sink are told.
  void remove(Match& match);

  const RegistryStats& stats() const { return stats_; }
  Reducer& reducer() { return reducer_; }

 private:
  // A match and its links.
  struct Slot;
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  template <typename T>
  using TextMap = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;
  struct Due {
    int64_t at;
    uint64_t serial;
    bool operator>(const Due& other) const { return at > other.at; }
  };
  struct StatsDue {
    int64_t at;
    std::string match_id;
  };

  Slot* make(const ObserverLogon& logon, const Organization& organization, std::string_view secret, int64_t now_ms);
  Slot* slot_of(const Match& match);
  Outcome deliver(Slot& slot, const Envelope& event);
  void index_match_id(Slot& slot);
  void set_match_id(Slot& slot, std::string_view match_id);
  void count(const Outcome& outcome, EventType type);
  // One of the server's own events about an auxiliary client.
  void tell_of_auxiliary(EventType type, std::string_view match_id, std::string_view player_id, int64_t now_ms,
                         std::string_view only_group);
  // Puts the matches that an event to this id reaches into addressed_, in the order in which they came.
  void address(std::string_view match_id, std::string_view only_group);
  void mark_changed(Slot& slot);
  void unlink(Slot& slot);
  void schedule(Slot& slot);
  void rebuild_due();
  void advance(Slot& slot, int64_t now_ms);
  void remove(Slot& slot);
  void set_clock(Slot& slot, int64_t step_ms, int64_t now_ms);
  void expect_stats(const Match& match, int64_t ended_ms);
  void advance_stats(int64_t now_ms);

  Reducer reducer_;
  RegistryLimits limits_;
  RegistryTiming timing_;
  bool hides_ids_ = false;
  EventSink* sink_ = nullptr;
  RegistryHandler* handler_ = nullptr;
  std::function<void()> on_changed_;
  RegistryStats stats_;

  std::unordered_map<uint64_t, std::unique_ptr<Slot>> live_;
  TextMap<Slot*> by_group_;
  std::unordered_multimap<std::string, Slot*, TextHash, std::equal_to<>> by_match_id_;
  std::vector<Slot*> addressed_;  // scratch of events to a match id
  std::string server_text_;       // scratch of receive_server
  json::Document server_document_;
  std::vector<Due> due_;  // a heap; entries that no longer hold are passed over
  std::vector<StatsDue> stats_due_;
  uint64_t next_serial_ = 1;
  Slot* changed_first_ = nullptr;
  Slot* changed_last_ = nullptr;
};

}  // namespace matchbus::match
