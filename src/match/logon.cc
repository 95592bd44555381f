// Fields are read typed; what does not fit makes the packet invalid, before anything else is looked at.
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

size_t characters(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80; }));
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

bool read_team(json::Value object, TeamSetup& team) {
  const auto attack_start = object["attackStart"].boolean();
  if (!attack_start) return false;
  team.attack_start = *attack_start;
  return read_text(object["name"], kMaxName, team.name) && read_text(object["tricode"], kMaxName, team.tricode) &&
         read_text(object["url"], kMaxUrl, team.url);
}

bool read_tools(json::Value value, std::string& tools) {
  if (!value.exists() || value.is_null()) return true;
  if (!value.is_object()) return false;
  BytesWriter out;
  json::write_value(out, value);
  tools = out.view();
  return tools.size() <= kMaxTools;
}

// The type, and then the version as the reason may call it.
Result<std::string> check_version(json::Value root, const VersionRange& versions) {
  const json::Value version = root["clientVersion"];
  std::string text = as_text(version);
  if (!version.is_string() || !versions.contains(*version.string())) return Error{reason_for_version(text, versions)};
  return text;
}

}  // namespace

bool read_setup(json::Value root, TeamSetup& left, TeamSetup& right, std::string& tools) {
  return read_team(root["leftTeam"], left) && read_team(root["rightTeam"], right) &&
         read_tools(root["toolsData"], tools);
}

Result<ObserverLogon> read_observer_logon(json::Value root, const VersionRange& versions) {
  ObserverLogon logon;
  if (root["type"].string() != "authenticate" || !read_text(root["groupCode"], SIZE_MAX, logon.group_code) ||
      !is_group_code(logon.group_code) || !read_setup(root, logon.left, logon.right, logon.tools) ||
      !read_optional_text(root["obsName"], kMaxName, logon.observer_name) ||
      !read_optional_text(root["groupSecret"], kMaxSecret, logon.group_secret))
    return Error{std::string(kReasonInvalidPacket)};
  auto version = check_version(root, versions);
  if (!version) return version.error();
  logon.client_version = std::move(*version);
  // A key of another type is a wrong key, not a wrong packet.
  if (!read_text(root["key"], kMaxSecret, logon.key)) logon.key.clear();
  return logon;
}

Result<AuxiliaryLogon> read_auxiliary_logon(json::Value root, const VersionRange& versions) {
  AuxiliaryLogon logon;
  if (root["type"].string() != "aux_authenticate" || !read_optional_text(root["name"], kMaxName, logon.name) ||
      !read_optional_text(root["playerId"], kMaxName, logon.player_id))
    return Error{std::string(kReasonInvalidPacket)};
  const auto version = check_version(root, versions);
  if (!version) return version.error();
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
