#include "gateway/key_check.h"

#include <utility>

namespace matchbus::gateway {

KeyCheck::KeyCheck(match::KeyPolicy policy, KeyAuthority* authority)
    : policy_(std::move(policy)), authority_(authority) {
  policy_.use_backend = authority_ != nullptr;
}

void KeyCheck::check(const std::string& key, OnKeyAnswer done) const {
  switch (match::check_key(key, policy_)) {
    case match::KeyVerdict::kValid:
      return done({KeyStatus::kValid, {}});
    case match::KeyVerdict::kInvalid:
      return done({KeyStatus::kInvalid, {}});
    case match::KeyVerdict::kAskBackend:
      return authority_->check_key(key, std::move(done));
  }
}

}  // namespace matchbus::gateway
