#include "socketio/engine_context.h"

#include <memory>
#include <string>
#include <utility>

#include "socketio/engine_session.h"

namespace matchbus::socketio {
namespace {

EngineOptions checked(EngineOptions options) {
  options.ws.max_message = options.max_message != 0 ? options.max_message : options.max_payload;
  options.ws.max_first = options.max_first;
  return options;
}

}  // namespace

EngineContext::EngineContext(net::Loop& event_loop, ws::Context& ws_context, const EngineOptions& engine_options)
    : loop(event_loop),
      ws(ws_context),
      options(checked(engine_options)),
      ping_frame(ws_context.encode(ws::Opcode::kText, "2")),
      closing(event_loop),
      polling_crowd(engine_options.max_unpolled, stats.unpolled),
      end_of_turn_(event_loop, [this] { finish_turn(); }) {}

EngineContext::~EngineContext() {
  for (Session* session : sessions.all()) {
    const std::unique_ptr<Session> gone = sessions.remove(*session);
    gone->shut_down();
  }
}

net::HttpResponse EngineContext::refusal(EngineError error, std::string_view peer) {
  ++stats.bad_requests;
  const std::string why(describe(error));
  complain("engine.io request: " + why, "a request of " + std::string(peer) + " was refused: " + why);
  return error_response(error);
}

void EngineContext::finish_later(Session& session) {
  ending_.push_back(&session);
  end_of_turn_.request();
}

void EngineContext::retire(std::unique_ptr<net::Deferred> object) {
  retired_.push_back(std::move(object));
  end_of_turn_.request();
}

void EngineContext::finish_turn() {
  std::exchange(retired_, {}).clear();
  std::swap(ending_, finishing_);
  for (Session* session : finishing_) {
    if (session->finish()) sessions.remove(*session);
  }
  finishing_.clear();
}

}  // namespace matchbus::socketio
