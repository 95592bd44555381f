#include "socketio/polling_post.h"

#include <uv.h>

#include <utility>

#include "socketio/engine_context.h"
#include "socketio/engine_session.h"

namespace matchbus::socketio {
namespace {

constexpr size_t kMaxPackets = 10'000;

}  // namespace

PollingPost::PollingPost(EngineContext& context, Session& session, std::string body,
                         std::unique_ptr<net::HttpReply> reply)
    : context_(context),
      session_(session),
      body_(std::move(body)),
      packets_(body_),
      reply_(std::move(reply)),
      address_(session.peer_address()) {}

PollingPost::~PollingPost() {
  if (in_line_) net::Pacer::of_reading(context_.loop).forget(*this, address_);
}

void PollingPost::go_on() {
  const auto piece_ns = static_cast<uint64_t>(context_.options.read_piece_us) * 1'000;
  const uint64_t begin = piece_ns != 0 ? uv_hrtime() : 0;
  while (const std::optional<EnginePacket> packet = packets_.next()) {
    if (++count_ > kMaxPackets) session_.end(EngineClose::kParseError);
    if (!session_.is_open() || !session_.take_packet(*packet)) break;
    if (piece_ns != 0 && uv_hrtime() - begin >= piece_ns) {
      in_line_ = true;
      return net::Pacer::of_reading(context_.loop).wait(*this, address_);
    }
  }
  if (packets_.malformed()) session_.end(EngineClose::kParseError);
  session_.finish_post(std::move(reply_));
}

void PollingPost::on_turn() {
  in_line_ = false;
  net::Pacer& pacer = net::Pacer::of_reading(context_.loop);
  const uint64_t begin = uv_hrtime();
  go_on();
  pacer.spent(uv_hrtime() - begin);
}

}  // namespace matchbus::socketio
