// The body of one HTTP/1.1 message from bytes: how it is delimited (RFC 9112 section 6), and its decoding.
//
// Strict: a chunk size is hexadecimal digits and nothing else, every line of the chunked coding ends with CRLF, and the
// bytes that chunk sizes, extensions and trailers may cost are bounded by the bytes they carry. Trailers are dropped.
// Pure: bytes may come one at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "net/http_head.h"

namespace matchbus::net {

// How the end of a body is found.
struct HttpFraming {
  enum class Kind : uint8_t { kNone, kLength, kChunked, kUntilClose };
  Kind kind = Kind::kNone;
  uint64_t length = 0;     // kLength
  int error_status = 0;    // not 0: the head contradicts itself; answer with this
  std::string_view error;  // why

  static HttpFraming of_request(const HttpHead& head);
  // `head_request`: the answer to a HEAD, which never has a body.
  static HttpFraming of_response(const HttpHead& head, bool head_request);
};

class HttpBodyReader {
 public:
  enum class State : uint8_t { kMore, kDone, kBad, kTooLarge };

  // Takes a body delimited by `framing` and of at most `max_bytes` (0 = no limit). Chunked framing may cost
  // `max_overhead` bytes plus eight for each byte carried.
  HttpBodyReader(const HttpFraming& framing, size_t max_bytes, size_t max_overhead);

  // Takes bytes, appends what they carry to `body`, and tells how many were taken.
  size_t feed(std::string_view data, std::string& body);
  State state() const { return state_; }
  // The peer closed: that ends a body of kind kUntilClose, and cuts any other short (kBad).
  void on_end();

 private:
  enum class Chunk : uint8_t {
    kSize,
    kSizeSpace,
    kExtension,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kTrailerStart,
    kTrailer,
    kTrailerLf,
    kEndLf
  };
  size_t take_plain(std::string_view data, std::string& body);
  size_t take_chunked(std::string_view data, std::string& body);
  void take_framing(char c);
  void take_size(char c);
  void expect(char c, char wanted, Chunk next) { c == wanted ? void(chunk_ = next) : void(state_ = State::kBad); }
  void after_size_line() { chunk_ = left_ == 0 ? Chunk::kTrailerStart : Chunk::kData; }

  HttpFraming::Kind kind_;
  State state_ = State::kMore;
  Chunk chunk_ = Chunk::kSize;
  uint8_t digits_ = 0;  // of the chunk size so far
  size_t max_bytes_;
  size_t max_overhead_;
  uint64_t left_ = 0;      // of the body (kLength) or of the chunk
  uint64_t carried_ = 0;   // bytes of body so far
  uint64_t overhead_ = 0;  // bytes of chunked framing so far
};

}  // namespace matchbus::net
