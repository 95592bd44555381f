// A simulated observer: logs on, plays the events of a simulated match at a steady rate, and puts the time of
// sending into the state, about every 80 ms.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>

#include "base/timer_wheel.h"
#include "match/simulation.h"
#include "net/loop.h"
#include "socketio/client.h"
#include "ws/connection.h"

namespace matchbus::load {

struct ObserverOptions {
  std::string url = "ws://127.0.0.1:5100";
  std::string key;
  double events_per_second = 10;
  double marks_per_second = 12.5;  // see Observer::next_mark
};

struct ObserverTotals {
  size_t logged_on = 0;
  uint64_t refused = 0;
  uint64_t events = 0;
};

class Observer final : private socketio::ClientHandler, private Timer::Handler {
 public:
  // Borrows all. `seed` makes the match.
  Observer(net::Loop& loop, ws::Context& ws, const ObserverOptions& options, std::string group_code, uint64_t seed,
           ObserverTotals& totals);
  void connect();
  // Sends no more, and goes on.
  void pause();
  void resume();

 private:
  void on_client_connect(bool recovered) override;
  void on_client_event(const socketio::Event& event) override;
  void on_client_disconnect(std::string_view reason, bool will_reconnect) override;
  void on_client_error(const std::string& message, bool will_retry) override;
  void on_timer(Timer& timer) override;
  void play_one();
  void mark();
  // Markers come at uneven times, so that they meet every moment of a server's tick alike; with the usual rate there is
  // one in any 100 ms.
  int64_t next_mark();

  net::Loop& loop_;
  const ObserverOptions& options_;
  std::string group_code_;
  ObserverTotals& totals_;
  match::SimulationOptions simulated_;
  match::Simulation simulation_;
  std::unique_ptr<socketio::Client> client_;
  Timer timer_{*this};
  double due_ = 0;  // events that should have been sent by now
  int64_t last_ms_ = 0;
  int64_t mark_at_ms_ = 0;
  std::minstd_rand random_;
  bool logged_on_ = false;
};

}  // namespace matchbus::load
