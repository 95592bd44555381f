#include "gateway/bus_idempotency.h"

#include <gtest/gtest.h>

namespace matchbus::gateway {
namespace {

using Verdict = IdempotencyStore::Verdict;

TEST(IdempotencyStore, AnswersARepeatedRequestAgain) {
  IdempotencyStore store;
  EXPECT_EQ(store.begin("k", "/p", "body", 0).verdict, Verdict::kNew);
  EXPECT_EQ(store.begin("k", "/p", "body", 1).verdict, Verdict::kRunning);
  store.keep("k", 200, "answer");
  const auto again = store.begin("k", "/p", "body", 2);
  EXPECT_EQ(again.verdict, Verdict::kKnown);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.body, "answer");
  EXPECT_EQ(store.begin("other", "/p", "body", 2).verdict, Verdict::kNew);
}

TEST(IdempotencyStore, AnotherRequestMayNotUseTheKey) {
  IdempotencyStore store;
  store.begin("k", "/p", "body", 0);
  store.keep("k", 200, "answer");
  EXPECT_EQ(store.begin("k", "/p", "body2", 1).verdict, Verdict::kOther);
  EXPECT_EQ(store.begin("k", "/q", "body", 1).verdict, Verdict::kOther);
  EXPECT_EQ(store.begin("k", "/pb", "ody", 1).verdict, Verdict::kOther);
}

TEST(IdempotencyStore, ForgetsAfterItsTime) {
  IdempotencyStore store({.keep_ms = 1'000});
  store.begin("k", "/p", "body", 0);
  store.keep("k", 200, "answer");
  EXPECT_EQ(store.begin("k", "/p", "body", 999).verdict, Verdict::kKnown);
  EXPECT_EQ(store.begin("k", "/p", "other", 1'000).verdict, Verdict::kNew) << "the time counts from the first request";
  store.forget("k");
  EXPECT_EQ(store.begin("k", "/p", "third", 1'001).verdict, Verdict::kNew);
  EXPECT_EQ(store.begin("x", "/p", "", 2'000).verdict, Verdict::kNew);
  EXPECT_EQ(store.size(), 2u) << "what a forgotten entry left does not take its successor with it";
}

TEST(IdempotencyStore, TheOldestGoWhenThereAreTooMany) {
  IdempotencyStore store({.answers = 3, .bytes = 100});
  for (const char* key : {"a", "b", "c", "d"}) {
    store.begin(key, "/p", "", 0);
    store.keep(key, 200, "1234567890");
  }
  EXPECT_EQ(store.size(), 3u);
  EXPECT_EQ(store.begin("d", "/p", "", 0).verdict, Verdict::kKnown);
  store.begin("e", "/p", "", 0);
  store.keep("e", 200, std::string(95, 'x'));
  EXPECT_EQ(store.size(), 1u);
  EXPECT_EQ(store.begin("e", "/p", "", 0).verdict, Verdict::kKnown);
  store.begin("f", "/p", "", 0);
  store.keep("f", 200, std::string(200, 'x'));
  EXPECT_EQ(store.size(), 0u) << "too large to be kept at all";
  store.keep("never begun", 200, "x");
  EXPECT_EQ(store.size(), 0u);
}

}  // namespace
}  // namespace matchbus::gateway
