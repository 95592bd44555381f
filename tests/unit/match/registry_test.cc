#include "match/registry.h"

#include <cstring>

#include "match/names_json.h"
#include "match_fixture.h"

namespace matchbus::match {
namespace {

using test::json_of;
using test::kStart;
using test::make_logon;
using test::Parsed;

// Writes down what it hears.
class Notes final : public EventSink, public RegistryHandler {
 public:
  void on_created(const Match& match, const ObserverLogon& logon, const Organization& organization,
                  std::string_view secret, int64_t now_ms) override {
    EXPECT_EQ(match.group_code(), logon.group_code);
    EXPECT_EQ(secret.size(), 12U);
    add("created " + logon.group_code + " of " + organization.id + " at " + std::to_string(now_ms - kStart));
  }
  void on_event(const Match& match, const Envelope& event) override {
    add(std::string(match.group_code()) + " event " + std::string(event.type_name));
  }
  void on_removed(const Match& match) override { add("sink: removed " + std::string(match.group_code())); }
  void on_effects(Match& match, Effects effects) override {
    EXPECT_FALSE(effects.empty());
    EXPECT_FALSE(effects.has(Effect::kRemove));
    std::string text = std::string(match.group_code()) + " effects";
    if (effects.has(Effect::kStarted)) text += " started";
    if (effects.has(Effect::kUpdate)) text += " update";
    if (effects.has(Effect::kEnded)) text += " ended";
    if (effects.has(Effect::kAbandoned)) text += " abandoned";
    if (effects.has(Effect::kPlayerJoined)) text += " joined";
    add(text);
  }
  void on_removed(Match& match) override { add("handler: removed " + std::string(match.group_code())); }
  void on_stats_due(std::string_view match_id) override { add("stats " + std::string(match_id)); }
  void on_match_id_changed(Match& match, const std::string& before) override {
    add(before + " is " + std::string(match.match_id()));
  }

  std::vector<std::string> take() { return std::exchange(notes_, {}); }

 private:
  void add(std::string text) { notes_.push_back(std::move(text)); }
  std::vector<std::string> notes_;
};

using Lines = std::vector<std::string>;

class RegistryTest : public ::testing::Test {
 protected:
  RegistryTest() {
    registry_.set_sink(&notes_);
    registry_.set_handler(&notes_);
  }

  MatchRegistry::Admission admit(std::string_view group, std::string secret = {}, Organization organization = {}) {
    ObserverLogon logon = make_logon(group);
    logon.group_secret = std::move(secret);
    return registry_.admit(logon, organization, now_);
  }
  Outcome observe(std::string_view own_group, std::string_view envelope) {
    const Parsed parsed(json_of(envelope));
    return registry_.receive_observer(own_group, *read_envelope(parsed.root(), Writer::kObserver, now_));
  }
  Outcome event(std::string_view group, std::string_view type, std::string_view data) {
    return observe(group, "{'obsName':'O','groupCode':'" + std::string(group) + "','type':'" + std::string(type) +
                              "','data':" + std::string(data) + "}");
  }
  Outcome aux(std::string_view match_id, std::string_view type, std::string_view data) {
    const Parsed parsed(json_of("{'playerId':'P','matchId':'" + std::string(match_id) + "','type':'" +
                                std::string(type) + "','data':" + std::string(data) + "}"));
    return registry_.receive_auxiliary(*read_envelope(parsed.root(), Writer::kAuxiliary, now_));
  }
  void add_player(std::string_view group) {
    EXPECT_EQ(event(group, "roster",
                    "{'name':'P','tagline':'T','startTeam':0,'agentInternal':'Clay','playerId':'P','position':0,"
                    "'locked':true}")
                  .verdict,
              Verdict::kApplied);
  }
  // The groups with news, which are shown then.
  Lines changed() {
    Lines groups;
    while (Match* const match = registry_.take_changed()) {
      groups.emplace_back(match->group_code());
      match->mark_shown();
    }
    return groups;
  }
  void wait(int64_t ms) {
    now_ += ms;
    registry_.advance(now_);
  }

