// The result of a finished match, kept for an hour for whoever sets up the next map (`/getTeamInfoForCode`).
#pragma once

#include <string>

#include "base/bytes.h"
#include "match/match.h"

namespace matchbus::match {

// {leftTeam, rightTeam, higherScore, tournamentInfo, sponsorInfo, isSupporter}: the teams as they stand left and right
// now, in the form of a logon ({name, tricode, url, attackStart}); higherScore 0 if the left one leads, else 1.
void write_team_info(BytesWriter& out, const Match& match);

}  // namespace matchbus::match
