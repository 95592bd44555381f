#include "gateway/key_guard.h"

#include <algorithm>
#include <utility>

#include "net/network.h"

namespace matchbus::gateway {
namespace {

// A bucket that gains `limit` tokens a second has `limit` tries a minute if each takes so many.
constexpr int64_t kTokensOfTry = 60;

bool take(bus::TokenBucket& bucket, int64_t now, size_t limit) {
  const auto rate = static_cast<int64_t>(limit);
  return limit == 0 || bucket.take(now, rate, rate * kTokensOfTry, kTokensOfTry);
}

}  // namespace

KeyGuard::Client* KeyGuard::find(const std::string& network) {
  if (const auto found = fresh_.find(network); found != fresh_.end()) return &found->second;
  const auto found = stale_.find(network);
  return found == stale_.end() ? nullptr : &found->second;
}

void KeyGuard::turn_over() {
  const int64_t now = clock_.monotonic_ms();
  const bool is_old = turned_ms_ == INT64_MIN || now - turned_ms_ >= kMemoryMs;
  if (!is_old && fresh_.size() < kMaxAddresses / 2) return;
  turned_ms_ = now;
  stale_ = std::exchange(fresh_, {});
}

KeyGuard::Client& KeyGuard::client_of(const std::string& network) {
  turn_over();
  if (const auto found = fresh_.find(network); found != fresh_.end()) return found->second;
  Client& made = fresh_[network];
  if (const auto found = stale_.find(network); found != stale_.end()) {
    made = found->second;
    stale_.erase(found);
  }
  return made;
}

std::optional<int64_t> KeyGuard::refuse(std::string_view address) {
  if (!is_on()) return std::nullopt;
  const int64_t now = clock_.monotonic_ms();
  Client& client = client_of(net::network_of(address));
  if (!take(client.tries, now, limits_.of_address)) {
    const auto limit = static_cast<int64_t>(limits_.of_address);
    return refused(address, "there", (kTokensOfTry + limit - 1) / limit);
  }
  constexpr uint32_t kTriesOfClean = 8;  // at a time, while a backend is asked
  const bool is_clean =
      client.open < kTriesOfClean && (client.wrong_ms == INT64_MIN || now - client.wrong_ms >= kMemoryMs);
  if (!take(all_, now, limits_.total) && !is_clean) {
    client.tries.give_back(kTokensOfTry);
    return refused(address, "everywhere", kMemoryMs / 1'000);
  }
  ++client.open;
  return std::nullopt;
}

int64_t KeyGuard::refused(std::string_view address, std::string_view source, int64_t seconds) {
  ++refused_;
  log_.limited(LogLevel::kWarning, "too many wrong keys",
               "no key is looked at for now from " + std::string(address) + ": too many wrong ones came from " +
                   std::string(source));
  return seconds;
}

void KeyGuard::good(std::string_view address) {
  if (!is_on()) return;
  all_.give_back(kTokensOfTry);
  Client* const client = find(net::network_of(address));
  if (client == nullptr) return;
  client->tries.give_back(kTokensOfTry);
  if (client->open > 0) --client->open;
}

void KeyGuard::wrong(std::string_view address, std::string_view what) {
  ++wrongs_[what];
  log_.limited(LogLevel::kWarning, "wrong key", "a wrong " + std::string(what) + " came from " + std::string(address));
  if (!is_on()) return;
  Client& client = client_of(net::network_of(address));
  client.wrong_ms = clock_.monotonic_ms();
  if (client.open > 0) --client.open;
}

}  // namespace matchbus::gateway
