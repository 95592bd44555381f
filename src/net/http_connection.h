// One connection of an HttpServer: bytes in, requests to the handler, answers out.
//
// What belongs to a request being read lives in an Exchange that exists from its first byte to its hand-over; while the
// handler thinks, and between requests, there is only this object. Requests behind an unanswered one wait as bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/timer_wheel.h"
#include "net/http_body.h"
#include "net/http_head.h"
#include "net/http_server.h"
#include "net/loop.h"
#include "net/pacer.h"
#include "net/stream.h"

namespace matchbus::net {

class HttpConnection final : public Deferred, private StreamHandler, private Timer::Handler, private Pacer::Client {
 public:
  HttpConnection(HttpServer& server, StreamPtr stream);

  // Begins to serve. Call once the server's list holds it.
  void start();
  // For HttpReply.
  void answer(HttpReply& reply, const HttpResponse& response);
  // Closes if no request is under way; otherwise that is up to its answer.
  void shut_down();
  // Drops the stream, leaves the server's list and is destroyed at the end of the turn.
  void end();

  // Whether nobody works for it: the handler has no request of it.
  bool may_give_way() const { return state_ != State::kHandling && !running_; }
  // Ends it without a word, for another one's sake.
  void give_way();
  std::string peer_address() const { return stream_->peer_address(); }

  HttpConnection* next() const { return next_; }
  HttpConnection* previous() const { return previous_; }

 private:
  enum class State : uint8_t {
    kIdle,      // no byte of a request yet
    kHead,      // within the head
    kBody,      // within the body
    kHandling,  // the handler has the request
    kBlocked,   // the client has to take its answers before its next request is read
    kClosing,   // nothing is read any more
  };
  // A request while it comes in.
  struct Exchange {
    explicit Exchange(const HttpLimits& limits)
        : parser(HttpHeadParser::Kind::kRequest, limits.header_bytes, limits.header_fields) {}
    HttpHeadParser parser;
    HttpRequest request;
    std::optional<HttpBodyReader> body;
  };

  size_t held() const override;
  void on_stream_data(std::span<char> data) override;
  void on_stream_drained() override;
  void on_stream_closed(CloseReason reason) override;
  void on_timer(Timer& timer) override;
  void on_turn() override;

  // Reading
  void process(std::span<char> data);
  bool ready_to_read();
  bool wait_for_turn(std::span<char> data);
  void leave_line();
  size_t step(std::span<char> data);
  size_t step_idle(std::span<char> data);
  size_t step_head(std::span<char> data);
  size_t step_body(std::span<char> data);
  void on_head(std::span<char> rest);
  void expect_body(const HttpFraming& framing, bool expects_continue, bool more_at_hand);
  void dispatch();
  void lose_body();
  void upgrade(std::span<char> early);

  // Bytes that have to wait
  void keep(std::span<char> data);
  void run_backlog();
  void run_backlog_later();
  void read_on();

  // Answering and ending
  void respond(const HttpResponse& response, bool close);
  void refuse(int status, std::string_view why);
  void finish();
  HttpReply* release_reply();
  void set_timer(int ms);
  const HttpLimits& limits() const { return server_.options_.limits; }

  HttpServer& server_;  // not to be touched once ended_
  Loop& loop_;
  StreamPtr stream_;
  std::unique_ptr<Exchange> exchange_;
  HttpReply* reply_ = nullptr;               // outstanding; owned by the handler
  std::shared_ptr<HttpConnection*> resume_;  // set while a task to run the backlog is posted; null inside when ended
  std::string backlog_;
  size_t unsent_ = 0;  // bytes that the client had not taken when the idle time limit began
  Timer timer_{*this};
  HttpConnection* previous_ = nullptr;
  HttpConnection* next_ = nullptr;
  State state_ = State::kIdle;
  bool running_ = false;  // inside process(): it goes on by itself after an answer
  bool paused_ = false;
  bool in_line_ = false;  // of the pacer
  bool ended_ = false;
  bool keep_alive_ = true;     // of the request at hand
  bool head_request_ = false;  // of the request at hand
};

}  // namespace matchbus::net
