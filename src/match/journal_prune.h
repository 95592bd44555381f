// Which old journals go: those that are too old, then the oldest until the rest fits. Never those of live matches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace matchbus::match {

struct OldJournal {
  int64_t last_ms = 0;  // when something was last written to it, epoch ms
  uint64_t bytes = 0;
  bool is_live = false;
};

struct PruneLimits {
  int64_t max_age_ms = 0;  // 0: none
  uint64_t max_bytes = 0;  // of all together, the live ones counted in; 0: none
};

// Indices of those to delete.
std::vector<size_t> choose_old_journals(const std::vector<OldJournal>& journals, PruneLimits limits, int64_t now_ms);

}  // namespace matchbus::match
