// One live match: its state, the texts it refers to, and the state its viewers were last sent.
//
// Everything lies in one arena. Texts that nothing refers to any more stay until there is twice the text that was alive
// at the last move, or three quarters of the limit are used; then the match moves to a fresh arena with what is alive
// (`tidy`, between events). A match whose live text does
// not leave room refuses the events that would add to it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/result.h"
#include "base/text_pool.h"
#include "match/logon.h"
#include "match/state.h"

namespace matchbus::match {

// Who pays for the match: from the backend; empty without one.
struct Organization {
  std::string id;
  std::string name;
  bool is_supporter = false;
};

struct Table;  // fields.h

class Match {
 public:
  static constexpr size_t kDefaultMemory = 512 * 1024;
  static constexpr size_t kLeastMemory = 128 * 1024;

  // A match as its logon makes it (section 7.1's start values). Null if `memory` (bytes) does not hold it.
  static std::unique_ptr<Match> create(const ObserverLogon& logon, const Organization& organization, int64_t now_ms,
                                       size_t memory = kDefaultMemory);

  Match(const Match&) = delete;
  Match& operator=(const Match&) = delete;

  MatchState& state() { return *state_; }
  const MatchState& state() const { return *state_; }
  TextPool& texts() { return texts_; }
  const TextPool& texts() const { return texts_; }
  std::string_view text(TextId id) const { return texts_.view(id); }

  std::string_view group_code() const { return text(state_->group_code); }
  // "" until the match has started.
  std::string_view match_id() const { return text(state_->match_id); }
  const std::string& organization_name() const { return organization_name_; }

  // The state viewers were last sent; ids are of this match's pool. A patch leads from here to `state()`.
  const MatchState& shown() const { return *shown_; }
  // Whether something a viewer can see differs from `shown()`.
  bool has_news() const;
  // Viewers have been sent `state()`.
  void mark_shown() { *shown_ = *state_; }

  // Viewers are not told players' `riotId`s, which identify people. Before the first is told anything.
  void hide_ids() { hides_ids_ = true; }
  // What viewers see of the state.
  const Table& viewer_table() const;

  // Moves to a fresh arena if that is due. All ids change (here and in `shown()`), so only between events.
  void tidy();
  // Bytes taken from the heap for state and texts.
  size_t memory() const { return arena_->capacity(); }

 private:
  friend class MatchRegistry;
  explicit Match(size_t memory);

  uint64_t registry_serial_ = 0;  // the registry's name for it
  size_t limit_;
  std::unique_ptr<Arena> arena_;
  TextPool texts_;
  MatchState* state_ = nullptr;
  MatchState* shown_ = nullptr;
  size_t tidy_at_ = 0;  // bytes of text
  bool hides_ids_ = false;
  std::string organization_name_;
};

}  // namespace matchbus::match
