#include "json/ecmascript.h"

#include <charconv>
#include <cmath>
#include <cstdint>

#include "json/writer.h"

namespace matchbus::json {
namespace {

// NonDecimalIntegerLiteral, without its prefix.
std::optional<double> whole_number(std::string_view digits, int base) {
  uint64_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [after, error] = std::from_chars(digits.data(), end, number, base);
  if (error != std::errc() || after != end) return std::nullopt;
  return static_cast<double>(number);
}

// StrDecimalLiteral but for Infinity. from_chars takes neither a plus sign nor, unlike ECMAScript, stops at "inf".
std::optional<double> decimal_number(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.find_first_of("0123456789") == std::string_view::npos ||
      (text[0] != '.' && (text[0] < '0' || text[0] > '9')))
    return std::nullopt;
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [after, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || after != end) return std::nullopt;
  return is_negative ? -number : number;
}

std::optional<double> number_in(std::string_view text) {
  text = trimmed(text);
  if (text.size() > 2 && text[0] == '0') {
    switch (text[1]) {
      case 'x':
      case 'X':
        return whole_number(text.substr(2), 16);
      case 'o':
      case 'O':
        return whole_number(text.substr(2), 8);
      case 'b':
      case 'B':
        return whole_number(text.substr(2), 2);
      default:
        break;
    }
  }
  return text.empty() ? std::nullopt : decimal_number(text);
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

bool is_truthy(Value value) {
  switch (value.type()) {
    case Type::kMissing:
    case Type::kNull:
      return false;
    case Type::kBool:
      return *value.boolean();
    case Type::kNumber:
      return *value.number() != 0;
    case Type::kString:
      return !value.string()->empty();
    default:
      return true;
  }
}

std::optional<double> to_number(Value value) {
  std::optional<double> number;
  if (value.type() == Type::kNumber) number = value.number();
  if (value.type() == Type::kBool) number = *value.boolean() ? 1 : 0;
  if (value.type() == Type::kString) number = number_in(*value.string());
  if (!number || !std::isfinite(*number)) return std::nullopt;
  return *number + 0.0;
}

std::string_view number_text(double number, std::span<char, 32> room) {
  constexpr double kExact = 9007199254740992.0;  // 2^53
  if (std::fabs(number) < kExact && std::trunc(number) == number) {
    const auto end = std::to_chars(room.data(), room.data() + room.size(), static_cast<int64_t>(number)).ptr;
    return {room.data(), static_cast<size_t>(end - room.data())};
  }
  BytesWriter out;
  write_number(out, number);
  return {room.data(), out.view().copy(room.data(), room.size())};
}

std::optional<std::string_view> TextReader::read(Value value) {
  if (const auto text = value.string()) return text;
  if (value.type() != Type::kNumber || used_ == kNumbers) return std::nullopt;
  return number_text(*value.number(), numbers_[used_++]);
}

std::string_view clipped(std::string_view text, size_t limit) {
  if (text.size() <= limit) return text;
  size_t size = limit;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0U) == 0x80) --size;
  return text.substr(0, size);
}

}  // namespace matchbus::json
