// The automaton of RFC 3629 section 4, with a short cut for runs of ASCII, which is what most messages are.
#include "ws/utf8_validator.h"

#include <cstring>

namespace matchbus::ws {
namespace {

// The first byte in [at, end) that is not ASCII, looked for 16 bytes at a time.
const char* skip_ascii(const char* at, const char* end) {
  constexpr uint64_t kHighBits = 0x8080808080808080;
  while (end - at >= 16) {
    uint64_t words[2];
    std::memcpy(words, at, sizeof words);
    if (((words[0] | words[1]) & kHighBits) != 0) break;
    at += 16;
  }
  while (at != end && static_cast<uint8_t>(*at) < 0x80) ++at;
  return at;
}

}  // namespace

bool Utf8Validator::start_character(uint8_t lead) {
  lowest_ = 0x80;
  highest_ = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    needed_ = 1;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    needed_ = 2;
    if (lead == 0xE0) lowest_ = 0xA0;
    if (lead == 0xED) highest_ = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    needed_ = 3;
    if (lead == 0xF0) lowest_ = 0x90;
    if (lead == 0xF4) highest_ = 0x8F;
  } else {
    return false;
  }
  return true;
}

bool Utf8Validator::feed(std::string_view bytes) {
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  while (at != end) {
    if (needed_ == 0) {
      at = skip_ascii(at, end);
      if (at == end) break;
      if (!start_character(static_cast<uint8_t>(*at++))) return false;
      continue;
    }
    const auto byte = static_cast<uint8_t>(*at++);
    if (byte < lowest_ || byte > highest_) return false;
    lowest_ = 0x80;
    highest_ = 0xBF;
    --needed_;
  }
  return true;
}

bool is_utf8(std::string_view text) {
  Utf8Validator validator;
  return validator.feed(text) && validator.complete();
}

}  // namespace matchbus::ws
