// The run of bytes in a JSON string that need no attention, found eight bytes at a time.
//
// A byte minus 1 (after the xor with what is looked for) or minus 0x20 borrows into its high bit exactly if it is zero
// or below 0x20. The borrow may also mark bytes above a marked one, never below: so the lowest mark is right.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace matchbus::json {

// How many bytes from `at` to `end` come before the first quote, backslash, control character or, with `kAsciiOnly`,
// byte from 0x80 on.
template <bool kAsciiOnly>
inline size_t plain_run(const char* at, const char* end) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kHighs = 0x8080808080808080;
  const char* const begin = at;
  for (; end - at >= 8; at += 8) {
    uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    const uint64_t quote = word ^ (kOnes * '"');
    const uint64_t backslash = word ^ (kOnes * '\\');
    uint64_t marks = ((quote - kOnes) | (backslash - kOnes) | (word - kOnes * 0x20)) & ~word;
    if constexpr (kAsciiOnly) marks |= word;
    marks &= kHighs;
    if (marks != 0) return static_cast<size_t>(at - begin) + static_cast<size_t>(std::countr_zero(marks)) / 8;
  }
  for (; at != end; ++at) {
    const auto byte = static_cast<unsigned char>(*at);
    if (byte < 0x20 || byte == '"' || byte == '\\' || (kAsciiOnly && byte >= 0x80)) break;
  }
  return static_cast<size_t>(at - begin);
}

}  // namespace matchbus::json
