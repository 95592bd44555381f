// Spreads TLS handshakes over turns of the loop.
//
// A full handshake costs milliseconds of arithmetic. After a restart hundreds of clients come back at once; done as
// their bytes arrive, all their handshakes would be one turn of seconds, in which no established connection is served.
// So a turn does handshakes for a few milliseconds, and the others wait in line for the next ones.
#pragma once

#include <cstdint>
#include <deque>

#include "net/loop.h"

namespace matchbus::net {

class TlsPacer {
 public:
  // Who waits for its handshake to go on.
  class Client {
   public:
    virtual void on_handshake_turn() = 0;

   protected:
    ~Client() = default;
  };

  explicit TlsPacer(Loop& loop) : loop_(loop) {}
  TlsPacer(const TlsPacer&) = delete;
  TlsPacer& operator=(const TlsPacer&) = delete;
  // The one of this loop.
  static TlsPacer& of(Loop& loop);

  // True if a handshake may be worked on now; otherwise `wait`.
  bool may_run() const { return running_ || (waiting_.empty() && spent_ns_ < kTurnNs); }
  // Tells how long one took.
  void spent(uint64_t ns);
  // Calls the client, once, in a later turn.
  void wait(Client& client);
  void forget(Client& client);

  static constexpr uint64_t kTurnNs = 4'000'000;

 private:
  void end_turn_later();
  void end_turn();

  Loop& loop_;
  std::deque<Client*> waiting_;  // null where forgotten
  uint64_t spent_ns_ = 0;
  bool posted_ = false;
  bool running_ = false;  // whose turn it is need not ask again
};

}  // namespace matchbus::net
