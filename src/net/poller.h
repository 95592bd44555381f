// Waiting for sockets: all of a loop's in one epoll set of their own, which libuv watches as one descriptor.
//
// libuv's own set is handled whole before anything else gets its turn: ten thousand viewers that leave at once would be
// one turn of 130 ms. From this set a turn takes what it can serve within a slice, and the rest, in order, in the next
// turns. And a socket costs 24 bytes here, where libuv's handle takes 248.
#pragma once

#include <sys/epoll.h>
#include <uv.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "net/descriptor.h"

namespace matchbus::net {

class Poller;

// A socket in the set while it waits for something. Being destroyed closes it, also inside its own callbacks.
class PolledSocket {
 public:
  virtual ~PolledSocket() { close_descriptor(); }
  PolledSocket(const PolledSocket&) = delete;
  PolledSocket& operator=(const PolledSocket&) = delete;
  // The descriptor, for its options; -1 once closed.
  int descriptor() const { return socket_.get(); }

 protected:
  // `socket` is not blocking.
  PolledSocket(Poller& poller, Descriptor socket) : poller_(poller), socket_(std::move(socket)) {}

  // What to wait for from now on. False if the kernel cannot watch one more socket (epoll_ctl(2), ENOSPC and ENOMEM).
  bool wait_to_read(bool wanted) { return wait_for(EPOLLIN, wanted); }
  bool wait_to_write(bool wanted) { return wait_for(EPOLLOUT, wanted); }
  bool waits_to_write() const { return (waiting_ & EPOLLOUT) != 0; }
  void close_descriptor();
  // Gives the socket away, still open.
  Descriptor release_descriptor();

  // Called while waiting for it and it can be done, or when the connection has an error, which doing it will tell. Now
  // and then it turns out that it cannot be done any more.
  virtual void on_readable() {}
  virtual void on_writable() {}

 private:
  friend class Poller;
  bool wait_for(uint8_t event, bool wanted);

  Poller& poller_;
  Descriptor socket_;
  uint8_t waiting_ = 0;  // EPOLLIN, EPOLLOUT
};

class Poller {
 public:
  // Borrows `loop` until `close`. Throws std::runtime_error if there can be no epoll set.
  explicit Poller(uv_loop_t& loop);
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;
  // To be called before the loop's last run.
  void close();

 private:
  friend class PolledSocket;
  static constexpr uint64_t kSliceNs = 1'000'000;  // of a turn's time for sockets
  static constexpr size_t kBatch = 128;            // events asked for at a time

  bool change(PolledSocket& socket, uint8_t waiting);
  void forget(const PolledSocket& socket);
  void serve();
  void ask();
  void serve(epoll_event& event);

  Descriptor set_;
  uv_poll_t watch_{};
  std::array<epoll_event, kBatch> events_{};
  std::span<epoll_event> left_;  // of events_, not served yet; perhaps of an earlier turn
};

}  // namespace matchbus::net
