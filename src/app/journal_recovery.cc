#include "app/journal_recovery.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include "match/journal_name.h"
#include "match/journal_reader.h"
#include "match/journal_sidecar.h"

namespace matchbus::app {
namespace {

class Recovery {
 public:
  Recovery(Journal& journal, match::MatchRegistry& registry, Log& log)
      : journal_(journal), directory_(journal.directory()), registry_(registry), log_(log) {}

  RecoveryStats run() {
    for (const Found& found : find_live()) recover(found.stem);
    return stats_;
  }

 private:
  struct Found {
    std::string stem;
    int64_t start_ms;
  };

  // The newest first: should a crash have left two of one group, the older one had ended.
  std::vector<Found> find_live() {
    std::vector<JournalDirectory::Entry> files;
    if (const int error = directory_.list(files); error != 0) {
      log_.error("cannot look for matches to bring back in '" + directory_.path() + "': " + std::strerror(error));
    }
    std::vector<Found> live;
    for (const JournalDirectory::Entry& file : files) {
      const auto name = match::read_journal_name(file.name);
      if (!name) continue;
      if (name->suffix == match::kSidecarSuffix) live.push_back({std::string(name->stem), name->start_ms});
      if (name->suffix == match::kTemporarySuffix) (void)directory_.remove(file.name);
    }
    std::sort(live.begin(), live.end(), [](const Found& a, const Found& b) {
      return a.start_ms != b.start_ms ? a.start_ms > b.start_ms : a.stem > b.stem;
    });
    return live;
  }

  static std::string with(const std::string& stem, std::string_view suffix) { return stem + std::string(suffix); }

  // Nothing if the match cannot be brought back; then its files have been seen to.
  std::optional<match::Sidecar> read_sidecar(const std::string& stem) {
    std::string text;
    if (const int error = directory_.read(with(stem, match::kSidecarSuffix), text); error != 0) {
      leave(stem, std::string("the file beside it cannot be read: ") + std::strerror(error));
      return std::nullopt;
    }
    json::Document document;
    const auto parsed = document.parse_in_place(text);
    if (parsed.ok() && match::is_newer_sidecar(document.root())) {
      leave(stem, "it was written by a newer version");
      return std::nullopt;
    }
    auto sidecar = parsed.ok() ? match::read_sidecar(document.root()) : parsed.error();
    if (!sidecar) {
      put_aside(stem, "the file beside it is broken: " + sidecar.error().message);
      return std::nullopt;
    }
    return std::move(*sidecar);
  }

  void recover(const std::string& stem) {
    if (is_of_group_left(stem)) return;
    const auto sidecar = read_sidecar(stem);
    if (!sidecar) return;
    std::string text;
    if (const int error = directory_.read(with(stem, match::kJournalSuffix), text); error != 0)
      return error == ENOENT ? forget(stem) : leave(stem, std::strerror(error));
    match::JournalReader reader(text);
    Result<match::LogonHeader> header = reader.read_header();
    if (!header) return put_aside(stem, header.error().message);
    if (registry_.find_group(header->logon.group_code) != nullptr) return forget(stem);
    match::Match* match = restore(stem, *sidecar, *header);
    if (match == nullptr) return;
    const uint64_t refused = replay(*match, reader);
    if (!reader.error().empty() && !keep_whole(stem, reader.error())) return registry_.remove(*match);
    stats_.events += reader.events();
    if (reader.error().empty() && reader.is_torn()) {
      ++stats_.torn;
      log_.warning("'" + with(stem, match::kJournalSuffix) + "': dropped the torn last entry");
    }
    journal_.adopt(*match, stem, reader.good_size());
    ++stats_.matches;
    log_.info("brought back the match of group '" + header->logon.group_code + "' from " +
              std::to_string(reader.events()) + " events" +
              (refused != 0 ? ", of which " + std::to_string(refused) + " do not apply any more" : ""));
  }

