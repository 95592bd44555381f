// The loop's turn: what happens around libuv's callbacks, and when libuv has to wake up.
//
// libuv runs, in this order: timers, prepare handles, poll (where sockets are read), closing. So the prepare handle is
// the end of a turn: everything that callbacks left to do is done there, right before the sleep. The timing wheel is
// driven by one libuv timer, set there too, to the next slot that holds anything.
#include "net/loop.h"

#include <algorithm>
#include <cassert>
#include <csignal>
#include <ctime>
#include <stdexcept>
#include <utility>

namespace matchbus::net {
namespace {

// A flush may write to other streams, which are then flushed in the same turn; what goes on beyond that waits. So does
// what the turn has no time for: a fan-out may find a thousand connections broken at once, and ending one takes 8 us.
constexpr int kFlushRounds = 3;
constexpr uint64_t kFlushNs = 1'000'000;

uv_handle_t* as_handle(void* handle) { return static_cast<uv_handle_t*>(handle); }

}  // namespace

Loop::Loop(const Clock& clock, Log& log)
    : clock_(clock), log_(log), timers_(clock.monotonic_ms()), read_buffer_(new char[kReadBufferSize]) {
  if (const int error = uv_loop_init(&uv_); error != 0) {
    throw std::runtime_error(std::string("cannot make an event loop: ") + uv_strerror(error));
  }
  std::signal(SIGPIPE, SIG_IGN);
  poller_ = std::make_unique<Poller>(uv_);
  uv_loop_configure(&uv_, UV_METRICS_IDLE_TIME);
  timers_.follow(clock);
  prepare_.data = idle_.data = wheel_timer_.data = this;
  uv_prepare_init(&uv_, &prepare_);
  uv_idle_init(&uv_, &idle_);
  uv_timer_init(&uv_, &wheel_timer_);
  uv_prepare_start(&prepare_, [](uv_prepare_t* handle) { static_cast<Loop*>(handle->data)->end_turn(); });
}

Loop::~Loop() {
  poller_->close();
  uv_close(as_handle(&prepare_), nullptr);
  uv_close(as_handle(&idle_), nullptr);
  uv_close(as_handle(&wheel_timer_), nullptr);
  do {
    while (!tasks_.empty() || !deferred_.empty()) {
      std::exchange(tasks_, {}).clear();
      destroy_deferred();
    }
    uv_walk(
        &uv_,
        [](uv_handle_t* handle, void*) {
          if (uv_is_closing(handle) == 0) uv_close(handle, nullptr);
        },
        nullptr);
    uv_run(&uv_, UV_RUN_DEFAULT);
  } while (!tasks_.empty() || !deferred_.empty());
  shared_.clear();
  [[maybe_unused]] const int left = uv_loop_close(&uv_);
  assert(left == 0);
}

void Loop::run() {
  turn_started_ns_ = 0;
  uv_run(&uv_, UV_RUN_DEFAULT);
  end_turn();
}

void Loop::stop() { uv_stop(&uv_); }

void Loop::defer(std::unique_ptr<Deferred> object) { deferred_.push_back(std::move(object)); }

void Loop::post(std::function<void()> task) { tasks_.push_back(std::move(task)); }

void Loop::forget_flush(Flushable& object) {
  const size_t slot = std::exchange(object.flush_slot_, FlushSlot::kNone);
  if (slot == FlushSlot::kNone) return;
  flushes_[slot] = nullptr;
  if (!flushing_ && slot + 1 == flushes_.size()) flushes_.pop_back();
}

void Loop::end_turn() {
  run_tasks();
  run_flushes();
  destroy_deferred();
  measure_turn();
  arm();
}

void Loop::run_tasks() {
  std::swap(tasks_, running_tasks_);
  for (std::function<void()>& task : running_tasks_) task();
  running_tasks_.clear();
}

void Loop::run_flushes() {
  if (flushes_.empty()) return;
  flushing_ = true;
  const uint64_t deadline = uv_hrtime() + kFlushNs;
  size_t next = 0;
  for (int round = 0; round < kFlushRounds && next < flushes_.size(); ++round) {
    for (const size_t end = flushes_.size(); next < end && uv_hrtime() < deadline; ++next) {
      Flushable* object = std::exchange(flushes_[next], nullptr);
      if (object == nullptr) continue;
      object->flush_slot_ = FlushSlot::kNone;
      object->on_flush();
    }
  }
  flushing_ = false;
  flushes_.erase(flushes_.begin(), flushes_.begin() + static_cast<std::ptrdiff_t>(next));
  for (size_t i = 0; i < flushes_.size(); ++i) {
    if (flushes_[i] != nullptr) flushes_[i]->flush_slot_ = i;
  }
}

void Loop::destroy_deferred() {
  while (!deferred_.empty()) {
    std::vector<std::unique_ptr<Deferred>> ended;
    std::swap(ended, deferred_);
  }
}

void Loop::watch_received(size_t bytes, std::function<void()> callback) {
  watched_ = bytes;
  on_received_ = std::move(callback);
}

void Loop::tell_received() {
  received_ = 0;
  post([this] {
    if (on_received_) on_received_();
  });
}

void Loop::measure_turn() {
  timespec thread{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &thread);
  const uint64_t cpu = static_cast<uint64_t>(thread.tv_sec) * 1'000'000'000U + static_cast<uint64_t>(thread.tv_nsec);
  const uint64_t now = uv_hrtime();
  const uint64_t idle = uv_metrics_idle_time(&uv_);
  if (turn_started_ns_ != 0) {
    const uint64_t busy = now - turn_started_ns_ - (idle - turn_idle_ns_);
    longest_turn_.us = std::max(longest_turn_.us, static_cast<int64_t>(busy / 1000));
    longest_turn_.cpu_us = std::max(longest_turn_.cpu_us, static_cast<int64_t>((cpu - turn_cpu_ns_) / 1000));
  }
  turn_started_ns_ = now;
  turn_idle_ns_ = idle;
  turn_cpu_ns_ = cpu;
}

void Loop::arm() {
  if (!tasks_.empty() || !flushes_.empty() || !deferred_.empty()) {
    uv_idle_start(&idle_, [](uv_idle_t* handle) { uv_idle_stop(handle); });
  }
  const int64_t due = timers_.next_look_ms();
  if (due == INT64_MAX) {
    uv_timer_stop(&wheel_timer_);
    return;
  }
  const int64_t now = clock_.monotonic_ms();
  // What is due already is looked at again: a test's clock may have been moved since the timer was set.
  if (due == wheel_armed_ms_ && due > now && uv_is_active(as_handle(&wheel_timer_)) != 0) return;
  wheel_armed_ms_ = due;
  uv_update_time(&uv_);  // libuv counts from the time it last looked, which may be a long turn ago
  const auto on_due = [](uv_timer_t* handle) {
    Loop& loop = *static_cast<Loop*>(handle->data);
    loop.timers_.advance(loop.clock_.monotonic_ms());
  };
  uv_timer_start(&wheel_timer_, on_due, static_cast<uint64_t>(std::max<int64_t>(0, due - now)), 0);
}

}  // namespace matchbus::net
