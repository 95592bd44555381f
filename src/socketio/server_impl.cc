#include "socketio/server_impl.h"

#include <algorithm>
#include <utility>

#include "socketio/peer.h"

namespace matchbus::socketio {

std::unique_ptr<Server> Server::create(net::Loop& loop, ws::Context& ws, const ServerOptions& options) {
  return std::make_unique<ServerImpl>(loop, ws, options);
}

Bytes Server::encode_event(std::string_view event, std::string_view args_json, Bytes recycle) {
  BytesWriter packet(std::move(recycle));
  write_event(packet, {}, event, args_json);
  return packet.take();
}

std::optional<std::string_view> Event::text(size_t index) const {
  const json::Value value = arg(index);
  if (const std::optional<std::string_view> string = value.string()) return string;
  const std::optional<size_t> attachment = placeholder(value);
  if (!attachment || *attachment >= attachments.size()) return std::nullopt;
  return attachments[*attachment];
}

ServerImpl::ServerImpl(net::Loop& event_loop, ws::Context& ws, const ServerOptions& server_options)
    : loop(event_loop),
      unfinished(ws.unfinished()),
      options(server_options),
      recoveries(server_options.recovery_max_sockets, server_options.recovery_max_of_party),
      end_of_turn_(event_loop, [this] { end_sockets(); }),
      engine_(EngineServer::create(event_loop, ws, *this, server_options.engine)) {}

ServerImpl::~ServerImpl() {
  shutting_down_ = true;
  engine_.reset();
  for (ServerSocket* socket : recoveries.all_lost())
    end_now(recoveries.take_lost(*socket), describe(EngineClose::kServer));
}

void ServerImpl::add_namespace(std::string name, SocketHandler& handler) {
  namespaces_.push_back(std::make_unique<Namespace>(Namespace{*this, std::move(name), handler}));
}

Namespace* ServerImpl::find_namespace(std::string_view name) {
  for (const std::unique_ptr<Namespace>& nsp : namespaces_) {
    if (nsp->name == name) return nsp.get();
  }
  return nullptr;
}

void ServerImpl::on_request(net::HttpRequest& request, std::unique_ptr<net::HttpReply> reply) {
  engine_->on_request(request, std::move(reply));
}

void ServerImpl::on_upgrade(net::HttpRequest& request, net::StreamPtr stream, std::span<char> early) {
  engine_->on_upgrade(request, std::move(stream), early);
}

EngineHandler* ServerImpl::on_engine_open(EngineSession& session, const net::HttpRequest&) {
  return std::make_unique<Peer>(*this, session).release();  // taken back in Peer::on_engine_closed
}

void ServerImpl::close_all() {
  shutting_down_ = true;
  for (ServerSocket* socket : recoveries.all_lost()) socket->leave(ServerSocket::Leave::kShutdown);
  engine_->close_all();
}

std::string_view ServerImpl::describe(EngineClose reason) const {
  switch (reason) {
    case EngineClose::kTransportClose:
    case EngineClose::kClient:
      return "transport close";
    case EngineClose::kTransportError:
    case EngineClose::kOverflow:
      return "transport error";
    case EngineClose::kPingTimeout:
      return "ping timeout";
    case EngineClose::kParseError:
      return "parse error";
    case EngineClose::kServer:
      break;
  }
  return shutting_down_ ? "server shutting down" : "server namespace disconnect";
}

// --- The end of sockets ---

void ServerImpl::end_later(ServerSocket& socket) {
  ending_.push_back(&socket);
  end_of_turn_.request();
}

void ServerImpl::end_sockets() {
  std::swap(ending_, ending_now_);
  for (size_t i = 0; i < ending_now_.size(); ++i) {
    ServerSocket* socket = ending_now_[i];
    if (socket == nullptr) continue;
    ending_now_[i] = nullptr;
    const std::string_view reason = socket->leave_reason();
    end_now(socket->peer() ? socket->peer()->remove(*socket) : recoveries.take_lost(*socket), reason);
  }
  ending_now_.clear();
}

void ServerImpl::forget_ending(ServerSocket& socket) {
  for (std::vector<ServerSocket*>* list : {&ending_, &ending_now_}) {
    std::replace(list->begin(), list->end(), &socket, static_cast<ServerSocket*>(nullptr));
  }
}

void ServerImpl::end_now(std::unique_ptr<ServerSocket> socket, std::string_view reason) {
  socket->mark_ended();
  --(socket->peer() ? counters.sockets : counters.suspended);
  if (socket->recovery()) recoveries.remove(*socket);
  socket->nsp().handler.on_disconnect(*socket, reason);
}

void ServerImpl::suspend(std::unique_ptr<ServerSocket> lost, EngineClose reason) {
  if (!recoveries.has_room(*lost)) {
    loop.log().limited(LogLevel::kWarning, "socket.io recovery", "a lost socket is not kept: too many are");
    end_now(std::move(lost), describe(reason));
    return;
  }
  ServerSocket& socket = *lost;
  socket.suspend(reason);
  --counters.sockets;
  ++counters.suspended;
  ServerSocket* const crowded_out = recoveries.keep_lost(std::move(lost));
  if (crowded_out != nullptr) crowded_out->leave(ServerSocket::Leave::kLost);
  socket.nsp().handler.on_suspended(socket);
}

}  // namespace matchbus::socketio
