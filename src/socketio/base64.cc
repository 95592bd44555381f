#include "socketio/base64.h"

#include <array>
#include <cstdint>

namespace matchbus::socketio {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint8_t kInvalid = 0xff;

constexpr std::array<uint8_t, 256> make_values() {
  std::array<uint8_t, 256> values{};
  values.fill(kInvalid);
  for (size_t i = 0; i < kAlphabet.size(); ++i) values[static_cast<uint8_t>(kAlphabet[i])] = static_cast<uint8_t>(i);
  return values;
}
constexpr std::array<uint8_t, 256> kValues = make_values();

uint32_t byte_at(std::string_view data, size_t index) { return static_cast<uint8_t>(data[index]); }

}  // namespace

void append_base64(BytesWriter& out, std::string_view data) {
  const size_t length = (data.size() + 2) / 3 * 4;
  if (length == 0) return;
  char* to = out.reserve(length).data();
  const auto put = [&to](uint32_t bits, int shift) { *to++ = kAlphabet[(bits >> shift) & 0x3f]; };
  size_t i = 0;
  for (; i + 3 <= data.size(); i += 3) {
    const uint32_t bits = byte_at(data, i) << 16 | byte_at(data, i + 1) << 8 | byte_at(data, i + 2);
    for (const int shift : {18, 12, 6, 0}) put(bits, shift);
  }
  if (const size_t left = data.size() - i; left != 0) {
    const uint32_t bits = byte_at(data, i) << 16 | (left == 2 ? byte_at(data, i + 1) << 8 : 0);
    put(bits, 18);
    put(bits, 12);
    if (left == 2) put(bits, 6);
    for (size_t pad = left; pad < 3; ++pad) *to++ = '=';
  }
  out.commit(length);
}

std::optional<size_t> decode_base64_in_place(std::span<char> text) {
  size_t size = text.size();
  if (size % 4 == 0) {
    for (int pad = 0; pad < 2 && size != 0 && text[size - 1] == '='; ++pad) --size;
  }
  if (size % 4 == 1) return std::nullopt;
  size_t written = 0;
  uint32_t bits = 0;
  int held = 0;  // bits not written yet; always fewer than a byte
  for (size_t i = 0; i < size; ++i) {
    const uint8_t value = kValues[static_cast<uint8_t>(text[i])];
    if (value == kInvalid) return std::nullopt;
    bits = bits << 6 | value;
    held += 6;
    if (held >= 8) {
      held -= 8;
      text[written++] = static_cast<char>(bits >> held & 0xff);
    }
  }
  // What is left over must be zero, or two texts would stand for the same bytes.
  if ((bits & ((1U << held) - 1)) != 0) return std::nullopt;
  return written;
}

}  // namespace matchbus::socketio
