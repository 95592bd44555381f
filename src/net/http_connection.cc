// A connection's way through its requests.
//
// Anything may happen inside a call to the handler: an answer, the connection's end, the server's. So such a call comes
// last in its function, and process() looks at ended_ after each step; the object itself lives on to the end of the
// turn.
#include "net/http_connection.h"

#include <uv.h>

#include <algorithm>
#include <string>
#include <utility>

#include "net/http_request_check.h"
#include "net/http_response.h"

namespace matchbus::net {
namespace {

// An idle connection is this, its stream, and nothing else.
static_assert(sizeof(HttpConnection) <= 208);

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

std::string_view view(std::span<char> data) { return {data.data(), data.size()}; }

}  // namespace

HttpConnection::HttpConnection(HttpServer& server, StreamPtr stream)
    : server_(server), loop_(server.loop_), stream_(std::move(stream)) {}

void HttpConnection::start() {
  next_ = server_.connections_;
  (next_ != nullptr ? next_->previous_ : server_.oldest_) = this;
  server_.connections_ = this;
  stream_->set_handler(this);
  set_timer(limits().first_byte_ms);
}

// ---- Reading

size_t HttpConnection::held() const {
  return backlog_.capacity() + (exchange_ ? sizeof(Exchange) + exchange_->request.body.capacity() : 0);
}

void HttpConnection::on_stream_data(std::span<char> data) {
  if (state_ == State::kClosing) return;
  if (running_ || in_line_ || !backlog_.empty()) return keep(data);  // not past what came before
  process(data);
}

void HttpConnection::process(std::span<char> data) {
  const auto piece_ns = static_cast<uint64_t>(limits().read_piece_us) * 1'000;
  const uint64_t begin = piece_ns != 0 ? uv_hrtime() : 0;
  running_ = true;
  while (!data.empty() && ready_to_read()) {
    const size_t taken = step(data);
    if (ended_) return;
    data = data.subspan(taken);
    if (piece_ns != 0 && uv_hrtime() - begin >= piece_ns && wait_for_turn(data)) break;
  }
  running_ = false;
  if (state_ == State::kClosing) return;
  if (!data.empty()) return keep(data);
  if (state_ == State::kIdle && server_.closing_) return finish();
  read_on();
}

// What is read for others comes first, if there is anything left to read. False: there is not.
bool HttpConnection::wait_for_turn(std::span<char> data) {
  if (data.empty() || state_ == State::kClosing) return false;
  in_line_ = true;
  Pacer::of_reading(loop_).wait(*this, stream_->peer_address());
  return true;
}

void HttpConnection::leave_line() {
  if (std::exchange(in_line_, false)) Pacer::of_reading(loop_).forget(*this, stream_->peer_address());
}

void HttpConnection::on_turn() {
  in_line_ = false;
  Pacer& pacer = Pacer::of_reading(loop_);
  const uint64_t begin = uv_hrtime();
  run_backlog();
  pacer.spent(uv_hrtime() - begin);
}

bool HttpConnection::ready_to_read() {
  if (state_ == State::kIdle && limits().unsent_bytes != 0 && stream_->pending() > limits().unsent_bytes) {
    stream_->flush();
    // What still waits after a flush is reported by on_stream_drained.
    if (stream_->pending() > limits().unsent_bytes) state_ = State::kBlocked;
  }
  return state_ == State::kIdle || state_ == State::kHead || state_ == State::kBody;
}

// Tells how many bytes were used.
size_t HttpConnection::step(std::span<char> data) {
  switch (state_) {
    case State::kIdle:
      return step_idle(data);
    case State::kHead:
      return step_head(data);
    default:
      return step_body(data);
  }
}

size_t HttpConnection::step_idle(std::span<char> data) {
  // Old clients end a body with an empty line that is not part of it (RFC 9112 section 2.2).
  const size_t blank = std::min(view(data).find_first_not_of("\r\n"), data.size());
  if (blank == data.size()) return blank;
  exchange_ = std::make_unique<Exchange>(limits());
  state_ = State::kHead;
  keep_alive_ = true;
  head_request_ = false;
  set_timer(limits().header_ms);
  return blank;
}

size_t HttpConnection::step_head(std::span<char> data) {
  HttpHeadParser& parser = exchange_->parser;
  const size_t taken = parser.feed(view(data));
  if (parser.failed()) {
    refuse(parser.error_status(), parser.error());
  } else if (parser.complete()) {
    on_head(data.subspan(taken));
  }
  return taken;
}

void HttpConnection::on_head(std::span<char> rest) {
  HttpHead& head = exchange_->parser.head();
  const HttpRequestCheck check = HttpRequestCheck::of(head);
  keep_alive_ = check.keep_alive;
  head_request_ = head.method == "HEAD";
  if (check.error_status != 0) return refuse(check.error_status, check.error);

  HttpRequest& request = exchange_->request;
  request.method = std::move(head.method);
  request.target = std::move(head.target);
  request.headers = std::move(head.headers);
  request.peer = stream_->peer_address();
  request.tls = stream_->is_tls();
  if (check.websocket) return upgrade(rest);
  if (check.framing.kind == HttpFraming::Kind::kNone) return dispatch();
  expect_body(check.framing, check.expects_continue, !rest.empty());
}

void HttpConnection::expect_body(const HttpFraming& framing, bool expects_continue, bool more_at_hand) {
  if (const std::optional<HttpResponse> refusal = server_.handler_.refuse_body(exchange_->request)) {
    ++server_.stats_.requests;
    return respond(*refusal, true);
  }
  const size_t limit = server_.handler_.body_limit(exchange_->request, limits());
  exchange_->body.emplace(framing, limit, limits().header_bytes);
  if (exchange_->body->state() == HttpBodyReader::State::kTooLarge) return refuse(413, "the request body is too large");
  if (expects_continue && !more_at_hand) stream_->write(Bytes::copy(kContinue));
  state_ = State::kBody;
  set_timer(limits().body_ms);
}

size_t HttpConnection::step_body(std::span<char> data) {
  HttpBodyReader& body = *exchange_->body;
  const size_t taken = body.feed(view(data), exchange_->request.body);
  switch (body.state()) {
    case HttpBodyReader::State::kMore:
      break;
    case HttpBodyReader::State::kDone:
      dispatch();
      break;
    case HttpBodyReader::State::kBad:
      refuse(400, "malformed chunked body");
      break;
    case HttpBodyReader::State::kTooLarge:
      refuse(413, "the request body is too large");
      break;
  }
  return taken;
}

void HttpConnection::dispatch() {
  timer_.cancel();
  state_ = State::kHandling;
  ++server_.stats_.requests;
  // Ours no longer: an answer may begin the next request while the handler still reads this one.
  HttpRequest request = std::move(exchange_->request);
  exchange_.reset();
  if (server_.options_.cors && request.method == "OPTIONS") return respond(preflight_response(request), false);
  auto reply = std::make_unique<HttpReply>(*this);
  reply_ = reply.get();
  server_.handler_.on_request(request, std::move(reply));
}

void HttpConnection::lose_body() {
  if (state_ == State::kBody) server_.handler_.on_body_lost(exchange_->request);
}

void HttpConnection::upgrade(std::span<char> early) {
  ++server_.stats_.upgrades;
  leave_line();
  HttpRequest request = std::move(exchange_->request);
  HttpHandler& handler = server_.handler_;
  stream_->set_handler(nullptr);
  if (std::exchange(paused_, false)) stream_->resume_reading();
  StreamPtr stream = std::move(stream_);
  end();
  handler.on_upgrade(request, std::move(stream), early);
}

// ---- Bytes that have to wait

void HttpConnection::keep(std::span<char> data) {
  backlog_.append(data.data(), data.size());
  const size_t bound = limits().pipelined_bytes;
  if (bound != 0 && backlog_.size() > bound && !paused_) {
    paused_ = true;
    stream_->pause_reading();
  }
}

void HttpConnection::run_backlog() {
  if (running_ || ended_ || in_line_ || !ready_to_read()) return;
  std::string bytes = std::exchange(backlog_, {});
  process(bytes);
  if (!ended_) read_on();
}

void HttpConnection::read_on() {
  if (!paused_ || backlog_.size() > limits().pipelined_bytes) return;
  paused_ = false;
  stream_->resume_reading();
}

// The next request must not reach the handler from within its answer to the one before.
void HttpConnection::run_backlog_later() {
  if (backlog_.empty() || in_line_ || resume_ != nullptr) return;
  resume_ = std::make_shared<HttpConnection*>(this);
  loop_.post([handle = resume_] {
    if (*handle == nullptr) return;
    (*handle)->resume_.reset();
    (*handle)->run_backlog();
  });
}

void HttpConnection::on_stream_drained() {
  if (state_ != State::kBlocked) return;
  state_ = State::kIdle;
  run_backlog();
}

// ---- Answering and ending

void HttpConnection::answer(HttpReply& reply, const HttpResponse& response) {
  release_reply();
  respond(response, reply.close_after_);
}

void HttpConnection::respond(const HttpResponse& response, bool close) {
  const bool keep = keep_alive_ && !close && !server_.closing_;
  const std::string_view date = server_.date_.at(loop_.clock().wall_ms());
  stream_->write(encode_response_head(response, keep, server_.options_.cors, date));
  if (!head_request_ && http_status_has_body(response.status) && !response.body.empty()) stream_->write(response.body);
  if (!keep) return finish();
  state_ = State::kIdle;
  unsent_ = stream_->pending();
  set_timer(limits().idle_ms);
  if (!running_) run_backlog_later();
}

void HttpConnection::refuse(int status, std::string_view why) {
  lose_body();
  ++server_.stats_.bad_requests;
  const std::string what = std::to_string(status) + " " + std::string(why);
  loop_.log().limited(LogLevel::kWarning, "http: " + what,
                      "http: refused a request from " + stream_->peer_address() + ": " + what);
  respond(HttpResponse::text(status, std::string(why) + "\n"), true);
}

void HttpConnection::finish() {
  state_ = State::kClosing;
  leave_line();
  timer_.cancel();
  exchange_.reset();
  backlog_ = {};
  // What the client still sends is read and dropped: closing over unread bytes would reset the connection under the
  // answer (RFC 9112 section 9.6).
  if (std::exchange(paused_, false)) stream_->resume_reading();
  stream_->finish();
}

void HttpConnection::on_timer(Timer&) {
  switch (state_) {
    case State::kHead:
      return refuse(408, "the request head took too long");
    case State::kBody:
      return refuse(408, "the request body took too long");
    case State::kIdle:
    case State::kBlocked:
      break;
    case State::kHandling:
    case State::kClosing:
      return;
  }
  const size_t unsent = stream_->pending();
  if (unsent == 0 || unsent >= unsent_) return finish();
  unsent_ = unsent;  // slow, but it takes its answer
  set_timer(limits().idle_ms);
}

void HttpConnection::on_stream_closed(CloseReason) {
  lose_body();
  HttpReply* reply = release_reply();
  std::function<void()> on_gone;
  if (reply != nullptr) on_gone = std::move(reply->on_gone_);
  end();
  if (on_gone) on_gone();
}

void HttpConnection::shut_down() {
  if (state_ == State::kIdle && backlog_.empty() && !running_) finish();
}

void HttpConnection::give_way() {
  lose_body();
  end();
}

HttpReply* HttpConnection::release_reply() {
  HttpReply* reply = std::exchange(reply_, nullptr);
  if (reply != nullptr) reply->connection_ = nullptr;
  return reply;
}

void HttpConnection::end() {
  if (std::exchange(ended_, true)) return;
  leave_line();
  release_reply();
  timer_.cancel();
  if (resume_ != nullptr) *resume_ = nullptr;
  resume_.reset();
  (previous_ != nullptr ? previous_->next_ : server_.connections_) = next_;
  (next_ != nullptr ? next_->previous_ : server_.oldest_) = previous_;
  stream_.reset();
  exchange_.reset();
  backlog_ = {};
  loop_.defer(std::unique_ptr<Deferred>(this));
}

void HttpConnection::set_timer(int ms) { ms > 0 ? loop_.timers().set(timer_, ms) : timer_.cancel(); }

}  // namespace matchbus::net
