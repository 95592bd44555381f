// A client's exchange without a connection: the request as bytes, the answer from bytes (RFC 9112 sections 3 to 6).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "net/http_body.h"
#include "net/http_client.h"
#include "net/http_head.h"
#include "net/http_url.h"

namespace matchbus::net {

// A request ready to be sent, more than once if need be.
struct HttpOutgoing {
  HttpUrl url;
  Bytes head;
  Bytes body;
  bool is_head = false;     // HEAD: the answer has no body
  bool idempotent = false;  // may be sent again (RFC 9110 section 9.2.2)

  // An error if the call's URL, method or a header cannot be sent as it is.
  static Result<HttpOutgoing> from(const HttpCall& call);
};

// Reads one answer; interim ones (1xx) are passed over.
class HttpAnswerReader {
 public:
  enum class State : uint8_t { kMore, kDone, kFailed };

  // Limits in bytes; 0 = no limit.
  HttpAnswerReader(bool to_head_request, size_t max_header_bytes, size_t max_body_bytes);

  // Takes bytes up to the end of the answer; tells how many were taken.
  size_t feed(std::string_view data);
  // The peer has closed the connection in order: the end of some answers, an error for others.
  void on_end();

  State state() const { return state_; }
  // Why it failed.
  std::string_view error() const { return error_; }
  // Some of it has come.
  bool started() const { return started_; }
  // The connection may carry another exchange. Meaningful once done.
  bool keep_alive() const { return keep_alive_; }
  // Whole once done; to be moved from.
  HttpAnswer& answer() { return answer_; }

 private:
  void on_head();
  void take_body_state();
  void fail(std::string_view why);

  bool to_head_request_;
  size_t max_header_bytes_;
  size_t max_body_bytes_;
  std::optional<HttpHeadParser> parser_;
  std::optional<HttpBodyReader> body_;
  HttpAnswer answer_;
  State state_ = State::kMore;
  std::string_view error_;  // a fixed text
  int interim_ = 0;
  bool started_ = false;
  bool keep_alive_ = false;
};

}  // namespace matchbus::net
