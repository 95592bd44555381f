// Keys cannot be guessed: how many wrong ones an address may send, and all of them together.
//
// A try costs when it begins and is given back unless the key was wrong, so that nobody gains by trying many at once
// while a backend is being asked. An address that is out of tries has no key of its looked at, good or not; everybody
// else goes on as if it were not there: when all addresses together are out of tries, one that sent no wrong key lately
// still has one, for the key that it sends may be right. IPv6 addresses count by their /64, which is one client's.
//
// Whoever stands behind one address (a venue, a proxy) shares its tries.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/log.h"
#include "bus/token_bucket.h"

namespace matchbus::gateway {

// Wrong keys a minute, as many of them at once; 0: no limit.
struct KeyLimits {
  size_t of_address = 60;
  size_t total = 1'000;
};

class KeyGuard {
 public:
  static constexpr int64_t kMemoryMs = 60'000;    // for which an address is remembered, and as long again
  static constexpr size_t kMaxAddresses = 8'192;  // at a time; beyond, those that were silent for longest are forgotten

  // Borrows both.
  KeyGuard(const Clock& clock, Log& log, KeyLimits limits) : clock_(clock), log_(log), limits_(limits) {}

  // Before a key or secret from `address` is compared with anything. Nothing: it may be, and `good` or `wrong` has to
  // follow; else in how many seconds it may be tried again.
  [[nodiscard]] std::optional<int64_t> refuse(std::string_view address);
  // It was right, or nobody could tell.
  void good(std::string_view address);
  // It was wrong. `what`: a fixed text, what it was meant for.
  void wrong(std::string_view address, std::string_view what);

  // Wrong ones by what they were for, and how many were not looked at.
  const std::map<std::string_view, uint64_t>& wrongs() const { return wrongs_; }
  uint64_t refused() const { return refused_; }
  size_t addresses() const { return fresh_.size() + stale_.size(); }

 private:
  struct Client {
    bus::TokenBucket tries;
    int64_t wrong_ms = INT64_MIN;  // when its last wrong key came
    uint32_t open = 0;             // tries begun and not answered
  };
  using Clients = std::unordered_map<std::string, Client>;

  bool is_on() const { return limits_.of_address != 0 || limits_.total != 0; }
  // Counts and logs it; returns `seconds`.
  int64_t refused(std::string_view address, std::string_view source, int64_t seconds);
  Client* find(const std::string& network);
  Client& client_of(const std::string& network);
  void turn_over();

  const Clock& clock_;
  Log& log_;
  KeyLimits limits_;
  // Two generations: who is heard of comes into the first, and the second is dropped when the first is old or full.
  Clients fresh_;
  Clients stale_;
  int64_t turned_ms_ = INT64_MIN;
  bus::TokenBucket all_;
  std::map<std::string_view, uint64_t> wrongs_;
  uint64_t refused_ = 0;
};

}  // namespace matchbus::gateway
