// Whether a match's state may be shown: asked by the output door, answered by the journal.
#pragma once

#include "match/match.h"

namespace matchbus::gateway {

class ShowGate {
 public:
  virtual ~ShowGate() = default;
  // Whether everything that made the match's state is recorded, so that a crash cannot take back what a viewer saw.
  virtual bool may_show(const match::Match& match) const = 0;
};

}  // namespace matchbus::gateway
