#include "net/poller.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "support/net_fixture.h"

namespace matchbus::net {
namespace {

using test::NetTest;

class Watched final : public PolledSocket {
 public:
  Watched(Poller& poller, Descriptor socket) : PolledSocket(poller, std::move(socket)) {}
  using PolledSocket::close_descriptor;
  using PolledSocket::release_descriptor;
  using PolledSocket::set_standing;
  using PolledSocket::wait_to_read;
  using PolledSocket::wait_to_write;

  std::function<void()> readable = [] {};
  std::function<void()> writable = [] {};

 private:
  void on_readable() override { readable(); }
  void on_writable() override { writable(); }
};

void work(std::chrono::microseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) continue;
}

class PollerTest : public NetTest {
 protected:
  // A socket and its peer.
  std::unique_ptr<Watched> open() {
    std::array<int, 2> pair{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()), 0);
    peers.emplace_back(pair[1]);
    return std::make_unique<Watched>(loop.poller(), Descriptor(pair[0]));
  }
  void send(size_t peer) { EXPECT_EQ(::send(peers[peer].get(), "x", 1, 0), 1); }
  static void read(const Watched& socket) {
    char byte = 0;
    EXPECT_EQ(::recv(socket.descriptor(), &byte, 1, 0), 1);
  }

  std::vector<Descriptor> peers;
};

TEST_F(PollerTest, TellsOnlyOfWhatIsWaitedFor) {
  const auto socket = open();
  int reads = 0;
  int writes = 0;
  socket->readable = [&] {
    ++reads;
    read(*socket);
  };
  socket->writable = [&] {
    ++writes;
    EXPECT_TRUE(socket->wait_to_write(false));
  };
  send(0);
  run_for(5);
  EXPECT_EQ(reads, 0);
  EXPECT_TRUE(socket->wait_to_read(true));
  EXPECT_TRUE(run_until([&] { return reads == 1; }));
  EXPECT_EQ(writes, 0);
  EXPECT_TRUE(socket->wait_to_write(true));
  EXPECT_TRUE(run_until([&] { return writes == 1; }));
  EXPECT_TRUE(socket->wait_to_read(false));
  send(0);
  run_for(5);
  EXPECT_EQ(reads, 1);
  EXPECT_EQ(writes, 1);
}

TEST_F(PollerTest, EndOfAConnectionDoesNotWakeWhoWaitsForNothing) {
  const auto socket = open();
  EXPECT_TRUE(socket->wait_to_read(true));
  EXPECT_TRUE(socket->wait_to_read(false));
  peers[0].reset();
  loop.take_longest_turn();
  const uint64_t idle = uv_metrics_idle_time(loop.uv());
  run_for(50);
  EXPECT_GT(uv_metrics_idle_time(loop.uv()) - idle, 25'000'000u);
}

TEST_F(PollerTest, SocketsMayCloseEachOtherAndThemselvesInCallbacks) {
  // Whichever is served first destroys the others, which are ready too.
  std::vector<std::unique_ptr<Watched>> sockets;
  int calls = 0;
  for (size_t i = 0; i < 20; ++i) {
    sockets.push_back(open());
    sockets[i]->readable = [&, i] {
      ++calls;
      for (size_t k = 0; k < 20; ++k) {
        if (k != i) sockets[k].reset();
      }
      sockets[i]->close_descriptor();
    };
    EXPECT_TRUE(sockets[i]->wait_to_read(true));
    EXPECT_TRUE(sockets[i]->wait_to_write(true));
    sockets[i]->writable = [] { ADD_FAILURE() << "after its end"; };
    send(i);
  }
  EXPECT_TRUE(run_until([&] { return calls != 0; }));
  run_for(5);
  EXPECT_EQ(calls, 1);
}

TEST_F(PollerTest, SocketGivenAwayStaysOpen) {
  const auto socket = open();
  EXPECT_TRUE(socket->wait_to_read(true));
  socket->readable = [] { ADD_FAILURE() << "after it was given away"; };
  const Descriptor away = socket->release_descriptor();
  EXPECT_EQ(socket->descriptor(), -1);
  send(0);
  run_for(5);
  char byte = 0;
  EXPECT_EQ(::recv(away.get(), &byte, 1, 0), 1);
}

