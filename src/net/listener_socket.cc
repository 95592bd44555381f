#include "net/listener_socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace matchbus::net {
namespace {

constexpr int kBacklog = 4096;
constexpr int kAcceptsAtOnce = 16;
constexpr int kRestMs = 100;

// Bytes that the kernel takes, in all and beyond what it can send at once. Without these limits it takes megabytes:
// minutes of old states for a viewer that does not read, which are then nobody's to replace by the newest; and nothing
// else bounds what it holds for thousands who do not read.
constexpr int kUnsentBytes = 256 * 1024;

bool set_option(const Descriptor& socket, int level, int option, int value = 1) {
  return setsockopt(socket.get(), level, option, &value, sizeof value) == 0;
}

// Refuses are for this connection only: the next one may do (accept(2), "Error handling").
bool concerns_one_connection(int error) {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
    case ETIMEDOUT:
      return true;
    default:
      return false;
  }
}

Descriptor open_reserve() { return Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

}  // namespace

Descriptor listen_on(const std::string& address, uint16_t port, BindFailure& failure) {
  const SocketAddress where = SocketAddress::parse(address, port);
  if (where.size == 0) {
    failure = {"cannot listen on " + address + ": not an IP address"};
    return Descriptor();
  }
  const bool ip6 = where.get().sa_family == AF_INET6;
  Descriptor socket(::socket(where.get().sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket && set_option(socket, SOL_SOCKET, SO_REUSEADDR) && set_option(socket, IPPROTO_TCP, TCP_NODELAY) &&
      set_option(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, kUnsentBytes) &&
      set_option(socket, SOL_SOCKET, SO_SNDBUF, kUnsentBytes) &&
      (!ip6 || set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY)) && ::bind(socket.get(), &where.get(), where.size) == 0 &&
      ::listen(socket.get(), kBacklog) == 0) {
    return socket;
  }
  const int error = errno;
  failure.message = "cannot listen on " + address + " port " + std::to_string(port) + ": " + std::strerror(error);
  // With IPv6 switched off by sysctl sockets can be made, but there is no address to bind to.
  failure.lacking = error == EAFNOSUPPORT || (ip6 && error == EADDRNOTAVAIL);
  failure.in_use = error == EADDRINUSE;
  return Descriptor();
}

uint16_t local_port(const Descriptor& socket) {
  SocketAddress address;
  address.size = sizeof address.storage;
  if (getsockname(socket.get(), address.mutable_get(), &address.size) != 0) return 0;
  return address.port();
}

ListenerSocket::ListenerSocket(Loop& loop, Descriptor socket, std::shared_ptr<Handler> handler)
    : PolledSocket(loop.poller(), std::move(socket)),
      loop_(loop),
      reserve_(open_reserve()),
      handler_(std::move(handler)),
      rest_(*this) {}

Result<ListenerSocket::Owner> ListenerSocket::start(Loop& loop, Descriptor socket, std::shared_ptr<Handler> handler) {
  // Raw new: the constructor is private, and the owner's deleter not the usual one.
  Owner made(new ListenerSocket(loop, std::move(socket), std::move(handler)));
  if (!made->watch()) return Error{std::string("cannot watch a listening socket: ") + std::strerror(errno)};
  return made;
}

void ListenerSocket::close() {
  rest_.cancel();
  handler_.reset();
  close_descriptor();
  loop_.defer(std::unique_ptr<Deferred>(this));
}

bool ListenerSocket::watch() {
  if (!reserve_) reserve_ = open_reserve();
  return wait_to_read(true);
}

void ListenerSocket::on_timer(Timer& timer) {
  if (!watch()) loop_.timers().set(timer, kRestMs);
}

void ListenerSocket::on_readable() {
  // The rest of a burst waits until others were served, so that connections in use are served in between.
  for (int i = 0; i < kAcceptsAtOnce && handler_ != nullptr; ++i) {
    SocketAddress peer;
    peer.size = sizeof peer.storage;
    Descriptor socket(::accept4(descriptor(), peer.mutable_get(), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket) {
      const std::shared_ptr<Handler> handler = handler_;  // it may close us
      handler->on_accept(std::move(socket), peer);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return;
    } else if (!concerns_one_connection(errno)) {
      return refuse();
    }
  }
}

// Out of descriptors, the connection that waits would keep waking us; so the reserve is spent on refusing it.
void ListenerSocket::refuse() {
  if (reserve_) {
    reserve_.reset();
    Descriptor waiting(::accept4(descriptor(), nullptr, nullptr, SOCK_CLOEXEC));
    const bool has_gone = !waiting && errno == EAGAIN;
    const bool refused = static_cast<bool>(waiting);
    waiting.reset();
    reserve_ = open_reserve();
    if (has_gone) return;
    if (!refused) rest();
  } else {
    rest();
  }
  handler_->on_out_of_files();
}

void ListenerSocket::rest() {
  wait_to_read(false);
  loop_.timers().set(rest_, kRestMs);
}

}  // namespace matchbus::net
