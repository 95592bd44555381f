// Writing of responses.
#include "net/http_response.h"

#include <http_parser.h>

#include <charconv>
#include <ctime>

#include "net/http_date.h"
#include "net/http_server.h"
#include "net/http_text.h"

namespace matchbus::net {
namespace {

constexpr std::string_view kPreflightMaxAge = "86400";

void append_number(BytesWriter& out, size_t number) {
  std::array<char, 24> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  (void)error;  // 24 characters hold any 64-bit number
  out.append(std::string_view(digits.data(), static_cast<size_t>(end - digits.data())));
}

// A value that carries a peer's text must not end its line and begin another.
void append_value(BytesWriter& out, std::string_view value) {
  for (const char c : value) out.append(c == '\r' || c == '\n' || c == '\0' ? ' ' : c);
}

void append_header(BytesWriter& out, std::string_view name, std::string_view value) {
  out.append(name);
  out.append(": ");
  append_value(out, value);
  out.append("\r\n");
}

// What the server writes itself; a handler's own would contradict it.
bool is_servers_own(std::string_view name, bool cors) {
  for (const std::string_view own : {"content-length", "transfer-encoding", "connection", "date"}) {
    if (http_equal(name, own)) return true;
  }
  return cors && http_equal(name, "access-control-allow-origin");
}

}  // namespace

std::string_view HttpDate::at(int64_t wall_ms) {
  const int64_t second = wall_ms / 1000;
  if (second != second_) {
    second_ = second;
    const time_t time = static_cast<time_t>(second);
    tm parts{};
    gmtime_r(&time, &parts);
    // The "C" locale's names are the standard's; the program never sets another.
    size_ = std::strftime(text_.data(), text_.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  }
  return {text_.data(), size_};
}

bool http_status_has_body(int status) { return status >= 200 && status != 204 && status != 304; }

Bytes encode_response_head(const HttpResponse& response, bool keep_alive, bool cors, std::string_view date) {
  BytesWriter out({}, 320);
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<size_t>(response.status));
  out.append(' ');
  out.append(http_status_str(static_cast<http_status>(response.status)));
  out.append("\r\n");
  for (const auto& [name, value] : response.headers) {
    if (is_http_token(name) && !is_servers_own(name, cors)) append_header(out, name, value);
  }
  if (http_status_has_body(response.status)) {
    out.append("Content-Length: ");
    append_number(out, response.body.size());
    out.append("\r\n");
  }
  if (cors) append_header(out, "Access-Control-Allow-Origin", "*");
  if (!date.empty()) append_header(out, "Date", date);
  append_header(out, "Connection", keep_alive ? "keep-alive" : "close");
  out.append("\r\n");
  return out.take();
}

HttpResponse preflight_response(const HttpRequest& request) {
  HttpResponse response;
  response.status = 204;
  response.headers.emplace_back("Access-Control-Allow-Methods", "GET,HEAD,PUT,PATCH,POST,DELETE");
  if (const auto wanted = request.header("access-control-request-headers")) {
    response.headers.emplace_back("Access-Control-Allow-Headers", *wanted);
    response.headers.emplace_back("Vary", "Access-Control-Request-Headers");
  }
  response.headers.emplace_back("Access-Control-Max-Age", kPreflightMaxAge);
  return response;
}

Bytes encode_response(const HttpResponse& response, bool keep_alive, bool with_body, bool cors, std::string_view date) {
  const Bytes head = encode_response_head(response, keep_alive, cors, date);
  if (!with_body || response.body.empty() || !http_status_has_body(response.status)) return head;
  BytesWriter out({}, head.size() + response.body.size());
  out.append(head.view());
  out.append(response.body.view());
  return out.take();
}

void refuse_upgrade(StreamPtr stream, const HttpResponse& response, Loop& loop) {
  HttpDate date;
  stream->write(encode_response(response, false, true, false, date.at(loop.clock().wall_ms())));
  // Nobody is left to wait for the rest, and a refusal fits into any socket's buffer.
  stream->flush();
}

}  // namespace matchbus::net
