// What the server learns from its backends, written as events so that a journal has it too (section 6).
#include "json/writer.h"
#include "match/rules.h"

namespace matchbus::match {
namespace {

constexpr size_t kMaxRanks = 64;

// A number or null; nothing for anything else.
std::optional<double> tier(json::Value value) {
  if (!value.exists() || value.is_null()) return kNotANumber;
  const auto number = value.number();
  if (!number) return std::nullopt;
  return *number + 0.0;
}

void write_overrides(BytesWriter& out, json::Value names) {
  if (names["overrides"].is_string()) return json::write_value(out, names);
  BytesWriter overrides;
  if (!names.is_string()) json::write_value(overrides, names);
  out.append(R"({"overrides":)");
  json::write_string(out, names.is_string() ? *names.string() : overrides.view());
  out.append('}');
}

}  // namespace

Outcome on_registered(const Rule& rule, const Envelope& event) {
  const auto is_registered = event.data.boolean();
  if (!is_registered) return refused("data");
  rule.state.is_registered = *is_registered;
  return applied();
}

Outcome on_ranks(const Rule& rule, const Envelope& event) {
  const json::Value list = event.data;
  if (!list.is_array() || list.size() > kMaxRanks) return refused("data");
  for (json::Value item = list.first(); item.exists(); item = list.after(item)) {
    if (!item["puuid"].is_string()) return refused("puuid");
    if (!tier(item["currentMMRTier"]) || !tier(item["peakMMRTier"])) return refused("tier");
  }
  for (json::Value item = list.first(); item.exists(); item = list.after(item)) {
    Player* const player = player_of(rule.state, rule.texts, *item["puuid"].string());
    if (player == nullptr) continue;
    player->current_tier = *tier(item["currentMMRTier"]);
    player->peak_tier = *tier(item["peakMMRTier"]);
  }
  rule.state.hidden.ranks_known = true;
  return applied();
}

// Overlays read {overrides: a text that holds JSON}: what the service answers in that form stays as it is, whatever
// else becomes the text.
Outcome on_name_overrides(const Rule& rule, const Envelope& event) {
  if (!event.data.is_object()) return refused("data");
  const json::Value names = event.data["nameOverrides"];
  const json::Value enabled = event.data["enabledPlayers"];
  BytesWriter text;
  if (names.exists()) write_overrides(text, names);
  BytesWriter players;
  if (enabled.exists()) json::write_value(players, enabled);
  if (text.size() > kMaxOverrides || players.size() > kMaxOverrides) return refused("too long");
  const TextId text_id = rule.texts.intern(text.view());
  const TextId players_id = rule.texts.intern(players.view());
  if (text_id == kNoText || players_id == kNoText) return refused(kNoMemory);
  Tools& tools = rule.state.tools;
  if (names.exists()) tools.name_overrides = text_id;
  if (enabled.exists()) tools.player_cams.enabled_players = players_id;
  return applied();
}

// What was derived from names, once more. A journal is replayed with the names of its reader, which makes this a matter
// of course there.
Outcome on_names(const Rule& rule) {
  MatchState& state = rule.state;
  const bool has_map = state.hidden.map_internal != kNoText;
  const TextId map =
      has_map ? rule.texts.intern(rule.names.map(rule.texts.view(state.hidden.map_internal))) : state.map;
  bool fits = map != kNoText;
  bool any = map != state.map;
  const auto proper_of = [&](const Player& player) {
    return rule.texts.intern(agent_name(rule.names, rule.texts.view(player.agent_internal)));
  };
  each_player(state, [&](const Player& player) {
    const TextId proper = proper_of(player);
    fits = fits && proper != kNoText;
    any = any || proper != player.agent_proper;
  });
  if (!fits) return refused(kNoMemory);
  if (!any) return ignored("no other names");
  state.map = map;
  each_player(state, [&](Player& player) { player.agent_proper = proper_of(player); });
  return applied();
}

}  // namespace matchbus::match
