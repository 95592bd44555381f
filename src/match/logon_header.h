// A logon as the first entry of a journal: what a match is made from again after a crash, without its secrets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "json/document.h"
#include "match/logon.h"

namespace matchbus::match {

// The logon as a JSON object without the key, the group's secret and the player-cam secret, with `serverVersion` and
// `logStartTime` (epoch ms), without line breaks.
void write_logon_header(BytesWriter& out, const ObserverLogon& logon, std::string_view server_version,
                        int64_t log_start_time);

struct LogonHeader {
  ObserverLogon logon;  // without the secrets
  std::string server_version;
  int64_t log_start_time = 0;
};
// Reads it back, whatever version the client had.
Result<LogonHeader> read_logon_header(json::Value root);

// The secret inside `tools` (a logon's), to be kept apart from the journal; "" if there is none.
std::string player_cam_secret(std::string_view tools);
// `tools` with it put back.
std::string with_player_cam_secret(std::string_view tools, std::string_view secret);

}  // namespace matchbus::match
