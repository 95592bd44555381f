// All texts live equally long, so the order of putting is the order of going.
#include "match/expiring_store.h"

namespace matchbus::match {

void ExpiringStore::put(std::string_view code, std::string text, int64_t now_ms) {
  expire(now_ms);
  if (const auto known = by_code_.find(code); known != by_code_.end()) {
    const auto entry = known->second;
    by_code_.erase(known);
    entries_.erase(entry);
  }
  if (entries_.size() >= limit_ && !entries_.empty()) {
    by_code_.erase(entries_.front().code);
    entries_.pop_front();
  }
  entries_.push_back({std::string(code), std::move(text), now_ms + lifetime_});
  by_code_.emplace(entries_.back().code, std::prev(entries_.end()));
}

const std::string* ExpiringStore::find(std::string_view code, int64_t now_ms) const {
  const auto found = by_code_.find(code);
  if (found == by_code_.end() || found->second->until <= now_ms) return nullptr;
  return &found->second->text;
}

void ExpiringStore::expire(int64_t now_ms) {
  while (!entries_.empty() && entries_.front().until <= now_ms) {
    by_code_.erase(entries_.front().code);
    entries_.pop_front();
  }
}

}  // namespace matchbus::match
