// Parsed values as ECMAScript converts them (ECMA-262, section 7.1): clients and overlays of the match protocol are
// programs in that language, so what one of them takes for a number or a flag is one here too.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "json/document.h"

namespace matchbus::json {

// StrWhiteSpaceChar as far as it is ASCII; the others stand around nothing that a program writes.
constexpr std::string_view kSpaces = " \t\n\v\f\r";
// The text without white space around it.
std::string_view trimmed(std::string_view text);

// ToBoolean: false for missing, null, false, 0 and the empty text; true for everything else.
bool is_truthy(Value value);

// What arithmetic makes of a number, a text that holds one (StringToNumber: decimal, 0x, 0o, 0b, white space around it)
// or a boolean. Always finite, never -0. Nothing for every other value, and for a text without a number: the empty one,
// which ECMAScript takes for 0, says nothing.
std::optional<double> to_number(Value value);

// As Number::toString writes it, into `room`. `number` is finite.
std::string_view number_text(double number, std::span<char, 32> room);

// The texts of a few values, as long as this lives: numbers need room for theirs.
class TextReader {
 public:
  TextReader() = default;
  TextReader(const TextReader&) = delete;
  TextReader& operator=(const TextReader&) = delete;

  // Gives the room of earlier numbers to later ones.
  void clear() { used_ = 0; }
  // A text as it is, a number as Number::toString writes it. Nothing for every other value, and for more numbers than
  // there is room for.
  std::optional<std::string_view> read(Value value);

 private:
  static constexpr size_t kNumbers = 6;
  std::array<std::array<char, 32>, kNumbers> numbers_;
  size_t used_ = 0;
};

// The longest beginning of a text of UTF-8 that is whole and has at most `limit` bytes.
std::string_view clipped(std::string_view text, size_t limit);

}  // namespace matchbus::json
