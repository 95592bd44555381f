// A client of one Redis server: commands and their answers, over hiredis on the event loop.
//
// It connects when it is made, and again whenever the connection is lost, at growing intervals with jitter. While there
// is no connection commands fail at once; while one is being made they wait. A server that does not answer within the
// time limit is taken for lost, with all that waits for it: Redis answers in order. So is one that answers more than it
// was asked (redis_bounds.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/timer_wheel.h"
#include "broker/redis_bounds.h"
#include "broker/redis_url.h"
#include "net/loop.h"

struct redisAsyncContext;
struct redisReply;

namespace matchbus::broker {

struct RedisOptions {
  RedisUrl url;
  int timeout_ms = 5'000;      // for a connection, and for an answer
  size_t max_waiting = 1'000;  // commands without their answer; further ones fail; 0 = no limit
  int first_delay_ms = 100;    // before the first try to connect again
  int max_delay_ms = 5'000;
  RedisLimits limits;  // of an answer; a larger one is the connection's end
};

struct RedisStats {
  uint64_t connects = 0;
  uint64_t failures = 0;  // connections that were lost or could not be made
  uint64_t commands = 0;
  uint64_t failed = 0;  // commands without an answer
};

class RedisClient final : private Timer::Handler {
 public:
  // The answer, borrowed for the call; null: none came.
  using Done = std::function<void(const redisReply*)>;

  // Borrows `loop`.
  RedisClient(net::Loop& loop, RedisOptions options);
  // Answers that are awaited never come.
  ~RedisClient();
  RedisClient(const RedisClient&) = delete;
  RedisClient& operator=(const RedisClient&) = delete;

  // `done` is called once, in this call or later, unless this object is gone by then.
  void command(std::span<const std::string_view> words, Done done);

  bool is_connected() const { return state_ == State::kReady; }
  const RedisStats& stats() const { return stats_; }

 private:
  enum class State : uint8_t {
    kResolving,   // the host's name
    kConnecting,  // and logging in
    kReady,
    kWaiting,  // for the next try
  };
  struct Command {
    std::string text;  // as it is sent
    Done done;
    int64_t deadline_ms;
  };
  struct Lookup;
  struct Events;  // hiredis's hooks

  void resolve();
  void on_address(const std::string& address);
  void on_connected();
  void log_in();
  void send(Command command);
  void on_reply(const redisReply* reply);
  // The connection is lost, or was never there: whoever waits hears of it.
  void fail(std::string_view why);
  void drop_context();
  void watch_oldest();
  void on_timer(Timer& timer) override;

  net::Loop& loop_;
  RedisOptions options_;
  RedisStats stats_;
  State state_ = State::kResolving;
  redisAsyncContext* context_ = nullptr;  // hiredis's own; freed by it
  std::deque<Command> waiting_;           // to be sent once the connection is there
  std::deque<Command> sent_;              // in the order of their answers
  std::shared_ptr<RedisClient*> self_;    // for a lookup under way
  int delay_ms_;                          // before the next try
  Timer timer_{*this};                    // time limit, or the next try
};

}  // namespace matchbus::broker
