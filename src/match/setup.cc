// What is being played: the game's match, its map and its mode.
#include "match/rules.h"

namespace matchbus::match {
namespace {

constexpr size_t kMaxText = 256;  // bytes

// The data as a text; nothing if it is no (short) text.
std::optional<std::string_view> short_text(json::Value data) {
  const auto text = data.string();
  return text && text->size() <= kMaxText ? text : std::nullopt;
}

}  // namespace

Outcome on_match_start(const Rule& rule, const Envelope& event) {
  const auto text = short_text(event.data);
  if (!text) return refused("data");
  const TextId id = rule.texts.intern(*text);
  if (id == kNoText) return refused(kNoMemory);
  MatchState& state = rule.state;
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
  const auto text = short_text(event.data);
  if (!text) return refused("data");
  const TextId id = rule.texts.intern(rule.names.map(*text));
  const TextId internal = rule.texts.intern(*text);
  if (id == kNoText || internal == kNoText) return refused(kNoMemory);
  rule.state.map = id;
  rule.state.hidden.map_internal = internal;
  return applied();
}

// Clients send null while they do not know the mode yet.
Outcome on_game_mode(const Rule& rule, const Envelope& event) {
  const auto text = short_text(event.data);
  if (!text && !event.data.is_null()) return refused("data");
  const TextId id = text ? rule.texts.intern(*text) : kNoText;
  if (text && id == kNoText) return refused(kNoMemory);
  const bool is_swift = text == "swift";
  rule.state.match_type = id;
  rule.state.switch_round = is_swift ? 5 : 13;
  rule.state.first_ot_round = is_swift ? 99 : 25;
  return applied();
}

}  // namespace matchbus::match
