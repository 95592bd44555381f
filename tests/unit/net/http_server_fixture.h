// A server on fake streams with a handler that a test scripts.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "net/http_server.h"
#include "net/loop.h"
#include "support/fake_stream.h"

namespace matchbus::net {

// Keeps lines instead of printing them.
class MemoryLog final : public Log {
 public:
  using Log::Log;
  std::vector<std::string> lines;

 protected:
  void emit(LogLevel, std::string_view text) override { lines.emplace_back(text); }
};

// Answers at once with the target, unless `hold` is set or `on` says otherwise.
class ScriptedHandler final : public HttpHandler {
 public:
  void on_request(HttpRequest& request, std::unique_ptr<HttpReply> reply) override {
    requests.push_back(std::move(request));
    if (on) return on(requests.back(), std::move(reply));
    if (hold) {
      replies.push_back(std::move(reply));
    } else {
      reply->send(HttpResponse::text(200, requests.back().target));
    }
  }
  void on_upgrade(HttpRequest& request, StreamPtr stream, std::span<char> early_bytes) override {
    requests.push_back(std::move(request));
    early.assign(early_bytes.data(), early_bytes.size());
    upgraded = std::move(stream);
  }
  std::optional<HttpResponse> refuse_body(const HttpRequest& head) override {
    return head.target == "/nowhere" ? std::optional(HttpResponse::text(404, "no such place")) : std::nullopt;
  }
  size_t body_limit(const HttpRequest& head, const HttpLimits& limits) override {
    ++limit_questions;
    last_question = head.target;
    return limit.value_or(limits.body_bytes);
  }

  void on_body_lost(const HttpRequest&) override { ++lost_bodies; }

  std::function<void(HttpRequest&, std::unique_ptr<HttpReply>)> on;
  bool hold = false;
  std::optional<size_t> limit;
  int limit_questions = 0;
  int lost_bodies = 0;
  std::string last_question;
  std::deque<HttpRequest> requests;  // a deque: `on` holds a reference while more arrive
  std::vector<std::unique_ptr<HttpReply>> replies;
  StreamPtr upgraded;
  std::string early;
};

class HttpServerFixture : public testing::Test {
 protected:
  using State = test::FakeStreamState;

  // The far end of another connection.
  State& peer() { return peers_.emplace_back(); }
  // A server with `options`; the default has CORS off, so that answers are short.
  void start(HttpServerOptions options = {{}, false}) {
    server_ = std::make_unique<HttpServer>(loop_, handler_, options);
  }
  void connect(State& state) {
    if (server_ == nullptr) start();
    server_->serve(test::FakeStream::make(state));
  }
  // Lets the loop end its turn: posted tasks run, ended objects are destroyed.
  void turn() { uv_run(loop_.uv(), UV_RUN_NOWAIT); }
  void pass(int64_t ms) {
    clock_.advance(ms);
    loop_.timers().advance(clock_.monotonic_ms());
    turn();
  }
  static std::string get(const std::string& target, const std::string& headers = "") {
    return "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
  }
  static std::string post(const std::string& target, const std::string& body, const std::string& headers = "") {
    return "POST " + target + " HTTP/1.1\r\nHost: a\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
  }
  // Status and body of each answer in `bytes` (which must be whole answers with Content-Length): "200 /a|200 /b".
  static std::string answers(std::string_view bytes) {
    std::string out;
    while (!bytes.empty()) {
      const size_t end = bytes.find("\r\n\r\n");
      if (end == std::string_view::npos) return out + "[cut]";
      const std::string_view head = bytes.substr(0, end);
      const size_t length_at = head.find("Content-Length: ");
      const size_t length =
          length_at == std::string_view::npos ? 0 : std::stoul(std::string(head.substr(length_at + 16)));
      if (!out.empty()) out += "|";
      out += std::string(head.substr(9, 3)) + " " + std::string(bytes.substr(end + 4, length));
      bytes.remove_prefix(std::min(bytes.size(), end + 4 + length));
    }
    return out;
  }

  std::deque<State> peers_;  // outlive the server
  FakeClock clock_;
  MemoryLog log_{clock_};
  Loop loop_{clock_, log_};
  ScriptedHandler handler_;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace matchbus::net
