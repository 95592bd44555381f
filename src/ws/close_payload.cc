#include "ws/close_payload.h"

#include <algorithm>

#include "ws/utf8_validator.h"

namespace matchbus::ws {
namespace {

ParsedClose refuse(uint16_t error) { return {.code = kNoStatus, .reason = {}, .error = error}; }

}  // namespace

bool is_sendable_close_code(uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

ParsedClose parse_close(std::string_view payload) {
  if (payload.empty()) return {};
  if (payload.size() == 1) return refuse(kProtocolError);
  const auto code = static_cast<uint16_t>(static_cast<uint8_t>(payload[0]) << 8 | static_cast<uint8_t>(payload[1]));
  const std::string_view reason = payload.substr(2);
  if (!is_sendable_close_code(code)) return refuse(kProtocolError);
  if (!is_utf8(reason)) return refuse(kInvalidPayload);
  return {.code = code, .reason = reason, .error = 0};
}

ClosePayload::ClosePayload(uint16_t code, std::string_view reason) {
  if (!is_sendable_close_code(code)) return;
  bytes_[0] = static_cast<char>(code >> 8);
  bytes_[1] = static_cast<char>(code & 0xFF);
  size_t length = std::min(reason.size(), kMaxControlPayload - 2);
  if (length < reason.size()) {
    while (length > 0 && (static_cast<uint8_t>(reason[length]) & 0xC0) == 0x80) --length;
  }
  std::copy_n(reason.data(), length, bytes_.data() + 2);
  size_ = length + 2;
}

}  // namespace matchbus::ws
