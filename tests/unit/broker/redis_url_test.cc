#include "broker/redis_url.h"

#include <gtest/gtest.h>

namespace matchbus::broker {
namespace {

std::string error_of(std::string_view text) {
  const auto url = parse_redis_url(text);
  return url ? "" : url.error().message;
}

TEST(RedisUrl, HasDefaults) {
  const auto url = parse_redis_url("redis://cache");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "cache");
  EXPECT_EQ(url->port, 6379);
  EXPECT_EQ(url->user + url->password, "");
  EXPECT_EQ(url->database, 0);
}

TEST(RedisUrl, HasAllParts) {
  const auto url = parse_redis_url("redis://bus:p%40ss:/w@[::1]:6380/3");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->port, 6380);
  EXPECT_EQ(url->user, "bus");
  EXPECT_EQ(url->password, "p@ss:/w");
  EXPECT_EQ(url->database, 3);
}

TEST(RedisUrl, PasswordAlone) {
  const auto url = parse_redis_url("redis://:secret@localhost/");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->user, "");
  EXPECT_EQ(url->password, "secret");
}

TEST(RedisUrl, TellsWhatIsWrong) {
  EXPECT_EQ(error_of("rediss://cache"), "rediss (TLS) is not supported: use redis://");
  EXPECT_EQ(error_of("cache:6379"), "must begin with redis://");
  EXPECT_EQ(error_of("redis://"), "no host");
  EXPECT_EQ(error_of("redis://[::1"), "a bracket is not closed");
  for (const char* text : {"redis://a:0", "redis://a:65536", "redis://a:", "redis://a:1x", "redis://[::1]1"})
    EXPECT_EQ(error_of(text), "the port must be from 1 to 65535") << text;
  for (const char* text : {"redis://a/x", "redis://a/-1", "redis://a/99999", "redis://a/1/2"})
    EXPECT_EQ(error_of(text), "what follows the host must be the number of a database") << text;
  for (const char* text : {"redis://:%4@a", "redis://%zz@a", "redis://:%@a"})
    EXPECT_EQ(error_of(text), "a bad escape in user or password") << text;
}

}  // namespace
}  // namespace matchbus::broker
