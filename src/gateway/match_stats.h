// The stats service: told which matches there are, asked for the players' ranks, and for the finished match (spec
// section 6).
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "gateway/call_lanes.h"
#include "json/document.h"
#include "match/registry.h"

namespace matchbus::gateway {

struct MatchStatsOptions {
  std::string url;
  std::string token;  // "": none is sent
};

class MatchStats {
 public:
  // Borrows all. At most `max_waiting` calls wait for each match.
  MatchStats(ServiceCaller& caller, match::MatchRegistry& registry, const Clock& clock, MatchStatsOptions options,
             size_t max_waiting);

  // The match has got its id.
  void on_started(const match::Match& match);
  // A player has joined. The first one of a match that has started tells its region.
  void on_player_joined(const match::Match& match);
  // The first round of a started match: its players' ranks become an event of the match.
  void fetch_ranks(const match::Match& match);
  // A match is over for a while: the service may fetch it from the game's.
  void fetch_match(std::string_view match_id);

 private:
  ServiceCall call_for(std::string_view verb, std::string_view match_id, std::string body) const;
  void tell_region(const match::Match& match);
  void on_ranks(const std::string& group, const std::string& match_id, const net::HttpAnswer& answer);

  CallLanes lanes_;
  ServiceCaller& caller_;
  match::MatchRegistry& registry_;
  const Clock& clock_;
  MatchStatsOptions options_;
  std::string text_;
  json::Document document_;
};

}  // namespace matchbus::gateway
