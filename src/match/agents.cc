// Portraits that change with what an agent does (section 3.5).
#include "match/rules.h"

namespace matchbus::match {
namespace {

SpecialAgent agent_of(const Rule& rule, const Player& player) {
  return rule.names.special(rule.texts.view(player.agent_internal));
}

// The portrait stays as it was if there is no room for the suffix; there are only four of them.
void set_suffix(const Rule& rule, Player& player, SpecialAgent agent) {
  const TextId suffix = rule.texts.intern(rule.names.icon_suffix(agent));
  if (suffix != kNoText) player.icon_suffix = suffix;
}

}  // namespace

void check_agent(const Rule& rule, Player& player, const UltCheck& next) {
  const SpecialAgent agent = agent_of(rule, player);
  if (agent == SpecialAgent::kNone) return;
  const bool has_played = player.kills != 0 || player.deaths != 0 || player.assists != 0;
  const bool used_ult = player.ult_ready && player.ult_points > 0 && next.ult_points == 0;
  if ((agent == SpecialAgent::kClove || agent == SpecialAgent::kVeto) && used_ult && has_played)
    set_suffix(rule, player, agent);
  const bool scored = next.kills > player.kills || next.assists > player.assists;
  if (agent == SpecialAgent::kClove && scored) player.icon_suffix = kEmptyText;
  const bool died = player.is_alive && !next.is_alive;
  if (agent != SpecialAgent::kCypher && died) player.icon_suffix = kEmptyText;
}

void check_agent_scored(const Rule& rule, Player& player) {
  if (agent_of(rule, player) == SpecialAgent::kClove) player.icon_suffix = kEmptyText;
}

Outcome on_aux_portrait(const Rule& rule, const Envelope& event, SpecialAgent agent) {
  Player* const player = player_of(rule.state, rule.texts, event.player_id);
  if (player == nullptr) return ignored("unknown player");
  if (agent_of(rule, *player) != agent) return ignored("another agent");
  // Existing servers compare with true and false here: no other value means either.
  const auto is_on = event.data.boolean();
  if (!is_on) {
    rule.faults.add(kWholeData, event.data.type());
    return ignored("neither true nor false");
  }
  if (*is_on) {
    set_suffix(rule, *player, agent);
  } else {
    player->icon_suffix = kEmptyText;
  }
  return applied();
}

}  // namespace matchbus::match
