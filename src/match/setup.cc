// What is being played: the game's match, its map and its mode.
#include "match/rules.h"

namespace matchbus::match {
namespace {

constexpr size_t kMaxText = 256;  // bytes

}  // namespace

// Old clients say `true` where newer ones tell the match's id: it starts, and whatever id is known stays.
Outcome on_match_start(const Rule& rule, const Envelope& event) {
  MatchState& state = rule.state;
  TextId id = state.match_id;
  if (const auto text = event.data.string()) {
    id = rule.texts.intern(json::clipped(*text, kMaxText));
  } else {
    rule.faults.add(kWholeData, event.data.type());
  }
  if (id == kNoText) return refused(kNoMemory);
  Effects effects;
  const bool is_new = id != state.match_id;
  state.match_id = id;
  state.is_running = true;
  // The same start again (an observer that came back) is no second match.
  if (is_new) {
    state.is_registered = false;
    state.hidden.ranks_asked = false;
    state.hidden.ranks_known = false;
    if (id != kEmptyText) effects.add(Effect::kStarted);
  }
  return applied(effects);
}

Outcome on_map(const Rule& rule, const Envelope& event) {
  ValueReader values(rule.faults);
  const auto text = values.text(event.data, kWholeData, kMaxText);
  if (!text) return ignored("no map");
  const TextId id = rule.texts.intern(rule.names.map(*text));
  const TextId internal = rule.texts.intern(*text);
  if (id == kNoText || internal == kNoText) return refused(kNoMemory);
  rule.state.map = id;
  rule.state.hidden.map_internal = internal;
  return applied();
}

// Clients send null while they do not know the mode yet, which is shown.
Outcome on_game_mode(const Rule& rule, const Envelope& event) {
  ValueReader values(rule.faults);
  const bool is_null = event.data.is_null();
  const auto text = is_null ? std::nullopt : values.text(event.data, kWholeData, kMaxText);
  if (!text && !is_null) return ignored("no game mode");
  const TextId id = text ? rule.texts.intern(*text) : kNoText;
  if (text && id == kNoText) return refused(kNoMemory);
  const bool is_swift = text == "swift";
  rule.state.match_type = id;
  rule.state.switch_round = is_swift ? 5 : 13;
  rule.state.first_ot_round = is_swift ? 99 : 25;
  return applied();
}

Outcome on_toggle_agent_select(const Rule& rule) {
  OptionalFlag& active = rule.state.agent_select_active;
  active = active == OptionalFlag::kTrue ? OptionalFlag::kFalse : OptionalFlag::kTrue;
  return applied();
}

}  // namespace matchbus::match
