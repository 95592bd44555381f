// `roster`: who plays (section 3.1).
#include <array>
#include <optional>

#include "match/rules.h"

namespace matchbus::match {
namespace {

// What the event does not say is not there.
struct RosterData {
  std::optional<std::string_view> name;
  std::optional<std::string_view> tagline;
  std::optional<std::string_view> agent;
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

// `name #tagline` and the like; the name alone while no tagline is known. kNoText: no room.
TextId joined_name(TextPool& texts, const Player& player, std::string_view between) {
  const std::string_view name = texts.view(player.ingame_name);
  const std::string_view tagline = texts.view(player.tagline);
  if (tagline.empty()) return player.ingame_name;
  std::array<char, 2 * kMaxName + 2> room;
  char* at = room.data();
  for (const std::string_view part : {name, between, tagline}) at += part.copy(at, part.size());
  return texts.intern({room.data(), static_cast<size_t>(at - room.data())});
}

// The names by which others look for the player: from the first name and tagline that are told.
bool set_search_names(TextPool& texts, Player& player) {
  player.search_name = joined_name(texts, player, " #");
  player.full_name = joined_name(texts, player, "#");
  return player.search_name != kNoText && player.full_name != kNoText;
}

// What changes with every roster entry of a player. False: no room.
bool update(const Rule& rule, const Team& team, Player& player, const RosterData& data) {
  TextPool& texts = rule.texts;
  const bool was_incomplete = player.ingame_name == kEmptyText || player.tagline == kEmptyText;
  if (data.name) {
    player.name = texts.intern(shown_name(team, texts.view(team.tricode), *data.name));
    player.ingame_name = texts.intern(*data.name);
  }
  if (data.tagline) player.tagline = texts.intern(*data.tagline);
  if (data.agent) {
    player.agent_internal = texts.intern(*data.agent);
    player.agent_proper = texts.intern(agent_name(rule.names, *data.agent));
  }
  for (const TextId id :
       {player.name, player.ingame_name, player.tagline, player.agent_internal, player.agent_proper}) {
    if (id == kNoText) return false;
  }
  return !was_incomplete || set_search_names(texts, player);
}

// A new player's start values. False: no room.
bool make_player(const Rule& rule, const Team& team, Player& player, std::string_view player_id,
                 const RosterData& data) {
  TextPool& texts = rule.texts;
  player = {};
  player.health = 100;
  player.current_tier = player.peak_tier = kNotANumber;
  player.is_alive = true;
  player.name = player.ingame_name = player.tagline = player.agent_internal = player.icon_suffix = kEmptyText;
  player.riot_id = texts.intern(player_id);
  player.agent_proper = texts.intern(agent_name(rule.names, ""));
  player.armor_name = texts.intern("None");
  player.highest_weapon = texts.intern("Unknown");
  const TextId none = texts.intern("0");
  player.abilities = {none, none, none};
  for (const TextId id : {player.riot_id, player.agent_proper, player.armor_name, player.highest_weapon, none}) {
    if (id == kNoText) return false;
  }
  return update(rule, team, player, data);
}

bool is_empty(const std::optional<std::string_view>& text) { return text && text->empty(); }

}  // namespace

Outcome on_roster(const Rule& rule, const Envelope& event) {
  if (!event.data.is_object()) return refused(kWholeData, event.data);
  FieldReader fields(event.data, rule.faults);
  const auto player_id = fields.text("playerId");
  if (!player_id) return refused("playerId", fields["playerId"]);
  const RosterData data{fields.text("name"), fields.text("tagline"), fields.text("agentInternal")};
  if (player_id->empty() || is_empty(data.name) || is_empty(data.tagline)) return ignored("nameless player");
  Team* const team = team_of(rule.state, fields["startTeam"]);
  if (team == nullptr) return refused("startTeam", fields["startTeam"]);

  Effects effects;
  Player* const known = player_of(*team, rule.texts, *player_id);
  // Worked on as a copy: where there is no room for its texts nothing has happened.
  Player player{};
  if (known != nullptr) {
    player = *known;
    if (!update(rule, *team, player, data)) return refused(kNoMemory);
  } else {
    if (team->player_count == kMaxPlayers) return refused("sixth player");
    if (!make_player(rule, *team, player, *player_id, data)) return refused(kNoMemory);
    fields.take("position", player.position);
  }
  fields.take("locked", player.locked);
  if (known != nullptr) {
    *known = player;
  } else {
    team->players[team->player_count++] = player;
    if (!rule.state.hidden.sides_switched) team->is_attacking = team->ingame_id == 0;
    effects.add(Effect::kPlayerJoined);
  }
  if (rule.state.agent_select_start == kNever) rule.state.agent_select_start = rule.now;
  return applied(effects);
}

}  // namespace matchbus::match
