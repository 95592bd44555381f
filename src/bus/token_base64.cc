#include "bus/token_base64.h"

#include <array>
#include <cstdint>

namespace matchbus::bus {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr uint8_t kInvalid = 0xff;

constexpr std::array<uint8_t, 256> make_values() {
  std::array<uint8_t, 256> values{};
  values.fill(kInvalid);
  for (size_t i = 0; i < kAlphabet.size(); ++i) values[static_cast<uint8_t>(kAlphabet[i])] = static_cast<uint8_t>(i);
  return values;
}
constexpr std::array<uint8_t, 256> kValues = make_values();

uint32_t byte_at(std::string_view text, size_t index) { return static_cast<uint8_t>(text[index]); }
uint32_t value_at(std::string_view text, size_t index) { return kValues[static_cast<uint8_t>(text[index])]; }

}  // namespace

void append_base64url(std::string& out, std::string_view bytes) {
  const auto put = [&out](uint32_t bits, int shift) { out += kAlphabet[(bits >> shift) & 0x3f]; };
  size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const uint32_t bits = byte_at(bytes, i) << 16 | byte_at(bytes, i + 1) << 8 | byte_at(bytes, i + 2);
    for (const int shift : {18, 12, 6, 0}) put(bits, shift);
  }
  const size_t left = bytes.size() - i;
  if (left == 0) return;
  const uint32_t bits = byte_at(bytes, i) << 16 | (left == 2 ? byte_at(bytes, i + 1) << 8 : 0);
  put(bits, 18);
  put(bits, 12);
  if (left == 2) put(bits, 6);
}

std::optional<size_t> decode_base64url(std::string_view text, std::span<char> out) {
  const size_t left = text.size() % 4;
  if (left == 1) return std::nullopt;
  char* to = out.data();
  size_t i = 0;
  for (; i + 4 <= text.size(); i += 4) {
    const uint32_t a = value_at(text, i), b = value_at(text, i + 1), c = value_at(text, i + 2),
                   d = value_at(text, i + 3);
    if (((a | b | c | d) & 0x80) != 0) return std::nullopt;
    const uint32_t bits = a << 18 | b << 12 | c << 6 | d;
    *to++ = static_cast<char>(bits >> 16);
    *to++ = static_cast<char>(bits >> 8);
    *to++ = static_cast<char>(bits);
  }
  if (left != 0) {
    const uint32_t a = value_at(text, i), b = value_at(text, i + 1), c = left == 3 ? value_at(text, i + 2) : 0;
    if (((a | b | c) & 0x80) != 0) return std::nullopt;
    const uint32_t bits = a << 18 | b << 12 | c << 6;
    const uint32_t beyond = left == 2 ? 0xffff : 0xff;  // bits that stand for no byte
    if ((bits & beyond) != 0) return std::nullopt;
    *to++ = static_cast<char>(bits >> 16);
    if (left == 3) *to++ = static_cast<char>(bits >> 8);
  }
  return static_cast<size_t>(to - out.data());
}

}  // namespace matchbus::bus
