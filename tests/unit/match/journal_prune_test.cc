#include "match/journal_prune.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace matchbus::match {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kNow = 1'000'000;

TEST(Prune, NoLimitsDeleteNothing) {
  EXPECT_THAT(choose_old_journals({{1, 1'000'000'000, false}, {2, 5, false}}, {}, kNow), IsEmpty());
}

TEST(Prune, TooOldOnesGo) {
  EXPECT_THAT(choose_old_journals({{kNow - 101, 1, false}, {kNow - 100, 1, false}, {kNow - 500, 1, false}},
                                  {.max_age_ms = 100}, kNow),
              ElementsAre(2, 0));
}

TEST(Prune, TheOldestGoUntilTheRestFits) {
  const std::vector<OldJournal> journals = {{30, 10, false}, {10, 10, false}, {20, 10, false}};
  EXPECT_THAT(choose_old_journals(journals, {.max_bytes = 30}, kNow), IsEmpty());
  EXPECT_THAT(choose_old_journals(journals, {.max_bytes = 29}, kNow), ElementsAre(1));
  EXPECT_THAT(choose_old_journals(journals, {.max_bytes = 10}, kNow), ElementsAre(1, 2));
  EXPECT_THAT(choose_old_journals(journals, {.max_bytes = 9}, kNow), ElementsAre(1, 2, 0));
}

TEST(Prune, LiveOnesCountButStay) {
  const std::vector<OldJournal> journals = {{1, 100, true}, {2, 10, false}, {3, 10, false}};
  EXPECT_THAT(choose_old_journals(journals, {.max_age_ms = 1, .max_bytes = 115}, kNow), ElementsAre(1, 2));
  EXPECT_THAT(choose_old_journals(journals, {.max_bytes = 115}, kNow), ElementsAre(1));
  EXPECT_THAT(choose_old_journals({{1, 100, true}}, {.max_age_ms = 1, .max_bytes = 1}, kNow), IsEmpty());
}

TEST(Prune, TimesOfTheFutureAreNotOld) {
  EXPECT_THAT(choose_old_journals({{kNow + 1'000, 1, false}}, {.max_age_ms = 1}, kNow), IsEmpty());
}

}  // namespace
}  // namespace matchbus::match
