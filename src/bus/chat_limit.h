// How much each user may chat: what everybody says goes into one replay log, and nobody may fill it alone.
//
// The limit is that of a user, whatever the number of sockets, and outlives them: whoever connects again has no more
// left than before. So the buckets are not the users'. Only those that are not full are worth keeping; the others are
// dropped whenever the table has doubled, which costs a message little and keeps the table as small as the number of
// users who spoke lately.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "bus/token_bucket.h"

namespace matchbus::bus {

class ChatLimit {
 public:
  // Messages a second over time, 0 = no limit, and after a silence `burst` at once, 1 or more.
  ChatLimit(int per_second, int burst) : per_second_(per_second), burst_(burst) {}

  // Whether the user may say something now; if so it counts. `now_ms`: monotonic.
  bool take(std::string_view user_id, int64_t now_ms);
  // Users that are remembered.
  size_t size() const { return buckets_.size(); }

 private:
  static constexpr size_t kSmallTable = 1'024;

  void drop_full(int64_t now_ms);

  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view user_id) const noexcept { return std::hash<std::string_view>()(user_id); }
  };

  int per_second_;
  int burst_;
  size_t drop_at_ = kSmallTable;  // size of the table
  std::unordered_map<std::string, TokenBucket, Hash, std::equal_to<>> buckets_;
};

}  // namespace matchbus::bus
