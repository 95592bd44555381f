// `roster`: who plays (section 3.1).
#include <array>
#include <string>

#include "match/rules.h"

namespace matchbus::match {
namespace {

struct RosterData {
  std::string_view name;
  std::string_view tagline;
  std::string_view agent;
  std::string_view player_id;
  int32_t start_team = 0;
  int32_t position = 0;
  bool locked = false;
};

std::string_view trim(std::string_view text) {
  const size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// The name without the team's tricode in front; a name that is nothing else stays.
std::string_view shown_name(const Team& team, std::string_view tricode, std::string_view name) {
  if (!team.remove_tricode || tricode.empty() || !name.starts_with(tricode)) return name;
  const std::string_view rest = trim(name.substr(tricode.size()));
  return rest.empty() ? name : rest;
}

// What changes with every roster entry of a player. False: no room.
bool update(const Rule& rule, const Team& team, Player& player, const RosterData& data) {
  const TextId name = rule.texts.intern(shown_name(team, rule.texts.view(team.tricode), data.name));
  const TextId ingame = rule.texts.intern(data.name);
  const TextId tagline = rule.texts.intern(data.tagline);
  const TextId internal = rule.texts.intern(data.agent);
  const TextId proper = rule.texts.intern(agent_name(rule.names, data.agent));
  for (const TextId id : {name, ingame, tagline, internal, proper}) {
    if (id == kNoText) return false;
  }
  player.name = name;
  player.ingame_name = ingame;
  player.tagline = tagline;
  player.agent_internal = internal;
  player.agent_proper = proper;
  player.locked = data.locked;
  return true;
}

// A new player's start values. False: no room.
bool make_player(const Rule& rule, const Team& team, Player& player, const RosterData& data) {
  std::array<char, 2 * kMaxName + 2> room;
  const auto joined = [&](std::string_view between) {
    char* at = room.data();
    for (const std::string_view part : {data.name, between, data.tagline}) at += part.copy(at, part.size());
    return rule.texts.intern({room.data(), static_cast<size_t>(at - room.data())});
  };
  player = {};
  player.health = 100;
  player.current_tier = player.peak_tier = kNotANumber;
  player.is_alive = true;
  player.icon_suffix = kEmptyText;
  player.position = data.position;
  player.riot_id = rule.texts.intern(data.player_id);
  player.search_name = joined(" #");
  player.full_name = joined("#");
  player.armor_name = rule.texts.intern("None");
  player.highest_weapon = rule.texts.intern("Unknown");
  for (const TextId id :
       {player.riot_id, player.search_name, player.full_name, player.armor_name, player.highest_weapon}) {
    if (id == kNoText) return false;
  }
  return update(rule, team, player, data);
}

}  // namespace

Outcome on_roster(const Rule& rule, const Envelope& event) {
  Fields fields(event.data);
  RosterData data;
  data.name = fields.text("name");
  data.tagline = fields.text("tagline");
  data.start_team = fields.amount("startTeam");
  data.agent = fields.text("agentInternal");
  data.player_id = fields.text("playerId");
  data.position = fields.amount("position");
  data.locked = fields.flag("locked");
  fields.optional_number("rank");
  if (!fields.ok()) return refused(fields.wrong());
  if (data.name.empty() || data.tagline.empty() || data.player_id.empty()) return ignored("nameless player");
  Team* const team = team_of(rule.state, data.start_team);
  if (team == nullptr) return refused("startTeam");

  Effects effects;
  if (Player* const known = player_of(*team, rule.texts, data.player_id)) {
    if (!update(rule, *team, *known, data)) return refused(kNoMemory);
  } else {
    if (team->player_count == kMaxPlayers) return refused("sixth player");
    if (!make_player(rule, *team, team->players[team->player_count], data)) {
      team->players[team->player_count] = {};
      return refused(kNoMemory);
    }
    ++team->player_count;
    if (!rule.state.hidden.sides_switched) team->is_attacking = data.start_team == 0;
    effects.add(Effect::kPlayerJoined);
  }
  if (rule.state.agent_select_start == kNever) rule.state.agent_select_start = rule.now;
  return applied(effects);
}

}  // namespace matchbus::match
