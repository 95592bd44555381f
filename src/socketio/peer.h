// An Engine.IO session as Socket.IO sees it: reads its packets and hands them to its sockets, at most one for each
// namespace. Kept by its session, which tells it when to go (on_engine_closed).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/timer_wheel.h"
#include "socketio/attachments.h"
#include "socketio/engine.h"
#include "socketio/packet.h"
#include "socketio/socket.h"

namespace matchbus::socketio {

class ServerImpl;

class Peer final : public EngineHandler {
 public:
  Peer(ServerImpl& server, EngineSession& session);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  EngineSession& session() { return session_; }

  // Takes a socket that has left out of this connection.
  std::unique_ptr<ServerSocket> remove(ServerSocket& socket);
  // The server has sent a DISCONNECT: packets of that namespace may still be on their way and are let pass.
  void note_server_disconnect() { tolerant_ = true; }
  // Ends all sockets as by the server, and the session.
  void close_by_server();
  // The client has a newer connection: ends this one; its sockets can still be recovered.
  void supersede();

  // EngineHandler.
  void on_engine_text(std::span<char> text) override;
  void on_engine_binary(std::span<char> data) override;
  size_t held() const override;
  void on_engine_drained() override;
  void on_engine_closed(EngineClose reason) override;

 private:
  class ConnectDeadline;
  struct Unfinished;

  // One whole packet. `attachments` as many as it announces.
  void take(const PacketHead& head, std::span<const std::string_view> attachments);
  void connect(std::string_view namespace_name, json::Value auth);
  void admit(Namespace& nsp, json::Value auth);
  bool try_recover(Namespace& nsp, json::Value auth);
  void dispatch(ServerSocket& socket, const PacketHead& head, json::Value payload,
                std::span<const std::string_view> attachments);
  void refuse(std::string_view namespace_name, std::string_view message);
  void malformed();
  ServerSocket* find(std::string_view namespace_name);
  size_t count_sockets() const;
  void add(std::unique_ptr<ServerSocket> socket);
  void end_socket(std::unique_ptr<ServerSocket> socket, EngineClose reason);

  ServerImpl& server_;
  EngineSession& session_;
  std::unique_ptr<ServerSocket> sockets_;
  std::unique_ptr<ConnectDeadline> deadline_;  // until the first CONNECT
  std::unique_ptr<Unfinished> unfinished_;     // while attachments are coming
  bool tolerant_ = false;
  uint8_t refusals_ = 0;     // of namespaces
  bool superseded_ = false;  // the client has a newer connection
};

}  // namespace matchbus::socketio
