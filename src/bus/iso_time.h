// Times as clients read them: "2026-01-02T03:04:05.678Z" (RFC 3339, as ECMAScript's Date.toISOString has it).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace matchbus::bus {

class IsoTime {
 public:
  // Milliseconds since 1970; years 1970 to 9999.
  explicit IsoTime(int64_t wall_ms);
  std::string_view view() const { return {text_.data(), text_.size()}; }

 private:
  std::array<char, 24> text_;
};

}  // namespace matchbus::bus
