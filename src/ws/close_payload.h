// The body of a close frame (RFC 6455 sections 5.5.1 and 7.4): reading with every check, and writing.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "ws/connection.h"

namespace matchbus::ws {

inline constexpr size_t kMaxControlPayload = 125;  // RFC 6455 section 5.5

// True for codes that may stand in a close frame: 1000 to 1003, 1007 to 1014 (with the IANA registry), 3000 to 4999.
bool is_sendable_close_code(uint16_t code);

struct ParsedClose {
  uint16_t code = kNoStatus;
  std::string_view reason;  // part of the payload; valid UTF-8
  uint16_t error = 0;       // kProtocolError or kInvalidPayload if the payload is not acceptable
};
ParsedClose parse_close(std::string_view payload);

// A close frame's payload. Codes that must not be sent (kNoStatus, kAbnormal) give an empty one; a reason longer than
// 123 bytes is cut between characters.
class ClosePayload {
 public:
  ClosePayload(uint16_t code, std::string_view reason);
  std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, kMaxControlPayload> bytes_;
  size_t size_ = 0;
};

}  // namespace matchbus::ws
