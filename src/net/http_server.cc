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

}  // namespace matchbus::net