TEST_F(PollerTest, ManyReadySocketsAreServedOverSeveralTurnsEachOnce) {
  // 40 ms of work, of which a turn does about one.
  constexpr size_t kSockets = 400;
  std::vector<std::unique_ptr<Watched>> sockets;
  std::vector<int> served(kSockets, 0);
  size_t count = 0;
  for (size_t i = 0; i < kSockets; ++i) {
    sockets.push_back(open());
    sockets[i]->readable = [&, i] {
      read(*sockets[i]);
      ++served[i];
      ++count;
      work(std::chrono::microseconds(100));
    };
    EXPECT_TRUE(sockets[i]->wait_to_read(true));
    send(i);
  }
  size_t turns = 0;
  std::function<void()> on_turn = [&] {
    ++turns;
    if (count != kSockets) loop.post(on_turn);
  };
  loop.post(on_turn);
  EXPECT_TRUE(run_until([&] { return count == kSockets; }));
  EXPECT_GE(turns, 10u);
  for (const int times : served) EXPECT_EQ(times, 1);
}

TEST_F(PollerTest, ASocketIsServedOnceATurn) {
  // What is sent to it goes out at the turn's end, before the end of its input is read.
  constexpr size_t kSockets = 200;
  std::vector<std::unique_ptr<Watched>> sockets;
  constexpr int kTurns = 100;
  std::vector<int> in_this_turn(kSockets, 0);
  int turns = 0;
  for (size_t i = 0; i < kSockets; ++i) {
    sockets.push_back(open());
    sockets[i]->readable = [&, i] {
      if (turns == kTurns) return;
      EXPECT_LE(++in_this_turn[i], 1);
    };
    EXPECT_TRUE(sockets[i]->wait_to_read(true));
    send(i);
  }
  std::function<void()> on_turn = [&] {
    std::fill(in_this_turn.begin(), in_this_turn.end(), 0);
    if (++turns < kTurns) loop.post(on_turn);
  };
  loop.post(on_turn);
  EXPECT_TRUE(run_until([&] { return turns >= kTurns; }));
}

