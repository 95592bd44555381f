// What a match cannot be without makes the packet invalid when it is missing: the group's code, both teams, each with
// its fields, which may hold anything. Everything is read as far as it makes sense, and costs nothing but itself where
// it does not. Not before the version is known to be right: an older client may lack fields, and is to be told why it
// does not get in.
#include "match/logon.h"

#include <algorithm>
#include <array>

#include "json/ecmascript.h"
#include "json/writer.h"
#include "match/fields.h"
#include "match/members.h"
#include "match/tools.h"

namespace matchbus::match {
namespace {

constexpr size_t kMaxGroupCode = 64;     // characters
constexpr size_t kMaxLogonName = 256;    // bytes, like the others
constexpr size_t kMaxUrl = 32 * 1024;    // it may hold a picture
constexpr size_t kMaxOthers = 4 * 1024;  // of one team
constexpr size_t kMaxSecret = 1024;
constexpr size_t kMaxTools = 64 * 1024;
constexpr size_t kMaxEcho = 128;  // of what a reason says back

// Whether a text of UTF-8 has a control character (C0, DEL, C1).
bool has_control(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) return true;
    if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) return true;
  }
  return false;
}

bool is_group_code(std::string_view text) {
  return !text.empty() && characters(text) <= kMaxGroupCode && !has_control(text);
}

std::string json_text(json::Value value) {
  BytesWriter out;
  json::write_value(out, value);
  return std::string(out.view());
}

// The value as ECMAScript puts it into a text; objects and arrays only roughly.
std::string as_text(json::Value value) {
  switch (value.type()) {
    case json::Type::kMissing:
      return "undefined";
    case json::Type::kString:
      return std::string(json::clipped(*value.string(), kMaxEcho));
    case json::Type::kArray:
    case json::Type::kObject:
      return "[object Object]";
    default:
      return json_text(value);
  }
}

// A text or what a number looks like; "" for anything else.
std::string lenient_text(json::Value value) {
  json::TextReader texts;
  return std::string(texts.read(value).value_or(std::string_view()));
}

// The same as a name, which is cut where it is too long.
std::string name_of(json::Value value) { return std::string(json::clipped(lenient_text(value), kMaxLogonName)); }

// A text of which a part would be of no use: "" if it is too long.
std::string whole_text(json::Value value, size_t limit) {
  const std::string_view text = value.string().value_or("");
  return text.size() <= limit ? std::string(text) : std::string();
}

// What there is to say of a logon. Fixed texts.
struct Findings {
  std::string_view wrong;     // why it is refused
  std::string_view left_out;  // what it counts without
};

constexpr std::array<std::string_view, 4> kTeamFields{"name", "tricode", "url", "attackStart"};

// What else a team has, as far as there is room. Not what overlays have from the server itself under that name.
std::string other_members(json::Value team, Findings& found) {
  BytesWriter out;
  const auto is_wanted = [](std::string_view name) {
    return !is_team_key(name) && std::find(kTeamFields.begin(), kTeamFields.end(), name) == kTeamFields.end();
  };
  if (!write_members_if(out, team, kMaxOthers, is_wanted).all)
    found.left_out = "a team's further members take over 4 KiB: as many as fit are taken";
  return std::string(out.view());
}

void read_team(json::Value object, TeamSetup& team, Findings& found) {
  for (const std::string_view field : kTeamFields) {
    if (!object[field].exists()) found.wrong = "a team lacks its name, tricode, url or attackStart";
  }
  team.name = name_of(object["name"]);
  team.tricode = name_of(object["tricode"]);
  team.attack_start = json::is_truthy(object["attackStart"]);
  team.url = lenient_text(object["url"]);
  if (team.url.size() > kMaxUrl) {
    team.url.clear();
    found.left_out = "a team's url is over 32 KiB";
  }
  team.others = other_members(object, found);
}

