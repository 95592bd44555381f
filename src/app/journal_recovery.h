// Brings the matches back that were live when the last server ended, however it ended.
//
// A match is live while a file with its secrets lies beside its journal. The journal is replayed through the same
// reducer that made the match; afterwards MatchRegistry::advance lets the time pass that nobody was there, so that
// deadlines are met or have expired. A torn last entry is cut off. A journal that is unreadable further up brings the
// match back as it was until there, and is kept whole beside it (`.broken`) for the operator; one whose beginning is
// unreadable is only put aside. Files that cannot be read now (too many open files, a failing disk), or only by a newer
// program, or of a match too many, stay as they are for a later start. Nothing here ever keeps a server from starting.
#pragma once

#include <cstdint>

#include "app/journal.h"
#include "base/log.h"
#include "match/registry.h"

namespace matchbus::app {

struct RecoveryStats {
  uint64_t matches = 0;  // brought back
  uint64_t events = 0;   // replayed
  uint64_t torn = 0;     // journals with a torn last entry
  uint64_t broken = 0;   // kept or put aside, since they are unreadable
  uint64_t left = 0;     // matches that were not brought back, their files left for a later start
};

// Blocking, before the ports open. `journal` goes on with the files and must be open, else there is nothing to do.
// `registry` must have no handler and no sink yet: a match whose journal turns out to be broken is taken out again.
RecoveryStats recover_matches(Journal& journal, match::MatchRegistry& registry, Log& log);

// After a start no auxiliary client is connected, and nobody else would notice: their players are shown without. Those
// that come back bring along what they had told.
void show_auxiliaries_gone(match::MatchRegistry& registry, int64_t now_ms);

}  // namespace matchbus::app
