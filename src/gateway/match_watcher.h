// Hears of the states of matches beside the viewers of the output door: the bus, whose topics carry them, too.
#pragma once

#include <cstdint>
#include <string_view>

#include "match/match.h"

namespace matchbus::gateway {

// Called for watched groups only, see Output::watch. States have numbers that rise by one; not every one that is
// prepared is published.
class MatchWatcher {
 public:
  // `match.state()` is about to be shown as number `seq`, `match.shown()` was before. `continues`: that is what was
  // published as the number before, so that a patch from the one to the other is enough.
  virtual void on_prepared(const match::Match& match, uint64_t seq, bool continues) = 0;
  // Number `seq` of the group may be seen now.
  virtual void on_published(std::string_view group_code, uint64_t seq) = 0;
  // The match leaves. A last state of it may be prepared right behind this, and published later.
  virtual void on_removed(const match::Match& match) = 0;

 protected:
  ~MatchWatcher() = default;
};

}  // namespace matchbus::gateway
