#include "socketio/polling_transport.h"

#include <utility>

#include "socketio/engine_context.h"
#include "socketio/engine_packet.h"
#include "socketio/engine_session.h"

namespace matchbus::socketio {
namespace {

constexpr std::string_view kPing = "2";

}  // namespace

PollingTransport::PollingTransport(EngineContext& context, Session& session, std::string peer)
    : context_(context), session_(session), peer_(std::move(peer)), member_(context.polling_crowd, peer_) {}

PollingTransport::~PollingTransport() { context_.loop.forget_flush(*this); }

void PollingTransport::push(Bytes bytes, bool binary) {
  pending_ += bytes.size();
  has_ping_ = has_ping_ || (!binary && bytes.view() == kPing);
  queue_.push_back({std::move(bytes), binary});
  if (reply_ && !held_) context_.loop.flush_later(*this);
}

size_t PollingTransport::held() const {
  size_t sum = queue_.capacity() * sizeof(Queued) + (post_ ? post_->held() : 0);
  for (const Queued& packet : queue_) sum += packet.bytes.held();
  return sum;
}

bool PollingTransport::set_poll(std::unique_ptr<net::HttpReply>& reply) {
  if (reply_) return false;
  reply_ = std::move(reply);
  member_.set_polled(true);
  reply_->on_gone([this] { on_poll_gone(); });
  if (!held_) {
    on_flush();
  } else if (upgrade_) {
    upgrade_->release_poll_soon();
  }
  return true;
}

void PollingTransport::on_poll_gone() {
  reply_.reset();
  member_.set_polled(false);
  session_.end(EngineClose::kTransportError);
}

void PollingTransport::on_flush() {
  const bool had_any = !queue_.empty();
  flush();
  if (had_any && queue_.empty()) session_.drained();
}

void PollingTransport::flush() {
  if (!reply_ || held_ || queue_.empty()) return;
  Bytes body = compose();
  queue_.clear();
  pending_ = 0;
  has_ping_ = false;
  send_body(std::move(body));
}

Bytes PollingTransport::compose() {
  if (queue_.size() == 1 && !queue_[0].binary) return std::move(queue_[0].bytes);
  BytesWriter out({}, pending_ + queue_.size());
  PayloadWriter payload(out);
  for (const Queued& packet : queue_) {
    if (packet.binary) {
      payload.binary(packet.bytes.view());
    } else {
      payload.text(packet.bytes.view());
    }
  }
  return out.take();
}

void PollingTransport::answer(std::string_view packet) {
  if (reply_) send_body(Bytes::copy(packet));
}

void PollingTransport::send_body(Bytes body) {
  net::HttpResponse response;
  response.headers = {{"Content-Type", "text/plain; charset=UTF-8"}, {"Cache-Control", "no-store"}};
  response.body = std::move(body);
  // The answer may bring the next poll at once: it must find this one gone.
  const std::unique_ptr<net::HttpReply> reply = std::move(reply_);
  member_.set_polled(false);
  reply->send(std::move(response));
}

void PollingTransport::take_post(std::string body, std::unique_ptr<net::HttpReply> reply) {
  post_ = std::make_unique<PollingPost>(context_, session_, std::move(body), std::move(reply));
  post_->go_on();
}

bool PollingTransport::begin_upgrade(std::unique_ptr<ws::Connection>& connection, std::span<char> early) {
  if (upgrade_) return false;
  upgrade_ = std::make_unique<Upgrade>(context_, session_, *this, std::move(connection));
  upgrade_->start(early);
  return true;
}

void PollingTransport::hold() {
  held_ = true;
  answer("6");
}

void PollingTransport::abandon_upgrade() {
  if (!upgrade_) return;
  context_.retire(std::move(upgrade_));
  held_ = false;
  if (reply_ && !queue_.empty()) context_.loop.flush_later(*this);
}

std::vector<PollingTransport::Queued> PollingTransport::release() {
  answer("6");
  pending_ = 0;
  return std::move(queue_);
}

}  // namespace matchbus::socketio
