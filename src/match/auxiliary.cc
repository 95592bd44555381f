// What an auxiliary client tells of its player beside the scoreboard.
#include <array>

#include "match/rules.h"

namespace matchbus::match {

namespace {

// As it came: one client tells how many are left, another whether one is. What says nothing leaves `known`.
void take_ability(const Rule& rule, ValueReader& values, json::Value value, std::string_view field, TextId& known) {
  TextId id = kNoText;
  if (const auto flag = value.boolean()) {
    id = rule.texts.intern(*flag ? "true" : "false");
  } else if (const auto number = values.number(value, field)) {
    std::array<char, 32> room;
    id = rule.texts.intern(json::number_text(*number, room));
  }
  if (id != kNoText) known = id;
}

}  // namespace

Outcome on_aux_abilities(const Rule& rule, const Envelope& event) {
  if (!event.data.is_object()) return refused(kWholeData, event.data);
  Player* const player = player_of(rule.state, rule.texts, event.player_id);
  if (player == nullptr) return ignored("unknown player");
  ValueReader values(rule.faults);
  take_ability(rule, values, event.data["grenade"], "grenade", player->abilities.grenade);
  take_ability(rule, values, event.data["ability_1"], "ability_1", player->abilities.ability1);
  take_ability(rule, values, event.data["ability_2"], "ability_2", player->abilities.ability2);
  player->auxiliary.abilities = true;
  return applied();
}

Outcome on_aux_health(const Rule& rule, const Envelope& event) {
  Player* const player = player_of(rule.state, rule.texts, event.player_id);
  if (player == nullptr) return ignored("unknown player");
  ValueReader values(rule.faults);
  const auto health = values.number(event.data, kWholeData);
  if (!health) return ignored("no health");
  player->health = *health;
  player->auxiliary.health = true;
  return applied();
}

namespace {

bool has_any(const AuxiliaryAvailable& of) { return of.health || of.abilities || of.scoreboard; }

// Calls `change(Player&)`, which tells whether it changed anything, for every player with the id in the event's data,
// should both teams have one.
template <typename Change>
Outcome for_player(const Rule& rule, const Envelope& event, Change change) {
  const auto player_id = event.data.string();
  if (!player_id) return refused("data");
  bool changed = false;
  each_player(rule.state, [&](Player& player) {
    if (rule.texts.view(player.riot_id) == *player_id) changed = change(player) || changed;
  });
  return changed ? applied() : ignored("nothing to change");
}

}  // namespace

// The server's own events: the client has gone, and what it had told is remembered until it is back.
Outcome on_aux_gone(const Rule& rule, const Envelope& event) {
  return for_player(rule, event, [](Player& player) {
    if (!has_any(player.auxiliary)) return false;
    player.auxiliary_lost = player.auxiliary;
    player.auxiliary = {};
    return true;
  });
}

// What an earlier client of the player had told is not what this one comes back to.
Outcome on_aux_new(const Rule& rule, const Envelope& event) {
  return for_player(rule, event, [](Player& player) {
    const bool was_lost = has_any(player.auxiliary_lost);
    player.auxiliary_lost = {};
    return was_lost;
  });
}

Outcome on_aux_back(const Rule& rule, const Envelope& event) {
  return for_player(rule, event, [](Player& player) {
    const AuxiliaryAvailable lost = player.auxiliary_lost;
    if (!has_any(lost)) return false;
    // Another client may have spoken for the player meanwhile.
    player.auxiliary.health |= lost.health;
    player.auxiliary.abilities |= lost.abilities;
    player.auxiliary.scoreboard |= lost.scoreboard;
    player.auxiliary_lost = {};
    return true;
  });
}

}  // namespace matchbus::match
