// The HTTP long-polling side of an Engine.IO session: packets that wait for a poll, the poll that waits for packets,
// and an upgrade under way. A session has one only while it is on polling.
//
// Packets sent in one turn leave together in one answer at the end of the turn. From the upgrade's probe on the queue
// is held: polls get a noop, so that the client can stop polling, and what was queued goes over the WebSocket.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "net/http_server.h"
#include "net/loop.h"
#include "socketio/engine_upgrade.h"
#include "socketio/polling_crowd.h"
#include "socketio/polling_post.h"

namespace matchbus::socketio {

class EngineContext;
class Session;

class PollingTransport final : public net::Deferred, private net::Flushable {
 public:
  struct Queued {
    Bytes bytes;  // a text packet with its type, or the bytes of a binary message
    bool binary = false;
  };

  PollingTransport(EngineContext& context, Session& session, std::string peer);
  ~PollingTransport() override;

  void push(Bytes bytes, bool binary);
  // What is queued: bytes, and packets.
  size_t pending() const { return pending_; }
  size_t queued() const { return queue_.size(); }
  // What that takes of memory, and what is being taken in.
  size_t held() const;
  // Whether a ping is queued, which the client cannot have seen.
  bool has_ping() const { return has_ping_; }
  const std::string& peer() const { return peer_; }

  // A poll arrives. False if one is waiting already; it is then the caller's to answer.
  [[nodiscard]] bool set_poll(std::unique_ptr<net::HttpReply>& reply);
  bool has_poll() const { return reply_ != nullptr; }
  // Answers the waiting poll with what is queued, if there is anything and nothing holds it.
  void flush();
  // Answers a waiting poll with this packet alone.
  void answer(std::string_view packet);

  // A POST's head, and its whole (or it will not come), have arrived. False: another one is under way.
  [[nodiscard]] bool begin_post() { return ++posts_ == 1; }
  void end_post() { posts_ = 0; }

  // Takes the packets of its body, now and in later turns, and answers.
  void take_post(std::string body, std::unique_ptr<net::HttpReply> reply);

  // Starts an upgrade; false if one is under way, and the connection is the caller's still.
  [[nodiscard]] bool begin_upgrade(std::unique_ptr<ws::Connection>& connection, std::span<char> early);
  // The client has probed: from now on the queue is held.
  void hold();
  bool is_held() const { return held_; }
  // The upgrade has come to nothing: polling goes on.
  void abandon_upgrade();
  // The session goes on without this transport: answers the poll; returns what is queued.
  std::vector<Queued> release();

 private:
  void on_flush() override;
  void on_poll_gone();
  Bytes compose();
  void send_body(Bytes body);

  EngineContext& context_;
  Session& session_;
  std::string peer_;
  std::vector<Queued> queue_;
  size_t pending_ = 0;
  std::unique_ptr<net::HttpReply> reply_;
  PollingCrowd::Member member_;
  std::unique_ptr<Upgrade> upgrade_;
  std::unique_ptr<PollingPost> post_;  // the last one
  int posts_ = 0;
  bool held_ = false;
  bool has_ping_ = false;
};

}  // namespace matchbus::socketio
