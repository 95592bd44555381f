#include "app/env_file.h"

#include <gtest/gtest.h>

namespace matchbus::app {
namespace {

using Entries = std::vector<std::pair<std::string, std::string>>;

TEST(EnvFile, ReadsNamesAndValues) {
  EXPECT_EQ(parse_env_file("AUTH_KEY=secret\nINSECURE = true\n"),
            (Entries{{"AUTH_KEY", "secret"}, {"INSECURE", "true"}}));
}

TEST(EnvFile, PassesOverCommentsBlankLinesAndLinesWithoutAName) {
  EXPECT_EQ(parse_env_file("# A=1\n\n  \nno equals\n=x\n1A=2\na-b=3\nB=4"), (Entries{{"B", "4"}}));
}

TEST(EnvFile, TakesQuotesOff) {
  EXPECT_EQ(parse_env_file("A=\"x # y\"\nB='it''s'\nC=\"a\\n\\\"b\\\\\""),
            (Entries{{"A", "x # y"}, {"B", "it''s"}, {"C", "a\n\"b\\"}}));
}

TEST(EnvFile, CutsCommentsBehindUnquotedValues) {
  EXPECT_EQ(parse_env_file("A=1 # one\nB=x#y\nexport C=3\r\nD="),
            (Entries{{"A", "1"}, {"B", "x#y"}, {"C", "3"}, {"D", ""}}));
}

TEST(EnvFile, EndsAQuotedValueAtItsClosingQuote) {
  EXPECT_EQ(
      parse_env_file(
          "A=\"abc\" # the \"master\" key\nB='x' # it's\nC=\"a\\\"b\"\nD=\"open # x\nE=\"\"\nF='a' b\nG=\"a#b\"#c"),
      (Entries{{"A", "abc"}, {"B", "x"}, {"C", "a\"b"}, {"D", "\"open"}, {"E", ""}, {"F", "'a' b"}, {"G", "a#b"}}));
}

TEST(EnvFile, TakesATabBeforeACommentToo) {
  EXPECT_EQ(parse_env_file("A=1\t# one\nB=x#y\t#z\nC= # none"), (Entries{{"A", "1"}, {"B", "x#y"}, {"C", ""}}));
}

TEST(EnvFile, PassesOverAByteOrderMark) {
  EXPECT_EQ(parse_env_file("\xef\xbb\xbf"
                           "A=1\nB=2"),
            (Entries{{"A", "1"}, {"B", "2"}}));
}

TEST(EnvFile, KeepsEqualsSignsInValues) { EXPECT_EQ(parse_env_file("KEY=a=b=="), (Entries{{"KEY", "a=b=="}})); }

}  // namespace
}  // namespace matchbus::app
