// A polling body that is taken in, packet by packet and over as many turns as its packets need: what others send is
// read meanwhile.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "net/http_server.h"
#include "net/pacer.h"
#include "socketio/engine_packet.h"

namespace matchbus::socketio {

class EngineContext;
class Session;

class PollingPost final : private net::Pacer::Client {
 public:
  // `body` is valid UTF-8. Borrows `context` and `session`.
  PollingPost(EngineContext& context, Session& session, std::string body, std::unique_ptr<net::HttpReply> reply);
  ~PollingPost();
  PollingPost(const PollingPost&) = delete;
  PollingPost& operator=(const PollingPost&) = delete;

  // Takes a piece. The session hears of the end (Session::finish_post), or of a body that makes no sense.
  void go_on();
  // Bytes that it holds.
  size_t held() const { return body_.size(); }

 private:
  void on_turn() override;

  EngineContext& context_;
  Session& session_;
  std::string body_;
  PayloadReader packets_;
  std::unique_ptr<net::HttpReply> reply_;
  std::string address_;  // the session may be about to go when this does
  size_t count_ = 0;
  bool in_line_ = false;
};

}  // namespace matchbus::socketio
