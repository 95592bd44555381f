// The client's connections.
#include "net/http_client_connection.h"

#include <string>
#include <utility>

namespace matchbus::net {

HttpClientConnection::HttpClientConnection(Loop& loop, Owner& owner, const HttpClientOptions& options)
    : loop_(loop), owner_(&owner), options_(options) {}

void HttpClientConnection::connect(const HttpOutgoing& request) {
  first_ = request;
  ConnectOptions options;
  options.host = request.url.host;
  options.port = request.url.port;
  options.tls = request.url.tls;
  options.verify = options_.verify;
  options.ca_file = options_.ca_file;
  options.timeout_ms = options_.timeout_ms;
  connector_ =
      Connector::connect(loop_, options, [this](Result<StreamPtr> stream) { on_connected(std::move(stream)); });
}

void HttpClientConnection::on_connected(Result<StreamPtr> stream) {
  const std::unique_ptr<Connector> used = std::move(connector_);  // it calls us right now
  if (!stream.ok()) return fail(stream.error().message, false);
  stream_ = std::move(*stream);
  stream_->set_handler(this);
  begin(std::exchange(first_, {}));
}

void HttpClientConnection::begin(const HttpOutgoing& request) {
  idle_timer_.cancel();
  reader_.emplace(request.is_head, options_.max_header_bytes, options_.max_body_bytes);
  stream_->write(request.head);
  if (!request.body.empty()) stream_->write(request.body);
}

void HttpClientConnection::on_stream_data(std::span<char> data) {
  if (!reader_) return end_idle();  // nobody asked
  const size_t taken = reader_->feed({data.data(), data.size()});
  if (reader_->state() == HttpAnswerReader::State::kMore) return;
  const bool exact = taken == data.size();
  // An answer that came before the whole request was sent leaves the rest of it in the way.
  kept_ =
      reader_->state() == HttpAnswerReader::State::kDone && reader_->keep_alive() && exact && stream_->pending() == 0;
  take_result();
}

void HttpClientConnection::on_stream_closed(CloseReason reason) {
  if (!reader_) return end_idle();
  const bool stale = kept_ && !reader_->started();
  if (reason != CloseReason::kPeer) return fail("the connection broke", stale);
  reader_->on_end();
  if (stale) return fail(std::string(reader_->error()), true);
  kept_ = false;
  take_result();
}

// The exchange is over, well or badly.
void HttpClientConnection::take_result() {
  if (reader_->state() == HttpAnswerReader::State::kFailed) return fail(std::string(reader_->error()), false);
  Outcome outcome{std::move(reader_->answer()), kept_, false};
  reader_.reset();
  if (!kept_) stream_.reset();
  if (kept_ && options_.idle_ms > 0) loop_.timers().set(idle_timer_, options_.idle_ms);
  owner_->on_exchange_end(*this, std::move(outcome));
}

void HttpClientConnection::fail(std::string why, bool stale) {
  reader_.reset();
  stream_.reset();
  owner_->on_exchange_end(*this, Outcome{Error{std::move(why)}, false, stale});
}

void HttpClientConnection::on_timer(Timer&) { end_idle(); }

void HttpClientConnection::end_idle() {
  idle_timer_.cancel();
  stream_.reset();
  owner_->on_idle_end(*this);
}

void HttpClientConnection::close() {
  owner_ = nullptr;
  idle_timer_.cancel();
  connector_.reset();
  reader_.reset();
  stream_.reset();
}

}  // namespace matchbus::net