void read_tools(json::Value value, std::string& tools, Findings& found) {
  if (!value.is_object()) {
    if (value.exists() && !value.is_null()) found.left_out = "toolsData is no object";
    return;
  }
  BytesWriter out;
  out.append('{');
  const bool is_whole = write_members_if(out, value, kMaxTools, [](std::string_view) { return true; }).all;
  out.append('}');
  tools = out.view();
  if (!is_whole) found.left_out = "toolsData takes over 64 KiB: as many of its members as fit are taken";
}

Findings read_teams_and_tools(json::Value root, TeamSetup& left, TeamSetup& right, std::string& tools) {
  Findings found;
  read_team(root["leftTeam"], left, found);
  read_team(root["rightTeam"], right, found);
  read_tools(root["toolsData"], tools, found);
  return found;
}

Findings read_observer(json::Value root, ObserverLogon& logon) {
  logon.group_code = root["groupCode"].string().value_or("");
  if (!is_group_code(logon.group_code)) return {"groupCode is not 1 to 64 characters without control characters", {}};
  logon.observer_name = name_of(root["obsName"]);
  // Of another type, or too long for ours: a wrong key, or none of our secrets.
  logon.key = whole_text(root["key"], kMaxSecret);
  logon.group_secret = whole_text(root["groupSecret"], kMaxSecret);
  return read_teams_and_tools(root, logon.left, logon.right, logon.tools);
}

// Tells the caller the cause, if that wants to know it.
Error refusal(std::string reason, std::string_view why, std::string_view* cause) {
  if (cause != nullptr) *cause = why;
  return Error{std::move(reason)};
}

// The type, and then the version, which is returned as a reason may call it.
Result<std::string> check_type_and_version(json::Value root, std::string_view type, const VersionRange& versions,
                                           std::string_view* cause) {
  if (root["type"].string() != type)
    return refusal(std::string(kReasonInvalidPacket), "no JSON object of the type that belongs to the event", cause);
  const json::Value version = root["clientVersion"];
  std::string text = as_text(version);
  const bool fits = versions.takes_all() || (version.is_string() && versions.contains(*version.string()));
  if (!fits) return refusal(reason_for_version(text, versions), "--client-versions says which may log on", cause);
  return text;
}

}  // namespace

void append_others(BytesWriter& out, std::string_view others) {
  if (others.empty()) return;
  out.append(',');
  out.append(others);
}

size_t characters(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80; }));
}

bool read_setup(json::Value root, TeamSetup& left, TeamSetup& right, std::string& tools) {
  return read_teams_and_tools(root, left, right, tools).wrong.empty();
}

Result<ObserverLogon> read_observer_logon(json::Value root, const VersionRange& versions, std::string_view* cause) {
  auto version = check_type_and_version(root, "authenticate", versions, cause);
  if (!version) return version.error();
  ObserverLogon logon;
  logon.client_version = std::move(*version);
  const Findings found = read_observer(root, logon);
  if (!found.wrong.empty()) return refusal(std::string(kReasonInvalidPacket), found.wrong, cause);
  if (cause != nullptr) *cause = found.left_out;
  return logon;
}

Result<AuxiliaryLogon> read_auxiliary_logon(json::Value root, const VersionRange& versions, std::string_view* cause) {
  const auto version = check_type_and_version(root, "aux_authenticate", versions, cause);
  if (!version) return version.error();
  AuxiliaryLogon logon;
  logon.name = name_of(root["name"]);
  logon.player_id = lenient_text(root["playerId"]);
  if (logon.player_id.size() > kMaxLogonName) logon.player_id.clear();
  logon.match_id = lenient_text(root["matchId"]);
  logon.match_id_text = as_text(root["matchId"]);
  logon.key = whole_text(root["key"], kMaxSecret);
  logon.group_secret = whole_text(root["groupSecret"], kMaxSecret);
  return logon;
}

std::string reason_for_version(std::string_view version, const VersionRange& versions) {
  return "Client version " + std::string(version) + " is not compatible with server version " + versions.text() + ".";
}

std::string reason_group_live(std::string_view group_code) {
  return "Game with Group Code " + std::string(group_code) + " exists and is still live.";
}

std::string reason_no_match(std::string_view match_id) {
  return "Game with Match ID " + std::string(match_id) + " not found.";
}

}  // namespace matchbus::match
