// Spreads dear work over turns of the loop, so that nobody stops the others with what they ask for.
//
// A TLS handshake costs milliseconds of arithmetic, a signature one, and a few hundred bytes may inflate to a megabyte.
// After a restart hundreds of clients come back at once, and others mean harm. So a turn works for a bounded time, and
// who was not served by then waits in line. The addresses in line have their turns one after the other, however many
// wait of one; and those who are known have a line, and a time, of their own.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "net/loop.h"

namespace matchbus::net {

class Pacer {
 public:
  // Who waits.
  class Client {
   public:
    virtual void on_turn() = 0;

   protected:
    ~Client() = default;
  };
  enum class Line : uint8_t { kKnown, kStrangers };

  // `turn_ns` of each line, in one turn; a client that has begun is not interrupted. Borrows `loop`.
  Pacer(Loop& loop, uint64_t turn_ns) : loop_(loop), turn_ns_(turn_ns) {}
  Pacer(const Pacer&) = delete;
  Pacer& operator=(const Pacer&) = delete;
  // The one of this loop for its TLS handshakes.
  static Pacer& of_handshakes(Loop& loop);
  static constexpr uint64_t kHandshakesNs = 4'000'000;
  // The one for clients that have used up their piece of reading.
  static Pacer& of_reading(Loop& loop);
  static constexpr uint64_t kReadingNs = 1'000'000;

  // Whether somebody has his turn; everybody else has to `wait`, also where nobody else does: what is done as its bytes
  // arrive comes before the bytes of all whose sockets are looked at later.
  bool is_turn() const { return running_ != nullptr; }
  // Tells how long the work took of whoever has his turn; of work outside of any turn no account is kept.
  void spent(uint64_t ns) {
    if (running_ != nullptr) running_->spent_ns += ns;
  }
  // Calls the client (borrowed), once, at the end of this turn or in a later one. `address`: whose it is.
  void wait(Client& client, std::string_view address, Line which = Line::kStrangers);
  // Takes it out of the line that it was put into with the same words.
  void forget(Client& client, std::string_view address, Line which = Line::kStrangers);

 private:
  // Those who wait, by network; and the networks in the order of their turns.
  class Queue {
   public:
    uint64_t spent_ns = 0;  // in this turn
    bool empty() const { return turns_.empty(); }
    void push(Client& client, std::string network);
    void remove(Client& client, const std::string& network);
    Client* pop();

   private:
    using Networks = std::unordered_map<std::string, std::deque<Client*>>;
    Networks networks_;
    std::deque<Networks::value_type*> turns_;
  };

  Queue& line(Line which) { return lines_.at(static_cast<size_t>(which)); }
  void end_turn_later();
  void end_turn();
  void serve(Queue& queue);

  Loop& loop_;
  uint64_t turn_ns_;
  std::array<Queue, 2> lines_;
  Queue* running_ = nullptr;  // whose turn it is need not ask again
  bool posted_ = false;
};

}  // namespace matchbus::net
