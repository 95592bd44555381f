// Texts with such numbers are rare, so what counts is to find out quickly that there are none: all have an exponent or
// hundreds of digits.
#include "json/big_numbers.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace matchbus::json {
namespace {

constexpr size_t kBlock = 64;
constexpr size_t kManyDigits = 300;  // a run of so many fills whole blocks

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Bounds that are known when this is compiled let the compiler look at sixteen characters at once.
bool may_have_big_number(std::string_view text) {
  size_t at = 0;
  for (; at + kBlock < text.size(); at += kBlock) {
    const char* const block = text.data() + at;
    unsigned char exponents = 0;
    unsigned char digits = 1;
    for (size_t i = 0; i < kBlock; ++i) {
      const unsigned char digit = static_cast<unsigned char>(static_cast<unsigned char>(block[i] - '0') < 10);
      exponents |= static_cast<unsigned char>(digit & static_cast<unsigned char>((block[i + 1] | 0x20) == 'e'));
      digits &= digit;
    }
    if ((exponents | digits) != 0) return true;
  }
  for (; at + 1 < text.size(); ++at)
    if (is_digit(text[at]) && (text[at + 1] | 0x20) == 'e') return true;
  return false;
}

// Of a number that no double comes near: whether it is too large, not too small.
bool is_large(std::string_view number) {
  const size_t mark = std::min(number.find_first_of("eE"), number.size());
  const std::string_view significand = number.substr(0, mark);
  const size_t first = significand.find_first_of("123456789");
  if (first == std::string_view::npos) return false;
  const auto point = static_cast<ptrdiff_t>(std::min(significand.find('.'), mark));
  std::string_view exponent = number.substr(std::min(mark + 1, number.size()));
  const bool is_negative = exponent.starts_with('-');
  if (is_negative || exponent.starts_with('+')) exponent.remove_prefix(1);
  int64_t power = 0;
  if (std::from_chars(exponent.data(), exponent.data() + exponent.size(), power).ec == std::errc::result_out_of_range)
    return !is_negative;
  return point - static_cast<ptrdiff_t>(first) + (is_negative ? -power : power) > 0;
}

// Whether it begins and its point ends as a JSON number's does (RFC 8259, section 6); from_chars is less strict.
bool is_json(std::string_view number) {
  if (number.starts_with('-')) number.remove_prefix(1);
  const size_t point = number.find('.');
  const bool has_zeros = number.size() > 1 && number[0] == '0' && is_digit(number[1]);
  return !number.empty() && is_digit(number[0]) && !has_zeros &&
         (point == std::string_view::npos || (point + 1 < number.size() && is_digit(number[point + 1])));
}

// In place of the number at the front of `text`, if it is a big one. The number's length.
size_t replace_number(std::span<char> text) {
  const std::string_view all(text.data(), text.size());
  const size_t size = std::min(all.find_first_not_of("+-.0123456789eE"), all.size());
  const std::string_view number = all.substr(0, size);
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + size, value);
  if (end != number.data() + size || !is_json(number)) return size;  // the parser says so
  constexpr std::string_view kNull = "null";
  char* after = text.data() + size;
  if (error == std::errc::result_out_of_range && is_large(number)) {
    after = std::copy(kNull.begin(), kNull.end(), text.data());
  } else if (error == std::errc() && (value == 0 || std::min(number.find_first_of(".eE"), size) >= kManyDigits)) {
    after = std::to_chars(text.data(), after, value).ptr;
  }
  std::fill(after, text.data() + size, ' ');
  return size;
}

// Past the string whose opening quote is at `at`.
size_t skip_string(std::string_view text, size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at)
    if (text[at] == '\\') ++at;
  return at + 1;
}

}  // namespace

void replace_big_numbers(std::span<char> text) {
  const std::string_view all(text.data(), text.size());
  if (!may_have_big_number(all)) return;
  for (size_t at = all.find_first_of("\"-0123456789"); at < all.size(); at = all.find_first_of("\"-0123456789", at))
    at = all[at] == '"' ? skip_string(all, at) : at + replace_number(text.subspan(at));
}

}  // namespace matchbus::json
