// Publishes to the players of a run over the server API of the bus, in batches: so many a second, or one after another
// as fast as the server answers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/timer_wheel.h"
#include "net/http_client.h"
#include "net/loop.h"

namespace matchbus::load {

constexpr std::string_view kBusType = "load";  // of the messages

enum class BusRoom : uint8_t {
  kTeam,    // all players
  kSector,  // those of a sector, sectors in turn
  kPlayer,  // one player, players in turn
};

struct BusPublisherOptions {
  std::string url = "http://127.0.0.1:5101";
  std::string key;
  double batches_per_second = 10;  // 0: as fast as they are answered
  size_t batch = 1;                // messages of a batch; 0: nothing is published
  size_t message_size = 200;       // bytes of a message, at least; the bus adds the id
  BusRoom to = BusRoom::kTeam;
};

struct BusPublished {
  uint64_t messages = 0;   // accepted
  uint64_t receivers = 0;  // of them all, as the server says
  uint64_t failed = 0;     // batches, or messages of them
};

class BusPublisher final : private Timer::Handler {
 public:
  // Rooms of all players, of sectors and of each player, to publish to.
  struct Rooms {
    std::string team;
    std::vector<std::string> in_turn;  // for all but kTeam
  };
  // Borrows the loop, the options and the totals.
  BusPublisher(net::Loop& loop, const BusPublisherOptions& options, Rooms rooms, BusPublished& totals);

  void start();
  void pause();
  // One batch of so many messages to all players, now.
  void publish_to_all(size_t messages);
  // Everything has been answered.
  bool is_idle() const { return under_way_ == 0; }

 private:
  void on_timer(Timer& timer) override;
  const std::string& next_room();
  void publish_batch();
  void post(std::string body, size_t messages);
  void take_answer(const Result<net::HttpAnswer>& answer, size_t messages);
  void append_entry(std::string& body, const std::string& room) const;

  net::Loop& loop_;
  const BusPublisherOptions& options_;
  Rooms rooms_;
  BusPublished& totals_;
  size_t turn_ = 0;
  size_t under_way_ = 0;
  bool runs_ = false;
  double due_ = 0;  // batches that should have been sent by now
  int64_t last_ms_ = 0;
  Timer timer_{*this};
  std::unique_ptr<net::HttpClient> client_;
};

}  // namespace matchbus::load
