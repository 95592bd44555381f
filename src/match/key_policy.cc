// Keys are compared without telling how much of them was right.
#include "match/key_policy.h"

namespace matchbus::match {

bool equal_constant_time(std::string_view a, std::string_view b) {
  volatile unsigned char difference = a.size() == b.size() ? 0 : 1;
  for (size_t i = 0; i < a.size(); ++i) {
    const char other = b.empty() ? '\0' : b[i % b.size()];
    difference = static_cast<unsigned char>(difference | static_cast<unsigned char>(a[i] ^ other));
  }
  return difference == 0;
}

KeyVerdict check_key(std::string_view key, const KeyPolicy& policy) {
  if (!policy.required) return KeyVerdict::kValid;
  if (key.empty()) return KeyVerdict::kInvalid;
  if (!policy.auth_key.empty() && equal_constant_time(key, policy.auth_key)) return KeyVerdict::kValid;
  return policy.use_backend ? KeyVerdict::kAskBackend : KeyVerdict::kInvalid;
}

}  // namespace matchbus::match
