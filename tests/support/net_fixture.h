// A real loop with real loopback sockets, and peers to talk to it from the same thread: tests say what they wait for,
// and the loop runs until it is so.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <cerrno>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/stream.h"

namespace matchbus::test {

// Keeps lines instead of printing them.
class RecordingLog final : public Log {
 public:
  explicit RecordingLog(const Clock& clock) : Log(clock, LogLevel::kDebug) {}
  std::vector<std::string> lines;
  bool contains(std::string_view text) const {
    for (const std::string& line : lines) {
      if (line.find(text) != std::string::npos) return true;
    }
    return false;
  }

 protected:
  void emit(LogLevel, std::string_view text) override { lines.emplace_back(text); }
};

class NetTest : public testing::Test {
 protected:
  // Runs the loop until `done` says yes; false after `limit_ms`.
  bool run_until(const std::function<bool()>& done, int limit_ms = 10'000) {
    struct Watch {
      const std::function<bool()>& done;
      net::Loop& loop;
      uint64_t end;
      bool met = false;
      bool closed = false;
    } watch{done, loop, uv_hrtime() + uint64_t(limit_ms) * 1'000'000};
    if (done()) return true;
    uv_timer_t timer;
    timer.data = &watch;
    uv_timer_init(loop.uv(), &timer);
    const auto look = [](uv_timer_t* handle) {
      Watch& state = *static_cast<Watch*>(handle->data);
      state.met = state.done();
      if (state.met || uv_hrtime() > state.end) state.loop.stop();
    };
    uv_timer_start(&timer, look, 0, 1);
    loop.run();
    uv_close(reinterpret_cast<uv_handle_t*>(&timer), [](uv_handle_t* handle) {
      Watch& state = *static_cast<Watch*>(handle->data);
      state.closed = true;
      state.loop.stop();
    });
    while (!watch.closed) loop.run();
    return watch.met;
  }
  // Lets some time pass on the loop, for what must not happen.
  void run_for(int ms) {
    const uint64_t end = uv_hrtime() + uint64_t(ms) * 1'000'000;
    run_until([end] { return uv_hrtime() >= end; });
  }

  SystemClock clock;
  RecordingLog log{clock};
  net::Loop loop{clock, log};
};

// A handler that keeps what it sees.
class RecordingHandler final : public net::StreamHandler {
 public:
  void on_stream_data(std::span<char> data) override {
    received.append(data.data(), data.size());
    ++reads;
    if (on_data) on_data(std::string(data.data(), data.size()));
  }
  void on_stream_drained() override {
    ++drained;
    if (on_drained) on_drained();
  }
  void on_stream_closed(net::CloseReason reason) override {
    ++closed;
    close_reason = reason;
    if (on_closed) on_closed();
  }
  std::string received;
  int reads = 0;
  int drained = 0;
  int closed = 0;
  net::CloseReason close_reason{};
  std::function<void(std::string)> on_data;
  std::function<void()> on_drained;
  std::function<void()> on_closed;
};

// A client's non-blocking socket.
class Peer {
 public:
  explicit Peer(uint16_t port, const std::string& address = "127.0.0.1") {
    const bool ip6 = address.find(':') != std::string::npos;
    fd_ = ::socket(ip6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to4{};
    sockaddr_in6 to6{};
    uv_ip4_addr(address.c_str(), port, &to4);
    uv_ip6_addr(address.c_str(), port, &to6);
    const int result = ip6 ? ::connect(fd_, reinterpret_cast<sockaddr*>(&to6), sizeof to6)
                           : ::connect(fd_, reinterpret_cast<sockaddr*>(&to4), sizeof to4);
    connected = result == 0;
    ::fcntl(fd_, F_SETFL, O_NONBLOCK);
  }
  ~Peer() { close(); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  // Sends as much as the kernel takes; returns how much.
  size_t send(std::string_view bytes) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return sent < 0 ? 0 : static_cast<size_t>(sent);
  }
  // Reads what is there, at most `limit` bytes.
  Peer& read(size_t limit = SIZE_MAX) {
    std::string buffer(64 * 1024, '\0');
    while (limit > 0 && !ended && fd_ >= 0) {
      const ssize_t got = ::recv(fd_, buffer.data(), std::min(limit, buffer.size()), 0);
      if (got < 0 && errno == EAGAIN) break;
      if (got <= 0) {
        ended = true;
        reset = got < 0;
        break;
      }
      received.append(buffer.data(), static_cast<size_t>(got));
      limit -= static_cast<size_t>(got);
    }
    return *this;
  }
  void half_close() { ::shutdown(fd_, SHUT_WR); }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  // Closes so that the other side sees a reset.
  void close_with_reset() {
    const linger hard{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close();
  }
  int fd() const { return fd_; }

  std::string received;
  bool connected = false;
  bool ended = false;  // EOF or error
  bool reset = false;

 private:
  int fd_ = -1;
};

}  // namespace matchbus::test
