// The topics `match:<groupCode>`: the states of live matches for clients of the bus, as a whole (`match_data`) and then
// as changes (`match_patch`), each with the number of the state it leads to.
//
//     {"type":"match_data","topic":"match:ABC","seq":7,"data":{...}}
//     {"type":"match_patch","topic":"match:ABC","base":7,"seq":8,"patch":[...]}
//
// The output door decides when a state is shown (Output::watch), so that clients of the bus see no match earlier or
// more often than its viewers, and nothing that a crash could take back. A patch is written when both states are there;
// a whole state when somebody needs it, once for everybody until the next one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/bytes.h"
#include "bus/bus.h"
#include "bus/topic_source.h"
#include "gateway/match_watcher.h"
#include "gateway/output.h"
#include "match/registry.h"

namespace matchbus::gateway {

class MatchTopic final : public bus::TopicSource, private MatchWatcher {
 public:
  // Borrows everything for its life, and becomes the output's watcher.
  MatchTopic(bus::Bus& bus, Output& output, match::MatchRegistry& registry);
  ~MatchTopic();
  MatchTopic(const MatchTopic&) = delete;
  MatchTopic& operator=(const MatchTopic&) = delete;

  bool has(std::string_view topic) const override;
  void on_subscribed(std::string_view topic) override;
  void on_unsubscribed(std::string_view topic) override;
  Bytes snapshot(std::string_view topic) override;

 private:
  // A topic with subscribers.
  struct Topic {
    std::string name;
    uint64_t seq = 0;          // published last; 0: none
    Bytes whole;               // that state, if it has been written
    uint64_t pending_seq = 0;  // prepared; 0: none
    Bytes pending;             // what to send for it; empty: its whole state, which the match shows
    bool is_pending_whole = false;
    Bytes spare;              // memory for the next patch
    bool owes_whole = false;  // a subscriber has nothing yet that a patch could go on from
    const match::Match* leaving = nullptr;
  };
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  void on_prepared(const match::Match& match, uint64_t seq, bool continues) override;
  void on_published(std::string_view group_code, uint64_t seq) override;
  void on_removed(const match::Match& match) override;

  Topic* find(std::string_view group_code);
  // The state that the group's match shows; empty if there is no such match.
  Bytes write_shown(const Topic& topic, uint64_t seq);
  static void write_patch(Topic& topic, const match::Match& match, uint64_t seq);

  bus::Bus& bus_;
  Output& output_;
  match::MatchRegistry& registry_;
  std::unordered_map<std::string, Topic, TextHash, std::equal_to<>> topics_;  // by group code
};

}  // namespace matchbus::gateway
