// Handshakes take turns.
#include "net/tls_pacer.h"

#include <gtest/gtest.h>

#include "support/net_fixture.h"

namespace matchbus::net {
namespace {

class TlsPacerTest : public test::NetTest {
 protected:
  // Works for `cost` ns whenever it is its turn, and asks for `again` more turns.
  struct Worker final : TlsPacer::Client {
    Worker(TlsPacer& p, uint64_t ns, int more = 0) : pacer(p), cost(ns), again(more) {}
    void on_handshake_turn() override {
      EXPECT_TRUE(pacer.may_run()) << "whose turn it is may run";
      ++turns;
      pacer.spent(cost);
      if (again-- > 0) pacer.wait(*this);
    }
    TlsPacer& pacer;
    uint64_t cost;
    int again;
    int turns = 0;
  };
  void turn() {
    loop.post([this] { loop.stop(); });
    loop.run();
  }
  TlsPacer& pacer = TlsPacer::of(loop);
};

TEST_F(TlsPacerTest, OneForALoop) { EXPECT_EQ(&TlsPacer::of(loop), &pacer); }

TEST_F(TlsPacerTest, RunsUntilTheTurnsTimeIsSpent) {
  EXPECT_TRUE(pacer.may_run());
  pacer.spent(TlsPacer::kTurnNs - 1);
  EXPECT_TRUE(pacer.may_run());
  pacer.spent(1);
  EXPECT_FALSE(pacer.may_run());
  turn();
  EXPECT_TRUE(pacer.may_run());
}

TEST_F(TlsPacerTest, ThoseWhoWaitGetTheirTurnsInOrderAndBeforeNewOnes) {
  Worker first(pacer, TlsPacer::kTurnNs);
  Worker second(pacer, TlsPacer::kTurnNs);
  Worker third(pacer, TlsPacer::kTurnNs);
  pacer.spent(TlsPacer::kTurnNs);
  pacer.wait(first);
  pacer.wait(second);
  pacer.wait(third);
  EXPECT_EQ(first.turns, 0);
  for (int seen = 0; seen < 3;) {
    turn();
    const int now = first.turns + second.turns + third.turns;
    ASSERT_GT(now, seen);
    EXPECT_LE(now, seen + 2) << "stopping the loop ends two turns, not more";
    EXPECT_GE(first.turns, second.turns);
    EXPECT_GE(second.turns, third.turns);
    EXPECT_EQ(pacer.may_run(), now == 3) << "no new one comes before them";
    seen = now;
  }
  run_for(5);
  EXPECT_EQ(first.turns + second.turns + third.turns, 3);
  EXPECT_TRUE(pacer.may_run());
}

TEST_F(TlsPacerTest, CheapOnesShareATurn) {
  Worker first(pacer, 1000, 3);
  Worker second(pacer, 1000, 3);
  pacer.wait(first);
  pacer.wait(second);
  turn();
  EXPECT_EQ(first.turns + second.turns, 8);
}

TEST_F(TlsPacerTest, ForgottenClientsAreNotCalled) {
  Worker first(pacer, TlsPacer::kTurnNs);
  Worker second(pacer, TlsPacer::kTurnNs);
  pacer.wait(first);
  pacer.wait(second);
  pacer.forget(first);
  pacer.forget(first);
  run_for(5);
  EXPECT_EQ(first.turns, 0);
  EXPECT_EQ(second.turns, 1);
}

}  // namespace
}  // namespace matchbus::net
