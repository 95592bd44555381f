// Inflating the messages of permessage-deflate (RFC 7692 section 7.2.2), with a limit on what comes out.
//
// Messages are inflated when they are whole, so all connections of a server share one inflater. A client that lets the
// server keep its history has one of its own.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <string_view>

#include "base/bytes.h"

namespace matchbus::ws {

class Inflater {
 public:
  enum class Status { kOk, kTooBig, kCorrupt };

  Inflater() = default;
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Starts a message. `keep_history`: the text of earlier messages may be referred to.
  void begin(bool keep_history);
  // Inflates the next part of the message behind what `out` holds already, which may grow to `limit` bytes.
  Status feed(std::string_view compressed, BytesWriter& out, size_t limit);
  // Ends the message: puts back the tail that the sender took away, and checks that nothing was cut off.
  Status finish(BytesWriter& out, size_t limit);

 private:
  Status run(std::string_view compressed, BytesWriter& out, size_t limit);
  int step(BytesWriter& out, size_t limit);

  z_stream stream_{};
  bool ready_ = false;  // zlib's state (about 7 KB, with window 40 KB) is made on first need
  bool fed_ = false;    // the message has at least one byte
  bool ended_ = false;  // a block with BFINAL has been read; more may follow (RFC 7692 section 7.2.3.4)
};

}  // namespace matchbus::ws
