// Fields are read typed; what does not fit makes the packet invalid. Not before the version is known to be right: an
// older client may lack fields, and is to be told why it does not get in.
#include "match/logon.h"

#include <algorithm>

#include "json/writer.h"

namespace matchbus::match {
namespace {

constexpr size_t kMaxGroupCode = 64;  // characters
constexpr size_t kMaxName = 256;      // bytes, like the others
constexpr size_t kMaxUrl = 2 * 1024;
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

// What a client may be told of its own text.
std::string_view clipped(std::string_view text) {
  if (text.size() <= kMaxEcho) return text;
  size_t size = kMaxEcho;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0U) == 0x80) --size;
  return text.substr(0, size);
}

// The value as ECMAScript puts it into a text; objects and arrays only roughly.
std::string as_text(json::Value value) {
  switch (value.type()) {
    case json::Type::kMissing:
      return "undefined";
    case json::Type::kString:
      return std::string(clipped(*value.string()));
    case json::Type::kArray:
    case json::Type::kObject:
      return "[object Object]";
    default: {
      BytesWriter out;
      json::write_value(out, value);
      return std::string(out.view());
    }
  }
}

bool read_text(json::Value value, size_t limit, std::string& out) {
  const auto text = value.string();
  if (!text || text->size() > limit) return false;
  out = *text;
  return true;
}

// Missing or null reads as "".
bool read_optional_text(json::Value value, size_t limit, std::string& out) {
  return !value.exists() || value.is_null() || read_text(value, limit, out);
}

// These say what is wrong, "" if nothing is.
std::string_view read_team(json::Value object, TeamSetup& team) {
  const auto attack_start = object["attackStart"].boolean();
  if (!attack_start) return "a team's attackStart is neither true nor false";
  team.attack_start = *attack_start;
  if (!read_text(object["name"], kMaxName, team.name)) return "a team's name is no text or over 256 bytes";
  if (!read_text(object["tricode"], kMaxName, team.tricode)) return "a team's tricode is no text or over 256 bytes";
  if (!read_text(object["url"], kMaxUrl, team.url)) return "a team's url is no text or over 2 KiB";
  return {};
}

std::string_view read_tools(json::Value value, std::string& tools) {
  if (!value.exists() || value.is_null()) return {};
  if (!value.is_object()) return "toolsData is no object";
  BytesWriter out;
  json::write_value(out, value);
  tools = out.view();
  return tools.size() <= kMaxTools ? std::string_view() : "toolsData takes over 64 KiB";
}

std::string_view read_teams_and_tools(json::Value root, TeamSetup& left, TeamSetup& right, std::string& tools) {
  if (const auto wrong = read_team(root["leftTeam"], left); !wrong.empty()) return wrong;
  if (const auto wrong = read_team(root["rightTeam"], right); !wrong.empty()) return wrong;
  return read_tools(root["toolsData"], tools);
}

std::string_view read_observer(json::Value root, ObserverLogon& logon) {
  if (!read_text(root["groupCode"], SIZE_MAX, logon.group_code) || !is_group_code(logon.group_code))
    return "groupCode is not 1 to 64 characters without control characters";
  if (const auto wrong = read_teams_and_tools(root, logon.left, logon.right, logon.tools); !wrong.empty()) return wrong;
  if (!read_optional_text(root["obsName"], kMaxName, logon.observer_name))
    return "obsName is no text or over 256 bytes";
  if (!read_optional_text(root["groupSecret"], kMaxSecret, logon.group_secret))
    return "groupSecret is no text or over 1 KiB";
  return {};
}

std::string_view read_auxiliary(json::Value root, AuxiliaryLogon& logon) {
  if (!read_optional_text(root["name"], kMaxName, logon.name)) return "name is no text or over 256 bytes";
  if (!read_optional_text(root["playerId"], kMaxName, logon.player_id)) return "playerId is no text or over 256 bytes";
  return {};
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
  if (!version.is_string() || !versions.contains(*version.string()))
    return refusal(reason_for_version(text, versions), "client version", cause);
  return text;
}

}  // namespace

size_t characters(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80; }));
}

bool read_setup(json::Value root, TeamSetup& left, TeamSetup& right, std::string& tools) {
  return read_teams_and_tools(root, left, right, tools).empty();
}

Result<ObserverLogon> read_observer_logon(json::Value root, const VersionRange& versions, std::string_view* cause) {
  auto version = check_type_and_version(root, "authenticate", versions, cause);
  if (!version) return version.error();
  ObserverLogon logon;
  logon.client_version = std::move(*version);
  if (const auto wrong = read_observer(root, logon); !wrong.empty())
    return refusal(std::string(kReasonInvalidPacket), wrong, cause);
  // A key of another type is a wrong key, not a wrong packet.
  if (!read_text(root["key"], kMaxSecret, logon.key)) logon.key.clear();
  return logon;
}

Result<AuxiliaryLogon> read_auxiliary_logon(json::Value root, const VersionRange& versions, std::string_view* cause) {
  const auto version = check_type_and_version(root, "aux_authenticate", versions, cause);
  if (!version) return version.error();
  AuxiliaryLogon logon;
  if (const auto wrong = read_auxiliary(root, logon); !wrong.empty())
    return refusal(std::string(kReasonInvalidPacket), wrong, cause);
  logon.match_id = root["matchId"].string().value_or("");
  logon.match_id_text = as_text(root["matchId"]);
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
