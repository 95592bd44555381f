// Names of event types, and the envelope in both directions.
#include "match/event.h"

#include <algorithm>
#include <array>

#include "json/writer.h"

namespace matchbus::match {
namespace {

constexpr size_t kMaxText = 256;

struct TypeName {
  std::string_view name;
  EventType type;
};

// The most frequent first.
constexpr std::array kTypes{
    TypeName{"scoreboard", EventType::kScoreboard},
    TypeName{"aux_scoreboard", EventType::kAuxScoreboard},
    TypeName{"aux_scoreboard_team", EventType::kAuxScoreboardTeam},
    TypeName{"aux_abilities", EventType::kAuxAbilities},
    TypeName{"aux_health", EventType::kAuxHealth},
    TypeName{"killfeed", EventType::kKillfeed},
    TypeName{"observing", EventType::kObserving},
    TypeName{"roster", EventType::kRoster},
    TypeName{"round_info", EventType::kRoundInfo},
    TypeName{"score", EventType::kScore},
    TypeName{"match_start", EventType::kMatchStart},
    TypeName{"map", EventType::kMap},
    TypeName{"game_mode", EventType::kGameMode},
    TypeName{"spike_planted", EventType::kSpikePlanted},
    TypeName{"spike_detonated", EventType::kSpikeDetonated},
    TypeName{"spike_defused", EventType::kSpikeDefused},
    TypeName{"tech_pause", EventType::kTechPause},
    TypeName{"left_timeout", EventType::kLeftTimeout},
    TypeName{"right_timeout", EventType::kRightTimeout},
    TypeName{"switch_kda_credits", EventType::kSwitchKdaCredits},
    TypeName{"toast", EventType::kToast},
    TypeName{"swap_left_right", EventType::kSwapLeftRight},
    TypeName{"swap_attacker_defender", EventType::kSwapAttackerDefender},
    TypeName{"toggle_agent_select", EventType::kToggleAgentSelect},
    TypeName{"money_record", EventType::kMoneyRecord},
    TypeName{"aux_astra_targeting", EventType::kAuxAstraTargeting},
    TypeName{"aux_cypher_cam", EventType::kAuxCypherCam},
    TypeName{"server_registered", EventType::kServerRegistered},
    TypeName{"server_ranks", EventType::kServerRanks},
    TypeName{"server_name_overrides", EventType::kServerNameOverrides},
    TypeName{"server_aux_gone", EventType::kServerAuxGone},
    TypeName{"server_aux_back", EventType::kServerAuxBack},
    TypeName{"server_aux_new", EventType::kServerAuxNew},
    TypeName{"server_names", EventType::kServerNames},
    TypeName{"server_clock", EventType::kServerClock},
};

std::optional<std::string_view> short_text(json::Value value, json::TextReader* texts = nullptr) {
  const auto text = texts != nullptr ? texts->read(value) : value.string();
  return text && text->size() <= kMaxText ? text : std::nullopt;
}

// What says nothing reads as "". False: no type or no data.
bool read_members(json::Value root, json::TextReader* texts, Envelope& event) {
  const auto text = [&](std::string_view key) { return short_text(root[key], texts).value_or(std::string_view()); };
  event.data = root["data"];
  event.type_name = text("type");
  event.type = event_type(event.type_name);
  event.observer = text("obsName");
  event.player_id = text("playerId");
  event.group_code = text("groupCode");
  event.match_id = text("matchId");
  return event.data.exists() && short_text(root["type"]).has_value();
}

void write_text_member(BytesWriter& out, std::string_view key, std::string_view text) {
  if (text.empty()) return;
  json::write_string(out, key);
  out.append(':');
  json::write_string(out, text);
  out.append(',');
}

}  // namespace

EventType event_type(std::string_view name) {
  for (const TypeName& entry : kTypes) {
    if (entry.name == name) return entry.type;
  }
  return EventType::kUnknown;
}

std::string_view event_name(EventType type) {
  for (const TypeName& entry : kTypes) {
    if (entry.type == type) return entry.name;
  }
  return "unknown";
}

bool may_write(Writer writer, EventType type) {
  switch (writer) {
    case Writer::kObserver:
      return type < EventType::kServerRegistered;
    case Writer::kAuxiliary:
      return type >= EventType::kAuxScoreboard && type < EventType::kServerRegistered;
    case Writer::kServer:
      return type >= EventType::kServerRegistered;
  }
  return false;
}

std::optional<Envelope> read_envelope(json::Value root, Writer writer, int64_t timestamp, json::TextReader* texts) {
  Envelope event;
  event.writer = writer;
  event.timestamp = timestamp;
  if (!read_members(root, texts, event)) return std::nullopt;
  if (!root["obsName"].exists() && !root["playerId"].exists()) return std::nullopt;
  json::TextReader scratch;
  json::TextReader* const kept = texts != nullptr ? &scratch : nullptr;
  if (!short_text(root["groupCode"], kept) && !short_text(root["matchId"], kept)) return std::nullopt;
  return event;
}

void write_event(BytesWriter& out, const Envelope& event) {
  out.append('{');
  // A sender's name may be empty, and says who wrote all the same.
  if (event.writer == Writer::kObserver) {
    out.append(R"("obsName":)");
    json::write_string(out, event.observer);
    out.append(',');
  }
  if (event.writer == Writer::kAuxiliary) {
    out.append(R"("playerId":)");
    json::write_string(out, event.player_id);
    out.append(',');
  } else {
    write_text_member(out, "playerId", event.player_id);
  }
  write_text_member(out, "groupCode", event.group_code);
  write_text_member(out, "matchId", event.match_id);
  write_text_member(out, "type", event.type_name);
  out.append(R"("data":)");
  json::write_value(out, event.data);
  out.append(R"(,"timestamp":)");
  json::write_integer(out, event.timestamp);
  out.append('}');
}

std::optional<Envelope> read_written_event(json::Value root) {
  constexpr int64_t kLatest = 8'640'000'000'000'000;  // of an ECMAScript Date
  Envelope event;
  if (!read_members(root, nullptr, event)) return std::nullopt;
  const auto timestamp = root["timestamp"].integer(0, kLatest);
  if (!timestamp) return std::nullopt;
  event.timestamp = *timestamp;
  event.writer = root["obsName"].exists()    ? Writer::kObserver
                 : root["playerId"].exists() ? Writer::kAuxiliary
                                             : Writer::kServer;
  return event;
}

std::string_view spoken_for(const Envelope& event) {
  if (event.writer != Writer::kAuxiliary || !may_write(event.writer, event.type)) return {};
  const auto of_scoreboard = short_text(event.data["playerId"]);
  return event.type == EventType::kAuxScoreboard && of_scoreboard ? *of_scoreboard : event.player_id;
}

}  // namespace matchbus::match
