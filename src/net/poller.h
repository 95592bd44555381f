// Waiting for sockets: all of a loop's in epoll sets of their own, which libuv watches as two descriptors.
//
// libuv's own set is handled whole before anything else gets its turn: ten thousand viewers that leave at once would be
// one turn of 130 ms. From this set a turn takes what it can serve within a slice, and the rest, in order, in the next
// turns. Sockets of clients that are trusted have a set, and a slice, of their own: others, however many, do not stand
// before them. And a socket costs 32 bytes here, where libuv's handle takes 248.
#pragma once

#include <sys/epoll.h>
#include <uv.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "net/descriptor.h"
#include "net/holding.h"

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
  PolledSocket(Poller& poller, Descriptor socket);

  // What to wait for from now on. False if the kernel cannot watch one more socket (epoll_ctl(2), ENOSPC and ENOMEM).
  bool wait_to_read(bool wanted) { return wait_for(EPOLLIN, wanted); }
  bool wait_to_write(bool wanted) { return wait_for(EPOLLOUT, wanted); }
  bool waits_to_write() const { return (waiting_ & EPOLLOUT) != 0; }
  // Those of trusted clients are served apart from all others. False as above; then it waits for nothing any more.
  bool set_standing(Standing standing);
  void close_descriptor();
  // Gives the socket away, still open.
  Descriptor release_descriptor();

  // What its client makes this process hold, if that can be ended.
  virtual std::optional<Holding> holding() { return std::nullopt; }
  Standing standing() const { return standing_; }

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
  Standing standing_ = Standing::kStranger;
};

class Poller {
 public:
  // Borrows `loop` until `close`. Throws std::runtime_error if there can be no epoll set.
  explicit Poller(uv_loop_t& loop) : others_(loop), trusted_(loop) {}
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;
  // To be called before the loop's last run.
  void close();
  // Adds what the clients of all sockets hold.
  void collect(std::vector<Holding>& holdings) const;

 private:
  friend class PolledSocket;
  static constexpr uint64_t kSliceNs = 1'000'000;  // of a turn's time, for each set
  static constexpr size_t kBatch = 128;            // events asked for at a time

  class Set {
   public:
    explicit Set(uv_loop_t& loop);
    void close() { uv_close(reinterpret_cast<uv_handle_t*>(&watch_), nullptr); }
    bool change(PolledSocket& socket, uint8_t waiting);
    void forget(const PolledSocket& socket);

   private:
    void serve();
    void ask();
    static void serve(epoll_event& event);

    Descriptor set_;
    uv_poll_t watch_{};
    std::array<epoll_event, kBatch> events_{};
    std::span<epoll_event> left_;  // of events_, not served yet; perhaps of an earlier turn
  };

  void enter(PolledSocket& socket);
  void leave(const PolledSocket& socket);
  Set& set_of(const PolledSocket& socket) { return socket.standing_ == Standing::kTrusted ? trusted_ : others_; }

  Set others_;
  Set trusted_;
  std::vector<PolledSocket*> sockets_;  // by descriptor; null where there is none
};

}  // namespace matchbus::net
