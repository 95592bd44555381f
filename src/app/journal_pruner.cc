#include "app/journal_pruner.h"

#include <utility>
#include <vector>

#include "match/journal_name.h"

namespace matchbus::app {
namespace {

constexpr int64_t kRoundMs = 60 * 60 * 1000;
// A match that is just being made may have a journal, but nothing beside it yet.
constexpr int64_t kNewMs = 60 * 1000;

}  // namespace

PruneStats prune_journals(const JournalDirectory& directory, const std::unordered_set<std::string>& live,
                          match::PruneLimits limits, int64_t now_ms) {
  std::vector<JournalDirectory::Entry> files;
  if (directory.list(files) != 0) return {.failed = 1};
  std::unordered_set<std::string_view> with_sidecar;
  for (const auto& file : files) {
    const auto name = match::read_journal_name(file.name);
    if (name && name->suffix == match::kSidecarSuffix) with_sidecar.insert(name->stem);
  }
  std::vector<match::OldJournal> journals;
  std::vector<const std::string*> names;
  for (const auto& file : files) {
    const auto name = match::read_journal_name(file.name);
    if (!name || (name->suffix != match::kJournalSuffix && name->suffix != match::kBrokenSuffix)) continue;
    const bool is_live = name->suffix == match::kJournalSuffix &&
                         (with_sidecar.contains(name->stem) || live.contains(std::string(name->stem)) ||
                          (file.changed_ms <= now_ms && now_ms - file.changed_ms < kNewMs));
    journals.push_back({.last_ms = file.changed_ms, .bytes = file.bytes, .is_live = is_live});
    names.push_back(&file.name);
  }
  PruneStats stats;
  for (const size_t index : match::choose_old_journals(journals, limits, now_ms)) {
    if (directory.remove(*names[index]) != 0) {
      ++stats.failed;
      continue;
    }
    ++stats.files;
    stats.bytes += journals[index].bytes;
  }
  return stats;
}

JournalPruner::JournalPruner(net::Loop& loop, const JournalDirectory& directory, match::PruneLimits limits,
                             std::function<std::unordered_set<std::string>()> live_stems)
    : loop_(loop),
      directory_(directory),
      limits_(limits),
      live_stems_(std::move(live_stems)),
      job_(
          loop, [this] { round_ = prune_journals(directory_, live_, limits_, now_ms_); }, [this] { on_done(); }) {}

void JournalPruner::start() {
  if (limits_.max_age_ms == 0 && limits_.max_bytes == 0) return;
  loop_.timers().set(timer_, kRoundMs);
  if (!directory_.is_open() || job_.running()) return;
  live_ = live_stems_();
  now_ms_ = loop_.clock().wall_ms();
  job_.start();
}

void JournalPruner::on_timer(Timer& /*timer*/) { start(); }

void JournalPruner::on_done() {
  stats_.files += round_.files;
  stats_.bytes += round_.bytes;
  stats_.failed += round_.failed;
  if (round_.files != 0) {
    loop_.log().info("deleted " + std::to_string(round_.files) + " old journals, " +
                     std::to_string(round_.bytes / 1024) + " KiB");
  }
  if (round_.failed != 0) {
    loop_.log().limited(LogLevel::kWarning, "journal prune",
                        "cannot delete old journals in '" + directory_.path() + "'");
  }
}

}  // namespace matchbus::app
