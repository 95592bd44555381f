// HTTP/1.1 client for the few backends the server calls: keep-alive per origin, time limits, TLS with verification.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/http_message.h"
#include "net/loop.h"

namespace matchbus::net {

// 0 = no limit, for all of these.
struct HttpClientOptions {
  int timeout_ms = 5'000;             // whole exchange: from `call`, waiting and resolving included, to the last byte
  size_t max_header_bytes = 64'000;   // status line and headers of an answer; larger ones are an error
  size_t max_body_bytes = 1'000'000;  // larger answers are an error
  size_t max_connections = 8;         // per origin; further requests wait in order
  size_t max_queue = 1'000;           // waiting requests per origin; beyond it they fail at once
  int idle_ms = 30'000;               // an unused connection is closed after this
  std::string ca_file;                // PEM; empty: the system's store (/etc/ssl/certs/ca-certificates.crt)
  bool verify = true;
};

struct HttpCall {
  std::string method;   // "GET", "POST", "PUT"
  std::string url;      // http:// or https://, absolute
  HttpHeaders headers;  // without Host, Content-Length, Transfer-Encoding and Connection, which the client writes
  std::string body;
};

struct HttpAnswer {
  int status = 0;
  HttpHeaders headers;  // names in lower case
  std::string body;
};

class HttpClient {
 public:
  using Done = std::function<void(Result<HttpAnswer>)>;
  static std::unique_ptr<HttpClient> create(Loop& loop, HttpClientOptions options);
  // Calls still under way end with an error, inside the destructor; a `call` made from there is ignored. May happen
  // inside a `done`.
  virtual ~HttpClient() = default;
  // Never blocks, and follows no redirects. `done` is called once, never inside `call`. A request that fails on a kept
  // connection before any byte of the answer is sent once more on a fresh one if its method is idempotent (RFC 9110
  // section 9.2.2).
  virtual void call(HttpCall request, Done done) = 0;
};

}  // namespace matchbus::net