  Notes notes_;
  MatchRegistry registry_{Names::built_in(), {3, Match::kDefaultMemory}};
  int64_t now_ = kStart;
};

TEST_F(RegistryTest, CreatesWithASecret) {
  const auto first = admit("A", "", {"o", "Org", false});
  EXPECT_EQ(first.entry, MatchRegistry::Entry::kCreated);
  EXPECT_EQ(first.reason.size(), 12U);
  EXPECT_EQ(first.reason.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"), std::string::npos);
  const auto second = admit("B");
  EXPECT_NE(first.reason, second.reason);
  EXPECT_EQ(registry_.find_group("A"), first.match);
  EXPECT_EQ(registry_.find_group("C"), nullptr);
  EXPECT_EQ(registry_.size(), 2U);
  EXPECT_EQ(notes_.take(), (Lines{"created A of o at 0", "created B of  at 0"}));
  EXPECT_EQ(changed(), (Lines{"A", "B"}));
  EXPECT_TRUE(registry_.is_secret(*first.match, first.reason));
  EXPECT_FALSE(registry_.is_secret(*first.match, second.reason));
}

TEST_F(RegistryTest, ReconnectsWithTheSecretOnly) {
  const auto first = admit("A");
  EXPECT_EQ(event("A", "map", "'Jam'").verdict, Verdict::kApplied);
  changed();
  notes_.take();
  const auto again = admit("A", first.reason);
  EXPECT_EQ(again.entry, MatchRegistry::Entry::kReconnected);
  EXPECT_EQ(again.reason, "reconnected");
  EXPECT_EQ(again.match, first.match);
  for (const char* secret : {"", "x", "AAAAAAAAAAAA"}) {
    const auto refused = admit("A", secret);
    EXPECT_EQ(refused.entry, MatchRegistry::Entry::kRefused);
    EXPECT_EQ(refused.match, nullptr);
    EXPECT_EQ(refused.reason, "Game with Group Code A exists and is still live.");
  }
  EXPECT_TRUE(notes_.take().empty());
  EXPECT_TRUE(changed().empty());
  EXPECT_EQ(first.match->text(first.match->state().map), "Lotus");
}

TEST_F(RegistryTest, AnEndedMatchGivesWay) {
  const auto first = admit("A");
  EXPECT_EQ(event("A", "match_start", "'M'").verdict, Verdict::kApplied);
  EXPECT_EQ(event("A", "round_info", "{'roundPhase':'game_end','roundNumber':20}").verdict, Verdict::kApplied);
  notes_.take();
  const auto second = admit("A");
  EXPECT_EQ(second.entry, MatchRegistry::Entry::kCreated);
  EXPECT_EQ(notes_.take(), (Lines{"handler: removed A", "sink: removed A", "created A of  at 0"}));
  EXPECT_EQ(changed(), (Lines{"A"}));
  EXPECT_FALSE(registry_.has_match_id("M"));
  wait(5'000);  // the first one's removal finds nothing
  EXPECT_EQ(registry_.find_group("A"), second.match);
}

TEST_F(RegistryTest, IsBounded) {
  for (const char* group : {"A", "B", "C"}) EXPECT_EQ(admit(group).entry, MatchRegistry::Entry::kCreated);
  const auto refused = admit("D");
  EXPECT_EQ(refused.entry, MatchRegistry::Entry::kRefused);
  EXPECT_EQ(refused.reason, "Unknown Error");
  registry_.remove(*registry_.find_group("B"));
  EXPECT_EQ(admit("D").entry, MatchRegistry::Entry::kCreated);
  EXPECT_EQ(registry_.stats().created, 4U);
  EXPECT_EQ(registry_.stats().removed, 1U);
}

TEST_F(RegistryTest, ObserversWriteToTheirOwnGroup) {
  admit("A");
  admit("B");
  changed();
  EXPECT_EQ(observe("A", "{'obsName':'O','groupCode':'B','type':'map','data':'Jam'}").verdict, Verdict::kRefused);
  EXPECT_EQ(registry_.stats().foreign, 1U);
  EXPECT_EQ(observe("gone", "{'obsName':'O','groupCode':'gone','type':'map','data':'Jam'}").verdict, Verdict::kIgnored);
  EXPECT_TRUE(changed().empty());
  // By match id it must be their own match's.
  EXPECT_EQ(observe("A", "{'obsName':'O','matchId':'M','type':'map','data':'Jam'}").verdict, Verdict::kRefused);
  EXPECT_EQ(event("A", "match_start", "'M'").verdict, Verdict::kApplied);
  EXPECT_EQ(observe("A", "{'obsName':'O','matchId':'M','type':'map','data':'Jam'}").verdict, Verdict::kApplied);
  EXPECT_EQ(changed(), (Lines{"A"}));
}

TEST_F(RegistryTest, AuxiliaryDataGoesToEveryMatchWithTheId) {
  for (const char* group : {"A", "B", "C"}) {
    admit(group);
    EXPECT_EQ(event(group, "match_start", group == std::string("C") ? "'N'" : "'M'").verdict, Verdict::kApplied);
    if (group != std::string("A")) add_player(group);
  }
  changed();
  notes_.take();
  EXPECT_EQ(aux("M", "aux_health", "50").verdict, Verdict::kApplied);  // ignored by A, which has no such player
  EXPECT_EQ(notes_.take(), (Lines{"B event aux_health"}));
  EXPECT_EQ(changed(), (Lines{"B"}));
  EXPECT_EQ(aux("nobodys", "aux_health", "50").verdict, Verdict::kIgnored);
  EXPECT_EQ(aux("", "aux_health", "50").verdict, Verdict::kIgnored);
  EXPECT_EQ(aux("M", "aux_abilities", "50").verdict, Verdict::kRefused);
}

TEST_F(RegistryTest, MatchIdsMove) {
  admit("A");
  EXPECT_FALSE(registry_.has_match_id(""));
  EXPECT_EQ(event("A", "match_start", "'M'").verdict, Verdict::kApplied);
  EXPECT_TRUE(registry_.has_match_id("M"));
  EXPECT_EQ(event("A", "match_start", "'N'").verdict, Verdict::kApplied);
  EXPECT_FALSE(registry_.has_match_id("M"));
  EXPECT_TRUE(registry_.has_match_id("N"));
  EXPECT_EQ(event("A", "match_start", "''").verdict, Verdict::kApplied);
  EXPECT_FALSE(registry_.has_match_id("N"));
  EXPECT_FALSE(registry_.has_match_id(""));
}

TEST_F(RegistryTest, AuxiliaryGoneAndBack) {
  admit("A");
  admit("B");
  for (const char* group : {"A", "B"}) {
    EXPECT_EQ(event(group, "match_start", "'M'").verdict, Verdict::kApplied);
    add_player(group);
  }
  aux("M", "aux_health", "50");
  changed();
  notes_.take();
  registry_.auxiliary_gone("M", "P", now_);
  EXPECT_EQ(notes_.take().size(), 2U);
  EXPECT_EQ(changed().size(), 2U);
  EXPECT_FALSE(registry_.find_group("A")->state().teams[0].players[0].auxiliary.health);
  registry_.auxiliary_back("M", "P", now_);
  EXPECT_EQ(notes_.take().size(), 2U);
  EXPECT_EQ(changed().size(), 2U);
  EXPECT_TRUE(registry_.find_group("B")->state().teams[0].players[0].auxiliary.health);
  registry_.auxiliary_gone("M", "nobody", now_);
  registry_.auxiliary_gone("M", "", now_);
  registry_.auxiliary_gone("", "P", now_);
  registry_.auxiliary_gone("other", "P", now_);
  EXPECT_TRUE(notes_.take().empty());
}

TEST_F(RegistryTest, ServerEvents) {
  Match& match = *admit("A").match;
  notes_.take();
  EXPECT_EQ(registry_.receive_server(match, EventType::kServerRegistered, "true", now_).verdict, Verdict::kApplied);
  EXPECT_TRUE(match.state().is_registered);
  EXPECT_EQ(notes_.take(), (Lines{"A event server_registered"}));
  EXPECT_EQ(registry_.receive_server(match, EventType::kServerRegistered, "nonsense", now_).verdict, Verdict::kRefused);
  EXPECT_EQ(registry_.receive_server(match, EventType::kMap, "\"Jam\"", now_).verdict, Verdict::kIgnored);
}

TEST_F(RegistryTest, EffectsComeAfterTheJournal) {
  admit("A");
  notes_.take();
  event("A", "match_start", "'M'");
  EXPECT_EQ(notes_.take(), (Lines{"A event match_start", "A effects started"}));
  add_player("A");
  EXPECT_EQ(notes_.take(), (Lines{"A event roster", "A effects joined"}));
  event("A", "score", "5");
  event("A", "nonsense", "5");
  EXPECT_TRUE(notes_.take().empty());
  EXPECT_EQ(registry_.stats().applied, 2U);
  EXPECT_EQ(registry_.stats().refused, 1U);
  EXPECT_EQ(registry_.stats().ignored, 1U);
  EXPECT_EQ(registry_.stats().unknown_types, 1U);
}

TEST_F(RegistryTest, EndOfAMatch) {
  admit("A", "", {"o", "Org", true});
  event("A", "match_start", "'M'");
  notes_.take();
  event("A", "round_info", "{'roundPhase':'game_end','roundNumber':24}");
  EXPECT_EQ(notes_.take(), (Lines{"A event round_info", "A effects ended"}));
  EXPECT_EQ(changed(), (Lines{"A"}));
  EXPECT_FALSE(registry_.has_match_id("M"));
  wait(4'999);
  EXPECT_EQ(registry_.size(), 1U);
  wait(1);
  EXPECT_EQ(notes_.take(), (Lines{"handler: removed A", "sink: removed A"}));
  EXPECT_EQ(registry_.size(), 0U);
  EXPECT_EQ(registry_.find_group("A"), nullptr);
  EXPECT_EQ(registry_.next_deadline(), now_ + 10'000);
  wait(9'999);
  EXPECT_TRUE(notes_.take().empty());
  wait(1);
  EXPECT_EQ(notes_.take(), (Lines{"stats M"}));
  wait(3'600'000);
  EXPECT_TRUE(notes_.take().empty());
  EXPECT_EQ(registry_.next_deadline(), INT64_MAX);
}

TEST_F(RegistryTest, StatsAreForSupporters) {
  admit("A");
  event("A", "match_start", "'M'");
  event("A", "round_info", "{'roundPhase':'game_end','roundNumber':24}");
  notes_.take();
  wait(20'000);
  EXPECT_EQ(notes_.take(), (Lines{"handler: removed A", "sink: removed A"}));
}

TEST_F(RegistryTest, Abandoned) {
  admit("A");
  admit("B");
  now_ += 600'000;
  event("A", "map", "'Jam'");
  notes_.take();
  wait(1'200'000);
  EXPECT_EQ(notes_.take(), (Lines{"B effects abandoned", "handler: removed B", "sink: removed B"}));
  EXPECT_EQ(registry_.stats().abandoned, 1U);
  EXPECT_EQ(registry_.next_deadline(), now_ + 600'000);
  wait(599'999);
  EXPECT_EQ(registry_.size(), 1U);
  wait(1);
  EXPECT_EQ(registry_.size(), 0U);
}

TEST_F(RegistryTest, NewsIsListedOnce) {
  for (const char* group : {"A", "B", "C"}) admit(group);
  changed();
  event("B", "map", "'Jam'");
  event("C", "map", "'Loading'");
  event("B", "map", "'Jam'");
  event("A", "observing", "'nobody'");  // changes nothing
  EXPECT_EQ(changed(), (Lines{"B", "C"}));
  event("B", "map", "'Jam'");  // as shown
  EXPECT_TRUE(changed().empty());
  // There and back is news all the same: something happened.
  event("B", "switch_kda_credits", "1");
  event("B", "switch_kda_credits", "1");
  EXPECT_EQ(changed(), (Lines{"B"}));
  EXPECT_EQ(registry_.take_changed(), nullptr);
}

TEST_F(RegistryTest, ARemovedMatchLeavesTheList) {
  for (const char* group : {"A", "B", "C"}) admit(group);
  registry_.remove(*registry_.find_group("B"));
  EXPECT_EQ(changed(), (Lines{"A", "C"}));
  event("A", "map", "'Jam'");
  registry_.remove(*registry_.find_group("A"));
  EXPECT_TRUE(changed().empty());
}

TEST_F(RegistryTest, CountdownIsNews) {
  admit("A");
  event("A", "left_timeout", "1");
  changed();
  EXPECT_EQ(registry_.next_deadline(), now_ + 1'000);
  wait(999);
  EXPECT_TRUE(changed().empty());
  wait(1);
  EXPECT_EQ(changed(), (Lines{"A"}));
  // A refused event lets time pass too.
  now_ += 1'000;
  event("A", "map", "5");
  EXPECT_EQ(changed(), (Lines{"A"}));
  wait(0);
  EXPECT_EQ(registry_.next_deadline(), now_ + 1'000);
}

// Deadlines that come earlier every time leave entries behind.
TEST_F(RegistryTest, ManyDeadlines) {
  admit("A");
  for (int i = 0; i < 1'000; ++i) {
    event("A", "toast", "{'duration':" + std::to_string(1'700'000 - i * 1'000) + "}");
    event("A", "toast", "{}");
  }
  event("A", "toast", "{'duration':5000}");
  changed();
  wait(4'999);
  EXPECT_TRUE(changed().empty());
  wait(1);
  EXPECT_EQ(changed(), (Lines{"A"}));
  wait(1'800'000);
  EXPECT_EQ(registry_.size(), 0U);
}

TEST_F(RegistryTest, TellsOfAMatchThatGetsAnotherId) {
  admit("A");
  event("A", "match_start", "'M'");
  notes_.take();
  event("A", "match_start", "'M'");
  event("A", "match_start", "'N'");
  EXPECT_EQ(notes_.take(), (Lines{"A event match_start", "M is N", "A event match_start", "A effects started"}));
}

TEST_F(RegistryTest, DeadlinesTakeNoNoticeOfASetClock) {
  for (const int64_t step : {-86'400'000, 86'400'000}) {
    const auto match = admit("A", {}, {"org", "Org", true}).match;
    event("A", "match_start", "'M'");
    event("A", "left_timeout", "1");
    now_ += step;
    registry_.clock_set(step, now_);
    wait(10'000);
    EXPECT_EQ(match->state().timeout.remaining, 50);
    EXPECT_EQ(registry_.size(), 1U);
    event("A", "round_info", "{'roundPhase':'game_end','roundNumber':24}");
    now_ += step;
    registry_.clock_set(step, now_);
    notes_.take();
    wait(4'999);
    EXPECT_EQ(registry_.size(), 1U);
    wait(1);
    EXPECT_EQ(registry_.size(), 0U);
    wait(9'999);
    EXPECT_EQ(notes_.take(), (Lines{"handler: removed A", "sink: removed A"}));
    wait(1);
    EXPECT_EQ(notes_.take(), (Lines{"stats M"}));
  }
}

// The clock was set back while nobody was there.
TEST_F(RegistryTest, AMatchFromTheFutureGoesOnNow) {
  Match* const match = registry_.restore(make_logon("A"), {}, "S", kStart + 86'400'000);
  const Parsed timeout(json_of("{'obsName':'O','groupCode':'A','type':'left_timeout','data':1,'timestamp':" +
                               std::to_string(kStart + 86'400'000) + "}"));
  ASSERT_EQ(registry_.replay(*match, *read_written_event(timeout.root())), Verdict::kApplied);
  registry_.resume(now_);
  EXPECT_EQ(notes_.take(), (Lines{"A event server_clock"}));
  wait(10'000);
  EXPECT_EQ(match->state().timeout.remaining, 50);
  wait(30 * 60'000 - 10'000);
  EXPECT_EQ(registry_.size(), 0U);
}

TEST_F(RegistryTest, WhatIsStillToBeToldOfAnEndedMatchIsToldAfterRecovery) {
  Match* const match = registry_.restore(make_logon("A"), {"org", "Org", true}, "S", now_);
  for (const char* line :
       {"'type':'match_start','data':'M'", "'type':'round_info','data':{'roundPhase':'game_end','roundNumber':24}"}) {
    const Parsed parsed(
        json_of("{'obsName':'O','groupCode':'A'," + std::string(line) + ",'timestamp':" + std::to_string(now_) + "}"));
    ASSERT_EQ(registry_.replay(*match, *read_written_event(parsed.root())), Verdict::kApplied);
  }
  now_ += 8'000;
  registry_.resume(now_);
  wait(0);
  EXPECT_EQ(notes_.take(), (Lines{"handler: removed A", "sink: removed A"}));
  wait(7'000);
  EXPECT_EQ(notes_.take(), (Lines{"stats M"}));
}

TEST(RegistryNames, AreShownAnewAtOnce) {
  Names names = Names::built_in();
  Notes notes;
  MatchRegistry registry(names);
  Match* const match = registry.admit(make_logon("A"), {}, kStart).match;
  const auto send = [&](std::string_view type, std::string_view data) {
    const Parsed parsed(
        json_of("{'obsName':'O','groupCode':'A','type':'" + std::string(type) + "','data':" + std::string(data) + "}"));
    return registry.receive_observer("A", *read_envelope(parsed.root(), Writer::kObserver, kStart)).verdict;
  };
  send("map", "'Jam'");
  send("roster",
       "{'name':'P','tagline':'T','startTeam':0,'agentInternal':'Smonk','playerId':'P','position':0,'locked':true}");
  registry.set_sink(&notes);
  registry.names_changed(kStart);
  EXPECT_TRUE(notes.take().empty()) << "nothing is new";

  std::string text(kNamesJson);
  for (const auto& [from, to] : {std::pair{"\"Clove\"", "\"Klee\""}, std::pair{"\"Lotus\"", "\"Lotos\""}}) {
    for (size_t at = 0; (at = text.find(from, at)) != std::string::npos;) text.replace(at, std::strlen(from), to);
  }
  auto loaded = Names::load(text);
  ASSERT_TRUE(loaded);
  names = std::move(*loaded);
  registry.names_changed(kStart + 29 * 60'000);
  EXPECT_EQ(notes.take(), (Lines{"A event server_names"}));
  EXPECT_EQ(match->text(match->state().map), "Lotos");
  const Team& team = match->state().teams[0];
  EXPECT_EQ(match->text(team.players[0].agent_proper), "Klee");
  // Still the agent that it is.
  const auto board = [&](int points) {
    return "{'name':'n','tagline':'t','playerId':'P','startTeam':0,'agentInternal':'Smonk','isAlive':true,"
           "'initialArmor':0,'scoreboardWeaponInternal':'x','currUltPoints':" +
           std::to_string(points) + ",'maxUltPoints':7,'hasSpike':false,'money':800,'kills':1,'deaths':0,'assists':0}";
  };
  send("scoreboard", board(7));
  send("scoreboard", board(0));
  EXPECT_EQ(match->text(team.players[0].icon_suffix), "NotDeadYet");
  registry.advance(kStart + 30 * 60'000);
  EXPECT_EQ(registry.size(), 0U) << "new names are no activity";
}

TEST_F(RegistryTest, RestoreAndReplay) {
  const auto first = admit("A");
  struct Journal final : EventSink {
    void on_created(const Match&, const ObserverLogon&, const Organization&, std::string_view, int64_t) override {}
    void on_event(const Match&, const Envelope& event) override {
      BytesWriter out;
      write_event(out, event);
      lines.emplace_back(out.view());
    }
    void on_removed(const Match&) override {}
    Lines lines;
  } journal;
  registry_.set_sink(&journal);
  event("A", "match_start", "'M'");
  add_player("A");
  now_ += 500;
  event("A", "left_timeout", "1");
  wait(2'300);
  aux("M", "aux_health", "50");
  registry_.receive_server(*first.match, EventType::kServerRegistered, "true", now_);
  wait(1'000);
  BytesWriter before;
  write_snapshot(before, *first.match);

  MatchRegistry again(Names::built_in());
  Notes silent;
  again.set_sink(&silent);
  again.set_handler(&silent);
  Match* const match = again.restore(make_logon("A"), {}, first.reason, kStart);
  ASSERT_NE(match, nullptr);
  EXPECT_EQ(again.restore(make_logon("A"), {}, first.reason, kStart), nullptr);
  for (const std::string& line : journal.lines) {
    const Parsed parsed(line);
    EXPECT_EQ(again.replay(*match, *read_written_event(parsed.root())), Verdict::kApplied) << line;
  }
  EXPECT_TRUE(silent.take().empty());
  again.advance(now_);
  BytesWriter after;
  write_snapshot(after, *match);
  EXPECT_EQ(after.view(), before.view());
  EXPECT_EQ(match->state().hidden.next_second, first.match->state().hidden.next_second);
  EXPECT_EQ(again.next_deadline(), registry_.next_deadline());
  EXPECT_TRUE(again.has_match_id("M"));
  EXPECT_TRUE(again.is_secret(*match, first.reason));
  EXPECT_EQ(again.take_changed(), match);
}

TEST_F(RegistryTest, RestoreKeepsLimits) {
  for (const char* group : {"A", "B", "C"}) EXPECT_NE(registry_.restore(make_logon(group), {}, "S", now_), nullptr);
  EXPECT_EQ(registry_.restore(make_logon("D"), {}, "S", now_), nullptr);
  int visited = 0;
  registry_.for_each([&](Match&) { ++visited; });
  EXPECT_EQ(visited, 3);
}

TEST_F(RegistryTest, WorksWithoutAnybodyListening) {
  registry_.set_sink(nullptr);
  registry_.set_handler(nullptr);
  admit("A", "", {"o", "Org", true});
  event("A", "match_start", "'M'");
  event("A", "round_info", "{'roundPhase':'game_end','roundNumber':24}");
  wait(30'000);
  EXPECT_EQ(registry_.size(), 0U);
  admit("B");
  wait(3'600'000);
  EXPECT_EQ(registry_.size(), 0U);
}

}  // namespace
}  // namespace matchbus::match
