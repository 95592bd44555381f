#include "socketio/engine_server.h"

#include <charconv>
#include <utility>

#include "socketio/engine_session.h"

namespace matchbus::socketio {
namespace {

// False for a body that announces itself as larger than `limit` and will be refused before it comes.
bool announces_at_most(const net::HttpRequest& head, size_t limit) {
  const std::optional<std::string_view> length = head.header("content-length");
  if (!length || limit == 0) return true;
  size_t size = 0;
  const auto [end, error] = std::from_chars(length->data(), length->data() + length->size(), size);
  return error == std::errc() && size <= limit;
}

}  // namespace

std::unique_ptr<EngineServer> EngineServer::create(net::Loop& loop, ws::Context& ws, Acceptor& acceptor,
                                                   const EngineOptions& options) {
  return std::make_unique<EngineServerImpl>(loop, ws, acceptor, options);
}

std::optional<net::HttpResponse> EngineServerImpl::refuse_when_full(const std::string& peer, bool polling) {
  const size_t limit = context_.options.max_sessions;
  std::string_view why;
  if (limit != 0 && context_.sessions.size() >= limit) {
    ++context_.stats.refused_total;
    why = "Too many sessions";
  } else if (polling && !context_.polling_crowd.has_room(peer)) {
    ++context_.stats.refused_unpolled;
    why = "Too many sessions of this address without a poll";
  } else {
    return std::nullopt;
  }
  context_.loop.log().limited(LogLevel::kWarning, "engine.io full",
                              "a session of " + peer + " was refused: " + std::string(why));
  return net::HttpResponse::text(503, why);
}

// What is wrong with a request of a session, if anything is. `session`: the one that it names.
std::optional<EngineError> EngineServerImpl::check_session(const net::HttpRequest& request, Session*& session) {
  const auto [query, error] = read_query(request, false);
  if (error) return error;
  if (query.sid.empty()) return std::nullopt;
  session = context_.sessions.find(query.sid);
  if (session == nullptr || !session->is_known()) return EngineError::kUnknownSession;
  if (session->is_websocket() || (request.method != "GET" && request.method != "POST")) return EngineError::kBadRequest;
  return std::nullopt;
}

void EngineServerImpl::on_request(net::HttpRequest& request, std::unique_ptr<net::HttpReply> reply) {
  Session* session = nullptr;
  if (const auto error = check_session(request, session)) {
    reply->send(context_.refusal(*error, request.peer));
  } else if (session == nullptr) {
    open_polling(request, std::move(reply));
  } else if (request.method == "GET") {
    session->on_poll(std::move(reply));
  } else {
    session->on_post(request, std::move(reply));
  }
}

std::optional<net::HttpResponse> EngineServerImpl::refuse_body(const net::HttpRequest& head) {
  Session* session = nullptr;
  const auto error = check_session(head, session);
  if (error) return context_.refusal(*error, head.peer);
  // Only a session's POSTs have bodies.
  if (session == nullptr || head.method != "POST") return context_.refusal(EngineError::kBadRequest, head.peer);
  return std::nullopt;
}

size_t EngineServerImpl::body_limit(const net::HttpRequest& head) {
  Session* session = nullptr;
  if (check_session(head, session) || session == nullptr || head.method != "POST") return context_.options.max_payload;
  const size_t limit = session->max_body();
  if (announces_at_most(head, limit)) session->on_post_begun();
  return limit;
}

void EngineServerImpl::on_body_lost(const net::HttpRequest& head) {
  if (head.method != "POST") return;
  const std::optional<std::string> sid = head.query("sid");
  if (Session* session = sid ? context_.sessions.find(*sid) : nullptr) session->on_post_lost();
}

void EngineServerImpl::on_upgrade(net::HttpRequest& request, net::StreamPtr stream, std::span<char> early) {
  auto [query, error] = read_query(request, true);
  Session* session = error ? nullptr : context_.sessions.find(query.sid);
  if (!error && !query.sid.empty() && (session == nullptr || !session->is_known())) {
    error = EngineError::kUnknownSession;
  }
  if (error) {
    net::refuse_upgrade(std::move(stream), context_.refusal(*error, request.peer), context_.loop);
    return;
  }
  if (session == nullptr) {
    open_websocket(request, std::move(stream), early);
    return;
  }
  std::unique_ptr<ws::Connection> connection =
      ws::Connection::accept(context_.ws, context_.loop, request, std::move(stream), context_.options.ws);
  if (connection) session->on_upgrade(std::move(connection), early);
}

void EngineServerImpl::open_polling(net::HttpRequest& request, std::unique_ptr<net::HttpReply> reply) {
  if (std::optional<net::HttpResponse> refusal = refuse_when_full(request.peer, true)) {
    reply->send(std::move(*refusal));
    return;
  }
  Session& session = context_.sessions.insert(std::make_unique<Session>(context_, request.peer));
  session.open();
  if (offer(session, request)) {
    session.on_poll(std::move(reply));
  } else {
    reply->send(context_.refusal(EngineError::kForbidden, request.peer));
  }
}

void EngineServerImpl::open_websocket(net::HttpRequest& request, net::StreamPtr stream, std::span<char> early) {
  if (const std::optional<net::HttpResponse> refusal = refuse_when_full(request.peer, false)) {
    net::refuse_upgrade(std::move(stream), *refusal, context_.loop);
    return;
  }
  std::unique_ptr<ws::Connection> connection =
      ws::Connection::accept(context_.ws, context_.loop, request, std::move(stream), context_.options.ws);
  if (!connection) return;
  Session& session = context_.sessions.insert(std::make_unique<Session>(context_, std::move(connection)));
  session.open();
  if (offer(session, request)) session.start_connection(early);
}

bool EngineServerImpl::offer(Session& session, const net::HttpRequest& request) {
  if (EngineHandler* handler = acceptor_.on_engine_open(session, request)) {
    session.set_handler(handler);
    return true;
  }
  session.end(EngineClose::kTransportError);
  return false;
}

void EngineServerImpl::collect(std::vector<net::Holding>& holdings) const {
  for (Session* session : context_.sessions.all()) {
    if (session->is_websocket()) continue;
    holdings.push_back(
        {.bytes = session->held(), .standing = session->standing(), .client = session, .end = [](void* it) {
           static_cast<Session*>(it)->end(EngineClose::kOverflow);
         }});
  }
}

void EngineServerImpl::close_all() {
  for (Session* session : context_.sessions.all()) session->close();
}

}  // namespace matchbus::socketio
