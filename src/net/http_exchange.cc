// Requests to bytes, bytes to answers.
#include "net/http_exchange.h"

#include <algorithm>
#include <array>

#include "net/http_text.h"

namespace matchbus::net {
namespace {

constexpr int kMaxInterim = 16;       // 1xx answers before the final one
constexpr size_t kMaxFields = 1'000;  // header lines of an answer

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> list) {
  return std::any_of(list.begin(), list.end(), [&](std::string_view item) { return http_equal(text, item); });
}

bool is_clients_own(std::string_view name) {
  return is_one_of(name, {"host", "content-length", "transfer-encoding", "connection"});
}

bool is_sendable(const std::pair<std::string, std::string>& header) {
  return is_http_token(header.first) && header.second.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos;
}

}  // namespace

Result<HttpOutgoing> HttpOutgoing::from(const HttpCall& call) {
  Result<HttpUrl> url = parse_http_url(call.url);
  if (!url.ok()) return url.error();
  if (!is_http_token(call.method) || call.method == "CONNECT") return Error{"invalid method"};
  HttpOutgoing out;
  out.url = std::move(*url);
  out.is_head = call.method == "HEAD";
  out.idempotent = is_one_of(call.method, {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"});
  BytesWriter head({}, 256);
  head.append(call.method);
  head.append(' ');
  head.append(out.url.target);
  head.append(" HTTP/1.1\r\nHost: ");
  head.append(out.url.authority);
  head.append("\r\n");
  for (const auto& header : call.headers) {
    if (is_clients_own(header.first)) continue;
    if (!is_sendable(header)) return Error{"invalid header"};
    head.append(header.first);
    head.append(": ");
    head.append(header.second);
    head.append("\r\n");
  }
  if (!call.body.empty() || is_one_of(call.method, {"POST", "PUT", "PATCH"})) {
    head.append("Content-Length: ");
    head.append(std::to_string(call.body.size()));
    head.append("\r\n");
  }
  head.append("\r\n");
  out.head = head.take();
  out.body = Bytes::copy(call.body);
  return out;
}

HttpAnswerReader::HttpAnswerReader(bool to_head_request, size_t max_header_bytes, size_t max_body_bytes)
    : to_head_request_(to_head_request), max_header_bytes_(max_header_bytes), max_body_bytes_(max_body_bytes) {
  parser_.emplace(HttpHeadParser::Kind::kResponse, max_header_bytes_, kMaxFields);
}

size_t HttpAnswerReader::feed(std::string_view data) {
  if (!data.empty()) started_ = true;
  size_t taken = 0;
  while (state_ == State::kMore && taken < data.size()) {
    const std::string_view rest = data.substr(taken);
    if (body_) {
      taken += body_->feed(rest, answer_.body);
      take_body_state();
      continue;
    }
    taken += parser_->feed(rest);
    if (parser_->failed()) {
      fail(parser_->error());
    } else if (parser_->complete()) {
      on_head();
    }
  }
  return taken;
}

void HttpAnswerReader::on_head() {
  HttpHead& head = parser_->head();
  if (head.status == 101) return fail("answer switches protocols");
  if (head.status < 200) {
    if (head.status < 100 || ++interim_ > kMaxInterim) return fail("no final answer");
    parser_.emplace(HttpHeadParser::Kind::kResponse, max_header_bytes_, kMaxFields);
    return;
  }
  const HttpFraming framing = HttpFraming::of_response(head, to_head_request_);
  if (framing.error_status != 0) return fail(framing.error);
  const bool asked_to_close = http_list_has(head.headers, "connection", "close");
  const bool asked_to_keep = http_list_has(head.headers, "connection", "keep-alive");
  keep_alive_ = framing.kind != HttpFraming::Kind::kUntilClose && !asked_to_close && (head.minor >= 1 || asked_to_keep);
  answer_.status = head.status;
  answer_.headers = std::move(head.headers);
  body_.emplace(framing, max_body_bytes_, max_header_bytes_);
  take_body_state();
}

void HttpAnswerReader::take_body_state() {
  switch (body_->state()) {
    case HttpBodyReader::State::kMore:
      return;
    case HttpBodyReader::State::kDone:
      state_ = State::kDone;
      return;
    case HttpBodyReader::State::kBad:
      return fail("malformed chunked body");
    case HttpBodyReader::State::kTooLarge:
      return fail("the body is too large");
  }
}

void HttpAnswerReader::on_end() {
  if (state_ != State::kMore) return;
  if (body_) body_->on_end();
  if (body_ && body_->state() == HttpBodyReader::State::kDone) {
    state_ = State::kDone;
  } else {
    fail(started_ ? "the connection closed within the answer" : "the connection closed before the answer");
  }
}

void HttpAnswerReader::fail(std::string_view why) {
  state_ = State::kFailed;
  error_ = why;
}

}  // namespace matchbus::net
