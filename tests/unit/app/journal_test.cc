#include "app/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "unit/app/journal_fixture.h"

namespace matchbus::app {
namespace {

using match::Verdict;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using Journals = test::JournalTest;

TEST_F(Journals, HeaderAndEventsMakeAJsonArray) {
  start();
  admit("A/B");
  flush();
  const std::string name = "Match_A%2FB_" + std::to_string(clock_.wall_ms());
  EXPECT_THAT(files(), ElementsAre(name + ".live", name + ".replay"));
  ASSERT_EQ(score("A/B", 1), Verdict::kApplied);
  flush();
  ASSERT_EQ(score("A/B", 2), Verdict::kApplied);
  ASSERT_EQ(send("A/B", "map", "'Jam'"), Verdict::kApplied);
  flush();
  const test::Parsed journal("[" + test::read_file(file(name + ".replay")) + "]");
  ASSERT_EQ(journal.root().size(), 4u);
  EXPECT_EQ(journal.root().at(0)["groupCode"].string(), "A/B");
  EXPECT_EQ(journal.root().at(0)["serverVersion"].string(), "1.2.3");
  EXPECT_EQ(journal.root().at(0)["logStartTime"].number(), static_cast<double>(clock_.wall_ms()));
  EXPECT_EQ(journal.root().at(3)["type"].string(), "map");
  EXPECT_EQ(journal_->stats().events, 3u);
  EXPECT_EQ(journal_->stats().bytes, test::read_file(file(name + ".replay")).size());
  EXPECT_EQ(journal_->stats().pending_bytes, 0u);
}

TEST_F(Journals, RefusedAndUnknownEventsAreNotInIt) {
  start();
  admit("A");
  EXPECT_EQ(send("A", "score", "5"), Verdict::kRefused);
  EXPECT_EQ(send("A", "no_such_type", "1"), Verdict::kIgnored);
  flush();
  EXPECT_EQ(entries(stem("A") + ".replay"), 1u);
}

TEST_F(Journals, FilesAreForTheOwnerOnly) {
  umask(0);
  start();
  admit("A");
  flush();
  umask(022);
  EXPECT_EQ(test::mode_of(directory_), 0700u);
  ASSERT_EQ(files().size(), 2u);
  for (const std::string& name : files()) EXPECT_EQ(test::mode_of(file(name)), 0600u) << name;
}

TEST_F(Journals, SecretsAreBesideTheJournalOnly) {
  start();
  admit("A", "{'playercamsInfo':{'secret':'cam-secret','identifier':'i'}}");
  score("A", 1);
  flush();
  const std::string journal = test::read_file(file(stem("A") + ".replay"));
  EXPECT_THAT(journal, Not(HasSubstr(secret_)));
  EXPECT_THAT(journal, Not(HasSubstr("cam-secret")));
  const std::string sidecar = test::read_file(file(stem("A") + ".live"));
  EXPECT_THAT(sidecar, HasSubstr(secret_));
  EXPECT_THAT(sidecar, HasSubstr("cam-secret"));
}

TEST_F(Journals, AMatchMayBeShownWhenItIsWritten) {
  start();
  match::Match& match = admit("A");
  match::Match& other = admit("B");
  EXPECT_FALSE(journal_->may_show(match));
  journal_->flush();
  EXPECT_FALSE(journal_->may_show(match)) << "on its way";
  EXPECT_EQ(written_, 0);
  run_until([&] { return written_ == 1; });
  EXPECT_TRUE(journal_->may_show(match));
  score("A", 1);
  EXPECT_FALSE(journal_->may_show(match));
  EXPECT_TRUE(journal_->may_show(other));
}

TEST_F(Journals, WithoutNewsAFlushIsDoneAtOnce) {
  start();
  admit("A");
  flush();
  const int before = written_;
  journal_->flush();
  EXPECT_EQ(written_, before + 1);
  EXPECT_EQ(journal_->stats().batches, 1u);
}

TEST_F(Journals, ASlowDiskIsCountedAndOvertaken) {
  start();
  match::Match& match = admit("A");
  {
    const test::StuckPool stuck(loop_->uv());
    journal_->flush();
    score("A", 1);
    journal_->flush();
    EXPECT_EQ(journal_->stats().late, 1u);
    EXPECT_TRUE(log_.contains("slow"));
    score("A", 2);
    journal_->flush();
    EXPECT_EQ(journal_->stats().late, 2u);
    EXPECT_EQ(written_, 0);
  }
  // The first batch's end starts the second, and only that one's is reported.
  run_until([&] { return written_ == 1; });
  EXPECT_TRUE(journal_->may_show(match));
  EXPECT_EQ(journal_->stats().batches, 2u);
  EXPECT_EQ(entries(stem("A") + ".replay"), 3u);
}

TEST_F(Journals, WhoCannotWaitForTheTickHasABatchOfItsOwn) {
  start();
  std::vector<uint64_t> done;
  journal_->set_on_recorded([&](uint64_t batch) { done.push_back(batch); });
  EXPECT_EQ(journal_->record_soon(), 0u) << "nothing to record";
  admit("A");
  EXPECT_EQ(journal_->record_soon(), 1u);
  admit("B");
  EXPECT_EQ(journal_->record_soon(), 1u) << "both in one";
  clock_.advance(10);
  loop_->timers().advance(clock_.monotonic_ms());
  run_until([&] { return !done.empty(); });
  EXPECT_THAT(done, ElementsAre(1u));
  EXPECT_EQ(files().size(), 4u);
  EXPECT_EQ(journal_->record_soon(), 0u);
  EXPECT_EQ(written_, 0) << "nobody has flushed";
}

TEST_F(Journals, WhatComesDuringABatchIsInTheNext) {
  start();
  std::vector<uint64_t> done;
  journal_->set_on_recorded([&](uint64_t batch) { done.push_back(batch); });
  {
    const test::StuckPool stuck(loop_->uv());
    admit("A");
    journal_->flush();
    EXPECT_EQ(journal_->record_soon(), 1u) << "that batch has it";
    admit("B");
    EXPECT_EQ(journal_->record_soon(), 2u);
  }
  run_until([&] { return !done.empty(); });
  EXPECT_EQ(written_, 1);
  clock_.advance(10);
  run_until([&] {
    loop_->timers().advance(clock_.monotonic_ms());
    return done.size() == 2;
  });
  EXPECT_EQ(files().size(), 4u);
  EXPECT_EQ(journal_->stats().late, 0u);
}

// The tick that meets such a batch has no slow disk, and its states wait for a batch that has all of them.
TEST_F(Journals, AFlushDuringSuchABatchIsNotLate) {
  start();
  {
    const test::StuckPool stuck(loop_->uv());
    match::Match& match = admit("A");
    journal_->record_soon();
    clock_.advance(10);
    loop_->timers().advance(clock_.monotonic_ms());
    ASSERT_TRUE(score("A", 1) == Verdict::kApplied);
    journal_->flush();
    EXPECT_EQ(journal_->stats().late, 0u);
    EXPECT_FALSE(journal_->may_show(match));
    journal_->flush();
    EXPECT_EQ(journal_->stats().late, 1u);
  }
  run_until([&] { return written_ == 1; });
  EXPECT_EQ(journal_->stats().batches, 2u);
  EXPECT_EQ(entries("Match_A_" + std::to_string(clock_.wall_ms() - 10) + ".replay"), 2u);
}

TEST_F(Journals, ADiskThatTakesNothingIsAnAnswerToo) {
  test::write_file(directory_, "in the way");
  start();
  uint64_t done = 0;
  journal_->set_on_recorded([&](uint64_t batch) { done = batch; });
  admit("A");
  const uint64_t batch = journal_->record_soon();
  journal_->flush();
  run_until([&] { return done == batch; });
  EXPECT_EQ(journal_->degraded(), 1u);
}

TEST_F(Journals, AMatchThatLeavesHasItsEventsWrittenAndItsSecretsRemoved) {
  start();
  match::Match& match = admit("A");
  flush();
  score("A", 1);
  registry_->remove(match);
  EXPECT_THAT(journal_->live_stems(), IsEmpty());
  flush();
  EXPECT_THAT(files(), ElementsAre(stem("A") + ".replay"));
  EXPECT_EQ(entries(stem("A") + ".replay"), 2u);
}

TEST_F(Journals, AMatchThatLeavesWhileItsBatchRuns) {
  start();
  match::Match& match = admit("A");
  journal_->flush();
  score("A", 1);
  registry_->remove(match);
  admit("A");
  run_until([&] { return written_ == 1; });
  flush();
  // The next match of the group began in the same millisecond.
  const std::string next = "Match_A_" + std::to_string(clock_.wall_ms() + 1);
  EXPECT_THAT(files(), ElementsAre(stem("A") + ".replay", next + ".live", next + ".replay"));
  EXPECT_EQ(entries(stem("A") + ".replay"), 2u);
  EXPECT_EQ(entries(next + ".replay"), 1u);
  EXPECT_THAT(journal_->live_stems(), ElementsAre(next));
}

TEST_F(Journals, ClosingWritesWhatIsLeft) {
  start();
  admit("A");
  journal_->flush();
  score("A", 1);
  admit("B");
  journal_->close();
  EXPECT_EQ(entries(stem("A") + ".replay"), 2u);
  EXPECT_EQ(entries(stem("B") + ".replay"), 1u);
  EXPECT_THAT(files(), testing::Contains(stem("B") + ".live"));
}

TEST_F(Journals, EndingWithoutClosingWaitsForTheBatch) {
  start();
  admit("A");
  journal_->flush();
  kill();
  EXPECT_EQ(entries(stem("A") + ".replay"), 1u);
}

TEST_F(Journals, AFullDiskIsWaitedFor) {
  start();
  match::Match& match = admit("A");
  flush();
  const size_t size = test::read_file(file(stem("A") + ".replay")).size();
  {
    const test::FileSizeLimit full(size + 10);  // the first entry is torn
    for (int i = 1; i <= 20; ++i) {
      EXPECT_EQ(score("A", i), Verdict::kApplied);
      flush();
    }
    EXPECT_EQ(test::read_file(file(stem("A") + ".replay")).size(), size + 10);
    EXPECT_EQ(journal_->degraded(), 1u);
    EXPECT_EQ(journal_->stats().failed, 20u);
    EXPECT_GT(journal_->stats().pending_bytes, 0u);
    EXPECT_FALSE(journal_->may_show(match));
    EXPECT_EQ(std::count_if(log_.lines.begin(), log_.lines.end(),
                            [](const std::string& line) { return line.find("cannot write") != std::string::npos; }),
              1);
    EXPECT_TRUE(log_.contains("File too large"));
  }
  flush();
  EXPECT_EQ(journal_->degraded(), 0u);
  EXPECT_EQ(journal_->stats().pending_bytes, 0u);
  EXPECT_TRUE(log_.contains("written again"));
  EXPECT_EQ(entries(stem("A") + ".replay"), 21u) << "nothing lost, nothing twice";
  EXPECT_TRUE(journal_->may_show(match));
}

TEST_F(Journals, BeyondTheBufferAJournalIsGivenUp) {
  start(4'000);
  match::Match& match = admit("A");
  flush();
  const size_t size = test::read_file(file(stem("A") + ".replay")).size();
  {
    const test::FileSizeLimit full(size + 10);
    for (int i = 1; i <= 100; ++i) {
      EXPECT_EQ(score("A", i), Verdict::kApplied) << "the match goes on";
      flush();
      EXPECT_LE(journal_->stats().pending_bytes, 4'000u);
    }
    EXPECT_EQ(journal_->stats().given_up, 1u);
    EXPECT_EQ(journal_->degraded(), 1u);
    EXPECT_EQ(journal_->stats().pending_bytes, 0u);
    EXPECT_TRUE(journal_->may_show(match)) << "nothing to wait for any more";
    EXPECT_TRUE(log_.contains("gave up the journal of group 'A'"));
  }
  EXPECT_THAT(files(), ElementsAre(stem("A") + ".replay")) << "the next start must not take it for the match";
  score("A", 101);
  flush();
  EXPECT_EQ(test::read_file(file(stem("A") + ".replay")).size(), size + 10);
  // The next match is recorded again.
  admit("B");
  flush();
  EXPECT_THAT(files(), testing::Contains(stem("B") + ".live"));
  EXPECT_EQ(journal_->degraded(), 1u);
  registry_->remove(match);
  flush();
  EXPECT_EQ(journal_->degraded(), 0u);
}

// What one match sends does not fill the disk for the others.
TEST_F(Journals, BeyondTheBoundOfAMatchItsJournalIsGivenUp) {
  app::JournalOptions bounded = options(1'000'000);
  bounded.match_bytes = 4'000;
  start(bounded);
  match::Match& match = admit("A");
  admit("B");
  for (int i = 1; i <= 200; ++i) {
    EXPECT_EQ(score("A", i), Verdict::kApplied) << "the match goes on";
    flush();
  }
  score("B", 1);
  flush();
  EXPECT_EQ(journal_->live_bytes(), test::read_file(file(stem("B") + ".replay")).size());
  EXPECT_EQ(journal_->stats().too_large, 1u);
  EXPECT_EQ(journal_->stats().given_up, 0u);
  EXPECT_EQ(journal_->degraded(), 1u);
  EXPECT_TRUE(journal_->may_show(match));
  EXPECT_TRUE(log_.contains("gave up the journal of group 'A', which is larger than"));
  EXPECT_LE(test::read_file(file(stem("A") + ".replay")).size(), 4'000u);
  EXPECT_THAT(files(), ElementsAre(stem("A") + ".replay", stem("B") + ".live", stem("B") + ".replay"));
}

TEST_F(Journals, AuxiliaryClientsLeaveRoomForTheObserver) {
  app::JournalOptions bounded = options(1'000'000);
  bounded.match_bytes = 40'000;
  start(bounded);
  admit("A");
  send("A", "match_start", "'M'");
  send("A", "roster",
       "{'name':'n','tagline':'t','startTeam':0,'agentInternal':'Clay','playerId':'P','position':0,'locked':true}");
  const auto tell = [&](int health) {
    const test::Parsed data(std::to_string(health));
    match::Envelope event;
    event.writer = match::Writer::kAuxiliary;
    event.type = match::EventType::kAuxHealth;
    event.type_name = "aux_health";
    event.match_id = "M";
    event.player_id = "P";
    event.data = data.root();
    event.timestamp = clock_.wall_ms();
    return registry_->receive_auxiliary(event).verdict;
  };
  int taken = 0;
  while (taken < 10'000 && tell(taken % 100) == Verdict::kApplied) ++taken;
  EXPECT_GT(taken, 100);
  flush();
  const size_t size = test::read_file(file(stem("A") + ".replay")).size();
  EXPECT_GT(size, 30'000u);
  EXPECT_LT(size, 30'200u);
  const std::string before = snapshot("A");
  EXPECT_EQ(tell(100), Verdict::kRefused) << "what is not recorded is not shown";
  EXPECT_EQ(snapshot("A"), before);
  EXPECT_EQ(score("A", 7), Verdict::kApplied);
  flush();
  EXPECT_EQ(journal_->degraded(), 0u);
  const std::string last = snapshot("A");
  start(bounded);
  EXPECT_EQ(snapshot("A"), last);
  EXPECT_EQ(tell(1), Verdict::kRefused) << "nor after a crash";
}

TEST_F(Journals, GivingUpWhileItsBatchRuns) {
  start(3'000);
  admit("A");
  {
    const test::StuckPool stuck(loop_->uv());
    journal_->flush();
    for (int i = 1; i <= 100; ++i) score("A", i);
    EXPECT_EQ(journal_->stats().given_up, 1u);
  }
  run_until([&] { return written_ == 1; });
  flush();
  EXPECT_EQ(journal_->stats().pending_bytes, 0u);
  EXPECT_THAT(files(), ElementsAre(stem("A") + ".replay"));
}

TEST_F(Journals, ADirectoryThatCannotBeMadeIsTriedAgain) {
  // Even root cannot make a directory where a file is.
  test::write_file(directory_, "in the way");
  start();
  match::Match& match = admit("A");
  score("A", 1);
  flush();
  flush();
  EXPECT_EQ(journal_->degraded(), 1u);
  EXPECT_TRUE(log_.contains("cannot write journals"));
  EXPECT_FALSE(journal_->may_show(match));
  EXPECT_EQ(::remove(directory_.c_str()), 0);
  flush();
  EXPECT_EQ(journal_->degraded(), 0u);
  EXPECT_EQ(entries(stem("A") + ".replay"), 2u);
  EXPECT_THAT(files(), testing::Contains(stem("A") + ".live"));
}

TEST_F(Journals, ADirectoryThatVanishesIsMadeAgain) {
  start();
  admit("A");
  flush();
  for (const std::string& name : files()) EXPECT_EQ(::remove(file(name).c_str()), 0);
  EXPECT_EQ(::remove(directory_.c_str()), 0);
  admit("B");
  flush();
  EXPECT_THAT(files(), ElementsAre(stem("B") + ".live", stem("B") + ".replay"));
}

TEST_F(Journals, ADirectoryHasOneServer) {
  start();
  Journal second(*loop_, options(0), [] {});
  const Result<void> opened = second.open();
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr(directory_));
  kill();
  EXPECT_TRUE(second.open());
}

TEST_F(Journals, ManyMatchesWithFewDescriptors) {
  start(10'000'000, {SyncPolicy::Mode::kTick, 0}, 3);
  const size_t before = test::names_in("/proc/self/fd").size();
  for (int i = 0; i < 20; ++i) admit("G" + std::to_string(i));
  for (int round = 1; round <= 3; ++round) {
    for (int i = 0; i < 20; ++i) score("G" + std::to_string(i), round);
    flush();
  }
  EXPECT_LE(test::names_in("/proc/self/fd").size(), before + 4);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(entries(stem("G" + std::to_string(i)) + ".replay"), 4u);
}

TEST_F(Journals, BackgroundSyncTakesWhatWasWritten) {
  start(1'000'000, {SyncPolicy::Mode::kInterval, 1'000});
  admit("A");
  flush();
  EXPECT_EQ(journal_->sync_stats().runs, 0u);
  clock_.advance(1'000);
  flush();
  run_until([&] { return journal_->sync_stats().runs == 1; });
  clock_.advance(1'000);
  flush();
  loop_->post([] {});
  for (int i = 0; i < 20; ++i) uv_run(loop_->uv(), UV_RUN_NOWAIT);
  EXPECT_EQ(journal_->sync_stats().runs, 1u) << "nothing was written since";
  EXPECT_EQ(journal_->sync_stats().failed, 0u);
  score("A", 1);
  flush();
  journal_->close();
}

TEST_F(Journals, SyncPolicies) {
  EXPECT_EQ(read_sync_policy("never")->mode, SyncPolicy::Mode::kNever);
  EXPECT_EQ(read_sync_policy("tick")->mode, SyncPolicy::Mode::kTick);
  EXPECT_EQ(read_sync_policy("5")->mode, SyncPolicy::Mode::kInterval);
  EXPECT_EQ(read_sync_policy("5")->interval_ms, 5'000);
  for (const char* text : {"", "0", "-1", "1.5", "1s", "always", "86401", " 1"})
    EXPECT_FALSE(read_sync_policy(text)) << text;
}

}  // namespace
}  // namespace matchbus::app
