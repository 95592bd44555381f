#include "socketio/engine_upgrade.h"

#include <algorithm>
#include <utility>

#include "socketio/engine_context.h"
#include "socketio/engine_session.h"
#include "socketio/polling_transport.h"

namespace matchbus::socketio {
namespace {

// A client that polls while the queue is held has not seen the answer to its probe yet; answering each poll at once
// would make it poll as fast as it can.
constexpr int64_t kNoopDelayMs = 100;

std::string_view as_view(std::span<char> bytes) { return {bytes.data(), bytes.size()}; }

}  // namespace

Upgrade::Upgrade(EngineContext& context, Session& session, PollingTransport& polling,
                 std::unique_ptr<ws::Connection> connection)
    : context_(context),
      session_(session),
      polling_(polling),
      connection_(std::move(connection)),
      deadline_ms_(context.loop.clock().monotonic_ms() + context.options.upgrade_timeout_ms) {
  connection_->set_handler(this);
  context_.loop.timers().set(timer_, context_.options.upgrade_timeout_ms);
}

Upgrade::~Upgrade() {
  if (connection_ && connection_->is_open()) context_.closing.close(std::move(connection_), ws::kNormal, {});
}

void Upgrade::release_poll_soon() { context_.loop.timers().set(timer_, kNoopDelayMs); }

void Upgrade::on_ws_message(ws::Opcode opcode, std::span<char> payload) {
  if (connection_ == nullptr || !session_.is_known()) return;
  const std::string_view packet = opcode == ws::Opcode::kText ? as_view(payload) : std::string_view();
  if (packet == "2probe") {
    probed_ = true;
    connection_->send(ws::Opcode::kText, "3probe");
    polling_.hold();
  } else if (packet == "5" && probed_) {
    timer_.cancel();
    session_.complete_upgrade(std::move(connection_));
  } else {
    context_.complain("engine.io upgrade", "an upgrade of " + session_.peer_address() +
                                               " was given up: neither a probe nor its end was sent");
    polling_.abandon_upgrade();
  }
}

void Upgrade::on_ws_closed(uint16_t, std::string_view) {
  if (connection_ != nullptr) polling_.abandon_upgrade();
}

void Upgrade::on_timer(Timer&) {
  const int64_t left = deadline_ms_ - context_.loop.clock().monotonic_ms();
  if (left <= 0) {
    polling_.abandon_upgrade();
    return;
  }
  polling_.answer("6");
  context_.loop.timers().set(timer_, left);
}

}  // namespace matchbus::socketio
