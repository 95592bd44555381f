#include "match/journal_name.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>

namespace matchbus::match {
namespace {

constexpr size_t kNameMax = 255;

TEST(JournalName, IsTheGroupAndTheTime) {
  EXPECT_EQ(journal_stem("ABC123", 1700000000000), "Match_ABC123_1700000000000");
}

TEST(JournalName, OnlyPlainLettersStandForThemselves) {
  EXPECT_EQ(escape_group("aZ09-"), "aZ09-");
  EXPECT_EQ(escape_group("a_b"), "a%5Fb");
  EXPECT_EQ(escape_group("../x"), "%2E%2E%2Fx");
  EXPECT_EQ(escape_group("."), "%2E");
  EXPECT_EQ(escape_group("50%"), "50%25");
  EXPECT_EQ(escape_group(std::string_view("\0\n\x7f", 3)), "%00%0A%7F");
  EXPECT_EQ(escape_group("\xc3\xa9"), "%C3%A9");
}

TEST(JournalName, LongGroupsKeepTheirBeginningAndDiffer) {
  std::set<std::string> seen;
  for (int i = 0; i < 64; ++i) {
    std::string group;
    for (int k = 0; k < 64; ++k) group += k == i ? "\xf0\x9f\x98\x81" : "\xf0\x9f\x98\x80";
    const std::string escaped = escape_group(group);
    EXPECT_LE(escaped.size(), kMaxEscapedGroup);
    EXPECT_TRUE(seen.insert(escaped).second);
  }
}

// Any bytes at all: two groups share a name only if they are the same, and a name stays inside its directory.
TEST(JournalName, IsInjectiveAndHarmlessForAnyBytes) {
  std::mt19937 random(1);
  std::set<std::string> groups, names;
  for (int i = 0; i < 20'000; ++i) {
    // Few different bytes, so that groups look alike.
    static constexpr char kBytes[] = {'a', '%', '2', '5', '_', '/', '.', '\\', '\0', '\n', '~', '\xc3'};
    std::string group;
    const size_t size = 1 + random() % (i % 2 == 0 ? 5 : 256);
    for (size_t k = 0; k < size; ++k) group += kBytes[random() % sizeof kBytes];
    if (!groups.insert(group).second) continue;
    const std::string name = journal_stem(group, 253402300799999) + std::string(kJournalSuffix);
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_LE(name.size() + kBrokenSuffix.size(), kNameMax);
    EXPECT_EQ(name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_%."),
              std::string::npos);
    EXPECT_EQ(name.find("/"), std::string::npos);
    EXPECT_EQ(name.find(".."), std::string::npos);
  }
}

TEST(JournalName, IsReadBack) {
  for (const std::string_view suffix : {kJournalSuffix, kSidecarSuffix, kBrokenSuffix, kTemporarySuffix}) {
    const std::string stem = journal_stem("a_b.c", 42);
    const std::string name = stem + std::string(suffix);
    const auto read = read_journal_name(name);
    ASSERT_TRUE(read) << name;
    EXPECT_EQ(read->stem, stem);
    EXPECT_EQ(read->suffix, suffix);
    EXPECT_EQ(read->start_ms, 42);
  }
}

TEST(JournalName, OtherFilesAreNotTakenForJournals) {
  for (const char* name :
       {"", ".", "..", "notes.txt", "Match_.replay", "Match_A.replay", "Match_A_x.replay", "Match_A_1",
        "Match_A_1.replay.gz", "Match_A_-1.replay", "Match_A_.replay", "match_A_1.replay", "Match_A_1 .replay",
        "Match_A_99999999999999999999.replay", "self-signed.crt"}) {
    EXPECT_FALSE(read_journal_name(name)) << name;
  }
}

}  // namespace
}  // namespace matchbus::match
