// What happens to a match, as it arrives: the envelope around one event, and its form in a journal.
//
// An envelope borrows from the parsed text (json::Document); it lives no longer than that.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "json/document.h"
#include "json/ecmascript.h"

namespace matchbus::match {

// Who wrote an event. The server writes some itself, so that whatever changes a match is an event and can be replayed.
enum class Writer : uint8_t { kObserver, kAuxiliary, kServer };

// The order tells who may write which (may_write): observers' first, then auxiliary clients', then the server's.
enum class EventType : uint8_t {
  kUnknown,
  // Observers'.
  kMatchStart,
  kMap,
  kGameMode,
  kRoster,
  kScoreboard,
  kKillfeed,
  kRoundInfo,
  kScore,
  kObserving,
  kSpikePlanted,
  kSpikeDetonated,
  kSpikeDefused,
  kTechPause,
  kLeftTimeout,
  kRightTimeout,
  kSwitchKdaCredits,
  kToast,
  kSwapLeftRight,
  kSwapAttackerDefender,
  kToggleAgentSelect,
  kMoneyRecord,
  // Auxiliary clients'.
  kAuxScoreboard,
  kAuxScoreboardTeam,
  kAuxAbilities,
  kAuxHealth,
  kAuxAstraTargeting,
  kAuxCypherCam,
  // The server's.
  kServerRegistered,     // data: boolean, whether the backend knows the match
  kServerRanks,          // data: [{puuid, currentMMRTier, peakMMRTier}], tiers number or null
  kServerNameOverrides,  // data: {nameOverrides, enabledPlayers}, as the player-cam service answers
  kServerAuxGone,        // data: playerId of an auxiliary client that has gone
  kServerAuxBack,        // data: playerId of an auxiliary client that is back as it was when it went
  kServerAuxNew,         // data: playerId that an auxiliary client has logged on for anew
  kServerNames,          // data: true; the names of agents and maps have been read again
  kServerClock,          // data: ms by which the clock was set; the timestamp is the new time
};

EventType event_type(std::string_view name);
std::string_view event_name(EventType type);
// Observers may send auxiliary events too (it is their match); auxiliary clients only auxiliary ones.
bool may_write(Writer writer, EventType type);

struct Envelope {
  Writer writer = Writer::kObserver;
  EventType type = EventType::kUnknown;
  std::string_view type_name;  // as it came
  std::string_view observer;   // obsName; this and the next three are "" if it came without
  std::string_view player_id;
  std::string_view group_code;
  std::string_view match_id;
  json::Value data;
  int64_t timestamp = 0;  // epoch ms
};

// Reads the argument of `obs_data` or `aux_data`, stamped with `timestamp`. Nothing if it lacks (`obsName` or
// `playerId`), (`groupCode` or `matchId`), `type` or `data`; `data` may be anything. Of the others, what is no text of
// at most 256 bytes says nothing; numbers are such texts where `texts` is there to keep them. A `timestamp` in the text
// is not believed.
std::optional<Envelope> read_envelope(json::Value root, Writer writer, int64_t timestamp,
                                      json::TextReader* texts = nullptr);

// One event as a JSON object, for a journal: the envelope's members and `timestamp`, without line breaks.
void write_event(BytesWriter& out, const Envelope& event);
// Reads what write_event wrote; nothing if that is not what it is. The writer follows from `obsName` or `playerId`.
std::optional<Envelope> read_written_event(json::Value root);

// The player an auxiliary client speaks for: whom its scoreboard is about, or else whom the envelope names; "" if this
// event does not tell.
std::string_view spoken_for(const Envelope& event);

}  // namespace matchbus::match
