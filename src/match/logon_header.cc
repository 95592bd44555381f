// Once per match; speed does not matter here.
#include "match/logon_header.h"

#include <array>

#include "json/writer.h"
#include "match/tools.h"

namespace matchbus::match {
namespace {

constexpr std::array<std::string_view, 1> kSecret{"secret"};
constexpr std::array<std::string_view, 1> kPlayerCams{"playercamsInfo"};

void write_text(BytesWriter& out, std::string_view before, std::string_view text) {
  out.append(before);
  json::write_string(out, text);
}

void write_team(BytesWriter& out, std::string_view before, const TeamSetup& team) {
  out.append(before);
  write_text(out, R"({"name":)", team.name);
  write_text(out, R"(,"tricode":)", team.tricode);
  write_text(out, R"(,"url":)", team.url);
  out.append(team.attack_start ? std::string_view(R"(,"attackStart":true)") : R"(,"attackStart":false)");
  append_others(out, team.others);
  out.append('}');
}

// A logon's tools, parsed for as long as this lives.
class ParsedTools {
 public:
  explicit ParsedTools(std::string_view tools) : text_(tools) {
    if (!text_.empty()) (void)document_.parse_in_place(text_);
  }
  json::Value root() const { return document_.root(); }
  json::Value cams() const { return root()["playercamsInfo"]; }

 private:
  std::string text_;
  json::Document document_;
};

// The tools with another player-cam secret, or with none if that is empty.
void write_with_secret(BytesWriter& out, const ParsedTools& tools, std::string_view secret) {
  if (!tools.cams().is_object()) return json::write_value(out, tools.root());
  out.append('{');
  if (write_members(out, tools.root(), kPlayerCams)) out.append(',');
  out.append(R"("playercamsInfo":{)");
  const bool any = write_members(out, tools.cams(), kSecret);
  if (!secret.empty()) write_text(out, any ? R"(,"secret":)" : R"("secret":)", secret);
  out.append("}}");
}

}  // namespace

void write_logon_header(BytesWriter& out, const ObserverLogon& logon, std::string_view server_version,
                        int64_t log_start_time) {
  write_text(out, R"({"type":"authenticate","clientVersion":)", logon.client_version);
  write_text(out, R"(,"obsName":)", logon.observer_name);
  write_text(out, R"(,"groupCode":)", logon.group_code);
  write_team(out, R"(,"leftTeam":)", logon.left);
  write_team(out, R"(,"rightTeam":)", logon.right);
  out.append(R"(,"toolsData":)");
  if (logon.tools.empty()) {
    out.append("null");
  } else {
    write_with_secret(out, ParsedTools(logon.tools), "");
  }
  write_text(out, R"(,"serverVersion":)", server_version);
  out.append(R"(,"logStartTime":)");
  json::write_integer(out, log_start_time);
  out.append('}');
}

Result<LogonHeader> read_logon_header(json::Value root) {
  constexpr int64_t kLatest = 8'640'000'000'000'000;  // of an ECMAScript Date
  LogonHeader header;
  header.logon.client_version = root["clientVersion"].string().value_or("");
  header.logon.observer_name = root["obsName"].string().value_or("");
  header.logon.group_code = root["groupCode"].string().value_or("");
  header.server_version = root["serverVersion"].string().value_or("");
  const auto time = root["logStartTime"].integer(0, kLatest);
  if (header.logon.group_code.empty() || !time ||
      !read_setup(root, header.logon.left, header.logon.right, header.logon.tools))
    return Error{"not the header of a journal"};
  header.log_start_time = *time;
  return header;
}

std::string player_cam_secret(std::string_view tools) {
  const ParsedTools parsed(tools);
  return std::string(parsed.cams()["secret"].string().value_or(""));
}

std::string with_player_cam_secret(std::string_view tools, std::string_view secret) {
  if (tools.empty()) return {};
  BytesWriter out;
  write_with_secret(out, ParsedTools(tools), secret);
  return std::string(out.view());
}

}  // namespace matchbus::match
