#include "socketio/peer.h"

#include <utility>
#include <vector>

#include "socketio/server_impl.h"

namespace matchbus::socketio {
namespace {

// A client may well ask for a namespace that is not there, but not again and again: each answer costs more than the
// question.
constexpr uint8_t kMaxRefusals = 16;

std::string_view as_view(std::span<const char> bytes) { return {bytes.data(), bytes.size()}; }

// Ends that nobody asked for: the client may be back in a moment. A client that only closes its transport has not left
// its namespaces.
bool is_loss(EngineClose reason) { return reason != EngineClose::kParseError && reason != EngineClose::kServer; }

}  // namespace

// Closes a session that joins no namespace.
class Peer::ConnectDeadline final : private Timer::Handler {
 public:
  ConnectDeadline(Peer& peer, TimerWheel& timers, int64_t delay_ms) : peer_(peer) { timers.set(timer_, delay_ms); }

 private:
  void on_timer(Timer&) override {
    peer_.server_.complain("socket.io joined nothing",
                           "a session of " + peer_.session_.peer_address() + " that joined no namespace was closed");
    peer_.session_.close();
  }
  Peer& peer_;
  Timer timer_{*this};
};

// A binary packet whose attachments are coming.
struct Peer::Unfinished final : ws::UnfinishedMessage::Owner {
  Unfinished(Peer& owner, std::string_view text, size_t count) : peer(owner), assembly(text, count) {}
  size_t held() const { return sizeof(*this) + assembly.held(); }
  // Says how much it holds. May end it.
  void list() { peer.server_.unfinished.update(entry, *this, held()); }
  void on_unfinished_end(ws::UnfinishedEnd) override {
    peer.session_.close_malformed();
    peer.unfinished_.reset();
  }

