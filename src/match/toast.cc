// `toast`: a message over the picture, called up and called off by the same event.
#include <array>

#include "match/rules.h"
#include "match/tools.h"

namespace matchbus::match {
namespace {

constexpr double kMaxDurationMs = 24 * 60 * 60 * 1000.0;

// Which member is of a wrong type; "" if none. Missing ones stay missing.
std::string_view wrong_member(json::Value data) {
  if (!data.is_object()) return "data";
  const auto fits = [&](std::string_view key, auto check) {
    const json::Value value = data[key];
    return !value.exists() || check(value);
  };
  const auto is_text = [](json::Value value) { return value.is_string(); };
  const auto is_flag = [](json::Value value) { return value.boolean().has_value(); };
  const auto is_duration = [](json::Value value) {
    const auto number = value.number();
    return value.is_null() || (number && *number >= 0 && *number <= kMaxDurationMs);
  };
  if (!fits("title", is_text)) return "title";
  if (!fits("message", is_text)) return "message";
  if (!fits("eventLogoEnabled", is_flag)) return "eventLogoEnabled";
  if (!fits("active", is_flag)) return "active";
  if (!fits("duration", is_duration)) return "duration";
  return {};
}

}  // namespace

void hide_toast(MatchState& state) {
  state.toast.active = false;
  state.hidden.toast_end = kNever;
}

Outcome on_toast(const Rule& rule, const Envelope& event) {
  constexpr std::array<std::string_view, 1> kActive{"active"};
  if (const auto wrong = wrong_member(event.data); !wrong.empty()) return refused(wrong);
  MatchState& state = rule.state;
  if (state.toast.active) {
    hide_toast(state);
    return applied();
  }
  BytesWriter members;
  write_members(members, event.data, kActive);
  if (members.size() > kMaxToast) return refused("toast too long");
  const TextId id = rule.texts.intern(members.view());
  if (id == kNoText) return refused(kNoMemory);
  state.toast.members = id;
  state.toast.active = true;
  const auto duration = event.data["duration"].number();
  state.hidden.toast_end = duration ? rule.now + static_cast<Time>(std::ceil(*duration)) : kNever;
  return applied();
}

}  // namespace matchbus::match
