// What the tests of a match share: JSON written with apostrophes, a parsed text that owns itself, a match to play with.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "json/document.h"
#include "json/writer.h"
#include "match/event.h"
#include "match/logon.h"
#include "match/match.h"
#include "match/reducer.h"
#include "match/snapshot.h"

namespace matchbus::test {

// `{'a':1}` as `{"a":1}`.
inline std::string json_of(std::string_view text) {
  std::string out(text);
  std::replace(out.begin(), out.end(), '\'', '"');
  return out;
}

// A JSON text parsed, for as long as it lives.
class Parsed {
 public:
  explicit Parsed(std::string text) : text_(std::move(text)) {
    const auto result = document_.parse_in_place(text_);
    EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().message);
  }
  json::Value root() const { return document_.root(); }
  json::Value operator[](std::string_view key) const { return root()[key]; }

 private:
  std::string text_;
  json::Document document_;
};

constexpr int64_t kStart = 1'700'000'000'000;

inline match::ObserverLogon make_logon(std::string_view group_code = "GROUP1", std::string tools = {}) {
  match::ObserverLogon logon;
  logon.client_version = "0.3.20";
  logon.observer_name = "Observer";
  logon.group_code = group_code;
  logon.left = {"Alpha", "ALP", "https://example.org/a.webp", true};
  logon.right = {"Beta", "BET", "https://example.org/b.webp", false};
  logon.tools = json_of(tools);
  return logon;
}

// A match, a reducer and a clock: events in, state out.
class MatchFixture : public ::testing::Test {
 protected:
  explicit MatchFixture(std::string tools = {}, bool is_supporter = true) { restart(std::move(tools), is_supporter); }

  void restart(std::string tools, bool is_supporter = true) {
    now_ = kStart;
    match_ = match::Match::create(make_logon("GROUP1", std::move(tools)), {"org", "Org", is_supporter}, now_);
    ASSERT_NE(match_, nullptr);
  }

  // `data` with apostrophes.
  match::Outcome send(std::string_view type, std::string_view data, match::Writer writer = match::Writer::kObserver,
                      std::string_view player_id = {}) {
    return send_json(type, json_of(data), writer, player_id);
  }
  match::Outcome send_json(std::string_view type, std::string data, match::Writer writer = match::Writer::kObserver,
                           std::string_view player_id = {}) {
    const Parsed parsed(std::move(data));
    match::Envelope event;
    event.writer = writer;
    event.type = match::event_type(type);
    event.type_name = type;
    event.player_id = player_id;
    event.data = parsed.root();
    event.timestamp = now_;
    last_ = reducer_.apply(*match_, event);
    return last_;
  }
  match::Outcome aux(std::string_view type, std::string_view player_id, std::string_view data) {
    return send(type, data, match::Writer::kAuxiliary, player_id);
  }
  match::Outcome server(std::string_view type, std::string_view data) {
    return send(type, data, match::Writer::kServer);
  }
  match::Outcome wait(int64_t ms) {
    now_ += ms;
    return reducer_.advance(*match_, now_);
  }

  void expect_applied(std::string_view type, std::string_view data) {
    const match::Outcome outcome = send(type, data);
    EXPECT_EQ(outcome.verdict, match::Verdict::kApplied) << type << ' ' << data << ": " << outcome.reason;
  }

  // A player with id `id`, in-game name `id` too.
  void add_player(std::string_view id, int start_team, std::string_view agent = "Clay") {
    const std::string name(id);
    expect_applied("roster", "{'name':'" + name + "','tagline':'TAG','startTeam':" + std::to_string(start_team) +
                                 ",'agentInternal':'" + std::string(agent) + "','playerId':'" + name +
                                 "','position':0,'locked':true,'rank':0}");
  }
  static std::string scoreboard(std::string_view id, int start_team, std::string_view changes = {}) {
    return "{'name':'n','tagline':'t','playerId':'" + std::string(id) + "','startTeam':" + std::to_string(start_team) +
           ",'agentInternal':'Clay','isAlive':true,'initialArmor':0,'scoreboardWeaponInternal':'TX_Hud_Volcano',"
           "'currUltPoints':0,'maxUltPoints':7,'hasSpike':false,'money':800,'kills':0,'deaths':0,'assists':0" +
           std::string(changes) + "}";  // of several members with one name the last counts
  }
  void round(int number, std::string_view phase) {
    expect_applied("round_info",
                   "{'roundPhase':'" + std::string(phase) + "','roundNumber':" + std::to_string(number) + "}");
  }

  match::MatchState& state() { return match_->state(); }
  match::Team& team(int index) { return state().teams[static_cast<size_t>(index)]; }
  match::Player& player(int team_index, int index) { return team(team_index).players[static_cast<size_t>(index)]; }
  std::string_view text(TextId id) const { return match_->text(id); }
  std::string snapshot() const {
    BytesWriter out;
    match::write_snapshot(out, *match_);
    return std::string(out.view());
  }

  match::Reducer reducer_{match::Names::built_in()};
  std::unique_ptr<match::Match> match_;
  match::Outcome last_;
  int64_t now_ = kStart;
};

}  // namespace matchbus::test
