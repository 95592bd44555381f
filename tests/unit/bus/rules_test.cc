// The small rules: names of rooms and topics, rates, times.
#include <gtest/gtest.h>

#include <string>

#include "bus/iso_time.h"
#include "bus/rate_limit.h"
#include "bus/target.h"
#include "bus/token_bucket.h"
#include "bus/topic_rules.h"

namespace matchbus::bus {
namespace {

TEST(Rooms, HaveNames) {
  for (const char* name : {"global", "admin", "sector:7", "team:a:b", "region:x", "personal:u1"}) {
    const std::optional<Target> target = parse_room(name);
    ASSERT_TRUE(target) << name;
    EXPECT_EQ(room_name(*target), name);
  }
  EXPECT_EQ(parse_room("sector:7"), (Target{RoomKind::kSector, "7"}));
  EXPECT_EQ(room_name({RoomKind::kTopic, "market:ore"}), "market:ore");
}

TEST(Rooms, OtherNamesAreNone) {
  for (const char* name :
       {"", "sector", "sector:", "global:", "global:x", "admin:x", "market:ore", "Sector:7", "personal:"}) {
    EXPECT_FALSE(parse_room(name)) << name;
  }
}

TEST(TopicRules, Namespaces) {
  for (const char* topic : {"market:ore", "market:station:5", "market:station", "combat:1", "aria", "match:abc"}) {
    EXPECT_EQ(topic_refusal(topic, false, 128), "") << topic;
  }
  for (const char* topic : {"", "market", "market:", "market:station:", "combat:", "match:", "aria:", "aria:u1",
                            "global", "sector:7", "personal:u2", "Market:ore", "adminx"}) {
    EXPECT_EQ(topic_refusal(topic, true, 128), "unknown_topic") << topic;
  }
}

TEST(TopicRules, AdminFeedsAndLongNames) {
  for (const char* topic : {"admin", "admin:log"}) {
    EXPECT_EQ(topic_refusal(topic, true, 128), "");
    EXPECT_EQ(topic_refusal(topic, false, 128), "forbidden");
  }
  EXPECT_EQ(topic_refusal("market:" + std::string(121, 'x'), false, 128), "");
  EXPECT_EQ(topic_refusal("market:" + std::string(122, 'x'), false, 128), "name_too_long");
}

TEST(TopicRules, AriaHasARoomForEachUser) {
  EXPECT_EQ(topic_room_id("aria", "u1"), "aria:u1");
  EXPECT_EQ(topic_room_id("market:ore", "u1"), "market:ore");
  EXPECT_EQ(topic_name("aria:u1"), "aria");
  EXPECT_EQ(topic_name("market:ore"), "market:ore");
}

using Verdict = RateLimit::Verdict;

TEST(RateLimit, CountsPerSecond) {
  RateLimit limit;
  EXPECT_EQ(limit.count(5'000, 2), Verdict::kPass);
  EXPECT_EQ(limit.count(5'999, 2), Verdict::kPass);
  EXPECT_EQ(limit.count(5'999, 2), Verdict::kDrop);
  EXPECT_EQ(limit.count(6'000, 2), Verdict::kPass);
}

TEST(RateLimit, ClosesAtTheThirdSecondWithinTen) {
  const auto exceed = [](RateLimit& limit, int64_t now) {
    limit.count(now, 1);
    return limit.count(now, 1);
  };
  RateLimit limit;
  EXPECT_EQ(exceed(limit, 1'000), Verdict::kDrop);
  EXPECT_EQ(limit.count(1'500, 1), Verdict::kDrop) << "still the same second";
  EXPECT_EQ(exceed(limit, 6'000), Verdict::kDrop);
  EXPECT_EQ(exceed(limit, 11'001), Verdict::kDrop);
  EXPECT_EQ(exceed(limit, 16'000), Verdict::kClose);
}

// Tokens that can be taken at this moment.
int takeable(TokenBucket& bucket, int64_t now, int64_t per_second, int64_t size) {
  int taken = 0;
  while (bucket.take(now, per_second, size)) ++taken;
  return taken;
}

TEST(TokenBucket, HoldsSoManyAndFillsSoFast) {
  TokenBucket bucket;
  EXPECT_TRUE(bucket.is_full(5'000, 10));
  EXPECT_EQ(takeable(bucket, 5'000, 10, 100), 100) << "it begins full";
  EXPECT_EQ(takeable(bucket, 5'099, 10, 100), 0);
  EXPECT_EQ(takeable(bucket, 5'100, 10, 100), 1);
  EXPECT_EQ(takeable(bucket, 6'100, 10, 100), 10);
  EXPECT_FALSE(bucket.is_full(16'099, 10));
  EXPECT_TRUE(bucket.is_full(16'100, 10));
  EXPECT_EQ(takeable(bucket, INT64_MAX, 10, 100), 100) << "and no more than that";
}

TEST(TokenBucket, LosesNoPartOfAToken) {
  for (const int64_t per_second : {1, 3, 7, 999, 1'000, 2'500}) {
    TokenBucket bucket;
    EXPECT_EQ(takeable(bucket, 0, per_second, 5), 5);
    int64_t taken = 0;
    for (int64_t now = 1; now <= 10'000; ++now) taken += takeable(bucket, now, per_second, 5);
    EXPECT_EQ(taken, per_second * 10);
  }
}

TEST(TokenBucket, SizesWithoutEnd) {
  TokenBucket bucket;
  for (int i = 0; i < 1'000; ++i) EXPECT_TRUE(bucket.take(i, INT32_MAX, INT32_MAX));
  EXPECT_TRUE(bucket.is_full(INT64_MAX, INT32_MAX));
}

TEST(IsoTime, IsThatOfECMAScript) {
  EXPECT_EQ(IsoTime(0).view(), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(IsoTime(951'782'399'999).view(), "2000-02-28T23:59:59.999Z");
  EXPECT_EQ(IsoTime(951'782'400'000).view(), "2000-02-29T00:00:00.000Z");
  EXPECT_EQ(IsoTime(1'767'323'045'678).view(), "2026-01-02T03:04:05.678Z");
  EXPECT_EQ(IsoTime(253'402'300'799'999).view(), "9999-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace matchbus::bus
