#include "match/version_range.h"

#include <gtest/gtest.h>

namespace matchbus::match {
namespace {

VersionRange range(std::string_view text) {
  auto parsed = VersionRange::parse(text);
  EXPECT_TRUE(parsed.ok()) << text;
  return *parsed;
}

TEST(VersionRange, Default) {
  const VersionRange versions = range(VersionRange::kDefault);
  for (const char* version : {"0.3.3", "0.3.4", "0.3.24", "v0.3.20", " 0.3.20 ", "0.3.20+build.5", " v0.3.9+a-b.0 "})
    EXPECT_TRUE(versions.contains(version)) << version;
  for (const char* version : {"0.3.2",
                              "0.3.25",
                              "0.4.0",
                              "1.0.0",
                              "0.2.99",
                              "garbage",
                              "",
                              "0.3",
                              "0.3.10.1",
                              "0.3.20-beta",
                              "0.3.020",
                              "00.3.20",
                              "0.3.x",
                              "0.3.",
                              ".3.20",
                              "0..20",
                              "-0.3.20",
                              "0.3.20+",
                              "0.3.20+a..b",
                              "0.3.20+.a",
                              "0.3.20+a_",
                              "vv0.3.20",
                              "V0.3.20",
                              "0.3. 20",
                              "0.3.20 1",
                              "0.3.99999999999999999999",
                              "0x0.3.20",
                              "+0.3.20"})
    EXPECT_FALSE(versions.contains(version)) << version;
}

TEST(VersionRange, AStarTakesAll) {
  for (const char* text : {"*", " * "}) {
    EXPECT_TRUE(range(text).takes_all());
    for (const char* version : {"0.0.0", "99.0.0", "1.0.0-beta", "garbage", ""})
      EXPECT_TRUE(range(text).contains(version)) << version;
  }
  EXPECT_FALSE(range(VersionRange::kDefault).takes_all());
  for (const char* text : {"* <1.0.0", ">=1.0.0 *", "**", "1.*"}) EXPECT_FALSE(VersionRange::parse(text).ok()) << text;
}

TEST(VersionRange, Comparisons) {
  EXPECT_TRUE(range("1.2.3").contains("1.2.3"));
  EXPECT_FALSE(range("=1.2.3").contains("1.2.4"));
  EXPECT_TRUE(range(">1.2.3").contains("1.10.0"));
  EXPECT_FALSE(range(">1.2.3").contains("1.2.3"));
  EXPECT_TRUE(range("<=1.2.3").contains("1.2.3"));
  EXPECT_FALSE(range("<=1.2.3").contains("1.2.4"));
  EXPECT_TRUE(range(">=1.2.3").contains("2.0.0"));
  EXPECT_TRUE(range("<2.0.0 >1.0.0  >=1.5.0").contains("1.5.0"));
  EXPECT_FALSE(range("<2.0.0 >1.0.0 >=1.5.0").contains("1.4.9"));
}

TEST(VersionRange, KeepsItsText) { EXPECT_EQ(range("  >=1.0.0   <2.0.0 ").text(), ">=1.0.0   <2.0.0"); }

TEST(VersionRange, RefusesWhatIsNone) {
  for (const char* text : {"", "  ", ">=", "^1.0.0", "1.0", ">=1.0.0 || <2.0.0", ">= 1.0.0", "1.0.0-rc1"})
    EXPECT_FALSE(VersionRange::parse(text).ok()) << text;
  EXPECT_EQ(VersionRange::parse(">=1.0.0 junk").error().message, "\"junk\" is no comparison with a version");
}

}  // namespace
}  // namespace matchbus::match
