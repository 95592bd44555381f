// The state of a match as of one broadcast, in every form that viewers take: the whole for plain viewers, the whole
// with its number and the patch for those that asked for changes (spec section 7).
//
// The patch is written at the broadcast, while both states are there. The whole is written when the first viewer needs
// it, from Match::shown, which stays what was broadcast until the next one; so a room where everybody follows changes
// costs no snapshot. Objects are used again, with their memory.
#pragma once

#include <cstdint>

#include "hub/update.h"
#include "match/match.h"

namespace matchbus::gateway {

struct UpdateStats {
  uint64_t snapshots = 0;  // states written
  uint64_t patches = 0;    // written
};

class MatchUpdate final : public hub::Update {
 public:
  // `stats` outlives it.
  MatchUpdate(hub::Encoding encoding, UpdateStats& stats)
      : stats_(stats), whole_(encoding), numbered_(encoding), patch_(encoding) {}

  // Becomes the update of number `seq` in its room, of the state that `match` is about to show. `previous`: the update
  // before it, or null; `history`: a number for hub::Message::set_history.
  void begin(const match::Match& match, uint64_t seq, const MatchUpdate* previous, uint64_t history);
  // Right after `begin`: writes a patch from what `match` still shows, which is the state of update `base`.
  void add_patch(uint64_t base);

  uint64_t seq() const { return seq_; }
  // Instead of `add_patch`, of a match that is going: this is its state, which it will never show.
  void write_last();
  // The match is about to show something newer.
  void let_go() { match_ = nullptr; }
  // The match is going, or about to show something newer: writes what viewers may still ask for.
  void keep();

  // Nobody will ask for it any more. Whether its memory is its own by now.
  bool retire();

  const hub::Message* message_for(bool follows_changes, bool has_previous) override;

 private:
  using Write = void (*)(BytesWriter&, const match::Match&);
  void write_whole(Write write);
  // False: it is too late for it.
  bool has_whole();
  void write_numbered();

  UpdateStats& stats_;
  const match::Match* match_ = nullptr;  // shows this state
  uint64_t seq_ = 0;
  hub::Message whole_;
  hub::Message numbered_;
  hub::Message patch_;
};

}  // namespace matchbus::gateway
