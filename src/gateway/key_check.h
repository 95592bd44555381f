// Whether an access key is good, and whose it is: the server's own keys at once, others when the backend has answered.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "match/key_policy.h"
#include "match/match.h"

namespace matchbus::gateway {

enum class KeyStatus : uint8_t { kValid, kInvalid, kExpired, kUnknown };

struct KeyAnswer {
  KeyStatus status = KeyStatus::kUnknown;
  match::Organization organization;  // of a valid key that the backend knows; else empty
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
  // `authority` may be null, and is borrowed.
  KeyCheck(match::KeyPolicy policy, KeyAuthority* authority);

  // `done` is called once, perhaps at once.
  void check(const std::string& key, OnKeyAnswer done) const;

 private:
  match::KeyPolicy policy_;
  KeyAuthority* authority_;
};

}  // namespace matchbus::gateway
