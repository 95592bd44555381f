// Whether an access key is good, and whose it is: the server's own keys at once, others when the backend has answered.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "gateway/key_guard.h"
#include "match/key_policy.h"
#include "match/match.h"

namespace matchbus::gateway {

enum class KeyStatus : uint8_t {
  kValid,
  kInvalid,
  kExpired,
  kUnknown,
  kLimited,  // not looked at: too many wrong ones came before it
};

struct KeyAnswer {
  KeyStatus status = KeyStatus::kUnknown;
  match::Organization organization;  // of a valid key that the backend knows; else empty
  int64_t retry_after_s = 0;         // of kLimited
};

using OnKeyAnswer = std::function<void(const KeyAnswer&)>;

// Who knows about keys that are not the server's own.
class KeyAuthority {
 public:
  // `done` is called once, perhaps at once, unless the authority ends before.
  virtual void check_key(const std::string& key, OnKeyAnswer done) = 0;

 protected:
  ~KeyAuthority() = default;
};

class KeyCheck {
 public:
  // `authority` may be null; it and `guard` are borrowed.
  KeyCheck(match::KeyPolicy policy, KeyAuthority* authority, KeyGuard& guard);

  // A key that came from `address`. `done` is called once, perhaps at once.
  void check(const std::string& key, std::string_view address, OnKeyAnswer done) const;
  // For other secrets that are no better guessed.
  KeyGuard& guard() const { return guard_; }

 private:
  void ask(const std::string& key, std::string_view address, OnKeyAnswer done) const;

  match::KeyPolicy policy_;
  KeyAuthority* authority_;
  KeyGuard& guard_;
};

}  // namespace matchbus::gateway
