// Feeds against a naive model: every member ends with the latest message, in order, none twice, at most one pending.
#include "hub/feed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <random>
#include <string>

namespace matchbus::hub {
namespace {

class QuietLog final : public Log {
 public:
  using Log::Log;
  void emit(LogLevel, std::string_view) override {}
};

// Says `text`, or to those who follow changes "+text" or "=text".
class Words final : public Update {
 public:
  Words(Encoding encoding, const std::string& text)
      : whole_(encoding, Bytes::copy(text)),
        numbered_(encoding, Bytes::copy("=" + text)),
        change_(encoding, Bytes::copy("+" + text)) {}
  const Message* message_for(bool follows_changes, bool has_previous) override {
    if (is_gone) return nullptr;
    if (!follows_changes) return &whole_;
    return has_previous ? &change_ : &numbered_;
  }
  bool is_gone = false;

 private:
  Message whole_;
  Message numbered_;
  Message change_;
};

class Viewer final : public FeedMember {
 public:
  ~Viewer() override = default;
  void feed_send(const Message& message) override {
    EXPECT_EQ(pending, 0u) << "a busy member must not be sent to";
    got.emplace_back(message.payload().view());
    if (slow) pending = message.payload().size();
  }
  size_t feed_pending() const override { return pending + queued; }
  void feed_flush() override { queued = 0; }
  void feed_stalled() override { ++stalled; }

  std::vector<std::string> got;
  size_t pending = 0;
  size_t queued = 0;  // not offered to the kernel yet
  bool slow = false;
  int stalled = 0;
};

class FeedTest : public testing::Test {
 protected:
  FeedTest() : log_(clock_), loop_(clock_, log_), ws_(ws::Context::create(loop_)) {}

  UpdatePtr message(std::string text) { return std::make_shared<Words>(Encoding{*ws_}, text); }
  // Lets the loop run until nothing more happens by itself.
  void settle() {
    for (int i = 0; i < 50; ++i) uv_run(loop_.uv(), UV_RUN_NOWAIT);
  }

