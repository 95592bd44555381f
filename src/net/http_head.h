// The head of one HTTP/1.1 message, request or response, from bytes: http-parser reads it, and what it lets pass but
// a server must not is checked beside it.
//
// http-parser stops at the end of the head (it is told that no body follows); the body is HttpBodyReader's. So an
// Upgrade, whatever the method, is not special here. A scanner of line ends runs in front of the parser: every line
// ends with CRLF, no line is folded, and both must agree on the byte where the head ends. Where two readings of a head
// are possible, it is refused: request smuggling lives on such differences (RFC 9112 section 11.2).
//
// Pure: no sockets, no clock; bytes may come one at a time.
#pragma once

#include <http_parser.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "net/http_message.h"

namespace matchbus::net {

struct HttpHead {
  std::string method;   // requests
  std::string target;   // requests
  int status = 0;       // responses
  int minor = 1;        // of the version HTTP/1.minor
  HttpHeaders headers;  // names in lower case, values without surrounding whitespace
};

class HttpHeadParser {
 public:
  enum class Kind : uint8_t { kRequest, kResponse };

  // At most `max_bytes` of head in `max_fields` fields; 0 = no limit.
  HttpHeadParser(Kind kind, size_t max_bytes, size_t max_fields);

  // Takes bytes, up to the end of the head or an error; tells how many were taken.
  size_t feed(std::string_view data);

  bool complete() const { return complete_; }
  bool failed() const { return error_status_ != 0; }
  // What to answer a failed request with, and why.
  int error_status() const { return error_status_; }
  std::string_view error() const { return error_; }

  // Whole once complete.
  HttpHead& head() { return head_; }

 private:
  // Where the line scanner stands.
  enum class Line : uint8_t { kStart, kInside, kCr, kBlankCr, kEnd };

  static const http_parser_settings& settings();
  static HttpHeadParser& self(http_parser* parser) { return *static_cast<HttpHeadParser*>(parser->data); }
  static int on_url(http_parser* parser, const char* at, size_t size);
  static int on_field(http_parser* parser, const char* at, size_t size);
  static int on_value(http_parser* parser, const char* at, size_t size);
  static int on_headers_complete(http_parser* parser);

  size_t scan_lines(std::string_view data);
  void scan_first_line(char c);
  void parse(std::string_view data);
  void finish();
  void finish_field();
  int begin_field();
  void explain_parser_error(char offending);
  void fail(int status, std::string_view why);

  http_parser parser_{};
  size_t max_bytes_;
  size_t max_fields_;
  size_t seen_ = 0;
  uint64_t last_eight_ = 0;  // characters of the first line
  HttpHead head_;
  std::string_view error_;       // a fixed text
  std::string_view line_error_;  // what the scanner found; told unless the parser stumbled earlier
  int error_status_ = 0;
  Line line_ = Line::kStart;
  bool first_line_ = true;
  uint8_t first_line_size_ = 0;  // up to 8
  bool named_ = false;           // the first line has named the protocol
  bool in_value_ = false;
  bool complete_ = false;
};

}  // namespace matchbus::net
