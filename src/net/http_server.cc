// The server around its connections, and the reply that stands for one of them.
#include "net/http_server.h"

#include "net/http_connection.h"

namespace matchbus::net {

HttpReply::~HttpReply() {
  if (connection_ != nullptr) connection_->answer(*this, HttpResponse::text(500, "no answer was given\n"));
}

void HttpReply::send(HttpResponse response) {
  if (connection_ != nullptr) connection_->answer(*this, response);
}

void HttpReply::abort() {
  if (connection_ != nullptr) connection_->end();
}

HttpServer::HttpServer(Loop& loop, HttpHandler& handler, HttpServerOptions options)
    : loop_(loop), handler_(handler), options_(options) {}

HttpServer::~HttpServer() {
  while (connections_ != nullptr) connections_->end();
}

void HttpServer::serve(StreamPtr stream) {
  if (closing_) return;  // and the stream with it
  ++stats_.connections;
  // The connection is in the server's list from start() on, and owned by it; end() hands it to the loop.
  std::make_unique<HttpConnection>(*this, std::move(stream)).release()->start();
}

void HttpServer::shut_down() {
  closing_ = true;
  for (HttpConnection* connection = connections_; connection != nullptr;) {
    HttpConnection* next = connection->next();  // closing may take it off the list
    connection->shut_down();
    connection = next;
  }
}

// Whoever fills a port from one address makes room for its next connection with its own: those of others are not the
// oldest for long.
bool HttpServer::make_room(const std::string& address) {
  constexpr int kOfTheOldest = 64;
  constexpr int kSteps = 1'000;  // past those whose requests are being worked on
  HttpConnection* chosen = nullptr;
  HttpConnection* connection = oldest_;
  int seen = 0;
  for (int i = 0; connection != nullptr && i < kSteps && seen < kOfTheOldest; ++i) {
    if (connection->may_give_way()) {
      ++seen;
      const bool same = connection->peer_address() == address;
      if (chosen == nullptr || same) chosen = connection;
      if (same) break;
    }
    connection = connection->previous();
  }
  if (chosen == nullptr) return false;
  chosen->give_way();
  return true;
}

}  // namespace matchbus::net
