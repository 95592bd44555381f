// Messages of which only a part has arrived, oldest first. Each has a time limit; and when all of them together hold
// too much the oldest go, so that whoever begins messages and never ends them does not keep out those who do.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/timer_wheel.h"

namespace matchbus::ws {

enum class UnfinishedEnd : uint8_t {
  kTooLong,  // its time is over
  kTooMuch,  // it had to make room
};

// One of them. Leaves the list when it is destroyed.
class UnfinishedMessage {
 public:
  class Owner {
   public:
    // The message has left the list; what it holds must be freed now.
    virtual void on_unfinished_end(UnfinishedEnd why) = 0;

   protected:
    ~Owner() = default;
  };

  UnfinishedMessage() = default;
  ~UnfinishedMessage() { leave(); }
  UnfinishedMessage(const UnfinishedMessage&) = delete;
  UnfinishedMessage& operator=(const UnfinishedMessage&) = delete;

  bool is_listed() const { return list_ != nullptr; }
  void leave();

 private:
  friend class UnfinishedMessages;
  class UnfinishedMessages* list_ = nullptr;
  Owner* owner_ = nullptr;
  UnfinishedMessage* previous_ = nullptr;
  UnfinishedMessage* next_ = nullptr;
  int64_t since_ms_ = 0;
  size_t bytes_ = 0;
};

struct UnfinishedStats {
  size_t messages = 0;    // now
  size_t bytes = 0;       // held by them
  uint64_t too_long = 0;  // ended
  uint64_t too_much = 0;
};

class UnfinishedMessages final : private Timer::Handler {
 public:
  // Borrows `timers`. 0 = no limit for both.
  UnfinishedMessages(TimerWheel& timers, int timeout_ms, size_t max_bytes);

  // `message` of `owner` (borrowed while it is listed) now holds so many bytes; its time begins with the first call.
  // May end any message, also this one.
  void update(UnfinishedMessage& message, UnfinishedMessage::Owner& owner, size_t bytes);
  const UnfinishedStats& stats() const { return stats_; }

 private:
  friend class UnfinishedMessage;
  void enter(UnfinishedMessage& message, UnfinishedMessage::Owner& owner);
  void remove(UnfinishedMessage& message);
  void end_oldest(UnfinishedEnd why);
  void on_timer(Timer& timer) override;
  void set_timer();

  TimerWheel& timers_;
  int timeout_ms_;
  size_t max_bytes_;
  UnfinishedStats stats_;
  UnfinishedMessage* oldest_ = nullptr;
  UnfinishedMessage* newest_ = nullptr;
  Timer timer_{*this};  // for the oldest one; may go off early
};

}  // namespace matchbus::ws
