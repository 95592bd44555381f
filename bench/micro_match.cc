// What an event, a snapshot and a patch of a match cost: a full match (ten players, 24 rounds) as the vectors leave it.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <utility>

#include "json/document.h"
#include "json/writer.h"
#include "match/event.h"
#include "match/match.h"
#include "match/patch.h"
#include "match/reducer.h"
#include "match/registry.h"
#include "match/snapshot.h"

namespace matchbus::match {
namespace {

constexpr int64_t kStart = 1'700'000'000'000;

ObserverLogon logon() {
  ObserverLogon logon;
  logon.client_version = "0.3.20";
  logon.observer_name = "Observer";
  logon.group_code = "BENCH1";
  logon.left = {"Alpha Wolves", "ALW", "https://example.org/alpha.webp", true};
  logon.right = {"Beta Bears", "BBR", "https://example.org/beta.webp", false};
  return logon;
}

std::string player_id(int index) { return "acd565ae-9769-43bc-ac85-94f528452d8" + std::to_string(index); }
int start_team(int index) { return index < 5 ? 0 : 1; }

std::string envelope(const std::string& type, const std::string& data) {
  return R"({"obsName":"Observer","groupCode":"BENCH1","type":")" + type + R"(","data":)" + data + "}";
}

std::string scoreboard(int index, int kills, int money) {
  return envelope("scoreboard",
                  R"({"name":"Player )" + std::to_string(index) + R"(","tagline":"TAG","playerId":")" +
                      player_id(index) + R"(","startTeam":)" + std::to_string(start_team(index)) +
                      R"(,"agentInternal":"Smonk","isAlive":true,"initialArmor":2,)" +
                      R"("scoreboardWeaponInternal":"TX_Hud_Volcano","currUltPoints":3,"maxUltPoints":8,)" +
                      R"("hasSpike":false,"money":)" + std::to_string(money) + R"(,"kills":)" + std::to_string(kills) +
                      R"(,"deaths":7,"assists":4})");
}

// A match with ten players who have killed each other for 24 rounds.
class Stage {
 public:
  Stage() : match_(Match::create(logon(), {}, kStart)) {
    for (int i = 0; i < 10; ++i) {
      apply(envelope("roster", R"({"name":"Player )" + std::to_string(i) + R"(","tagline":"TAG","startTeam":)" +
                                   std::to_string(start_team(i)) + R"(,"agentInternal":"Smonk","playerId":")" +
                                   player_id(i) + R"(","position":0,"locked":true,"rank":0})"));
    }
    for (int number = 1; number <= 24; ++number) play_round(number);
  }

  void play_round(int number) {
    const auto phase = [&](const std::string& name) {
      apply(envelope("round_info", R"({"roundPhase":")" + name + R"(","roundNumber":)" + std::to_string(number) + "}"));
    };
    phase("shopping");
    phase("combat");
    for (int i = 0; i < 10; ++i) {
      apply(scoreboard(i, number, 900 + number * 100));
      apply(envelope("killfeed", R"({"attacker":"Player )" + std::to_string(i) + R"(","victim":"Player )" +
                                     std::to_string(9 - i) + R"(","weaponKillfeedInternal":"TX_Weapon_)" +
                                     std::to_string(number % 8) +
                                     R"(","headshotKill":true,"assists":[],"isTeamkill":false})"));
    }
  }

  Outcome apply(std::string text) {
    (void)document_.parse_in_place(text);
    return reducer_.apply(*match_, *read_envelope(document_.root(), Writer::kObserver, ++now_));
  }

  Reducer& reducer() { return reducer_; }
  Match& match() { return *match_; }

 private:
  Reducer reducer_{Names::built_in()};
  std::unique_ptr<Match> match_;
  json::Document document_;
  int64_t now_ = kStart;
};

