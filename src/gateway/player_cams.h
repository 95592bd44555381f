// The player-cam service: names to show instead of those of the game, and whose cameras are on (spec section 6).
#pragma once

#include <string>

#include "base/clock.h"
#include "gateway/call_lanes.h"
#include "json/document.h"
#include "match/registry.h"

namespace matchbus::gateway {

class PlayerCams {
 public:
  // Borrows all.
  PlayerCams(ServiceCaller& caller, match::MatchRegistry& registry, const Clock& clock, std::string url);

  // Asks for the overrides of a match with a player-cam source; the answer becomes an event of the match.
  void fetch(const match::Match& match);

 private:
  void on_overrides(const std::string& group, const std::string& identifier, const net::HttpAnswer& answer);

  CallLanes lanes_;
  ServiceCaller& caller_;
  match::MatchRegistry& registry_;
  const Clock& clock_;
  std::string url_;
  std::string text_;
  json::Document document_;
};

}  // namespace matchbus::gateway
