#include "gateway/key_check.h"

#include <utility>

namespace matchbus::gateway {
namespace {

constexpr std::string_view kAccessKey = "access key";

}  // namespace

KeyCheck::KeyCheck(match::KeyPolicy policy, KeyAuthority* authority, KeyGuard& guard)
    : policy_(std::move(policy)), authority_(authority), guard_(guard) {
  policy_.use_backend = authority_ != nullptr;
}

void KeyCheck::check(const std::string& key, std::string_view address, OnKeyAnswer done) const {
  // Nobody guesses where every key is good, nor with none at all.
  if (!policy_.required) return done({KeyStatus::kValid, {}});
  if (key.empty()) return done({KeyStatus::kInvalid, {}});
  if (const auto wait = guard_.refuse(address)) return done({KeyStatus::kLimited, {}, *wait});
  switch (match::check_key(key, policy_)) {
    case match::KeyVerdict::kValid:
      guard_.good(address);
      return done({KeyStatus::kValid, {}});
    case match::KeyVerdict::kInvalid:
      guard_.wrong(address, kAccessKey);
      return done({KeyStatus::kInvalid, {}});
    case match::KeyVerdict::kAskBackend:
      return ask(key, address, std::move(done));
  }
}

void KeyCheck::ask(const std::string& key, std::string_view address, OnKeyAnswer done) const {
  authority_->check_key(key, [this, from = std::string(address), done = std::move(done)](const KeyAnswer& answer) {
    answer.status == KeyStatus::kInvalid ? guard_.wrong(from, kAccessKey) : guard_.good(from);
    done(answer);
  });
}

}  // namespace matchbus::gateway