// From the parsed frame to the state.
void scoreboard_apply(benchmark::State& run) {
  Stage stage;
  std::string texts[] = {scoreboard(3, 20, 1'000), scoreboard(3, 21, 900)};
  json::Document documents[2];
  for (int i = 0; i < 2; ++i) (void)documents[i].parse_in_place(texts[i]);
  int64_t now = kStart + 1'000'000;
  size_t turn = 0;
  for (auto _ : run) {
    const auto event = read_envelope(documents[++turn % 2].root(), Writer::kObserver, ++now);
    benchmark::DoNotOptimize(stage.reducer().apply(stage.match(), *event));
  }
}
BENCHMARK(scoreboard_apply);

// From the text to the state, through the registry.
void scoreboard_receive(benchmark::State& run) {
  MatchRegistry registry(Names::built_in());
  Match* const match = registry.admit(logon(), {}, kStart).match;
  std::string roster = envelope("roster", R"({"name":"Player 3","tagline":"TAG","startTeam":0,"agentInternal":"Clay",)"
                                          R"("playerId":")" +
                                              player_id(3) + R"(","position":0,"locked":true})");
  json::Document document;
  (void)document.parse_in_place(roster);
  registry.receive_observer("BENCH1", *read_envelope(document.root(), Writer::kObserver, kStart));
  const std::string texts[] = {scoreboard(3, 20, 1'000), scoreboard(3, 21, 900)};
  std::string text;
  int64_t now = kStart;
  size_t turn = 0;
  for (auto _ : run) {
    text = texts[++turn % 2];
    (void)document.parse_in_place(text);
    registry.receive_observer("BENCH1", *read_envelope(document.root(), Writer::kObserver, ++now));
    if (turn % 100 == 0 && registry.take_changed() != nullptr) match->mark_shown();
  }
}
BENCHMARK(scoreboard_receive);

template <void (*kWrite)(BytesWriter&, const Match&)>
void snapshot(benchmark::State& run) {
  Stage stage;
  Bytes last;
  size_t size = 0;
  for (auto _ : run) {
    BytesWriter out(std::move(last));
    kWrite(out, stage.match());
    size = out.size();
    last = out.take();
  }
  run.counters["bytes"] = static_cast<double>(size);
}
BENCHMARK(snapshot<write_snapshot>)->Name("snapshot");
BENCHMARK(snapshot<write_snapshot_escaped>)->Name("snapshot_escaped");

// The alternative to writing the escaped form: a pass over the finished one.
void snapshot_then_escape(benchmark::State& run) {
  Stage stage;
  Bytes last;
  Bytes last_escaped;
  for (auto _ : run) {
    BytesWriter out(std::move(last));
    BytesWriter escaped(std::move(last_escaped));
    write_snapshot(out, stage.match());
    json::write_string(escaped, out.view());
    last = out.take();
    last_escaped = escaped.take();
  }
}
BENCHMARK(snapshot_then_escape);

// A patch after one scoreboard, after a kill's events, and when the teams change places.
template <typename Change>
void patch(benchmark::State& run, Change change) {
  Stage stage;
  stage.match().mark_shown();
  change(stage);
  Bytes last;
  size_t size = 0;
  for (auto _ : run) {
    BytesWriter out(std::move(last));
    write_patch_escaped(out, stage.match());
    size = out.size();
    last = out.take();
  }
  run.counters["bytes"] = static_cast<double>(size);
}
BENCHMARK_CAPTURE(patch, nothing, [](Stage&) {});
BENCHMARK_CAPTURE(patch, scoreboard, [](Stage& stage) { stage.apply(scoreboard(3, 30, 1'000)); });
BENCHMARK_CAPTURE(patch, kill, [](Stage& stage) {
  stage.apply(scoreboard(3, 30, 1'000));
  stage.apply(scoreboard(8, 24, 5'000));
  stage.apply(envelope("killfeed",
                       R"({"attacker":"Player 3","victim":"Player 8","weaponKillfeedInternal":"TX_Weapon_1",)"
                       R"("headshotKill":true,"assists":[],"isTeamkill":false})"));
});
BENCHMARK_CAPTURE(patch, exchange,
                  [](Stage& stage) { std::swap(stage.match().state().teams[0], stage.match().state().teams[1]); });

// What the tick pays for a match whose events changed nothing, and for one that was sent.
void has_news(benchmark::State& run) {
  Stage stage;
  stage.match().mark_shown();
  for (auto _ : run) benchmark::DoNotOptimize(stage.match().has_news());
}
BENCHMARK(has_news);
void mark_shown(benchmark::State& run) {
  Stage stage;
  for (auto _ : run) {
    stage.match().mark_shown();
    benchmark::ClobberMemory();
  }
}
BENCHMARK(mark_shown);

}  // namespace
}  // namespace matchbus::match

BENCHMARK_MAIN();
