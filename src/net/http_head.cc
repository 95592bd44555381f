// Heads of HTTP/1.1 messages: http-parser, the line scanner before it, and the checks behind it.
#include "net/http_head.h"

#include <algorithm>

#include "net/http_text.h"

namespace matchbus::net {
namespace {

constexpr uint64_t eight(std::string_view text) {
  uint64_t packed = 0;
  for (const char c : text) packed = packed << 8 | static_cast<uint8_t>(c);
  return packed;
}

// "HTTP/" and two digits around a dot; the digits' values are the parser's business.
bool is_protocol(uint64_t packed) {
  constexpr uint64_t kMask = 0xFFFFFFFFFFF0FFF0;
  return (packed & kMask) == eight("HTTP/0.0");
}

}  // namespace

HttpHeadParser::HttpHeadParser(Kind kind, size_t max_bytes, size_t max_fields)
    : max_bytes_(max_bytes), max_fields_(max_fields) {
  // The library's own bound is one number for the whole process; ours is per parser, so the library's is lifted.
  http_parser_set_max_header_size(UINT32_MAX);
  http_parser_init(&parser_, kind == Kind::kRequest ? HTTP_REQUEST : HTTP_RESPONSE);
  parser_.data = this;
}

const http_parser_settings& HttpHeadParser::settings() {
  static const http_parser_settings settings = [] {
    http_parser_settings s;
    http_parser_settings_init(&s);
    s.on_url = on_url;
    s.on_header_field = on_field;
    s.on_header_value = on_value;
    s.on_headers_complete = on_headers_complete;
    return s;
  }();
  return settings;
}

size_t HttpHeadParser::feed(std::string_view data) {
  if (complete_ || failed() || data.empty()) return 0;
  const size_t room = max_bytes_ == 0 ? data.size() : std::min(data.size(), max_bytes_ - seen_);
  if (room == 0) {
    fail(431, "the request head is too large");
    return 0;
  }
  parser_.data = this;  // the parser may have moved together with us
  const size_t taken = scan_lines(data.substr(0, room));
  seen_ += taken;
  parse(data.substr(0, taken));
  if (!failed() && !line_error_.empty()) fail(400, line_error_);
  if (!failed() && line_ == Line::kEnd && !complete_) fail(400, "malformed head");
  return taken;
}

// Tells how many bytes are fit for the parser: up to the end of the head, or up to the first wrong line end.
size_t HttpHeadParser::scan_lines(std::string_view data) {
  for (size_t i = 0; i < data.size(); ++i) {
    const char c = data[i];
    switch (line_) {
      case Line::kStart:
        if (c == '\r') {
          line_ = Line::kBlankCr;
          break;
        }
        if (seen_ + i != 0 && (c == ' ' || c == '\t')) line_error_ = "folded header line";
        line_ = Line::kInside;
        [[fallthrough]];
      case Line::kInside:
        if (c == '\n') line_error_ = "line feed without carriage return";
        if (c == '\r') line_ = Line::kCr;
        if (first_line_) scan_first_line(c);
        break;
      case Line::kCr:
      case Line::kBlankCr:
        if (c != '\n') {
          line_error_ = "carriage return without line feed";
        } else if (line_ == Line::kBlankCr) {
          line_ = Line::kEnd;
          return i + 1;
        }
        line_ = Line::kStart;
        break;
      case Line::kEnd:
        return i;
    }
    if (!line_error_.empty()) return i;
  }
  return data.size();
}

// The library checks the letters of "HTTP" only when it was built to be strict, which it usually is not.
void HttpHeadParser::scan_first_line(char c) {
  if (c == '\r') {
    first_line_ = false;
    // A request line ends with the protocol.
    if (parser_.type == HTTP_REQUEST) named_ = is_protocol(last_eight_);
    if (!named_) line_error_ = "malformed first line";
    return;
  }
  last_eight_ = last_eight_ << 8 | static_cast<uint8_t>(c);
  // A status line begins with it.
  if (first_line_size_ < 8 && ++first_line_size_ == 8 && parser_.type == HTTP_RESPONSE) {
    named_ = is_protocol(last_eight_);
  }
}

void HttpHeadParser::parse(std::string_view data) {
  if (data.empty()) return;
  const size_t parsed = http_parser_execute(&parser_, &settings(), data.data(), data.size());
  if (failed()) return;  // a callback said no, and why
  if (HTTP_PARSER_ERRNO(&parser_) != HPE_OK) {
    explain_parser_error(parsed < data.size() ? data[parsed] : '\0');
  } else if (complete_ && (parsed != data.size() || line_ != Line::kEnd)) {
    fail(400, "malformed head");
  }
}

int HttpHeadParser::on_url(http_parser* parser, const char* at, size_t size) {
  HttpHeadParser& me = self(parser);
  const bool visible = std::all_of(at, at + size, [](char c) { return c > 0x20 && c < 0x7f; });
  if (!visible) {
    me.fail(400, "invalid character in the request target");
    return 1;
  }
  me.head_.target.append(at, size);
  return 0;
}

int HttpHeadParser::on_field(http_parser* parser, const char* at, size_t size) {
  HttpHeadParser& me = self(parser);
  if ((me.in_value_ || me.head_.headers.empty()) && me.begin_field() != 0) return 1;
  std::string& name = me.head_.headers.back().first;
  for (const char c : std::string_view(at, size)) {
    // The library may let a space pass, as in "Transfer-Encoding : chunked", which others do not read as that field.
    if (!is_http_token_char(c)) {
      me.fail(400, "invalid character in a header");
      return 1;
    }
    name += http_lower(c);
  }
  return 0;
}

int HttpHeadParser::begin_field() {
  finish_field();
  if (max_fields_ != 0 && head_.headers.size() >= max_fields_) {
    fail(431, "too many header fields");
    return 1;
  }
  head_.headers.emplace_back();
  return 0;
}

int HttpHeadParser::on_value(http_parser* parser, const char* at, size_t size) {
  HttpHeadParser& me = self(parser);
  me.in_value_ = true;
  if (!me.head_.headers.empty()) me.head_.headers.back().second.append(at, size);
  return 0;
}

void HttpHeadParser::finish_field() {
  in_value_ = false;
  if (head_.headers.empty()) return;
  std::string& value = head_.headers.back().second;
  const size_t last = value.find_last_not_of(" \t");
  value.resize(last == std::string::npos ? 0 : last + 1);
}

int HttpHeadParser::on_headers_complete(http_parser* parser) {
  HttpHeadParser& me = self(parser);
  me.finish();
  return me.failed() ? 1 : 2;  // 2: neither a body nor another message follows
}

void HttpHeadParser::finish() {
  finish_field();
  if (parser_.http_major != 1) return fail(505, "HTTP version not supported");
  head_.minor = parser_.http_minor;
  if (parser_.type == HTTP_REQUEST) {
    head_.method = http_method_str(static_cast<http_method>(parser_.method));
  } else {
    head_.status = static_cast<int>(parser_.status_code);
  }
  complete_ = true;
}

void HttpHeadParser::explain_parser_error(char offending) {
  switch (HTTP_PARSER_ERRNO(&parser_)) {
    case HPE_INVALID_METHOD:
      // A method that could be one, but is none that the library knows, is not malformed (RFC 9110 section 9.1).
      return is_http_token_char(offending) ? fail(501, "method not implemented") : fail(400, "malformed first line");
    case HPE_INVALID_VERSION:
      return fail(505, "HTTP version not supported");
    case HPE_HEADER_OVERFLOW:
      return fail(431, "the request head is too large");
    case HPE_UNEXPECTED_CONTENT_LENGTH:
      return fail(400, "more than one Content-Length, or one beside Transfer-Encoding");
    case HPE_INVALID_CONTENT_LENGTH:
      return fail(400, "invalid Content-Length");
    case HPE_INVALID_HEADER_TOKEN:
      return fail(400, "invalid character in a header");
    case HPE_INVALID_URL:
    case HPE_INVALID_HOST:
    case HPE_INVALID_PORT:
    case HPE_INVALID_PATH:
    case HPE_INVALID_QUERY_STRING:
    case HPE_INVALID_FRAGMENT:
      return fail(400, "invalid request target");
    default:
      return fail(400, "malformed head");
  }
}

void HttpHeadParser::fail(int status, std::string_view why) {
  error_status_ = status;
  error_ = why;
}

}  // namespace matchbus::net
