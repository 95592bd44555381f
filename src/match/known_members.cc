// The members of all types together: which of them an event of one type has is the reducer's business, and one list
// cannot disagree with another.
#include "match/known_members.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "json/ecmascript.h"
#include "json/writer.h"
#include "match/state.h"
#include "match/tools.h"

namespace matchbus::match {
namespace {

constexpr std::array<std::string_view, 31> kMembers = {
    "name",     "tagline",  "startTeam",   "agentInternal", "playerId",      "position",
    "locked",   "rank",     "isAlive",     "initialArmor",  "initialShield", "scoreboardWeaponInternal",
    "kills",    "deaths",   "assists",     "currUltPoints", "maxUltPoints",  "hasSpike",
    "money",    "attacker", "victim",      "isTeamkill",    "headshotKill",  "weaponKillfeedInternal",
    "team_0",   "team_1",   "roundNumber", "roundPhase",    "grenade",       "ability_1",
    "ability_2"};
constexpr std::array<std::string_view, 5> kToastMembers{"title", "message", "duration", "eventLogoEnabled", "active"};

constexpr size_t kMaxText = 512;            // bytes; names and ids are read up to 256
constexpr size_t kMaxToastText = 4 * 1024;  // read up to 2 KiB
constexpr size_t kMaxOther = 512;           // of a member that is no text, as JSON
constexpr size_t kMaxItems = 16;            // of lists, of which at most 10 are looked at

// False, and nothing written: too large, and nothing that is ever read.
bool write_small(BytesWriter& out, json::Value value, size_t max_text) {
  if (const auto text = value.string()) {
    json::write_string(out, json::clipped(*text, max_text));
    return true;
  }
  const size_t before = out.size();
  json::write_value(out, value);
  if (out.size() - before <= kMaxOther) return true;
  out.truncate(before);
  return false;
}

// The first of its items that are small; null for the others.
void write_list(BytesWriter& out, json::Value list) {
  out.append('[');
  size_t count = 0;
  for (json::Value item = list.first(); item.exists() && count < kMaxItems; item = list.after(item), ++count) {
    if (count != 0) out.append(',');
    if (!write_small(out, item, kMaxText)) out.append("null");
  }
  out.append(']');
}

void write_member(BytesWriter& out, json::Value value) {
  if (write_small(out, value, kMaxText)) return;
  value.is_array() ? write_list(out, value) : out.append("null");
}

void write_known_object(BytesWriter& out, json::Value object) {
  // A name that comes again and again would have room for anything.
  std::array<bool, kMembers.size()> has{};
  out.append('{');
  bool any = false;
  for (json::Value key = object.first(); key.exists();) {
    const auto known = std::find(kMembers.begin(), kMembers.end(), *key.string());
    if (known != kMembers.end() && !std::exchange(has[static_cast<size_t>(known - kMembers.begin())], true)) {
      if (std::exchange(any, true)) out.append(',');
      json::write_string(out, *known);
      out.append(':');
      write_member(out, object[*known]);
    }
    key = object.after(object.after(key));
  }
  out.append('}');
}

void write_team(BytesWriter& out, json::Value list) {
  out.append('[');
  size_t count = 0;
  for (json::Value item = list.first(); item.exists() && count < kMaxItems; item = list.after(item), ++count) {
    if (count != 0) out.append(',');
    item.is_object() ? write_known_object(out, item) : out.append("null");
  }
  out.append(']');
}

// A text that holds a list is written as that list, which says the same.
void write_team_data(BytesWriter& out, json::Value data) {
  std::string text(data.string().value_or(""));
  json::Document inner;
  if (data.is_string() && inner.parse_in_place(text)) data = inner.root();
  data.is_array() ? write_team(out, data) : out.append("null");
}

void write_toast(BytesWriter& out, json::Value data) {
  BytesWriter others;
  const bool any = write_members(others, data, kToastMembers) && others.size() <= kMaxToast;
  out.append('{');
  bool is_first = true;
  for (const std::string_view name : kToastMembers) {
    if (!data[name].exists()) continue;
    if (!std::exchange(is_first, false)) out.append(',');
    json::write_string(out, name);
    out.append(':');
    if (!write_small(out, data[name], kMaxToastText)) out.append("null");
  }
  if (any) {
    if (!is_first) out.append(',');
    out.append(others.view());
  }
  out.append('}');
}

}  // namespace

void write_known_members(BytesWriter& out, EventType type, json::Value data) {
  if (type == EventType::kAuxScoreboardTeam) return write_team_data(out, data);
  if (!data.is_object()) return write_member(out, data);
  type == EventType::kToast ? write_toast(out, data) : write_known_object(out, data);
}

}  // namespace matchbus::match
