// What an auxiliary client tells of its player beside the scoreboard.
#include "match/rules.h"

namespace matchbus::match {

Outcome on_aux_abilities(const Rule& rule, const Envelope& event) {
  Fields fields(event.data);
  Abilities abilities{};
  abilities.grenade = fields.count("grenade");
  abilities.ability1 = fields.count("ability_1");
  abilities.ability2 = fields.count("ability_2");
  if (!fields.ok()) return refused(fields.wrong());
  Player* const player = player_of(rule.state, rule.texts, event.player_id);
  if (player == nullptr) return ignored("unknown player");
  player->abilities = abilities;
  player->auxiliary.abilities = true;
  return applied();
}

Outcome on_aux_health(const Rule& rule, const Envelope& event) {
  const auto health = event.data.number();
  if (!health || std::fabs(*health) > static_cast<double>(kMaxCount)) return refused("data");
  Player* const player = player_of(rule.state, rule.texts, event.player_id);
  if (player == nullptr) return ignored("unknown player");
  player->health = *health + 0.0;  // no negative zero
  player->auxiliary.health = true;
  return applied();
}

// The server's own event: the client has gone. Every player with the id, should both teams have one.
Outcome on_aux_gone(const Rule& rule, const Envelope& event) {
  const auto player_id = event.data.string();
  if (!player_id) return refused("data");
  bool found = false;
  each_player(rule.state, [&](Player& player) {
    if (rule.texts.view(player.riot_id) != *player_id) return;
    player.auxiliary = {};
    found = true;
  });
  return found ? applied() : ignored("unknown player");
}

}  // namespace matchbus::match
