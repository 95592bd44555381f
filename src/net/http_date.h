// The Date header's value, written anew only when the second has changed.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace matchbus::net {

class HttpDate {
 public:
  // `wall_ms` (since 1970) as IMF-fixdate (RFC 9110 section 5.6.7). Valid until the next call.
  std::string_view at(int64_t wall_ms);

 private:
  int64_t second_ = -1;
  std::array<char, 32> text_{};
  size_t size_ = 0;
};

}  // namespace matchbus::net
