#include "socketio/socket.h"

#include <utility>

#include "base/random.h"
#include "socketio/peer.h"
#include "socketio/server_impl.h"

namespace matchbus::socketio {

ServerSocket::ServerSocket(Namespace& nsp, Peer& peer) : nsp_(nsp), peer_(&peer) {
  random_id().copy(id_.data(), id_.size());
}

ServerSocket::~ServerSocket() = default;

// --- Coming and going ---

ServerSocket::Extras& ServerSocket::extras() {
  if (!extras_) extras_ = std::make_unique<Extras>();
  return *extras_;
}

void ServerSocket::enable_recovery(std::optional<std::string_view> offset) {
  const ServerOptions& options = nsp_.server.options;
  const size_t max_bytes = options.engine.max_pending == 0 ? SIZE_MAX : options.engine.max_pending;
  extras().recovery = std::make_unique<Recovery>(*this, options.recovery_max_events, max_bytes);
  if (offset) recovery()->log().continue_from(*offset);
}

void ServerSocket::set_offset_note(std::string_view note) {
  if (recovery()) recovery()->log().set_note(note);
}

void ServerSocket::admit(net::Standing standing) {
  standing_ = standing;
  if (peer_ != nullptr) peer_->session().admit(standing);
}

void ServerSocket::confirm() {
  state_ = State::kConnected;
  BytesWriter packet;
  write_connect(packet, nsp_.name, id(), recovery() ? std::string_view(recovery()->pid()) : std::string_view());
  send(packet.take(), {});
}

void ServerSocket::suspend(EngineClose reason) {
  state_ = State::kSuspended;
  peer_ = nullptr;
  recovery()->reason = reason;
  recovery()->log().mark_loss();
  recovery()->start_window(nsp_.server.loop.timers(), nsp_.server.options.recovery_window_ms);
}

void ServerSocket::resume(Peer& peer, uint64_t seen) {
  peer_ = &peer;
  if (standing_ != net::Standing::kStranger) peer.session().admit(standing_);
  recovery()->stop_window();
  confirm();
  for (const KeptEvent& event : recovery()->log().events()) {
    if (event.number <= seen) continue;
    const std::vector<std::string_view> attachments = event.views();
    send(event.packet, attachments);
  }
  recovery()->log().drop_once();
}

void ServerSocket::leave(Leave why) {
  if (state_ == State::kLeaving) return;
  const bool is_known = state_ != State::kConnecting;
  state_ = State::kLeaving;
  leave_ = why;
  if (is_known) nsp_.server.end_later(*this);
}

std::string_view ServerSocket::leave_reason() const {
  switch (leave_) {
    case Leave::kByServer:
      return "server namespace disconnect";
    case Leave::kByClient:
      return "client namespace disconnect";
    case Leave::kShutdown:
      return "server shutting down";
    case Leave::kLost:
      break;
  }
  return nsp_.server.describe(recovery() ? recovery()->reason : EngineClose::kTransportClose);
}

void ServerSocket::disconnect(bool close_session) {
  if (state_ == State::kLeaving) return;
  if (state_ == State::kConnecting) leave(Leave::kByServer);
  if (close_session && peer_ != nullptr) {
    peer_->close_by_server();
    return;
  }
  if (state_ == State::kConnected) {
    BytesWriter packet;
    write_disconnect(packet, nsp_.name);
    send(packet.take(), {});
    peer_->note_server_disconnect();
  }
  leave(Leave::kByServer);
}

// --- Sending ---

PacketTarget ServerSocket::target(size_t attachments, std::optional<uint64_t> ack_id) const {
  return {nsp_.name, ack_id, attachments};
}

std::string ServerSocket::next_offset() const {
  if (!recovery()) return {};
  const EventLog& log = recovery()->log();
  return log.offset(log.next_number());
}

void ServerSocket::emit(std::string_view event, std::string_view text) {
  if (!can_emit()) return;
  BytesWriter packet(std::move(nsp_.server.scratch));
  write_text_event(packet, target(0), event, text, next_offset());
  deliver(packet, {}, false);
}

void ServerSocket::emit_raw(std::string_view event, std::string_view args_json,
                            std::span<const std::string_view> attachments) {
  if (!can_emit()) return;
  BytesWriter packet(std::move(nsp_.server.scratch));
  write_event(packet, target(attachments.size()), event, args_json, next_offset());
  deliver(packet, attachments, false);
}

void ServerSocket::emit_with_ack(std::string_view event, std::string_view args_json, AckCallback on_ack) {
  if (!can_emit()) return;
  Extras& extra = extras();
  const uint64_t ack_id = extra.next_ack_id++;
  extra.acks.emplace(ack_id, std::move(on_ack));
  if (extra.acks.size() > kMaxAwaitedAcks) extra.acks.erase(extra.acks.begin());
  BytesWriter packet(std::move(nsp_.server.scratch));
  write_event(packet, target(0, ack_id), event, args_json);
  deliver(packet, {}, true);
}

void ServerSocket::deliver(BytesWriter& packet, std::span<const std::string_view> attachments, bool wants_ack) {
  ++nsp_.server.counters.events_out;
  Bytes bytes = packet.take();
  const bool is_lost = state_ == State::kSuspended;
  if (recovery() != nullptr && (!wants_ack || is_lost)) {
    recovery()->log().keep(bytes, attachments, wants_ack);
    if (is_lost && recovery()->log().has_gap()) leave(Leave::kLost);
  }
  if (!is_lost) send(bytes, attachments);
  nsp_.server.scratch = std::move(bytes);
}

void ServerSocket::ack(uint64_t ack_id, std::string_view args_json, std::span<const std::string_view> attachments) {
  if (state_ != State::kConnected) return;
  BytesWriter packet(std::move(nsp_.server.scratch));
  write_ack(packet, target(attachments.size(), ack_id), args_json);
  Bytes bytes = packet.take();
  send(bytes, attachments);
  nsp_.server.scratch = std::move(bytes);
}

void ServerSocket::send_prepared(const hub::Message& message) {
  if (state_ != State::kConnected) return;
  ++nsp_.server.counters.events_out;
  peer_->session().send_prepared(message);
}

void ServerSocket::send(const Bytes& packet, std::span<const std::string_view> attachments) {
  EngineSession& session = peer_->session();
  session.send_encoded(packet);
  for (const std::string_view attachment : attachments) session.send_binary(attachment);
}

size_t ServerSocket::pending() const { return peer_ ? peer_->session().pending() : 0; }

void ServerSocket::flush() {
  if (peer_ != nullptr) peer_->session().flush();
}

// --- The rest ---

void ServerSocket::on_ack(uint64_t ack_id, json::Value args, std::span<const std::string_view> attachments) {
  if (!extras_) return;
  const auto found = extras_->acks.find(ack_id);
  if (found == extras_->acks.end()) return;
  const AckCallback callback = std::move(found->second);
  extras_->acks.erase(found);
  if (callback) callback(args, attachments);
}

std::string ServerSocket::peer_address() const { return peer_ ? peer_->session().peer_address() : std::string(); }

bool ServerSocket::is_websocket() const { return peer_ != nullptr && peer_->session().is_websocket(); }

}  // namespace matchbus::socketio
