#include "app/journal_recovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <random>

#include "match/simulation.h"
#include "unit/app/journal_fixture.h"

namespace matchbus::app {
namespace {

using match::Verdict;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class RecoveryTest : public test::JournalTest {
 protected:
  // A match's events of `simulation` as the ingest door would take them, until `count` were sent or it ends.
  bool play(match::Simulation& simulation, std::string_view group, int count, int64_t start_ms) {
    for (; count > 0; --count) {
      auto event = simulation.next();
      if (!event) return false;
      if (event->name != "obs_data") continue;
      test::Parsed parsed(event->text);
      const int64_t now = start_ms + event->at_ms;
      clock_.advance(std::max<int64_t>(0, now - clock_.wall_ms()));
      const auto envelope = match::read_envelope(parsed.root(), match::Writer::kObserver, clock_.wall_ms());
      EXPECT_TRUE(envelope);
      registry_->receive_observer(group, *envelope);
    }
    return true;
  }
};

TEST_F(RecoveryTest, AMatchComesBackWithItsStateAndSecret) {
  start();
  admit("A");
  score("A", 3);
  send("A", "map", "'Jam'");
  flush();
  const std::string before = snapshot("A");
  const std::string secret = secret_;
  start();
  EXPECT_EQ(recovery_.matches, 1u);
  EXPECT_EQ(recovery_.events, 2u);
  EXPECT_EQ(snapshot("A"), before);
  auto logon = test::make_logon("A");
  logon.group_secret = secret;
  EXPECT_EQ(registry_->admit(logon, {}, clock_.wall_ms()).entry, match::MatchRegistry::Entry::kReconnected);
  logon.group_secret = "other";
  EXPECT_EQ(registry_->admit(logon, {}, clock_.wall_ms()).entry, match::MatchRegistry::Entry::kRefused);
}

TEST_F(RecoveryTest, WhatWasNotFlushedIsGone) {
  start();
  admit("A");
  score("A", 1);
  flush();
  score("A", 2);
  start();
  EXPECT_THAT(snapshot("A"), HasSubstr("\"roundsWon\":1,"));
}

TEST_F(RecoveryTest, AppendingGoesOnInTheSameFile) {
  start();
  const std::string name = stem("A") + ".replay";
  admit("A");
  score("A", 1);
  flush();
  for (int i = 2; i <= 4; ++i) {
    start();
    clock_.advance(1'000);
    score("A", i);
    flush();
    EXPECT_EQ(entries(name), static_cast<size_t>(i + 1));
  }
  EXPECT_EQ(files().size(), 2u);
}

TEST_F(RecoveryTest, SecretsOfPlayerCamsComeBack) {
  start();
  admit("A", "{'playercamsInfo':{'enable':true,'identifier':'ident','secret':'cam-secret'}}");
  flush();
  start();
  match::Match* match = registry_->find_group("A");
  ASSERT_NE(match, nullptr);
  EXPECT_EQ(match->text(match->state().hidden.cam_secret), "cam-secret");
  EXPECT_EQ(match->text(match->state().organization_id), "org");
}

// However much of the last write got to the disk: whole events are kept, the rest is cut off, and the file goes on.
TEST_F(RecoveryTest, ATornLastEntryIsDroppedAtEveryByte) {
  start();
  admit("A");
  score("A", 1);
  flush();
  const std::string name = file(stem("A") + ".replay");
  const std::string good = test::read_file(name);
  score("A", 2);
  flush();
  const std::string whole = test::read_file(name);
  for (size_t size = good.size(); size < whole.size(); ++size) {
    kill();
    test::write_file(name, whole.substr(0, size));
    log_.lines.clear();
    start();
    ASSERT_EQ(recovery_.matches, 1u) << size;
    EXPECT_EQ(recovery_.torn, size == good.size() ? 0u : 1u);
    EXPECT_EQ(log_.contains("torn"), size != good.size());
    EXPECT_THAT(snapshot("A"), HasSubstr("\"roundsWon\":1,"));
    flush();
    EXPECT_EQ(test::read_file(name), good) << size;
    score("A", 5);
    flush();
    EXPECT_EQ(entries(stem("A") + ".replay"), 3u) << size;
  }
}

TEST_F(RecoveryTest, OfABrokenJournalTheReadablePartComesBack) {
  start();
  admit("A");
  for (int i = 1; i < 5; ++i) score("A", i);
  flush();
  kill();
  const std::string name = file(stem("A") + ".replay");
  std::string text = test::read_file(name);
  const std::string third = R"("team_0":3,)";
  text[text.find(third)] = '\n';
  test::write_file(name, text);
  start();
  EXPECT_EQ(recovery_.broken, 1u);
  EXPECT_EQ(recovery_.matches, 1u);
  EXPECT_THAT(snapshot("A"), HasSubstr("\"roundsWon\":2,"));
  EXPECT_TRUE(log_.contains("line 4"));
  EXPECT_TRUE(log_.contains(".broken"));
  EXPECT_EQ(test::read_file(file(stem("A") + ".broken")), text) << "whole, for the operator";
  // It goes on in the same file, with the same secret.
  score("A", 5);
  flush();
  EXPECT_EQ(entries(stem("A") + ".replay"), 4u);
  auto logon = test::make_logon("A");
  logon.group_secret = secret_;
  EXPECT_EQ(registry_->admit(logon, {}, clock_.wall_ms()).entry, match::MatchRegistry::Entry::kReconnected);
  start();
  EXPECT_THAT(snapshot("A"), HasSubstr("\"roundsWon\":5,"));
}

// As with too many open files: what a later start can read is not touched.
TEST_F(RecoveryTest, WhatCannotBeReadNowIsLeftForLater) {
  start();
  admit("A");
  score("A", 1);
  flush();
  kill();
  const std::string journal = file(stem("A") + ".replay"), sidecar = file(stem("A") + ".live");
  const std::vector<std::string> before = files();
  for (const std::string& name : {journal, sidecar}) {
    // Opening a symbolic link fails with ELOOP, an error like any other.
    ASSERT_EQ(rename(name.c_str(), (name + "x").c_str()), 0);
    if (name == sidecar) {
      test::write_file(name, R"({"version":2,"of":"a newer program"})");
    } else {
      ASSERT_EQ(symlink((name + "x").c_str(), name.c_str()), 0);
    }
    log_.lines.clear();
    start();
    EXPECT_EQ(recovery_.matches, 0u);
    EXPECT_EQ(recovery_.left, 1u);
    EXPECT_EQ(recovery_.broken, 0u);
    EXPECT_TRUE(log_.contains("its files stay"));
    kill();
    ASSERT_EQ(rename((name + "x").c_str(), name.c_str()), 0);
    EXPECT_EQ(files(), before);
  }
  start();
  EXPECT_EQ(recovery_.matches, 1u);
  EXPECT_THAT(snapshot("A"), HasSubstr("\"roundsWon\":1,"));
}

// The files stay until the stats service is told, so that it is told after a crash, too.
TEST_F(RecoveryTest, AnEndedMatchComesBackAsLongAsSomebodyIsToBeToldOfIt) {
  start();
  admit("A");
  send("A", "match_start", "'M'");
  send("A", "round_info", "{'roundPhase':'game_end','roundNumber':20}");
  flush();
  clock_.advance(5'000);
  registry_->advance(clock_.wall_ms());
  EXPECT_EQ(registry_->size(), 0u);
  flush();
  EXPECT_EQ(files().size(), 2u);
  start();
  EXPECT_EQ(recovery_.matches, 1u);
  registry_->resume(clock_.wall_ms());
  registry_->advance(clock_.wall_ms());
  EXPECT_EQ(registry_->size(), 0u);
  EXPECT_EQ(registry_->next_deadline(), clock_.wall_ms() + 10'000);
  clock_.advance(15'000);
  flush();
  EXPECT_EQ(files().size(), 1u);
}

TEST_F(RecoveryTest, FilesThatAreNoneAreNoTrouble) {
  start();
  admit("A");
  flush();
  const std::string a = stem("A");
  kill();
  test::write_file(file("notes.txt"), "x");
  test::write_file(file(stem("NOJOURNAL") + ".live"), test::read_file(file(a + ".live")));
  test::write_file(file(stem("BADSIDECAR") + ".live"), "{");
  test::write_file(file(stem("BADSIDECAR") + ".replay"), test::read_file(file(a + ".replay")));
  test::write_file(file(stem("EMPTY") + ".live"), test::read_file(file(a + ".live")));
  test::write_file(file(stem("EMPTY") + ".replay"), "");
  test::write_file(file(stem("HALF") + ".new"), "{\"version\":1,\"groupSe");
  test::write_file(file(stem("ENDED") + ".replay"), "whatever");
  start();
  EXPECT_EQ(recovery_.matches, 1u);
  EXPECT_EQ(recovery_.broken, 2u);
  EXPECT_THAT(files(), ElementsAre(a + ".live", a + ".replay", stem("BADSIDECAR") + ".broken",
                                   stem("EMPTY") + ".broken", stem("ENDED") + ".replay", "notes.txt"));
}

TEST_F(RecoveryTest, OfTwoMatchesOfAGroupTheNewerComesBack) {
  start();
  admit("A");
  score("A", 1);
  flush();
  const std::string old = stem("A");
  const std::string sidecar = test::read_file(file(old + ".live"));
  registry_->remove(*registry_->find_group("A"));
  clock_.advance(5'000);
  admit("A");
  score("A", 2);
  flush();
  kill();
  test::write_file(file(old + ".live"), sidecar);
  start();
  EXPECT_EQ(recovery_.matches, 1u);
  EXPECT_THAT(snapshot("A"), HasSubstr("\"roundsWon\":2,"));
  EXPECT_THAT(files(), ElementsAre(old + ".replay", stem("A") + ".live", stem("A") + ".replay"));
}

TEST_F(RecoveryTest, TimeWentOnMeanwhile) {
  start();
  admit("A");
  ASSERT_EQ(send("A", "left_timeout", "1"), Verdict::kApplied);
  ASSERT_EQ(send("A", "toast", "{'duration':5000,'title':'t','message':'m','eventLogoEnabled':true,'active':false}"),
            Verdict::kApplied);
  flush();
  clock_.advance(20'000);
  start();
  registry_->advance(clock_.wall_ms());
  EXPECT_THAT(snapshot("A"), HasSubstr("\"timeRemaining\":40"));
  EXPECT_THAT(snapshot("A"), HasSubstr("\"leftTeam\":true"));
  const match::Match* match = registry_->find_group("A");
  ASSERT_NE(match, nullptr);
  EXPECT_FALSE(match->state().toast.active);
  // It runs on.
  clock_.advance(40'000);
  registry_->advance(clock_.wall_ms());
  EXPECT_THAT(snapshot("A"), HasSubstr("\"leftTeam\":false"));
}

TEST_F(RecoveryTest, AMatchThatEndedMeanwhileIsRemoved) {
  start();
  admit("ENDED");
  ASSERT_EQ(send("ENDED", "round_info", "{'roundPhase':'game_end','roundNumber':20}"), Verdict::kApplied);
  admit("SILENT");
  flush();
  const std::string ended = stem("ENDED"), silent = stem("SILENT");
  clock_.advance(31 * 60 * 1000);
  start();
  EXPECT_EQ(recovery_.matches, 2u);
  registry_->advance(clock_.wall_ms());
  EXPECT_EQ(registry_->size(), 0u);
  flush();
  EXPECT_THAT(files(), ElementsAre(ended + ".replay", silent + ".replay"));
}

TEST_F(RecoveryTest, NoRoomForAMatchLeavesItsFiles) {
  start();
  admit("A");
  flush();
  kill();
  registry_ = std::make_unique<match::MatchRegistry>(match::Names::built_in(), match::RegistryLimits{.matches = 1});
  registry_->admit(test::make_logon("B"), {}, clock_.wall_ms());
  journal_ = std::make_unique<Journal>(*loop_, options(1'000'000), [] {});
  ASSERT_TRUE(journal_->open());
  const RecoveryStats stats = recover_matches(*journal_, *registry_, log_);
  EXPECT_EQ(stats.matches, 0u);
  EXPECT_EQ(stats.left, 1u);
  EXPECT_TRUE(log_.contains("no room"));
  EXPECT_EQ(files().size(), 2u);
}

TEST_F(RecoveryTest, AuxiliaryClientsThatDoNotComeBackAreGone) {
  start();
  admit("A");
  ASSERT_EQ(send("A", "match_start", "'match-one'"), Verdict::kApplied);
  for (const char* id : {"p1", "p2", "p3"}) {
    ASSERT_EQ(send("A", "roster",
                   "{'name':'n','tagline':'t','startTeam':0,'agentInternal':'Clay','playerId':'" + std::string(id) +
                       "','position':0,'locked':true,'rank':0}"),
              Verdict::kApplied);
  }
  for (const char* id : {"p1", "p2"}) {
    const test::Parsed health("75");
    match::Envelope event;
    event.writer = match::Writer::kAuxiliary;
    event.type = match::EventType::kAuxHealth;
    event.type_name = "aux_health";
    event.match_id = "match-one";
    event.player_id = id;
    event.data = health.root();
    event.timestamp = clock_.wall_ms();
    ASSERT_EQ(registry_->receive_auxiliary(event).verdict, Verdict::kApplied);
  }
  flush();
  start();
  const match::Match* match = registry_->find_group("A");
  ASSERT_NE(match, nullptr);
  const auto& players =
      match->state().teams[1].player_count == 3 ? match->state().teams[1].players : match->state().teams[0].players;
  EXPECT_TRUE(players[0].auxiliary.health);
  EXPECT_TRUE(players[1].auxiliary.health);
  show_auxiliaries_gone(*registry_, clock_.wall_ms());
  EXPECT_FALSE(players[0].auxiliary.health);
  EXPECT_FALSE(players[1].auxiliary.health);
  flush();
  EXPECT_THAT(test::read_file(file(stem("A") + ".replay")), HasSubstr("server_aux_gone"));
  // What it had told comes back with it, even after another start.
  start();
  match = registry_->find_group("A");
  ASSERT_NE(match, nullptr);
  registry_->auxiliary_back("match-one", "p1", clock_.wall_ms());
  const match::Team& team = match->state().teams[match->state().teams[1].player_count == 3 ? 1 : 0];
  EXPECT_TRUE(team.players[0].auxiliary.health);
}

// Whole simulated matches, cut anywhere by a kill, some several times: always the state that was recorded.
TEST_F(RecoveryTest, SimulatedMatchesComeBackEqualWhereverTheyAreCut) {
  std::mt19937 random(5);
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    start(10'000'000);
    const std::string group = "SIM" + std::to_string(seed);
    admit(group);
    flush();
    match::SimulationOptions options;
    options.seed = seed;
    options.group_code = group;
    options.rounds = seed % 3 == 0 ? 27 : 8;
    match::Simulation simulation(options);
    const int64_t start_ms = clock_.wall_ms();
    for (bool more = true; more && registry_->find_group(group) != nullptr;) {
      more = play(simulation, group, static_cast<int>(1 + random() % 6'000), start_ms);
      if (!more) break;
      if (random() % 2 == 0) registry_->advance(clock_.wall_ms());
      flush();
      // As time has come to the last event at both ends, whether or not a tick came in between.
      const int64_t now = clock_.wall_ms();
      registry_->advance(now);
      const std::string before = snapshot(group);
      start(10'000'000);
      registry_->advance(now);
      ASSERT_EQ(snapshot(group), before) << group;
    }
    if (match::Match* match = registry_->find_group(group)) registry_->remove(*match);
    flush();
  }
}

}  // namespace
}  // namespace matchbus::app
