// Texts with such escapes are rare, so what counts is to find out quickly that there are none.
#include "json/surrogates.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace matchbus::json {
namespace {

constexpr size_t kEscape = 6;  // \uXXXX

enum class Half { kNone, kHigh, kLow };

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// Which half the escape at the front of `text` is.
Half half_at(std::string_view text) {
  if (text.size() < kEscape || text[0] != '\\' || text[1] != 'u' || (text[2] != 'd' && text[2] != 'D') ||
      !is_hex(text[4]) || !is_hex(text[5]))
    return Half::kNone;
  switch (text[3]) {
    case '8':
    case '9':
    case 'a':
    case 'A':
    case 'b':
    case 'B':
      return Half::kHigh;
    default:
      return is_hex(text[3]) && text[3] > '9' ? Half::kLow : Half::kNone;
  }
}

}  // namespace

void replace_lone_surrogates(std::span<char> text) {
  const std::string_view all(text.data(), text.size());
  for (size_t at = all.find('\\'); at < all.size(); at = all.find('\\', at)) {
    const Half half = half_at(all.substr(at));
    if (half == Half::kNone) {
      at += 2;  // the character behind a backslash begins no escape
    } else if (half == Half::kHigh && half_at(all.substr(at + kEscape)) == Half::kLow) {
      at += 2 * kEscape;
    } else {
      std::copy_n("\\ufffd", kEscape, text.begin() + static_cast<ptrdiff_t>(at));
      at += kEscape;
    }
  }
}

}  // namespace matchbus::json
