#include "base/base64.h"

#include <array>
#include <cstdint>

namespace matchbus {
namespace {

constexpr uint8_t kInvalid = 0xff;
using Values = std::array<uint8_t, 256>;  // of characters; kInvalid for those outside the alphabet

constexpr Values values_of(std::string_view alphabet) {
  Values values{};
  values.fill(kInvalid);
  for (size_t i = 0; i < alphabet.size(); ++i) values[static_cast<uint8_t>(alphabet[i])] = static_cast<uint8_t>(i);
  return values;
}
constexpr Values kValues = values_of(kBase64Alphabet);
constexpr Values kUrlValues = values_of(kBase64UrlAlphabet);

constexpr size_t padded_size(size_t bytes) { return (bytes + 2) / 3 * 4; }
constexpr size_t unpadded_size(size_t bytes) { return (bytes * 4 + 2) / 3; }

// Writes `unpadded_size` characters; returns where they end.
char* encode(char* to, std::string_view bytes, std::string_view alphabet) {
  const auto byte_at = [bytes](size_t index) { return uint32_t{static_cast<uint8_t>(bytes[index])}; };
  const auto put = [&to, alphabet](uint32_t bits, int shift) { *to++ = alphabet[(bits >> shift) & 0x3f]; };
  size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const uint32_t bits = byte_at(i) << 16 | byte_at(i + 1) << 8 | byte_at(i + 2);
    for (const int shift : {18, 12, 6, 0}) put(bits, shift);
  }
  const size_t left = bytes.size() - i;
  if (left == 0) return to;
  const uint32_t bits = byte_at(i) << 16 | (left == 2 ? byte_at(i + 1) << 8 : 0);
  put(bits, 18);
  put(bits, 12);
  if (left == 2) put(bits, 6);
  return to;
}

// `to` has room for `padded_size` characters, and all of them are written.
void encode_padded(char* to, std::string_view bytes) {
  char* const end = to + padded_size(bytes.size());
  to = encode(to, bytes, kBase64Alphabet);
  while (to != end) *to++ = '=';
}

// Never writes behind what it has read, so that `to` may be the text's own memory.
std::optional<size_t> decode(std::string_view text, char* to, const Values& values) {
  const size_t left = text.size() % 4;
  if (left == 1) return std::nullopt;
  const auto value_at = [text, &values](size_t index) { return uint32_t{values[static_cast<uint8_t>(text[index])]}; };
  const char* const begin = to;
  size_t i = 0;
  for (; i + 4 <= text.size(); i += 4) {
    const uint32_t a = value_at(i), b = value_at(i + 1), c = value_at(i + 2), d = value_at(i + 3);
    if (((a | b | c | d) & 0x80) != 0) return std::nullopt;
    const uint32_t bits = a << 18 | b << 12 | c << 6 | d;
    *to++ = static_cast<char>(bits >> 16);
    *to++ = static_cast<char>(bits >> 8);
    *to++ = static_cast<char>(bits);
  }
  if (left != 0) {
    const uint32_t a = value_at(i), b = value_at(i + 1), c = left == 3 ? value_at(i + 2) : 0;
    if (((a | b | c) & 0x80) != 0) return std::nullopt;
    const uint32_t bits = a << 18 | b << 12 | c << 6;
    const uint32_t beyond = left == 2 ? 0xffff : 0xff;  // bits that stand for no byte
    if ((bits & beyond) != 0) return std::nullopt;
    *to++ = static_cast<char>(bits >> 16);
    if (left == 3) *to++ = static_cast<char>(bits >> 8);
  }
  return static_cast<size_t>(to - begin);
}

}  // namespace

std::string base64(std::string_view bytes) {
  std::string text(padded_size(bytes.size()), '\0');
  encode_padded(text.data(), bytes);
  return text;
}

void append_base64(BytesWriter& out, std::string_view bytes) {
  if (bytes.empty()) return;
  const size_t size = padded_size(bytes.size());
  encode_padded(out.reserve(size).data(), bytes);
  out.commit(size);
}

void append_base64url(std::string& out, std::string_view bytes) {
  const size_t before = out.size();
  out.resize(before + unpadded_size(bytes.size()));
  encode(out.data() + before, bytes, kBase64UrlAlphabet);
}

std::optional<size_t> decode_base64(std::string_view text, std::span<char> out) {
  if (text.size() % 4 == 0) {
    for (int pad = 0; pad < 2 && text.ends_with('='); ++pad) text.remove_suffix(1);
  }
  return decode(text, out.data(), kValues);
}

std::optional<size_t> decode_base64url(std::string_view text, std::span<char> out) {
  return decode(text, out.data(), kUrlValues);
}

}  // namespace matchbus
