// Texts kept for a while under a short code: previews, results of finished matches.
//
// Bounded: when full, the oldest goes. Putting a code again replaces its text and its age.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace matchbus::match {

class ExpiringStore {
 public:
  // `lifetime_ms` of each text; at most `limit` texts (at least 1).
  ExpiringStore(int64_t lifetime_ms, size_t limit) : lifetime_(lifetime_ms), limit_(limit) {}

  void put(std::string_view code, std::string text, int64_t now_ms);
  // Null if unknown or too old. Valid until the next call of put or expire.
  const std::string* find(std::string_view code, int64_t now_ms) const;
  // Forgets what is too old.
  void expire(int64_t now_ms);
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string code;
    std::string text;
    int64_t until;
  };
  int64_t lifetime_;
  size_t limit_;
  std::list<Entry> entries_;  // oldest first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_code_;
};

constexpr int64_t kPreviewLifetimeMs = 10 * 60 * 1000;
constexpr int64_t kTeamInfoLifetimeMs = 60 * 60 * 1000;

}  // namespace matchbus::match
