// The rules of a match: what an event does to it, and what time does.
//
// Pure and deterministic: no clocks, no sockets, no randomness. The same events with the same timestamps give the same
// state, however often `advance` was called in between, since `apply` first lets time pass up to the event. An event
// that is not applied changes nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "json/document.h"
#include "match/event.h"
#include "match/field_reader.h"
#include "match/match.h"
#include "match/names.h"

namespace matchbus::match {

enum class Verdict : uint8_t {
  kApplied,  // the state may have changed; the event belongs into the journal
  kIgnored,  // nothing to do: of an unknown type, for an unknown player, not now
  kRefused,  // what it is about is not there; nothing changed
};

// What is to be done outside, for whoever has a network. Recovery drops them.
enum class Effect : uint16_t {
  kStarted = 1 << 0,         // match_start with a new id: register at the backend, tell the stats service
  kUpdate = 1 << 1,          // a round begins and the match is registered: update at the backend
  kEnded = 1 << 2,           // game_end: broadcast at once, keep the result (team_info.h), complete if registered
  kAbandoned = 1 << 3,       // no event for too long: complete if registered; removal is due at once
  kRemove = 1 << 4,          // take it from the registry and drop its senders
  kPlayerJoined = 1 << 5,    // a roster brought a new player
  kFetchRanks = 1 << 6,      // the first round of a started match: ask for the players' ranks
  kFetchOverrides = 1 << 7,  // a round begins and there is a player-cam source
};

class Effects {
 public:
  void add(Effect effect) { bits_ = static_cast<uint16_t>(bits_ | static_cast<uint16_t>(effect)); }
  void add(Effects other) { bits_ = static_cast<uint16_t>(bits_ | other.bits_); }
  bool has(Effect effect) const { return (bits_ & static_cast<uint16_t>(effect)) != 0; }
  bool empty() const { return bits_ == 0; }
  bool operator==(const Effects&) const = default;

 private:
  uint16_t bits_ = 0;
};

struct Outcome {
  Verdict verdict = Verdict::kApplied;
  // Why it was ignored or refused; a fixed text of the program, fit for a log's topic: the field's name if `found`.
  std::string_view reason = {};
  Effects effects = {};
  // What stood in that field (kMissing: nothing).
  std::optional<json::Type> found = {};
  // Fields that were passed over. Valid until the reducer's next event.
  std::span<const FieldFault> ignored = {};
};

struct Timing {
  int64_t inactivity_ms = 30 * 60 * 1000;  // a match without events is given up; 0: never
  int64_t removal_ms = 5'000;              // from game_end to leaving the registry
};

class Reducer {
 public:
  // `names` must outlive the reducer.
  explicit Reducer(const Names& names, Timing timing = {}) : names_(names), timing_(timing) {}

  // `event.timestamp` moves the match's time.
  Outcome apply(Match& match, const Envelope& event);
  // Whatever is due up to `now_ms`: the countdown, the toast's end, inactivity, removal.
  Outcome advance(Match& match, int64_t now_ms);
  // When `advance` has something to do next; INT64_MAX: never.
  int64_t next_deadline(const Match& match) const;

  const Names& names() const { return names_; }

 private:
  Outcome dispatch(Match& match, const Envelope& event);
  // What the text says that is the event's data; data of another kind as it is.
  json::Value inner_data(const Envelope& event);

  const Names& names_;
  Timing timing_;
  FieldFaults faults_;  // of the last event
  // For events whose data is a text that holds JSON.
  std::string inner_text_;
  json::Document inner_;
};

}  // namespace matchbus::match