  FakeClock clock_;
  QuietLog log_;
  net::Loop loop_;
  std::unique_ptr<ws::Context> ws_;
};

TEST_F(FeedTest, EveryMemberGetsEachMessage) {
  FanOut fan_out(loop_, {});
  Feed feed(fan_out);
  std::vector<Viewer> viewers(500);
  for (Viewer& viewer : viewers) feed.join(viewer, true);
  feed.publish(message("a"));
  settle();
  feed.publish(message("b"));
  settle();
  for (const Viewer& viewer : viewers) EXPECT_EQ(viewer.got, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(fan_out.stats().delivered, 1000u);
}

TEST_F(FeedTest, AJoinerGetsTheLatestAloneAtOnce) {
  FanOut fan_out(loop_, {});
  Feed feed(fan_out);
  Viewer early, late, mute;
  feed.join(early, true);
  feed.publish(message("a"));
  settle();
  feed.join(late, true);
  feed.join(mute, false);
  EXPECT_EQ(late.got, std::vector<std::string>{"a"});
  EXPECT_EQ(early.got.size(), 1u);
  EXPECT_TRUE(mute.got.empty());
}

TEST_F(FeedTest, ASlowMemberCostsOnePendingStateAndGetsTheNewestAfterwards) {
  FanOut fan_out(loop_, {});
  Feed feed(fan_out);
  Viewer slow, fast;
  slow.slow = true;
  feed.join(slow, true);
  feed.join(fast, true);
  for (const char* text : {"a", "b", "c", "d"}) {
    feed.publish(message(text));
    settle();
  }
  EXPECT_EQ(fast.got.size(), 4u);
  EXPECT_EQ(slow.got, std::vector<std::string>{"a"});
  slow.pending = 0;
  feed.drained(slow);
  EXPECT_EQ(slow.got, (std::vector<std::string>{"a", "d"}));
  slow.pending = 0;
  feed.drained(slow);
  EXPECT_EQ(slow.got.size(), 2u) << "nothing newer, nothing sent";
}

TEST_F(FeedTest, WhatWasMerelyQueuedHoldsNothingBack) {
  FanOut fan_out(loop_, {});
  Feed feed(fan_out);
  Viewer viewer;
  feed.join(viewer, true);
  viewer.queued = 3;  // a ping
  feed.publish(message("the last one"));
  settle();
  EXPECT_EQ(viewer.got, (std::vector<std::string>{"the last one"}));
}

TEST_F(FeedTest, WhoFollowsChangesGetsThemWhileNoneIsMissed) {
  FanOut fan_out(loop_, {});
  Feed feed(fan_out);
  Viewer first, slow, late, mute;
  feed.join(first, true, true);
  feed.join(slow, true, true);
  feed.publish(message("a"));
  settle();
  feed.join(late, true, true);
  feed.join(mute, false, true);  // does not have "a", so a change of it is of no use
  slow.pending = 1;
  feed.publish(message("b"));
  settle();
  feed.publish(message("c"));
  settle();
  slow.pending = 0;
  feed.drained(slow);
  feed.publish(message("d"));
  settle();
  using Texts = std::vector<std::string>;
  EXPECT_EQ(first.got, (Texts{"=a", "+b", "+c", "+d"}));
  EXPECT_EQ(slow.got, (Texts{"=a", "=c", "+d"}));
  EXPECT_EQ(late.got, (Texts{"=a", "+b", "+c", "+d"}));
  EXPECT_EQ(mute.got, (Texts{"=b", "+c", "+d"}));
}

TEST_F(FeedTest, AnUpdateThatCannotBeHadAnyMoreIsWaitedOut) {
  FanOut fan_out(loop_, {});
  Feed feed(fan_out);
  Viewer early, late;
  feed.join(early, true, true);
  const auto gone = std::make_shared<Words>(Encoding{*ws_}, "a");
  feed.publish(gone);
  settle();
  gone->is_gone = true;
  feed.join(late, true, true);
  EXPECT_TRUE(late.got.empty());
  feed.publish(message("b"));
  settle();
  EXPECT_EQ(early.got, (std::vector<std::string>{"=a", "+b"}));
  EXPECT_EQ(late.got, std::vector<std::string>{"=b"});
}

TEST_F(FeedTest, AMemberThatTakesNothingIsEndedAfterTheStallLimit) {
  FanOut fan_out(loop_, {.slice_us = 2000, .stall_ms = 30'000});
  Feed feed(fan_out);
  Viewer dead, slow;
  dead.slow = slow.slow = true;
  feed.join(dead, true);
  feed.join(slow, true);
  feed.publish(message("first"));
  settle();
  feed.publish(message("second"));
  settle();
  for (int second = 0; second < 40; ++second) {
    if (second % 10 == 0) --slow.pending;  // takes a byte now and then
    clock_.advance(1'000);
    loop_.timers().advance(clock_.monotonic_ms());
  }
  EXPECT_EQ(dead.stalled, 1);
  EXPECT_EQ(slow.stalled, 0);
  EXPECT_EQ(fan_out.stats().stalled, 1u);
}

TEST_F(FeedTest, ALongPassIsSlicedOverTurns) {
  FanOut fan_out(loop_, {.slice_us = 0});
  Feed feed(fan_out);
  std::vector<Viewer> viewers(1000);
  for (Viewer& viewer : viewers) feed.join(viewer, true);
  feed.publish(message("a"));
  uv_run(loop_.uv(), UV_RUN_NOWAIT);
  uv_run(loop_.uv(), UV_RUN_NOWAIT);
  size_t got = 0;
  for (const Viewer& viewer : viewers) got += viewer.got.size();
  EXPECT_LT(got, viewers.size());
  settle();
  for (const Viewer& viewer : viewers) EXPECT_EQ(viewer.got.size(), 1u);
  EXPECT_GT(fan_out.stats().slices, 10u);
}

TEST_F(FeedTest, NearlyAllMayLeaveInTheMiddleOfAPass) {
  FanOut fan_out(loop_, {.slice_us = 0});
  Feed feed(fan_out);
  std::vector<Viewer> stay(3);
  std::vector<std::unique_ptr<Viewer>> leave;
  for (int i = 0; i < 1000; ++i) feed.join(*leave.emplace_back(std::make_unique<Viewer>()), true);
  for (Viewer& viewer : stay) feed.join(viewer, true);
  feed.publish(message("a"));
  for (int turn = 0; turn < 5; ++turn) uv_run(loop_.uv(), UV_RUN_NOWAIT);
  EXPECT_NE(leave[100]->got.size() + leave[900]->got.size(), 2U) << "the pass is over already";
  leave.clear();
  settle();
  feed.publish(message("b"));
  settle();
  for (const Viewer& viewer : stay) EXPECT_EQ(viewer.got, (std::vector<std::string>{"a", "b"}));
}

TEST_F(FeedTest, CountsWhatAMemberWasSparedBeforeItsFirst) {
  FanOut fan_out(loop_, {});
  Feed feed(fan_out);
  feed.publish(message("before"));
  Viewer busy;
  busy.pending = 1;
  feed.join(busy, false);
  for (const char* text : {"a", "b", "c"}) {
    feed.publish(message(text));
    settle();
  }
  busy.pending = 0;
  feed.drained(busy);
  EXPECT_EQ(busy.got, (std::vector<std::string>{"c"}));
  EXPECT_EQ(fan_out.stats().conflated, 2u);
}

TEST_F(FeedTest, CountsTheUpdatesThatMembersWereSpared) {
  FanOut fan_out(loop_, {.slice_us = 0});
  Feed feed(fan_out);
  std::vector<Viewer> viewers(100);
  for (Viewer& viewer : viewers) feed.join(viewer, true);
  feed.publish(message("a"));
  settle();
  feed.publish(message("b"));
  uv_run(loop_.uv(), UV_RUN_NOWAIT);  // reaches some
  feed.publish(message("c"));
  settle();
  size_t got = 0;
  for (const Viewer& viewer : viewers) got += viewer.got.size();
  EXPECT_LT(got, 300U);
  EXPECT_EQ(fan_out.stats().conflated, 300U - got);
}

// Members that come and go one by one or as crowds, at any point of a pass.
class FeedRandomTest : public FeedTest {
 protected:
  size_t upto(size_t limit) { return random_() % limit; }
  void step() {
    switch (upto(6)) {
      case 0:
      case 1:
        for (size_t count = a_few_of(60); count > 0; --count) join();
        break;
      case 2:
        leave(a_few_of(viewers_.size()));
        break;
      case 3:
        publish();
        break;
      case 4:
        uv_run(loop_.uv(), UV_RUN_NOWAIT);
        break;
      default:
        if (!viewers_.empty()) drain(*viewers_[upto(viewers_.size())]);
    }
  }
  // Mostly at most one.
  size_t a_few_of(size_t all) { return upto(upto(3) == 0 ? all + 1 : std::min<size_t>(all + 1, 2)); }
  void join() {
    viewers_.push_back(std::make_unique<Viewer>());
    viewers_.back()->slow = upto(3) == 0;
    feed_->join(*viewers_.back(), upto(2) == 0);
  }
  void leave(size_t count) {
    for (; count > 0; --count) {
      viewers_.erase(viewers_.begin() + static_cast<std::ptrdiff_t>(upto(viewers_.size())));
    }
  }
  void publish() { feed_->publish(message(std::to_string(++version_))); }
  void drain(Viewer& viewer) {
    viewer.pending = 0;
    feed_->drained(viewer);
  }
  void expect_latest(const Viewer& viewer) {
    int last = 0;
    for (const std::string& text : viewer.got) {
      EXPECT_GT(std::stoi(text), last);
      last = std::stoi(text);
    }
    EXPECT_EQ(last, version_);
  }

  std::mt19937 random_;
  FanOut fan_out_{loop_, {.slice_us = 0}};
  std::unique_ptr<Feed> feed_;
  std::vector<std::unique_ptr<Viewer>> viewers_;
  int version_ = 0;
};

TEST_F(FeedRandomTest, EndsWithTheLatestEverywhereInOrder) {
  for (unsigned seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_.seed(seed);
    feed_ = std::make_unique<Feed>(fan_out_);
    for (int i = 0; i < 200; ++i) step();
    publish();
    uv_run(loop_.uv(), UV_RUN_NOWAIT);
    leave(a_few_of(viewers_.size()));
    settle();
    for (const auto& viewer : viewers_) {
      if (viewer->pending != 0) drain(*viewer);
      expect_latest(*viewer);
    }
    viewers_.clear();
    version_ = 0;
  }
}

}  // namespace
}  // namespace matchbus::hub
