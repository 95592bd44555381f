// The events of a simulated match as JSON (sections 1.1 and 2 of the protocol), in the shapes of one generation of
// clients. In all of them are members that the protocol does not name: the game tells more than anybody needs.
#include "match/simulation.h"

namespace matchbus::match {
namespace {

// Where old clients leave something out. Two primes: each player is met in turn.
constexpr size_t kWithoutId = 37;
constexpr size_t kWithoutTeam = 41;

// What a scoreboard shows.
struct Row {
  bool alive = false;
  int armor = 0;
  std::string_view weapon = {};
  int ult_points = 0;
  int max_ult_points = 0;
  bool has_spike = false;
  int money = 0;
};

// The first members of a scoreboard, up to the agent.
void write_subject(json::Writer& out, const EventShapes& shapes, const SimulatedPlayer& player, bool id, bool team) {
  out.begin_object().key("name").string(player.name);
  if (shapes.has_tagline) out.key("tagline").string(player.tagline);
  if (id) out.key("playerId").string(player.id);
  if (team) out.key("startTeam").integer(player.start_team);
}

void write_row(json::Writer& out, const EventShapes& shapes, const SimulatedPlayer& player, const Row& row) {
  out.key("agentInternal").string(player.agent->internal).key("isAlive").boolean(row.alive);
  out.key(shapes.armor).integer(row.armor).key("scoreboardWeaponInternal").string(row.weapon);
  out.key("currUltPoints").integer(row.ult_points).key("maxUltPoints").integer(row.max_ult_points);
  if (shapes.has_every_spike || row.has_spike || player.shown_spike) out.key("hasSpike").boolean(row.has_spike);
  out.key("money").integer(row.money).key("kills").integer(player.kills).key("deaths").integer(player.deaths);
  out.key("assists").integer(player.assists).key("ping").integer(20 + player.position).end_object();
}

// In each team one player has an auxiliary client.
bool has_auxiliary(const SimulatedPlayer& player) { return player.position % 5 == 1; }

}  // namespace

void Simulation::emit_logon() {
  BytesWriter text;
  json::Writer out(text);
  const auto team = [&out](const SimulatedTeam& of, bool attack_start) {
    out.begin_object().key("name").string(of.name).key("tricode").string(of.tricode).key("url").string("");
    out.key("attackStart").boolean(attack_start).end_object();
  };
  out.begin_object().key("type").string("authenticate");
  out.key("clientVersion").string(options_.client_version).key("obsName").string(options_.observer_name);
  out.key("key").string(options_.key).key("groupCode").string(options_.group_code);
  out.key("leftTeam");
  team(cast_.teams[0], true);
  out.key("rightTeam");
  team(cast_.teams[1], false);
  out.key("toolsData").begin_object();
  out.key("seedingInfo").begin_object().key("left").string("Seed 1").key("right").string("Seed 4").end_object();
  out.key("tournamentInfo").begin_object().key("name").string("Simulated Cup");
  out.key("logoUrl").string("").key("backdropUrl").string("").end_object();
  out.end_object().end_object();
  events_.push_back({now_, "obs_logon", "", std::string(text.view())});
}

void Simulation::emit(std::string_view type, const std::function<void(json::Writer&)>& data,
                      std::string_view player_id) {
  BytesWriter text(Bytes(), 512);
  json::Writer out(text);
  out.begin_object().key("obsName").string(options_.observer_name);
  if (!player_id.empty()) out.key("playerId").string(player_id);
  out.key("groupCode").string(options_.group_code).key("type").string(type).key("data");
  data(out);
  out.end_object();
  events_.push_back({now_, "obs_data", type, std::string(text.view())});
}

void Simulation::emit_flag(std::string_view type) {
  emit(type, [](json::Writer& out) { out.boolean(true); });
}

void Simulation::emit_game_mode(bool is_known) {
  if (!shapes_.has_game_mode) return;
  emit("game_mode", [&](json::Writer& out) { is_known ? out.string("bomb") : out.null(); });
}

void Simulation::emit_match_start() {
  emit("match_start",
       [this](json::Writer& out) { shapes_.has_match_id ? out.string(cast_.match_id) : out.boolean(true); });
}

void Simulation::emit_roster(const SimulatedPlayer& player, std::string_view agent, bool locked) {
  const bool is_known = shapes_.has_gaps && round_ > 0;  // to the server, which needs to hear nothing twice
  emit("roster", [&](json::Writer& out) {
    out.begin_object().key("name").string(player.name);
    if (shapes_.has_tagline) out.key("tagline").string(player.tagline);
    if (!is_known || player.position % 2 == 0) {
      out.key("startTeam");
      shapes_.has_text_team ? out.string(std::to_string(player.start_team)) : out.integer(player.start_team);
    }
    out.key("agentInternal").string(agent);
    if (!is_known || player.position % 3 != 0) out.key("playerId").string(player.id);
    out.key("position").integer(player.position);
    if (shapes_.has_locked) out.key("locked").boolean(locked);
    out.key("rank");
    shapes_.has_text_rank ? out.string("0") : out.integer(0);
    out.key("party").begin_object().key("size").integer(5).key("open").boolean(false).end_object().end_object();
  });
}

void Simulation::emit_early_scoreboards(std::string_view weapon) {
  for (const SimulatedPlayer& player : cast_.players) {
    emit("scoreboard", [&](json::Writer& out) {
      write_subject(out, shapes_, player, true, true);
      write_row(out, shapes_, player, {.weapon = weapon});
    });
  }
}

void Simulation::emit_scoreboard(SimulatedPlayer& player) {
  if (player.away) return;
  emit("scoreboard", [&](json::Writer& out) {
    write_subject(out, shapes_, player, true, true);
    write_row(out, shapes_, player,
              {player.alive, player.armor, kSimulatedWeapons[player.weapon].scoreboard, player.ult_points,
               player.agent->max_ult, player.has_spike, player.money});
  });
  player.shown_money = player.money;
  player.shown_spike = player.has_spike;
}

void Simulation::emit_next_scoreboard() {
  SimulatedPlayer& player = cast_.players[scoreboard_player_];
  scoreboard_player_ = (scoreboard_player_ + 1) % cast_.players.size();
  const size_t count = scoreboards_++;
  const bool no_id = shapes_.has_gaps && count % kWithoutId == kWithoutId - 1;
  const bool no_team = shapes_.has_gaps && count % kWithoutTeam == kWithoutTeam - 1;
  if ((no_id || no_team) && !player.away) {
    emit("scoreboard", [&](json::Writer& out) {
      write_subject(out, shapes_, player, !no_id, !no_team);
      write_row(out, shapes_, player, {.alive = player.alive, .money = player.money});
    });
  }
  emit_scoreboard(player);
}

void Simulation::emit_killfeed(const PlannedKill& kill, std::string_view weapon) {
  emit("killfeed", [&](json::Writer& out) {
    out.begin_object().key("attacker").string(cast_.players[kill.attacker].name);
    out.key("victim").string(cast_.players[kill.victim].name).key("weaponKillfeedInternal").string(weapon);
    if (shapes_.has_kill_flags) out.key("headshotKill").boolean(kill.headshot);
    out.key("assists").begin_array();
    for (const size_t assist : kill.assists) out.string(cast_.players[assist].agent->killfeed);
    if (shapes_.has_null_assist && kill.assists.empty()) out.null();
    out.end_array();
    if (shapes_.has_kill_flags) out.key("isTeamkill").boolean(false);
    out.key("wallbang").boolean(false).end_object();
  });
}

void Simulation::emit_abilities(const SimulatedPlayer& player) {
  if (!has_auxiliary(player) || player.away) return;
  const std::array<int, 3> left = {random_.between(0, 2), random_.between(0, 2), random_.between(0, 1)};
  constexpr std::array<std::string_view, 3> kKeys = {"grenade", "ability_1", "ability_2"};
  const auto write = [&](json::Writer& out) {
    out.begin_object();
    for (size_t i = 0; i < kKeys.size(); ++i) {
      out.key(kKeys[i]);
      shapes_.has_boolean_abilities ? out.boolean(left[i] > 0) : out.integer(left[i]);
    }
    out.end_object();
  };
  emit("aux_abilities", write, player.id);
}

void Simulation::emit_health(const SimulatedPlayer& player) {
  if (!has_auxiliary(player) || player.away) return;
  const int health = random_.between(1, 100);
  emit(
      "aux_health", [&](json::Writer& out) { out.integer(health); }, player.id);
}

void Simulation::emit_round_info(std::string_view phase) {
  emit("round_info", [&](json::Writer& out) {
    out.begin_object().key("roundPhase").string(phase).key("roundNumber").integer(round_).end_object();
  });
}

void Simulation::emit_score() {
  emit("score", [this](json::Writer& out) {
    out.begin_object().key("team_0").integer(score_[0]).key("team_1").integer(score_[1]).end_object();
  });
}

// As servers know the player: without a tagline by the name alone.
void Simulation::emit_observing(size_t player) {
  const SimulatedPlayer& observed = cast_.players[player];
  emit("observing", [&](json::Writer& out) {
    out.string(shapes_.has_tagline ? observed.name + " #" + observed.tagline : observed.name);
  });
}

}  // namespace matchbus::match
