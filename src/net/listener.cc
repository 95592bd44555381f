#include "net/listener.h"

#include <utility>

#include "net/listener_socket.h"
#include "net/socket_address.h"
#include "net/stream_tcp.h"
#include "net/tls.h"

namespace matchbus::net {
namespace {

constexpr int kFreePortTries = 16;

// Shared by the listener's sockets; outlives the listener while one of them is calling.
class Acceptor final : public ListenerSocket::Handler {
 public:
  Acceptor(Loop& loop, std::shared_ptr<const StreamSettings> settings, Listener::OnStream on_stream,
           ConnectionCounter::MakeRoom make_room)
      : loop_(loop),
        settings_(std::move(settings)),
        on_stream_(std::move(on_stream)),
        make_room_(std::move(make_room)) {}

  void on_accept(Descriptor socket, const SocketAddress& peer) override {
    const std::string address = peer.text();
    if (Result<void> entered = settings_->counter->enter(*settings_->port, address, make_room_); !entered) {
      socket.reset();
      const std::string& why = entered.error().message;
      return loop_.log().limited(LogLevel::kWarning, why, "connection from " + address + " refused: " + why);
    }
    if (auto stream = TcpStream::adopt(loop_, settings_, std::move(socket), peer.get())) {
      on_stream_(std::move(stream));
    } else {
      loop_.log().limited(LogLevel::kError, "unwatched", "connection refused: the kernel cannot watch one more socket");
    }
  }

  void on_out_of_files() override {
    ++settings_->counter->stats().refused_files;
    ++settings_->port->refused;
    loop_.log().limited(LogLevel::kError, "out of files",
                        "connection refused: the process has no file descriptor left (see ulimit -n)");
  }

 private:
  Loop& loop_;
  const std::shared_ptr<const StreamSettings> settings_;
  const Listener::OnStream on_stream_;
  const ConnectionCounter::MakeRoom make_room_;
};

struct Bound {
  std::vector<Descriptor> sockets;
  uint16_t port = 0;
};

// One try at binding all addresses to the same port.
Bound bind_all(const ListenOptions& options, BindFailure& failure) {
  Bound bound{{}, options.port};
  for (const std::string& address : options.addresses) {
    BindFailure why;
    Descriptor socket = listen_on(address, bound.port, why);
    if (socket) {
      if (bound.port == 0) bound.port = local_port(socket);
      bound.sockets.push_back(std::move(socket));
      continue;
    }
    failure = why;
    if (!why.lacking) return {};
  }
  return bound;
}

Result<Bound> bind_addresses(const ListenOptions& options) {
  if (options.addresses.empty()) return Error{"cannot listen: no address given"};
  BindFailure failure;
  for (int tries = options.port == 0 ? kFreePortTries : 1; tries > 0; --tries) {
    Bound bound = bind_all(options, failure);
    if (!bound.sockets.empty()) return bound;
    // A port that the kernel chose for one address may be taken on another.
    if (!failure.in_use) break;
  }
  return Error{failure.message};
}

class ListenerImpl final : public Listener {
 public:
  ListenerImpl(uint16_t port, const PortConnections& connections, std::vector<ListenerSocket::Owner> sockets)
      : port_(port), connections_(connections), sockets_(std::move(sockets)) {}
  uint16_t port() const override { return port_; }
  const PortConnections& connections() const override { return connections_; }
  void close() override { sockets_.clear(); }

 private:
  const uint16_t port_;
  const PortConnections& connections_;
  std::vector<ListenerSocket::Owner> sockets_;
};

}  // namespace

Result<std::unique_ptr<Listener>> Listener::open(Loop& loop, const ListenOptions& options, TlsServerContext* tls,
                                                 ConnectionCounter& counter, OnStream on_stream,
                                                 ConnectionCounter::MakeRoom make_room) {
  if (tls == nullptr && options.tls != TlsMode::kOff) return Error{"cannot listen with TLS: no certificate given"};
  auto bound = bind_addresses(options);
  if (!bound) return bound.error();
  auto settings = std::make_shared<StreamSettings>();
  settings->mode = options.tls;
  settings->tls = tls;
  settings->counter = &counter;
  settings->port = &counter.add_port(options.kept_places);
  settings->drain_ms = options.drain_ms;
  settings->handshake_ms = options.handshake_ms;
  const PortConnections& connections = *settings->port;
  const auto acceptor =
      std::make_shared<Acceptor>(loop, std::move(settings), std::move(on_stream), std::move(make_room));
  std::vector<ListenerSocket::Owner> sockets;
  for (Descriptor& socket : bound->sockets) {
    auto started = ListenerSocket::start(loop, std::move(socket), acceptor);
    if (!started) return started.error();
    sockets.push_back(std::move(*started));
  }
  return std::unique_ptr<Listener>(std::make_unique<ListenerImpl>(bound->port, connections, std::move(sockets)));
}

}  // namespace matchbus::net