  Peer& peer;
  Assembly assembly;
  ws::UnfinishedMessage entry;
};

Peer::Peer(ServerImpl& server, EngineSession& session) : server_(server), session_(session) {
  if (const int delay = server.options.connect_timeout_ms; delay > 0) {
    deadline_ = std::make_unique<ConnectDeadline>(*this, server.loop.timers(), delay);
  }
}

Peer::~Peer() = default;

// --- Its sockets ---

ServerSocket* Peer::find(std::string_view namespace_name) {
  for (ServerSocket* socket = sockets_.get(); socket != nullptr; socket = socket->next_.get()) {
    if (socket->state() != ServerSocket::State::kLeaving && socket->namespace_name() == namespace_name) return socket;
  }
  return nullptr;
}

size_t Peer::count_sockets() const {
  size_t count = 0;
  for (const ServerSocket* socket = sockets_.get(); socket != nullptr; socket = socket->next_.get()) ++count;
  return count;
}

void Peer::add(std::unique_ptr<ServerSocket> socket) {
  socket->next_ = std::move(sockets_);
  sockets_ = std::move(socket);
}

std::unique_ptr<ServerSocket> Peer::remove(ServerSocket& socket) {
  std::unique_ptr<ServerSocket>* place = &sockets_;
  while (place->get() != &socket) place = &(*place)->next_;
  std::unique_ptr<ServerSocket> found = std::move(*place);
  *place = std::move(found->next_);
  return found;
}

void Peer::close_by_server() {
  for (ServerSocket* socket = sockets_.get(); socket != nullptr; socket = socket->next_.get()) {
    socket->disconnect(false);
  }
  session_.close();
}

void Peer::supersede() {
  superseded_ = true;
  session_.close();
}

// --- What the client sends ---

void Peer::malformed() {
  ++server_.counters.malformed;
  session_.close_malformed();
}

void Peer::on_engine_text(std::span<char> text) {
  const std::optional<PacketHead> head = parse_head(text);
  if (!head || unfinished_ || head->attachments > server_.options.max_attachments) {
    malformed();
  } else if (head->attachments == 0) {
    take(*head, {});
  } else if (find(head->namespace_name) == nullptr && !tolerant_) {
    malformed();
  } else {
    unfinished_ = std::make_unique<Unfinished>(*this, as_view(text), head->attachments);
    unfinished_->list();
  }
}

void Peer::on_engine_binary(std::span<char> data) {
  if (!unfinished_ || unfinished_->assembly.bytes() + data.size() > server_.options.max_attachment_bytes) {
    malformed();
    return;
  }
  unfinished_->assembly.add(as_view(data));
  if (!unfinished_->assembly.complete()) return unfinished_->list();
  const std::unique_ptr<Unfinished> whole = std::move(unfinished_);
  whole->entry.leave();
  const std::vector<std::string_view> attachments = whole->assembly.attachments();
  if (const std::optional<PacketHead> head = parse_head(whole->assembly.text())) take(*head, attachments);
}

void Peer::take(const PacketHead& head, std::span<const std::string_view> attachments) {
  json::Value payload;
  if (!head.payload.empty()) {
    if (!server_.document.parse_in_place(head.payload)) {
      malformed();
      return;
    }
    payload = server_.document.root();
  }
  if (!is_valid_payload(head, payload) || head.type == PacketType::kConnectError) {
    malformed();
  } else if (head.type == PacketType::kConnect) {
    connect(head.namespace_name, payload);
  } else if (ServerSocket* socket = find(head.namespace_name)) {
    dispatch(*socket, head, payload, attachments);
  } else if (!tolerant_) {
    malformed();
  }
}

void Peer::dispatch(ServerSocket& socket, const PacketHead& head, json::Value payload,
                    std::span<const std::string_view> attachments) {
  if (head.type == PacketType::kDisconnect) {
    socket.leave(ServerSocket::Leave::kByClient);
  } else if (head.is_ack()) {
    socket.on_ack(*head.ack_id, payload, attachments);
  } else {
    ++server_.counters.events_in;
    Event event;
    event.name = *payload.at(0).string();
    event.args = payload;
    event.attachments = attachments;
    event.wants_ack = head.ack_id.has_value();
    event.ack_id = head.ack_id.value_or(0);
    socket.nsp().handler.on_event(socket, event);
  }
}

size_t Peer::held() const { return unfinished_ ? unfinished_->held() : 0; }

void Peer::on_engine_drained() {
  for (ServerSocket* socket = sockets_.get(); socket != nullptr; socket = socket->next_.get()) {
    if (socket->state() == ServerSocket::State::kConnected) socket->nsp().handler.on_drained(*socket);
  }
}

// --- Connecting ---

void Peer::refuse(std::string_view namespace_name, std::string_view message) {
  ++server_.counters.refused;
  BytesWriter packet;
  write_connect_error(packet, namespace_name, message);
  session_.send_encoded(packet.take());
  if (++refusals_ < kMaxRefusals) return;
  server_.complain("socket.io refusals", session_.peer_address() + " was refused too often, and its session closed");
  session_.close();
}

void Peer::connect(std::string_view namespace_name, json::Value auth) {
  Namespace* nsp = server_.find_namespace(namespace_name);
  if (nsp == nullptr) {
    server_.complain("socket.io unknown namespace", session_.peer_address() + " asked for an unknown namespace");
    refuse(namespace_name, "Invalid namespace");
  } else if (find(namespace_name) != nullptr) {
    malformed();
  } else if (count_sockets() >= server_.options.max_namespaces) {
    refuse(namespace_name, "Too many namespaces");
  } else if (!server_.recovers() || !try_recover(*nsp, auth)) {
    admit(*nsp, auth);
  }
}

void Peer::admit(Namespace& nsp, json::Value auth) {
  auto fresh = std::make_unique<ServerSocket>(nsp, *this);
  ServerSocket& socket = *fresh;
  const Result<void> agreed = nsp.handler.on_connecting(socket, auth);
  if (!agreed.ok() || socket.state() != ServerSocket::State::kConnecting) {
    refuse(nsp.name, agreed.ok() ? std::string_view("Forbidden") : std::string_view(agreed.error().message));
    return;
  }
  deadline_.reset();
  add(std::move(fresh));
  ++server_.counters.connects;
  ++server_.counters.sockets;
  if (server_.recovers()) {
    socket.enable_recovery(auth["offset"].string());
    server_.recoveries.add(socket);
  }
  socket.confirm();
  nsp.handler.on_connect(socket, auth);
}

bool Peer::try_recover(Namespace& nsp, json::Value auth) {
  const std::optional<std::string_view> pid = auth["pid"].string();
  ServerSocket* socket = pid ? server_.recoveries.find(*pid) : nullptr;
  if (socket == nullptr || &socket->nsp() != &nsp || socket->state() == ServerSocket::State::kLeaving) return false;
  const std::optional<uint64_t> seen = socket->recovery()->log().find(auth["offset"].string());
  Peer* old = socket->peer();
  if (old != nullptr) old->supersede();
  if (!seen) {
    // Its client starts anew, so nobody will come back for it.
    socket->leave(ServerSocket::Leave::kLost);
    return false;
  }
  if (old != nullptr) server_.suspend(old->remove(*socket), EngineClose::kTransportClose);
  // The application may have ended it when it heard of the loss.
  socket = server_.recoveries.find(*pid);
  if (socket == nullptr || socket->state() != ServerSocket::State::kSuspended) return false;
  deadline_.reset();
  add(server_.recoveries.take_lost(*socket));
  --server_.counters.suspended;
  ++server_.counters.sockets;
  ++server_.counters.recovered;
  socket->resume(*this, *seen);
  nsp.handler.on_recovered(*socket);
  return true;
}

// --- The end ---

void Peer::on_engine_closed(EngineClose reason) {
  const std::unique_ptr<Peer> self(this);  // released to the session when it was opened
  while (sockets_) {
    std::unique_ptr<ServerSocket> socket = std::move(sockets_);
    sockets_ = std::move(socket->next_);
    end_socket(std::move(socket), reason);
  }
}

void Peer::end_socket(std::unique_ptr<ServerSocket> socket, EngineClose reason) {
  if (socket->state() == ServerSocket::State::kLeaving) {
    const std::string_view why = socket->leave_reason();
    server_.forget_ending(*socket);
    server_.end_now(std::move(socket), why);
  } else if (server_.recovers() && (is_loss(reason) || superseded_)) {
    server_.suspend(std::move(socket), is_loss(reason) ? reason : EngineClose::kTransportClose);
  } else {
    server_.end_now(std::move(socket), server_.describe(reason));
  }
}

}  // namespace matchbus::socketio
