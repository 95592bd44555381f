// The one event loop: libuv's, plus what every connection shares so that none needs its own. Timers, signals, the pool
// and the sleep are libuv's; sockets wait in a set of their own within it (net/poller.h).
//
// One turn: poll, callbacks (reads, accepts, timers), then, before the loop sleeps again: streams that were written to
// are flushed, and objects that ended during the turn are destroyed. No stream is ever destroyed inside its own
// callback. The loop sleeps until there is something to do: no wake-ups without a timer that is due.
#pragma once

#include <uv.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/timer_wheel.h"
#include "net/poller.h"

namespace matchbus::net {

// An object whose end must wait until the turn is over.
class Deferred {
 public:
  virtual ~Deferred() = default;
};

// Where the loop's list of pending flushes holds an object.
class FlushSlot {
  friend class Loop;
  static constexpr size_t kNone = SIZE_MAX;
  size_t flush_slot_ = kNone;
};

// What wants to be called once before the loop sleeps (streams with unflushed writes).
class Flushable : public FlushSlot {
 public:
  virtual void on_flush() = 0;

 protected:
  ~Flushable() = default;
};

// The longest of some turns' callbacks, sleep not counted, microseconds.
struct LongestTurn {
  int64_t us = 0;      // by the clock: how late everything else came
  int64_t cpu_us = 0;  // of this thread's own time: less where other programs took the core meanwhile; perhaps of
                       // another turn
};

class Loop {
 public:
  // Borrows `clock` and `log` for its life. Makes the process ignore SIGPIPE: libuv writes to pipes that the reader may
  // have closed.
  Loop(const Clock& clock, Log& log);
  // Closes what is left. Whoever uses the loop must be gone by now, except for objects handed over with `defer`.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  uv_loop_t* uv() { return &uv_; }
  Poller& poller() { return *poller_; }
  const Clock& clock() const { return clock_; }
  Log& log() { return log_; }
  TimerWheel& timers() { return timers_; }

  // Where reads go: one 64 KiB buffer for all streams, valid during a data callback only.
  std::span<char> read_buffer() { return {read_buffer_.get(), kReadBufferSize}; }

  // Calls `callback` at the end of a turn, whenever streams have received so many bytes since it was called last. One
  // at a time; `bytes` 0 ends it.
  void watch_received(size_t bytes, std::function<void()> callback);
  // For streams.
  void count_received(size_t bytes) {
    received_ += bytes;
    if (watched_ != 0 && received_ >= watched_) tell_received();
  }

  // Runs until `stop`, and ends the turn then. May be called again.
  void run();
  void stop();

  // Destroys `object` at the end of this turn.
  void defer(std::unique_ptr<Deferred> object);
  // Calls `task` once at the end of this turn (before flushing); tasks posted meanwhile run in the next turn.
  void post(std::function<void()> task);
  // Calls `object.on_flush()` at the end of this turn, once, however often it is asked for.
  void flush_later(Flushable& object) {
    if (object.flush_slot_ != FlushSlot::kNone) return;
    object.flush_slot_ = flushes_.size();
    flushes_.push_back(&object);
  }
  // Forgets a pending flush, of an object that ends or that has flushed itself. Nothing happens if there is none.
  void forget_flush(Flushable& object);

  // Since the last call.
  LongestTurn take_longest_turn() { return std::exchange(longest_turn_, {}); }

  // What all objects of one kind share on this loop (such as parsed CA certificates), by a name of the program's
  // choice. Released after everything else.
  std::shared_ptr<void>& shared(const std::string& name) { return shared_[name]; }

  static constexpr size_t kReadBufferSize = 64 * 1024;

 private:
  void end_turn();
  void run_tasks();
  void run_flushes();
  void destroy_deferred();
  void measure_turn();
  void tell_received();
  // Lets libuv sleep exactly as long as nothing is due.
  void arm();

  const Clock& clock_;
  Log& log_;
  uv_loop_t uv_{};
  uv_prepare_t prepare_{};
  uv_idle_t idle_{};  // active while there is work for the next turn already
  uv_timer_t wheel_timer_{};
  std::unique_ptr<Poller> poller_;
  int64_t wheel_armed_ms_ = INT64_MAX;  // clock time that wheel_timer_ is set to
  TimerWheel timers_;
  std::unique_ptr<char[]> read_buffer_;
  std::vector<std::unique_ptr<Deferred>> deferred_;
  std::vector<std::function<void()>> tasks_;
  std::vector<std::function<void()>> running_tasks_;  // empty between turns; kept for its memory
  std::vector<Flushable*> flushes_;                   // null where forgotten
  size_t received_ = 0;                               // bytes
  size_t watched_ = 0;                                // 0: nobody asked
  std::function<void()> on_received_;
  bool flushing_ = false;
  uint64_t turn_started_ns_ = 0;
  uint64_t turn_idle_ns_ = 0;  // time asleep until then
  uint64_t turn_cpu_ns_ = 0;   // of this thread until then
  LongestTurn longest_turn_;
  std::map<std::string, std::shared_ptr<void>> shared_;
};

}  // namespace matchbus::net
