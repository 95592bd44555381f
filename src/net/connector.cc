#include "net/connector.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <uv.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <utility>

#include "base/timer_wheel.h"
#include "net/poller.h"
#include "net/socket_address.h"
#include "net/stream_tcp.h"
#include "net/tls_config.h"
#include "net/tls_session.h"

namespace matchbus::net {
namespace {

class ConnectorImpl;

// libuv's request outlives a connector that is given up: it is freed by its callback.
struct Lookup {
  uv_getaddrinfo_t request{};
  ConnectorImpl* owner = nullptr;  // null once given up
};

// A socket that is connecting to one address.
class Attempt final : private PolledSocket {
 public:
  // `on_done` is told how it ended (0 or an errno), from an event, and may destroy the attempt.
  Attempt(Poller& poller, Descriptor socket, std::function<void(int error)> on_done)
      : PolledSocket(poller, std::move(socket)), on_done_(std::move(on_done)) {}

  // 0, or why it cannot be tried.
  int begin(const SocketAddress& address) {
    const int on = 1;
    ::setsockopt(descriptor(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(descriptor(), &address.get(), address.size) != 0 && errno != EINPROGRESS) return errno;
    return wait_to_write(true) ? 0 : errno;
  }
  using PolledSocket::release_descriptor;

 private:
  void on_writable() override {
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(descriptor(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    const auto on_done = std::move(on_done_);
    on_done(error);
  }

  std::function<void(int error)> on_done_;
};

// Parsing the system's store takes many milliseconds, so a loop does it once.
Result<std::shared_ptr<TlsConfig>> shared_config(Loop& loop, const ConnectOptions& options) {
  std::shared_ptr<void>& place =
      loop.shared(options.verify ? "tls client " + options.ca_file : std::string("tls client without verification"));
  if (place == nullptr) {
    auto config = TlsConfig::client(options.ca_file, options.verify);
    if (!config) return config;
    place = *config;
  }
  return std::static_pointer_cast<TlsConfig>(place);
}

class ConnectorImpl final : public Connector, private StreamHandler, private Timer::Handler {
 public:
  ConnectorImpl(Loop& loop, ConnectOptions options, Done done)
      : loop_(loop), options_(std::move(options)), done_(std::move(done)), limit_(*this) {}
  ~ConnectorImpl() override { let_go(); }

  void start() {
    if (options_.timeout_ms > 0) loop_.timers().set(limit_, options_.timeout_ms);
    const SocketAddress numeric = SocketAddress::parse(options_.host, options_.port);
    if (numeric.size != 0) {
      addresses_.push_back(numeric);
      try_next();
    } else {
      look_up();
    }
  }

 private:
  void look_up() {
    auto lookup = std::make_unique<Lookup>();
    lookup->owner = this;
    lookup->request.data = lookup.get();
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    const auto looked_up = [](uv_getaddrinfo_t* request, int status, addrinfo* found) {
      const std::unique_ptr<Lookup> made(static_cast<Lookup*>(request->data));
      if (made->owner != nullptr) made->owner->on_looked_up(status, found);
      uv_freeaddrinfo(found);
    };
    if (const int error =
            uv_getaddrinfo(loop_.uv(), &lookup->request, looked_up, options_.host.c_str(), nullptr, &hints);
        error != 0) {
      return fail_later(uv_strerror(error));
    }
    lookup_ = lookup.release();
  }

  void on_looked_up(int status, const addrinfo* found) {
    lookup_ = nullptr;
    if (status != 0) return fail(std::string("cannot resolve the name: ") + uv_strerror(status));
    for (; found != nullptr; found = found->ai_next) {
      if (found->ai_family != AF_INET && found->ai_family != AF_INET6) continue;
      SocketAddress address;
      address.size = found->ai_addrlen;
      std::memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
      address.set_port(options_.port);
      addresses_.push_back(address);
    }
    error_ = "the name has no address";
    try_next();
  }

  // Called from an event, or from `start`, where an immediate failure has to wait.
  void try_next() {
    while (!addresses_.empty()) {
      const SocketAddress address = addresses_.front();
      addresses_.pop_front();
      Descriptor socket(::socket(address.get().sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      int error = socket ? 0 : errno;
      if (error == 0) {
        attempt_ = std::make_unique<Attempt>(loop_.poller(), std::move(socket),
                                             [this, address](int failure) { on_connected(address, failure); });
        error = attempt_->begin(address);
      }
      if (error == 0) return;
      error_ = uv_strerror(uv_translate_sys_error(error));
      attempt_.reset();
    }
    fail_later(error_);
  }

  void on_connected(const SocketAddress& address, int error) {
    const std::unique_ptr<Attempt> attempt = std::move(attempt_);
    if (error == 0) {
      stream_ =
          TcpStream::adopt(loop_, std::make_shared<StreamSettings>(), attempt->release_descriptor(), address.get());
      if (stream_ == nullptr) error = errno;
      if (stream_ != nullptr) stream_->set_standing(Standing::kTrusted);  // it is we who want to hear from it
    }
    if (error != 0) {
      error_ = uv_strerror(uv_translate_sys_error(error));
      return try_next();
    }
    stream_->set_handler(this);
    if (!options_.tls) return succeed();
    auto config = shared_config(loop_, options_);
    if (!config) return fail(config.error().message);
    auto session = TlsSession::client(std::move(*config), options_.host);
    if (!session) return fail(session.error().message);
    stream_->start_tls_client(std::move(*session), [this] { succeed(); });
  }

  // Only TLS handshakes get here: nothing else happens between connecting and handing the stream out.
  void on_stream_data(std::span<char>) override {}
  void on_stream_closed(CloseReason reason) override {
    std::string why = stream_->tls_error();
    if (why.empty()) why = reason == CloseReason::kError ? "connection reset" : "connection closed";
    fail("TLS handshake failed: " + why);
  }

  void on_timer(Timer&) override {
    fail(failed_ ? error_ : "took longer than " + std::to_string(options_.timeout_ms) + " ms");
  }

  void succeed() {
    limit_.cancel();
    stream_->set_handler(nullptr);
    const Done done = std::move(done_);
    done(StreamPtr(std::move(stream_)));
  }

  void fail(const std::string& why) {
    limit_.cancel();
    let_go();
    const Done done = std::move(done_);
    done(Error{"cannot connect to " + options_.host + " port " + std::to_string(options_.port) + ": " + why});
  }

  void fail_later(const std::string& why) {
    failed_ = true;
    error_ = why;
    loop_.timers().set(limit_, 0);
  }

  void let_go() {
    if (lookup_ != nullptr) {
      lookup_->owner = nullptr;
      uv_cancel(reinterpret_cast<uv_req_t*>(&lookup_->request));
      lookup_ = nullptr;
    }
    attempt_.reset();
    stream_.reset();
  }

  Loop& loop_;
  const ConnectOptions options_;
  Done done_;
  Timer limit_;
  std::string error_;    // of the latest address
  bool failed_ = false;  // for error_; `done` hears of it from the timer
  std::deque<SocketAddress> addresses_;
  Lookup* lookup_ = nullptr;  // owned by its callback
  std::unique_ptr<Attempt> attempt_;
  TcpStream::Owner stream_;
};

}  // namespace

std::unique_ptr<Connector> Connector::connect(Loop& loop, ConnectOptions options, Done done) {
  auto connector = std::make_unique<ConnectorImpl>(loop, std::move(options), std::move(done));
  connector->start();
  return connector;
}

}  // namespace matchbus::net
