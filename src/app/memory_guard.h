// Keeps the process within its memory whatever clients do: what is unfinished, unread and queued for them has bounds
// of its own, but there may be many of them.
//
// Memory is measured as the system does, by what is resident, and looked at once a second and after every few megabytes
// that clients have sent. Where it is over the limit, the clients that hold the most are ended until the rest fits:
// first those of whom the least is known. What was freed after a burst is given back to the system.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/timer_wheel.h"
#include "net/descriptor.h"
#include "net/holding.h"
#include "net/loop.h"

namespace matchbus::app {

struct MemoryStats {
  size_t resident = 0;      // bytes, when it was last looked at
  uint64_t ended = 0;       // clients, to make room
  uint64_t given_back = 0;  // times that freed memory was given back to the system
};

class MemoryGuard final : private Timer::Handler {
 public:
  // Adds what clients hold to a list.
  using Collect = std::function<void(std::vector<net::Holding>&)>;
  // Bytes that are resident; 0: unknown.
  using Measure = std::function<size_t()>;

  // `limit` bytes, 0 = none. Borrows `loop`.
  MemoryGuard(net::Loop& loop, size_t limit, Collect collect, Measure measure);
  ~MemoryGuard();
  MemoryGuard(const MemoryGuard&) = delete;
  MemoryGuard& operator=(const MemoryGuard&) = delete;

  void start();
  size_t limit() const { return limit_; }
  const MemoryStats& stats() const { return stats_; }

 private:
  void on_timer(Timer& timer) override;
  void look();
  void make_room(size_t excess);
  void give_back();

  net::Loop& loop_;
  size_t limit_;
  Collect collect_;
  Measure measure_;
  MemoryStats stats_;
  size_t least_ = 0;           // resident, as far as is known to be needed
  int vain_ = 0;               // tries in a row to give back that gave nothing
  int64_t given_back_ms_ = 0;  // when
  Timer timer_{*this};
};

// Resident bytes of this process, as in /proc/self/statm; 0 where there is none.
class ResidentMemory {
 public:
  ResidentMemory();
  size_t bytes() const;

 private:
  net::Descriptor file_;
  size_t page_;
};

}  // namespace matchbus::app
