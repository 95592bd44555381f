// What bringing a match back needs besides its journal: the secrets, and whose match it is. Kept in a file of its own,
// for the owner's eyes only, which is there for as long as the match is live: its presence says "bring me back".
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "json/document.h"
#include "match/match.h"

namespace matchbus::match {

struct Sidecar {
  std::string group_secret;
  std::string player_cam_secret;  // "" if there is none
  Organization organization;
};

// A JSON object on a line.
void write_sidecar(BytesWriter& out, const Sidecar& sidecar);
Result<Sidecar> read_sidecar(json::Value root);
// Whether it is one that only a newer program can read.
bool is_newer_sidecar(json::Value root);

}  // namespace matchbus::match
