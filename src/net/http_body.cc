// Message framing and bodies of HTTP/1.1.
#include "net/http_body.h"

#include <algorithm>
#include <optional>

#include "net/http_text.h"

namespace matchbus::net {
namespace {

constexpr uint8_t kMaxSizeDigits = 15;    // so that a chunk size fits in 64 bits with room for sums
constexpr uint64_t kOverheadPerByte = 8;  // the leanest one-byte chunks cost five

HttpFraming wrong(int status, std::string_view why) {
  HttpFraming framing;
  framing.error_status = status;
  framing.error = why;
  return framing;
}

struct Codings {
  int chunked = 0;
  int unknown = 0;
};

// What the Transfer-Encoding fields name; nothing if there are none.
std::optional<Codings> transfer_codings(const HttpHeaders& headers) {
  std::optional<Codings> codings;
  for (const auto& [name, value] : headers) {
    if (name != "transfer-encoding") continue;
    if (!codings) codings.emplace();
    std::string_view list = value;
    while (const auto coding = http_next_element(list)) {
      ++(http_equal(*coding, "chunked") ? codings->chunked : codings->unknown);
    }
  }
  return codings;
}

// The same for both directions; kNone if the head tells no length at all.
HttpFraming told_framing(const HttpHead& head) {
  const auto codings = transfer_codings(head.headers);
  HttpFraming framing;
  bool has_length = false;
  for (const auto& [name, value] : head.headers) {
    if (name != "content-length") continue;
    const auto length = http_number(value);
    if (!length) return wrong(400, "invalid Content-Length");
    if (has_length && framing.length != *length) return wrong(400, "several Content-Length");
    has_length = true;
    framing.kind = HttpFraming::Kind::kLength;
    framing.length = *length;
  }
  if (!codings) return framing;
  if (has_length) return wrong(400, "both Content-Length and Transfer-Encoding");
  if (codings->unknown != 0) return wrong(501, "unknown transfer coding");
  if (codings->chunked != 1) return wrong(400, "malformed Transfer-Encoding");
  // Whoever spoke 1.0 before us may have taken the body's bytes for another message (RFC 9112 section 6.1).
  if (head.minor == 0) return wrong(400, "Transfer-Encoding in HTTP/1.0");
  framing.kind = HttpFraming::Kind::kChunked;
  return framing;
}

}  // namespace

HttpFraming HttpFraming::of_request(const HttpHead& head) {
  HttpFraming framing = told_framing(head);
  if (framing.kind == Kind::kLength && framing.length == 0) framing.kind = Kind::kNone;
  return framing;
}

HttpFraming HttpFraming::of_response(const HttpHead& head, bool head_request) {
  if (head_request || head.status < 200 || head.status == 204 || head.status == 304) return {};
  HttpFraming framing = told_framing(head);
  if (framing.error_status != 0) return framing;
  if (framing.kind == Kind::kNone) framing.kind = Kind::kUntilClose;
  if (framing.kind == Kind::kLength && framing.length == 0) framing.kind = Kind::kNone;
  return framing;
}

HttpBodyReader::HttpBodyReader(const HttpFraming& framing, size_t max_bytes, size_t max_overhead)
    : kind_(framing.kind), max_bytes_(max_bytes), max_overhead_(max_overhead) {
  if (kind_ == HttpFraming::Kind::kNone) state_ = State::kDone;
  if (kind_ == HttpFraming::Kind::kLength) {
    left_ = framing.length;
    if (max_bytes_ != 0 && left_ > max_bytes_) state_ = State::kTooLarge;
  }
}

size_t HttpBodyReader::feed(std::string_view data, std::string& body) {
  size_t taken = 0;
  while (state_ == State::kMore && taken < data.size()) {
    const std::string_view rest = data.substr(taken);
    taken += kind_ == HttpFraming::Kind::kChunked ? take_chunked(rest, body) : take_plain(rest, body);
  }
  return taken;
}

void HttpBodyReader::on_end() {
  if (state_ == State::kMore) state_ = kind_ == HttpFraming::Kind::kUntilClose ? State::kDone : State::kBad;
}

// Bytes that are body, of kLength, kUntilClose or one chunk.
size_t HttpBodyReader::take_plain(std::string_view data, std::string& body) {
  const bool counted = kind_ != HttpFraming::Kind::kUntilClose;
  const size_t size = counted ? static_cast<size_t>(std::min<uint64_t>(left_, data.size())) : data.size();
  carried_ += size;
  if (max_bytes_ != 0 && carried_ > max_bytes_) {
    state_ = State::kTooLarge;
    return size;
  }
  body.append(data.data(), size);
  if (counted) left_ -= size;
  if (kind_ == HttpFraming::Kind::kLength && left_ == 0) state_ = State::kDone;
  return size;
}

size_t HttpBodyReader::take_chunked(std::string_view data, std::string& body) {
  if (chunk_ == Chunk::kData) {
    const size_t taken = take_plain(data, body);
    if (left_ == 0) chunk_ = Chunk::kDataCr;
    return taken;
  }
  take_framing(data.front());
  if (max_overhead_ != 0 && ++overhead_ > max_overhead_ + kOverheadPerByte * carried_) state_ = State::kBad;
  return 1;
}

void HttpBodyReader::take_framing(char c) {
  switch (chunk_) {
    case Chunk::kSize:
      return take_size(c);
    case Chunk::kSizeSpace:  // "bad whitespace" before an extension (RFC 9112 section 7.1.1), and nowhere else
      if (c == ';') {
        chunk_ = Chunk::kExtension;
      } else if (c != ' ' && c != '\t') {
        state_ = State::kBad;
      }
      return;
    case Chunk::kExtension:
      if (c == '\n') state_ = State::kBad;
      if (c == '\r') chunk_ = Chunk::kSizeLf;
      return;
    case Chunk::kSizeLf:
      if (c != '\n') state_ = State::kBad;
      return after_size_line();
    case Chunk::kData:
      return;
    case Chunk::kDataCr:
      return expect(c, '\r', Chunk::kDataLf);
    case Chunk::kDataLf:
      digits_ = 0;
      return expect(c, '\n', Chunk::kSize);
    case Chunk::kTrailerStart:
      if (c == '\r') {
        chunk_ = Chunk::kEndLf;
      } else {
        is_http_token_char(c) ? void(chunk_ = Chunk::kTrailer) : void(state_ = State::kBad);
      }
      return;
    case Chunk::kTrailer:
      if (c == '\n') state_ = State::kBad;
      if (c == '\r') chunk_ = Chunk::kTrailerLf;
      return;
    case Chunk::kTrailerLf:
      return expect(c, '\n', Chunk::kTrailerStart);
    case Chunk::kEndLf:
      state_ = c == '\n' ? State::kDone : State::kBad;
      return;
  }
}

void HttpBodyReader::take_size(char c) {
  int digit = -1;
  const char lower = http_lower(c);
  if (c >= '0' && c <= '9') digit = c - '0';
  if (lower >= 'a' && lower <= 'f') digit = lower - 'a' + 10;
  if (digit >= 0) {
    if (++digits_ > kMaxSizeDigits) state_ = State::kBad;
    left_ = left_ * 16 + static_cast<uint64_t>(digit);
    if (max_bytes_ != 0 && state_ == State::kMore && carried_ + left_ > max_bytes_) state_ = State::kTooLarge;
    return;
  }
  if (digits_ == 0) {
    state_ = State::kBad;
  } else if (c == '\r') {
    chunk_ = Chunk::kSizeLf;
  } else if (c == ';') {
    chunk_ = Chunk::kExtension;
  } else if (c == ' ' || c == '\t') {
    chunk_ = Chunk::kSizeSpace;
  } else {
    state_ = State::kBad;
  }
}

}  // namespace matchbus::net
