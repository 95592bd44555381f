// Deflating messages for permessage-deflate (RFC 7692 section 7.2.1), each on its own, or with the message before it as
// dictionary: for a receiver that has just inflated that one the result is what a compressor with context takeover
// could have sent. So no compressor is kept for any connection.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace matchbus::ws {

class Deflater {
 public:
  static constexpr uint8_t kLeastWindowBits = 9;  // zlib cannot keep to 8 in a raw stream

  // `window_bits`: 9 to 15. Takes (4 << bits) + 128 KiB.
  explicit Deflater(uint8_t window_bits);
  ~Deflater();
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  // Appends the compressed form of `payload` to `out`. `level`: 0 to 9. `previous`: what the receiver's window ends
  // with.
  void compress(std::string_view payload, int level, BytesWriter& out, std::string_view previous = {});

 private:
  z_stream stream_{};
  int level_ = 3;
};

}  // namespace matchbus::ws
