// Brings the matches back that were live when the last server ended, however it ended.
//
// A match is live while a file with its secrets lies beside its journal. The journal is replayed through the same
// reducer that made the match; afterwards MatchRegistry::advance lets the time pass that nobody was there, so that
// deadlines are met or have expired. A torn last entry is cut off; a journal that is unreadable further up is put aside
// (`.broken`). Nothing here ever keeps a server from starting.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "app/journal.h"
#include "base/log.h"
#include "match/registry.h"

namespace matchbus::app {

struct RecoveryStats {
  uint64_t matches = 0;  // brought back
  uint64_t events = 0;   // replayed
  uint64_t torn = 0;     // journals with a torn last entry
  uint64_t broken = 0;   // put aside
};

// Blocking, before the ports open. `journal` goes on with the files and must be open, else there is nothing to do.
// `registry` must have no handler and no sink yet: a match whose journal turns out to be broken is taken out again.
RecoveryStats recover_matches(Journal& journal, match::MatchRegistry& registry, Log& log);

// The auxiliary clients of before have to log on again. Once they had their time, those for whose players
// `is_connected(match id, player id)` says no count as gone. Nobody else would notice.
void drop_lost_auxiliaries(match::MatchRegistry& registry,
                           const std::function<bool(std::string_view, std::string_view)>& is_connected, int64_t now_ms);

}  // namespace matchbus::app
