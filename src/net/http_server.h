// HTTP/1.1 server on any stream: keep-alive, pipelining, chunked bodies, HEAD, OPTIONS, CORS, limits.
//
// A connection's handler gets whole requests, one at a time: the next pipelined request waits until the one before is
// answered. Between requests a connection holds no buffers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/bytes.h"
#include "net/http_date.h"
#include "net/http_message.h"
#include "net/loop.h"
#include "net/stream.h"

namespace matchbus::net {

// 0 = no limit, for all of these.
struct HttpLimits {
  size_t header_bytes = 16 * 1024;     // request line and headers: 431 over it
  size_t header_fields = 128;          // header lines: 431 over it
  size_t body_bytes = 1'000'000;       // 413 over it, unless the handler asks for another limit
  size_t pipelined_bytes = 16 * 1024;  // bytes kept of requests behind an unanswered one; over it reading pauses
  size_t unsent_bytes = 32 * 1024;     // answers the client has not taken; over it the next request waits
  int64_t read_piece_us = 0;           // of serving one connection before the others have their turn (Pacer)
  int first_byte_ms = 10'000;          // connection open without a byte: closed
  int header_ms = 10'000;              // first byte to end of headers: 408
  int body_ms = 30'000;                // end of headers to end of body: 408
  int idle_ms = 60'000;                // between requests, and without the client taking any of an answer: closed
};

struct HttpServerStats {
  uint64_t connections = 0;   // ever served
  uint64_t requests = 0;      // whole ones, without upgrades
  uint64_t bad_requests = 0;  // refused by the server itself: 400, 408, 413, 417, 431, 501, 505
  uint64_t upgrades = 0;
};

class HttpConnection;

// The right, and the duty, to answer one request, now or later. Destroyed unanswered it answers 500.
class HttpReply {
 public:
  explicit HttpReply(HttpConnection& connection) : connection_(&connection) {}
  ~HttpReply();
  HttpReply(const HttpReply&) = delete;
  HttpReply& operator=(const HttpReply&) = delete;

  // Answers; once. Nothing happens if the client is gone.
  void send(HttpResponse response);
  // True while the client waits for this answer.
  bool is_open() const { return connection_ != nullptr; }
  // `callback` is called once if the client goes away before the answer (not if the server is destroyed); it may
  // destroy this reply.
  void on_gone(std::function<void()> callback) { on_gone_ = std::move(callback); }
  // Closes the connection after the answer.
  void close_after() { close_after_ = true; }
  // Drops the connection without an answer.
  void abort();

 private:
  friend class HttpConnection;
  HttpConnection* connection_;
  std::function<void()> on_gone_;
  bool close_after_ = false;
};

// What serves the requests of a port.
class HttpHandler {
 public:
  // A whole request. `request` is the handler's to keep or move from.
  virtual void on_request(HttpRequest& request, std::unique_ptr<HttpReply> reply) = 0;
  // A GET without a body, with `Connection: Upgrade` and `Upgrade: websocket` (RFC 9110 section 7.8). The stream (which
  // has no handler now) and the bytes that came after the request (`early`, borrowed) now belong to the handler; the
  // server has forgotten the connection. The handler answers 101, or an error as with `refuse_upgrade`, itself.
  virtual void on_upgrade(HttpRequest& request, StreamPtr stream, std::span<char> early) = 0;
  // Asked of a request whose headers are known and its body not yet: an answer refuses it at once, and closes the
  // connection. Asked only if a body follows.
  virtual std::optional<HttpResponse> refuse_body(const HttpRequest& head) {
    (void)head;
    return std::nullopt;
  }
  // Largest body taken for this request (its headers are known, its body not yet); 0 = no limit. Asked only if a body
  // follows.
  virtual size_t body_limit(const HttpRequest& head, const HttpLimits& limits) {
    (void)head;
    return limits.body_bytes;
  }
  // That body will not come as it should: the request is refused, or its client is gone. No on_request follows.
  virtual void on_body_lost(const HttpRequest& head) { (void)head; }

 protected:
  ~HttpHandler() = default;
};

// `response` as bytes on the wire, with Content-Length and `Connection: close` or `keep-alive`.
// `with_body` false (HEAD) leaves the body out and its length in. `date`: value of the Date header; empty: none.
Bytes encode_response(const HttpResponse& response, bool keep_alive, bool with_body, bool cors,
                      std::string_view date = {});

// Answers a request that wanted an upgrade with an ordinary response, and closes. What the kernel does not take at once
// is dropped, so the response should be small.
void refuse_upgrade(StreamPtr stream, const HttpResponse& response, Loop& loop);

struct HttpServerOptions {
  HttpLimits limits;
  bool cors = true;  // `Access-Control-Allow-Origin: *` everywhere; OPTIONS preflights answered by the server (204)
};

class HttpServer {
 public:
  // Borrows `loop` and `handler` for its life.
  HttpServer(Loop& loop, HttpHandler& handler, HttpServerOptions options);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Takes over a fresh connection.
  void serve(StreamPtr stream);
  // Closes idle connections and, as they finish, the others (with `Connection: close`).
  void shut_down();
  // Drops the oldest connection that has no request with the handler, without a word; of the oldest ones rather one of
  // this address. False: there is none.
  bool make_room(const std::string& address);

  const HttpServerStats& stats() const { return stats_; }

 private:
  friend class HttpConnection;
  Loop& loop_;
  HttpHandler& handler_;
  HttpServerOptions options_;
  HttpServerStats stats_;
  HttpDate date_;
  bool closing_ = false;
  HttpConnection* connections_ = nullptr;  // intrusive list, the newest first; the server owns them
  HttpConnection* oldest_ = nullptr;       // its end
};

}  // namespace matchbus::net
