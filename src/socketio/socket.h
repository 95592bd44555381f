// A client in one namespace, on the server's side: what an application emits becomes packets, and acks find their way
// back to it.
//
// There is one of these for every viewer: what only some sockets need (acks that are awaited, recovery) is in extras
// that are allocated on first use.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "socketio/packet.h"
#include "socketio/recovery.h"
#include "socketio/server.h"

namespace matchbus::socketio {

class Peer;
class ServerImpl;

// A namespace of a server.
struct Namespace {
  ServerImpl& server;
  std::string name;
  SocketHandler& handler;
};

using AckCallback = std::function<void(json::Value args, std::span<const std::string_view> attachments)>;

class ServerSocket final : public Socket {
 public:
  static constexpr size_t kIdLength = 20;
  static constexpr size_t kMaxAwaitedAcks = 100;

  ServerSocket(Namespace& nsp, Peer& peer);
  ~ServerSocket() override;
  ServerSocket(const ServerSocket&) = delete;
  ServerSocket& operator=(const ServerSocket&) = delete;

  enum class State : uint8_t {
    kConnecting,  // the application has not agreed yet
    kConnected,
    kSuspended,  // its connection is lost
    kLeaving,    // on_disconnect follows at the end of the turn
  };
  enum class Leave : uint8_t { kByServer, kByClient, kLost, kShutdown };

  State state() const { return state_; }
  Namespace& nsp() { return nsp_; }
  Peer* peer() { return peer_; }
  Recovery* recovery() const { return extras_ ? extras_->recovery.get() : nullptr; }

  // Sends the CONNECT answer.
  void confirm();
  // `offset`: that of an earlier socket that the client brought, if any.
  void enable_recovery(std::optional<std::string_view> offset);
  // The connection is lost; events are kept from now on.
  void suspend(EngineClose reason);
  // Goes on at another connection: answers CONNECT and sends the events after number `seen`.
  void resume(Peer& peer, uint64_t seen);
  // Ends the socket: nothing is sent or received any more, on_disconnect follows at the end of the turn.
  void leave(Leave why);
  // Nothing is sent or received any more; for whoever calls on_disconnect.
  void mark_ended() { state_ = State::kLeaving; }
  // What on_disconnect is told, of a socket that leaves.
  std::string_view leave_reason() const;
  // A client's answer.
  void on_ack(uint64_t ack_id, json::Value args, std::span<const std::string_view> attachments);

  // Socket.
  std::string_view id() const override { return {id_.data(), id_.size()}; }
  std::string_view namespace_name() const override { return nsp_.name; }
  std::string peer_address() const override;
  bool is_websocket() const override;
  void emit(std::string_view event, std::string_view text) override;
  void emit_raw(std::string_view event, std::string_view args_json,
                std::span<const std::string_view> attachments) override;
  void emit_with_ack(std::string_view event, std::string_view args_json, AckCallback on_ack) override;
  void ack(uint64_t ack_id, std::string_view args_json, std::span<const std::string_view> attachments) override;
  void send_prepared(const hub::Message& message) override;
  size_t pending() const override;
  void flush() override;
  void set_offset_note(std::string_view note) override;
  void admit(net::Standing standing) override;
  void disconnect(bool close_session) override;

 private:
  friend class Peer;  // links its sockets

  struct Extras {
    std::map<uint64_t, AckCallback> acks;  // awaited, oldest first
    uint64_t next_ack_id = 0;
    std::unique_ptr<Recovery> recovery;
  };
  Extras& extras();
  bool can_emit() const { return state_ == State::kConnected || state_ == State::kSuspended; }
  PacketTarget target(size_t attachments, std::optional<uint64_t> ack_id = std::nullopt) const;
  // The offset for the next event; empty without recovery.
  std::string next_offset() const;
  // Sends an event, or keeps it while there is no connection.
  void deliver(BytesWriter& packet, std::span<const std::string_view> attachments, bool wants_ack);
  void send(const Bytes& packet, std::span<const std::string_view> attachments);

  Namespace& nsp_;
  Peer* peer_;  // null while suspended
  std::unique_ptr<ServerSocket> next_;
  std::unique_ptr<Extras> extras_;
  std::array<char, kIdLength> id_;
  State state_ = State::kConnecting;
  Leave leave_ = Leave::kLost;
  net::Standing standing_ = net::Standing::kStranger;
};

}  // namespace matchbus::socketio
