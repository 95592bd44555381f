#include "gateway/call_lanes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/net_fixture.h"
#include "unit/gateway/fake_http_client.h"

namespace matchbus::gateway {
namespace {

using testing::ElementsAre;

class CallLanesTest : public testing::Test {
 protected:
  static constexpr size_t kMaxWaiting = 3;

  static ServiceCall call(const std::string& url) { return {"service", "call " + url, {"PUT", url, {}, {}}}; }
  ServiceCaller::Done note(const std::string& url) {
    return [this, url](const Result<net::HttpAnswer>&) { done.push_back(url); };
  }
  void add(std::string_view lane, CallLanes::Label label, const std::string& url) {
    lanes.add(lane, std::move(label), call(url), note(url));
  }
  void replace(std::string_view lane, CallLanes::Label label, const std::string& url) {
    lanes.add_or_replace(lane, std::move(label), call(url), note(url));
  }
  // Answers the oldest call under way; tells its URL.
  std::string answer(int status = 200) {
    auto first = FakeHttpClient::take(calls);
    first.done(net::HttpAnswer{status, {}, {}});
    return first.request.url;
  }

  FakeClock clock;
  test::RecordingLog log{clock};
  TimerWheel timers{clock.monotonic_ms()};
  std::deque<FakeHttpClient::Call> calls;
  ServiceCaller caller{std::make_unique<FakeHttpClient>(calls), timers, log, {}, 0};
  CallLanes lanes{caller, kMaxWaiting};
  std::vector<std::string> done;
};

TEST_F(CallLanesTest, OneAtATimeInOrder) {
  add("a", {"k", "1"}, "first");
  add("a", {"k", "2"}, "second");
  add("a", {"k", "3"}, "third");
  EXPECT_EQ(calls.size(), 1u);
  EXPECT_EQ(answer(), "first");
  EXPECT_EQ(calls.size(), 1u);
  EXPECT_EQ(answer(404), "second");
  EXPECT_EQ(answer(), "third");
  EXPECT_TRUE(calls.empty());
  EXPECT_THAT(done, ElementsAre("first", "second", "third"));
}

TEST_F(CallLanesTest, LanesDoNotWaitForEachOther) {
  add("a", {"k", "1"}, "first");
  add("b", {"k", "1"}, "second");
  EXPECT_EQ(calls.size(), 2u);
}

TEST_F(CallLanesTest, NewerCallsTakeThePlaceOfWaitingOnes) {
  replace("a", {"update", "1"}, "under way");
  replace("a", {"update", "1"}, "old");
  add("a", {"complete", "1"}, "end");
  replace("a", {"update", "1"}, "new");
  replace("a", {"update", "2"}, "other");
  EXPECT_EQ(answer(), "under way");
  EXPECT_EQ(answer(), "new");
  EXPECT_EQ(answer(), "end");
  EXPECT_EQ(answer(), "other");
  EXPECT_THAT(done, ElementsAre("under way", "new", "end", "other"));
}

TEST_F(CallLanesTest, IsBounded) {
  for (int i = 0; i < 10; ++i) add("a", {"k", std::to_string(i)}, std::to_string(i));
  EXPECT_EQ(caller.stats().dropped, 10 - 1 - kMaxWaiting);
  for (size_t i = 0; i <= kMaxWaiting; ++i) answer();
  EXPECT_TRUE(calls.empty());
  EXPECT_THAT(done, ElementsAre("0", "1", "2", "3"));
  EXPECT_TRUE(log.contains("call 4"));
}

TEST_F(CallLanesTest, KnowsWhatItHolds) {
  EXPECT_FALSE(lanes.holds("a", {"k", "1"}));
  add("a", {"k", "1"}, "first");
  add("a", {"k", "2"}, "second");
  EXPECT_TRUE(lanes.holds("a", {"k", "1"}));
  EXPECT_TRUE(lanes.holds("a", {"k", "2"}));
  EXPECT_FALSE(lanes.holds("a", {"l", "1"}));
  EXPECT_FALSE(lanes.holds("b", {"k", "1"}));
  answer();
  EXPECT_FALSE(lanes.holds("a", {"k", "1"}));
  EXPECT_TRUE(lanes.holds("a", {"k", "2"}));
}

TEST_F(CallLanesTest, DiscardsWhatWaitsAboutASubject) {
  lanes.discard("a", "1");
  lanes.add("a", {"register", "1"}, call("register"), [&](const Result<net::HttpAnswer>&) { lanes.discard("a", "1"); });
  add("a", {"update", "1"}, "update");
  add("a", {"register", "2"}, "other");
  add("a", {"complete", "1"}, "complete");
  EXPECT_EQ(answer(400), "register");
  EXPECT_EQ(answer(), "other");
  EXPECT_TRUE(calls.empty());
  EXPECT_THAT(done, ElementsAre("other"));
}

TEST_F(CallLanesTest, WhatIsAddedWhenACallIsDoneWaitsBehindTheOthers) {
  lanes.add("a", {"k", "1"}, call("first"), [&](const Result<net::HttpAnswer>&) { add("a", {"k", "3"}, "third"); });
  add("a", {"k", "2"}, "second");
  answer();
  EXPECT_EQ(answer(), "second");
  EXPECT_EQ(answer(), "third");
}

}  // namespace
}  // namespace matchbus::gateway
