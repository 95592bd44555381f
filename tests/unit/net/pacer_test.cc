#include "net/pacer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "support/net_fixture.h"

namespace matchbus::net {
namespace {

constexpr uint64_t kTurnNs = 1'000'000;

class PacerTest : public test::NetTest {
 protected:
  // Works for `cost` ns whenever it is its turn, and asks for `again` more turns.
  struct Worker final : Pacer::Client {
    Worker(Pacer& p, uint64_t ns, int more = 0, std::string of = "192.0.2.1", Pacer::Line in = Pacer::Line::kStrangers)
        : pacer(p), cost(ns), again(more), address(std::move(of)), line(in) {}
    void wait() { pacer.wait(*this, address, line); }
    void forget() { pacer.forget(*this, address, line); }
    void on_turn() override {
      EXPECT_TRUE(pacer.is_turn());
      ++turns;
      pacer.spent(cost);
      if (again-- > 0) wait();
    }
    Pacer& pacer;
    uint64_t cost;
    int again;
    std::string address;
    Pacer::Line line;
    int turns = 0;
  };
  void turn() {
    loop.post([this] { loop.stop(); });
    loop.run();
  }
  Pacer pacer{loop, kTurnNs};
};

TEST_F(PacerTest, OneOfHandshakesForALoop) { EXPECT_EQ(&Pacer::of_handshakes(loop), &Pacer::of_handshakes(loop)); }

TEST_F(PacerTest, NobodyHasATurnBeforeItWaited) {
  EXPECT_FALSE(pacer.is_turn());
  pacer.spent(kTurnNs);
  Worker worker(pacer, 1);
  worker.wait();
  EXPECT_EQ(worker.turns, 0);
  turn();
  EXPECT_EQ(worker.turns, 1);
  EXPECT_FALSE(pacer.is_turn());
}

TEST_F(PacerTest, ThoseWhoWaitGetTheirTurnsInOrder) {
  Worker first(pacer, kTurnNs);
  Worker second(pacer, kTurnNs);
  Worker third(pacer, kTurnNs);
  first.wait();
  second.wait();
  third.wait();
  EXPECT_EQ(first.turns, 0);
  for (int seen = 0; seen < 3;) {
    turn();
    const int now = first.turns + second.turns + third.turns;
    ASSERT_GT(now, seen);
    EXPECT_LE(now, seen + 2) << "stopping the loop ends two turns, not more";
    EXPECT_GE(first.turns, second.turns);
    EXPECT_GE(second.turns, third.turns);
    seen = now;
  }
  run_for(5);
  EXPECT_EQ(first.turns + second.turns + third.turns, 3);
}

TEST_F(PacerTest, CheapOnesShareATurn) {
  Worker first(pacer, 1000, 3);
  Worker second(pacer, 1000, 3);
  first.wait();
  second.wait();
  turn();
  EXPECT_EQ(first.turns + second.turns, 8);
}

TEST_F(PacerTest, ForgottenClientsAreNotCalled) {
  Worker first(pacer, kTurnNs);
  Worker second(pacer, kTurnNs);
  first.wait();
  second.wait();
  first.forget();
  first.forget();
  run_for(5);
  EXPECT_EQ(first.turns, 0);
  EXPECT_EQ(second.turns, 1);
}

// However many wait of one, the other waits for one of them only; and an IPv6 network is one.
TEST_F(PacerTest, AddressesTakeTurns) {
  std::deque<Worker> crowd;
  for (int i = 0; i < 20; ++i) crowd.emplace_back(pacer, kTurnNs, 0, "2001:db8:0:1::" + std::to_string(i)).wait();
  Worker other(pacer, kTurnNs, 1, "2001:db8:0:2::1");
  other.wait();
  const auto served = [&] {
    return std::count_if(crowd.begin(), crowd.end(), [](const Worker& worker) { return worker.turns != 0; });
  };
  while (other.turns < 2) turn();
  EXPECT_LE(served(), 4);
  while (served() < 20) turn();
  EXPECT_EQ(other.turns, 2);
}

TEST_F(PacerTest, WhoIsKnownHasALineAndATimeOfHisOwn) {
  std::deque<Worker> strangers;
  for (int i = 0; i < 20; ++i) strangers.emplace_back(pacer, kTurnNs).wait();
  Worker known(pacer, kTurnNs, 0, "192.0.2.1", Pacer::Line::kKnown);
  known.wait();
  turn();
  EXPECT_EQ(known.turns, 1);
  Worker busy(pacer, kTurnNs, 1'000'000, "192.0.2.1", Pacer::Line::kKnown);
  busy.wait();
  while (strangers.back().turns == 0) turn();
  EXPECT_GT(busy.turns, 10) << "neither line stops the other";
  busy.forget();
}

TEST_F(PacerTest, MayForgetOthersInATurn) {
  struct Ender final : Pacer::Client {
    void on_turn() override {
      for (Worker* worker : workers) worker->forget();
    }
    std::vector<Worker*> workers;
  } ender;
  Worker first(pacer, 1);
  Worker second(pacer, 1, 0, "192.0.2.2");
  ender.workers = {&first, &second};
  pacer.wait(ender, "192.0.2.1");
  first.wait();
  second.wait();
  run_for(5);
  EXPECT_EQ(first.turns + second.turns, 0);
}

}  // namespace
}  // namespace matchbus::net
