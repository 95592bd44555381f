// Logons at the ingest port as pure checks: is this a packet, is the client's version fine, is the key.
//
// Specification: section 1.1 and 1.2 of the protocol. Reasons of a refusal are the texts that go to the client in
// `{type:"authenticate", value:false, reason}`. Order: read_*_logon (type, version, other fields), the key
// (key_policy.h, and the backend if that says so), then MatchRegistry::admit (or MatchRegistry::has_match_id for
// auxiliary clients).
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "json/document.h"
#include "match/version_range.h"

namespace matchbus::match {

// One team as the logon tells it: "" for a name or url that is no text or number, or a url that is too long.
struct TeamSetup {
  std::string name;
  std::string tricode;
  std::string url;
  bool attack_start = false;
  std::string others = {};  // members the server knows nothing of and shows as they are, as JSON: "a":1,"b":2

  bool operator==(const TeamSetup&) const = default;
};

// What an observer said. Owns its text, since checking the key may take a while.
struct ObserverLogon {
  std::string client_version;
  std::string observer_name;
  std::string key;           // "" if missing or no text: never valid when keys are required
  std::string group_code;    // 1 to 64 characters, no control characters
  std::string group_secret;  // "" if missing or no text
  TeamSetup left;
  TeamSetup right;
  std::string tools;  // JSON object; "" if there is none
};

// What an auxiliary client said.
struct AuxiliaryLogon {
  std::string name;
  std::string match_id;       // "" if missing or no text: there is no such match
  std::string match_id_text;  // how the reason calls it ("undefined" if missing)
  std::string player_id;      // may be empty; then see spoken_for()
  std::string key;            // this and the next are "" if missing or no text, as unmodified clients send neither
  std::string group_secret;
};

// Errors are reasons for the client. `cause` is for the log: what exactly was wrong, or what a logon that is fine
// counts without ("" if nothing), a fixed text without anything of the client's.
Result<ObserverLogon> read_observer_logon(json::Value root, const VersionRange& versions,
                                          std::string_view* cause = nullptr);
Result<AuxiliaryLogon> read_auxiliary_logon(json::Value root, const VersionRange& versions,
                                            std::string_view* cause = nullptr);

// The parts a logon and a preview share: both teams and `toolsData`, checked. False: not fit for a match.
bool read_setup(json::Value root, TeamSetup& left, TeamSetup& right, std::string& tools);

// Writes TeamSetup::others behind the last member of a team.
void append_others(BytesWriter& out, std::string_view others);

// How many characters (code points) a text of UTF-8 has.
size_t characters(std::string_view text);

// The other reasons of section 1.
std::string reason_for_version(std::string_view version, const VersionRange& versions);
std::string reason_group_live(std::string_view group_code);
std::string reason_no_match(std::string_view match_id);
constexpr std::string_view kReasonInvalidPacket = "Invalid packet.";
constexpr std::string_view kReasonInvalidKey = "Invalid Key";
constexpr std::string_view kReasonExpiredKey = "Expired Key";
constexpr std::string_view kReasonUnknownError = "Unknown Error";
constexpr std::string_view kReasonReconnected = "reconnected";
// These are this server's own.
constexpr std::string_view kReasonNotLoggedOn = "Not logged on. Log on before sending data.";
constexpr std::string_view kReasonLoggedOn = "Already logged on. Connect anew to log on to something else.";

}  // namespace matchbus::match
