#include "match/journal_prune.h"

#include <algorithm>

namespace matchbus::match {

std::vector<size_t> choose_old_journals(const std::vector<OldJournal>& journals, PruneLimits limits, int64_t now_ms) {
  uint64_t total = 0;
  std::vector<size_t> ended;
  for (size_t i = 0; i < journals.size(); ++i) {
    total += journals[i].bytes;
    if (!journals[i].is_live) ended.push_back(i);
  }
  std::stable_sort(ended.begin(), ended.end(),
                   [&](size_t a, size_t b) { return journals[a].last_ms < journals[b].last_ms; });
  size_t count = 0;
  for (; count < ended.size(); ++count) {
    const OldJournal& oldest = journals[ended[count]];
    const bool too_old = limits.max_age_ms != 0 && now_ms - oldest.last_ms > limits.max_age_ms;
    const bool too_much = limits.max_bytes != 0 && total > limits.max_bytes;
    if (!too_old && !too_much) break;
    total -= oldest.bytes;
  }
  ended.resize(count);
  return ended;
}

}  // namespace matchbus::match