  // Null if there is no room; then its files have been left.
  match::Match* restore(const std::string& stem, const match::Sidecar& sidecar, match::LogonHeader& header) {
    match::ObserverLogon& logon = header.logon;
    logon.tools = match::with_player_cam_secret(logon.tools, sidecar.player_cam_secret);
    match::Match* match = registry_.restore(logon, sidecar.organization, sidecar.group_secret, header.log_start_time);
    if (match == nullptr) leave(stem, "no room for another match");
    return match;
  }

  // Returns how many events were not applied.
  uint64_t replay(match::Match& match, match::JournalReader& reader) {
    uint64_t refused = 0;
    while (const auto event = reader.next()) {
      if (registry_.replay(match, *event) != match::Verdict::kApplied) ++refused;
    }
    return refused;
  }

  // A copy of a journal with unreadable entries before readable ones, since only what comes before them is used. False:
  // it cannot be made.
  bool keep_whole(const std::string& stem, const std::string& reason) {
    const std::string aside = with(stem, match::kBrokenSuffix);
    std::string text;  // read again: reading it as a journal has changed it
    int error = directory_.read(with(stem, match::kJournalSuffix), text);
    if (error == 0) error = directory_.write_whole(aside, with(stem, match::kTemporarySuffix), text, true);
    if (error != 0) {
      leave(stem, reason + ", and a copy cannot be made: " + std::strerror(error));
      return false;
    }
    ++stats_.broken;
    log_.error("'" + with(stem, match::kJournalSuffix) + "': " + reason +
               "; the match is brought back as it was before that, the whole journal is kept as '" + aside + "'");
    return true;
  }

  // For a later start.
  void leave(const std::string& stem, const std::string& reason) {
    ++stats_.left;
    left_groups_.insert(group_part(stem));
    log_.error("did not bring a match back from '" + directory_.path() + "/" + with(stem, match::kJournalSuffix) +
               "': " + reason + "; its files stay for another start");
  }

  static std::string group_part(const std::string& stem) { return stem.substr(0, stem.rfind('_')); }
  // Of a group whose newer match was left: that one comes back another time, and this one had ended.
  bool is_of_group_left(const std::string& stem) const { return left_groups_.contains(group_part(stem)); }

  // Of a group that has a newer match, or without a journal.
  void forget(const std::string& stem) { (void)directory_.remove(with(stem, match::kSidecarSuffix)); }

  void put_aside(const std::string& stem, const std::string& reason) {
    ++stats_.broken;
    const std::string name = with(stem, match::kJournalSuffix);
    const std::string aside = with(stem, match::kBrokenSuffix);
    const int error = directory_.rename(name, aside);
    forget(stem);
    log_.error(
        "cannot bring a match back from '" + directory_.path() + "/" + name + "': " + reason +
        (error == 0 ? "; renamed to '" + aside + "'" : std::string("; it stays as it is: ") + std::strerror(error)));
  }

  Journal& journal_;
  JournalDirectory& directory_;
  match::MatchRegistry& registry_;
  Log& log_;
  RecoveryStats stats_;
  std::unordered_set<std::string> left_groups_;  // as in the names of files
};

}  // namespace

RecoveryStats recover_matches(Journal& journal, match::MatchRegistry& registry, Log& log) {
  if (!journal.directory().is_open()) return {};
  return Recovery(journal, registry, log).run();
}

void show_auxiliaries_gone(match::MatchRegistry& registry, int64_t now_ms) {
  std::vector<std::pair<std::string, std::string>> gone;
  registry.for_each([&](const match::Match& match) {
    for (const match::Team& team : match.state().teams) {
      for (uint32_t i = 0; i < team.player_count; ++i) {
        const match::Player& player = team.players[i];
        if (player.auxiliary.health || player.auxiliary.abilities || player.auxiliary.scoreboard)
          gone.emplace_back(match.match_id(), match.text(player.riot_id));
      }
    }
  });
  for (const auto& [match_id, player_id] : gone) registry.auxiliary_gone(match_id, player_id, now_ms);
}

}  // namespace matchbus::app
