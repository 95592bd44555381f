// Spreads the reading of messages over turns of the loop, so that nobody stops the others with what they send.
//
// A few hundred bytes may inflate to a megabyte, and a read of 64 KiB may hold thousands of messages. So a connection
// reads for a piece of time, and what it has not read by then waits in line: each turn the line has a millisecond, and
// connections that are not admitted have no more than half of the loop's time together, however many they are. Whoever
// used up a piece waits in line with what comes next, too; all others are read as their bytes arrive.
#pragma once

#include <cstdint>
#include <deque>

#include "base/timer_wheel.h"
#include "net/loop.h"

namespace matchbus::ws {

class ReadPacer final : private Timer::Handler {
 public:
  static constexpr uint64_t kTurnNs = 1'000'000;  // of all that wait, in one turn

  class Client {
   public:
    // Reads one piece, and waits again if that was not all.
    virtual void on_read_turn() = 0;

   protected:
    ~Client() = default;
  };

  // Borrows `loop`. `piece_ns`: of one connection; 0: no limit.
  ReadPacer(net::Loop& loop, uint64_t piece_ns) : loop_(loop), piece_ns_(piece_ns) {}
  ReadPacer(const ReadPacer&) = delete;
  ReadPacer& operator=(const ReadPacer&) = delete;

  // Whether a piece that began at `begun_ns` (of uv_hrtime) is used up.
  bool is_used_up(uint64_t begun_ns) const;
  // Calls the client, once, in a later turn; those that are admitted come first.
  void wait(Client& client, bool admitted);
  // Takes it out of the line.
  void forget(Client& client);
  // A connection that is not admitted has used up its piece, and took so long for it.
  void spent(uint64_t ns);

 private:
  using Line = std::deque<Client*>;  // null where forgotten
  void run_later();
  void on_timer(Timer& timer) override;
  // Serves the line until `end`.
  void serve(Line& line, uint64_t end);

  net::Loop& loop_;
  uint64_t piece_ns_;
  Line admitted_;
  Line others_;
  uint64_t rest_until_ns_ = 0;  // of the others
  Timer timer_{*this};
};

}  // namespace matchbus::ws
