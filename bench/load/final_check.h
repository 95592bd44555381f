// Whether all viewers end with the same, newest state: the events stop, one more viewer per match logs on and gets the
// whole state from the server, and what every other has must be that state, sent whole or patched together.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "load/crowd.h"
#include "load/judge.h"
#include "load/viewer.h"
#include "net/loop.h"

namespace matchbus::load {

class FinalCheck {
 public:
  // Borrows all.
  FinalCheck(net::Loop& loop, const ViewerOptions& options, const Crowd& crowd,
             const std::vector<std::unique_ptr<Judge>>& judges, size_t matches);

  // Viewers that have another state than the server says now.
  size_t count_wrong() const;

 private:
  struct Witness {
    Judge judge;
    std::unique_ptr<Viewer> viewer;
  };
  bool is_right(const Viewer& viewer, size_t match, bool patched_right) const;

  ViewerOptions options_;
  bool follows_changes_;
  const Crowd& crowd_;
  const std::vector<std::unique_ptr<Judge>>& judges_;
  ViewerTotals totals_;
  std::vector<std::unique_ptr<Witness>> witnesses_;  // by match
};

}  // namespace matchbus::load
