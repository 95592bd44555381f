// Settings come as they are shown.
#include "match/team_info.h"

#include "json/writer.h"
#include "match/logon.h"

namespace matchbus::match {
namespace {

void write_team(BytesWriter& out, std::string_view key, const Match& match, const Team& team) {
  json::write_string(out, key);
  out.append(R"(:{"name":)");
  json::write_string(out, match.text(team.name));
  out.append(R"(,"tricode":)");
  json::write_string(out, match.text(team.tricode));
  out.append(R"(,"url":)");
  json::write_string(out, match.text(team.url));
  out.append(team.ingame_id == 0 ? std::string_view(R"(,"attackStart":true)") : R"(,"attackStart":false)");
  append_others(out, match.text(team.others));
  out.append('}');
}

}  // namespace

void write_team_info(BytesWriter& out, const Match& match) {
  const MatchState& state = match.state();
  const auto& [left, right] = state.teams;
  out.append('{');
  write_team(out, "leftTeam", match, left);
  out.append(',');
  write_team(out, "rightTeam", match, right);
  out.append(left.rounds_won > right.rounds_won ? std::string_view(R"(,"higherScore":0)") : R"(,"higherScore":1)");
  out.append(R"(,"tournamentInfo":)");
  out.append(match.text(state.tools.tournament_info));
  out.append(R"(,"sponsorInfo":)");
  out.append(match.text(state.tools.sponsor_info));
  out.append(state.org_is_supporter ? std::string_view(R"(,"isSupporter":true})") : R"(,"isSupporter":false})");
}

}  // namespace matchbus::match
