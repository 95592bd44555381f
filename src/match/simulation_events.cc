// The events of a simulated match as JSON (sections 1.1 and 2 of the protocol).
#include "match/simulation.h"

namespace matchbus::match {

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

void Simulation::emit(std::string_view type, const std::function<void(json::Writer&)>& data) {
  BytesWriter text(Bytes(), 512);
  json::Writer out(text);
  out.begin_object().key("obsName").string(options_.observer_name).key("groupCode").string(options_.group_code);
  out.key("type").string(type).key("data");
  data(out);
  out.end_object();
  events_.push_back({now_, "obs_data", type, std::string(text.view())});
}

void Simulation::emit_flag(std::string_view type) {
  emit(type, [](json::Writer& out) { out.boolean(true); });
}

void Simulation::emit_roster(const SimulatedPlayer& player, std::string_view agent, bool locked) {
  emit("roster", [&](json::Writer& out) {
    out.begin_object().key("name").string(player.name).key("tagline").string(player.tagline);
    out.key("startTeam").integer(player.start_team).key("agentInternal").string(agent);
    out.key("playerId").string(player.id).key("position").integer(player.position);
    out.key("locked").boolean(locked).key("rank").integer(0).end_object();
  });
}

void Simulation::emit_scoreboard(SimulatedPlayer& player) {
  player.shown_money = player.money;
  emit("scoreboard", [&](json::Writer& out) {
    out.begin_object().key("name").string(player.name).key("tagline").string(player.tagline);
    out.key("playerId").string(player.id).key("startTeam").integer(player.start_team);
    out.key("agentInternal").string(player.agent->internal).key("isAlive").boolean(player.alive);
    out.key("initialArmor").integer(player.armor);
    out.key("scoreboardWeaponInternal").string(kSimulatedWeapons[player.weapon].scoreboard);
    out.key("currUltPoints").integer(player.ult_points).key("maxUltPoints").integer(player.agent->max_ult);
    out.key("hasSpike").boolean(player.has_spike).key("money").integer(player.money);
    out.key("kills").integer(player.kills).key("deaths").integer(player.deaths);
    out.key("assists").integer(player.assists).end_object();
  });
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

void Simulation::emit_observing(size_t player) {
  const SimulatedPlayer& observed = cast_.players[player];
  emit("observing", [&](json::Writer& out) { out.string(observed.name + " #" + observed.tagline); });
}

}  // namespace matchbus::match
