#include "base/printable.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>

namespace matchbus {
namespace {

constexpr char32_t kNoCharacter = 0xFFFFFFFF;

struct Character {
  char32_t value;  // kNoCharacter: the byte begins none
  size_t size;
};

// The first of `text`, which is not empty (RFC 3629: no overlong forms, no surrogates).
Character first_of(std::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  constexpr std::array<char32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return {kNoCharacter, 1};
  char32_t value = lead & (0x7FU >> size);
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {kNoCharacter, 1};
    value = value << 6 | (byte(i) & 0x3FU);
  }
  const bool is_surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < kLeast[size] || value > 0x10FFFF || is_surrogate) return {kNoCharacter, 1};
  return {value, size};
}

bool is_harmless(char32_t value) {
  if (value < 0x20 || (value >= 0x7F && value <= 0x9F) || value == kNoCharacter) return false;
  if (value == 0x061C || value == 0x200E || value == 0x200F) return false;
  return !(value >= 0x2028 && value <= 0x202E) && !(value >= 0x2066 && value <= 0x2069);
}

void escape(std::string& out, const char* format, unsigned number) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), format, number);
  out += text.data();
}

}  // namespace

std::string printable(std::string_view text, PrintableAs as) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    // Most text is this, and is copied as it stands.
    const auto other = std::find_if(text.begin(), text.end(), [](char c) {
      const auto byte = static_cast<unsigned char>(c);
      return byte < 0x20 || byte >= 0x7F;
    });
    const auto plain = static_cast<size_t>(other - text.begin());
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    const Character character = first_of(text);
    const bool is_kept_space = as != PrintableAs::kLine && (character.value == '\n' || character.value == '\t');
    if (is_harmless(character.value) || is_kept_space) {
      out += text.substr(0, character.size);
    } else if (character.value == kNoCharacter) {
      escape(out, as == PrintableAs::kJson ? "\\ufffd" : "\\x%02x", static_cast<unsigned char>(text.front()));
    } else {
      escape(out, character.value < 0x80 && as != PrintableAs::kJson ? "\\x%02x" : "\\u%04x", character.value);
    }
    text.remove_prefix(character.size);
  }
  return out;
}

}  // namespace matchbus
