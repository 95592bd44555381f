#include "match/key_policy.h"

#include <gtest/gtest.h>

namespace matchbus::match {
namespace {

TEST(KeyPolicy, NotRequired) {
  const KeyPolicy policy{false, "", false};
  EXPECT_EQ(check_key("", policy), KeyVerdict::kValid);
  EXPECT_EQ(check_key("x", policy), KeyVerdict::kValid);
}

TEST(KeyPolicy, TheConfiguredKey) {
  const KeyPolicy policy{true, "testkey", false};
  EXPECT_EQ(check_key("testkey", policy), KeyVerdict::kValid);
  for (const char* key : {"", "testke", "testkeytestkey", "testkez", "Testkey"})
    EXPECT_EQ(check_key(key, policy), KeyVerdict::kInvalid) << key;
}

TEST(KeyPolicy, NoKeyConfiguredAdmitsNobody) {
  EXPECT_EQ(check_key("", KeyPolicy{}), KeyVerdict::kInvalid);
  EXPECT_EQ(check_key("x", KeyPolicy{}), KeyVerdict::kInvalid);
}

TEST(KeyPolicy, Backend) {
  const KeyPolicy policy{true, "testkey", true};
  EXPECT_EQ(check_key("testkey", policy), KeyVerdict::kValid);
  EXPECT_EQ(check_key("other", policy), KeyVerdict::kAskBackend);
  EXPECT_EQ(check_key("", policy), KeyVerdict::kInvalid);
}

TEST(KeyPolicy, ConstantTimeComparisonCompares) {
  EXPECT_TRUE(equal_constant_time("", ""));
  EXPECT_TRUE(equal_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_constant_time("abc", "ab"));
  EXPECT_FALSE(equal_constant_time("abab", "ab"));
  EXPECT_FALSE(equal_constant_time("", "a"));
  EXPECT_FALSE(equal_constant_time("a", ""));
  EXPECT_FALSE(equal_constant_time(std::string_view("\0", 1), ""));
}

}  // namespace
}  // namespace matchbus::match