TEST_F(PollerTest, SlowSocketsThatAlwaysHaveMoreDoNotKeepOthersWaiting) {
  // Each of the slow ones takes a turn's time, and is ready again; one is the first of each 64 that the kernel tells.
  constexpr size_t kSockets = 200;
  std::vector<std::unique_ptr<Watched>> sockets;
  size_t others = 0;
  for (size_t i = 0; i < kSockets; ++i) {
    sockets.push_back(open());
    sockets[i]->readable = [&, i] {
      if (i % 64 == 0) return work(std::chrono::microseconds(1'500));
      read(*sockets[i]);
      ++others;
    };
    EXPECT_TRUE(sockets[i]->wait_to_read(true));
    send(i);
  }
  EXPECT_TRUE(run_until([&] { return others == kSockets - 4; }));
}

// Sockets that close, replace and change each other in their callbacks, some of which take long. Most of those that are
// over stay where they were, so that it shows if they are called.
class PollerRandomTest : public PollerTest {
 protected:
  static constexpr size_t kSockets = 150;
  struct Slot {
    std::unique_ptr<Watched> socket;
    Descriptor peer;
    bool reads = false;  // waited for
    bool writes = false;
    bool served = false;
  };

  size_t upto(size_t limit) { return random_() % limit; }
  void replace(size_t place);
  void end(size_t place);
  void wait(size_t place, bool to_read, bool to_write);
  void on_call(size_t place, const Watched* socket, bool waited_for);
  void change(size_t place);
  void expect_all_served();

  std::mt19937 random_;
  std::array<Slot, kSockets> slots_;
  std::vector<std::unique_ptr<Watched>> over_;
  bool calm_ = false;
  size_t calls_ = 0;
};

// A new socket, with something to read.
void PollerRandomTest::replace(size_t place) {
  end(place);
  Slot& slot = slots_[place];
  slot.socket = open();
  slot.peer = std::move(peers.back());
  peers.pop_back();
  slot.socket->readable = [this, place, socket = slot.socket.get()] { on_call(place, socket, slots_[place].reads); };
  slot.socket->writable = [this, place, socket = slot.socket.get()] { on_call(place, socket, slots_[place].writes); };
  wait(place, true, false);
  EXPECT_EQ(::send(slot.peer.get(), "x", 1, MSG_NOSIGNAL), 1);
}

void PollerRandomTest::end(size_t place) {
  Slot& slot = slots_[place];
  if (slot.socket == nullptr) return;
  slot.reads = slot.writes = false;
  if (upto(3) == 0) return slot.socket.reset();
  if (upto(2) == 0) {
    slot.socket->close_descriptor();
  } else {
    slot.socket->release_descriptor();
  }
  over_.push_back(std::move(slot.socket));
}

void PollerRandomTest::wait(size_t place, bool to_read, bool to_write) {
  Slot& slot = slots_[place];
  EXPECT_TRUE(slot.socket->wait_to_read(to_read));
  EXPECT_TRUE(slot.socket->wait_to_write(to_write));
  slot.reads = to_read;
  slot.writes = to_write;
}

void PollerRandomTest::on_call(size_t place, const Watched* socket, bool waited_for) {
  ++calls_;
  ASSERT_EQ(slots_[place].socket.get(), socket) << "after its end";
  EXPECT_TRUE(waited_for);
  slots_[place].served = true;
  if (calm_) return wait(place, false, false);
  char byte = 0;
  if (::recv(socket->descriptor(), &byte, 1, 0) == 0) wait(place, false, false);
  if (upto(8) == 0) work(std::chrono::microseconds(300));
  for (size_t count = upto(3); count > 0; --count) change(upto(kSockets));
}

void PollerRandomTest::change(size_t place) {
  switch (upto(6)) {
    case 0:
      return replace(place);
    case 1:
      return end(place);
    case 2:
      return slots_[place].peer.reset();
    default:
      if (slots_[place].socket != nullptr) wait(place, upto(2) == 0, upto(2) == 0);
  }
}

void PollerRandomTest::expect_all_served() {
  calm_ = true;
  for (size_t place = 0; place < kSockets; ++place) {
    if (slots_[place].socket == nullptr || upto(2) == 0) replace(place);
    slots_[place].served = false;
    wait(place, true, true);
  }
  const auto is_served = [](const Slot& slot) { return slot.served; };
  EXPECT_TRUE(run_until([&] { return std::all_of(slots_.begin(), slots_.end(), is_served); }));
  calm_ = false;
}

TEST_F(PollerRandomTest, SocketsMayDoAnythingToEachOther) {
  for (unsigned seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_.seed(seed);
    for (int round = 0; round < 40; ++round) {
      for (int i = 0; i < 15; ++i) replace(upto(kSockets));
      uv_run(loop.uv(), UV_RUN_NOWAIT);
    }
    expect_all_served();
    over_.clear();
  }
  EXPECT_GT(calls_, 1'000u);
}

// However many strangers have something to say that takes long.
TEST_F(PollerTest, KnownSocketsAreServedApartFromStrangers) {
  constexpr int kStrangers = 200;
  int served = 0;
  std::vector<std::unique_ptr<Watched>> strangers;
  for (int i = 0; i < kStrangers; ++i) {
    strangers.push_back(open());
    Watched& stranger = *strangers.back();
    stranger.readable = [&] {
      ++served;
      work(std::chrono::milliseconds(1));
    };
    send(static_cast<size_t>(i));
    ASSERT_TRUE(stranger.wait_to_read(true));
  }
  const auto known = open();
  int reads = 0;
  known->readable = [&] {
    ++reads;
    read(*known);
  };
  ASSERT_TRUE(known->wait_to_read(true));
  ASSERT_TRUE(known->set_standing(Standing::kTrusted));
  ASSERT_TRUE(known->set_standing(Standing::kTrusted));
  ASSERT_TRUE(run_until([&] { return served > 3; }));
  send(kStrangers);
  const int before = served;
  ASSERT_TRUE(run_until([&] { return reads == 1; }));
  EXPECT_LE(served, before + 3);
}

TEST_F(PollerTest, BecomesKnownWhileItIsServed) {
  const auto socket = open();
  int reads = 0;
  int writes = 0;
  socket->readable = [&] {
    ++reads;
    read(*socket);
    EXPECT_TRUE(socket->set_standing(Standing::kTrusted));
  };
  socket->writable = [&] {
    ++writes;
    EXPECT_TRUE(socket->wait_to_write(false));
  };
  send(0);
  EXPECT_TRUE(socket->wait_to_read(true));
  EXPECT_TRUE(socket->wait_to_write(true));
  EXPECT_TRUE(run_until([&] { return reads == 1 && writes == 1; }));
  send(0);
  EXPECT_TRUE(run_until([&] { return reads == 2; }));
  EXPECT_TRUE(socket->wait_to_read(false));
  EXPECT_TRUE(socket->set_standing(Standing::kTrusted));
  send(0);
  run_for(5);
  EXPECT_EQ(reads, 2);
}

}  // namespace
}  // namespace matchbus::net
