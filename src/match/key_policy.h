// What the server can say about an access key by itself.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace matchbus::match {

struct KeyPolicy {
  bool required = true;      // false: every key is valid
  std::string auth_key;      // "": there is none
  bool use_backend = false;  // ask it about other keys
};

enum class KeyVerdict : uint8_t { kValid, kInvalid, kAskBackend };

// Takes the same time for every key of the same length.
KeyVerdict check_key(std::string_view key, const KeyPolicy& policy);

// Whether both are the same text, in a time that depends on their lengths only.
bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace matchbus::match
