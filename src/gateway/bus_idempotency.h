// Answers that are given again: a publisher that does not know whether its request arrived sends it once more with the
// same `Idempotency-Key`, and nothing happens twice.
//
// Pure: the caller brings the time. Bounded in time, number and bytes; the oldest go first.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace matchbus::gateway {

struct IdempotencyLimits {
  int64_t keep_ms = 60'000;
  size_t answers = 10'000;
  size_t bytes = 16'000'000;  // of answers
};

class IdempotencyStore {
 public:
  enum class Verdict : uint8_t {
    kNew,      // to be done; `keep` or `forget` follows
    kKnown,    // answer as `status` and `body` say
    kRunning,  // its first request is not answered yet
    kOther,    // the key was used for another request
  };
  struct Answer {
    Verdict verdict;
    int status = 0;
    std::string_view body;  // valid until the next call
  };

  explicit IdempotencyStore(IdempotencyLimits limits = {}) : limits_(limits) {}

  // Looks a request up, and notes it if it is new. `now_ms` is monotonic.
  Answer begin(std::string_view key, std::string_view path, std::string_view body, int64_t now_ms);
  void keep(std::string_view key, int status, std::string_view body);
  void forget(std::string_view key);

  size_t size() const { return entries_.size(); }

 private:
  using Digest = std::array<unsigned char, 32>;
  struct Entry {
    Digest request;
    uint64_t serial;
    int status = 0;  // 0: running
    std::string body;
  };
  struct Age {
    int64_t at_ms;
    uint64_t serial;
    std::string key;
  };
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Entries = std::unordered_map<std::string, Entry, TextHash, std::equal_to<>>;

  static Digest digest_of(std::string_view path, std::string_view body);
  void drop_oldest();
  void erase(Entries::iterator found);

  IdempotencyLimits limits_;
  Entries entries_;
  std::deque<Age> ages_;  // oldest first; of entries that may have gone already
  size_t bytes_ = 0;
  uint64_t next_serial_ = 0;
};

}  // namespace matchbus::gateway
