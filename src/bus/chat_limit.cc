#include "bus/chat_limit.h"

#include <algorithm>

namespace matchbus::bus {

bool ChatLimit::take(std::string_view user_id, int64_t now_ms) {
  if (per_second_ == 0) return true;
  auto found = buckets_.find(user_id);
  if (found == buckets_.end()) {
    if (buckets_.size() >= drop_at_) drop_full(now_ms);
    found = buckets_.try_emplace(std::string(user_id)).first;
  }
  return found->second.take(now_ms, per_second_, burst_);
}

void ChatLimit::drop_full(int64_t now_ms) {
  std::erase_if(buckets_, [&](auto& entry) { return entry.second.is_full(now_ms, per_second_); });
  drop_at_ = std::max(kSmallTable, buckets_.size() * 2);
}

}  // namespace matchbus::bus
