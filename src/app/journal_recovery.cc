#include "app/journal_recovery.h"

#include <algorithm>
#include <cstring>
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
    std::vector<Found> live;
    for (const JournalDirectory::Entry& file : directory_.list()) {
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

  Result<match::Sidecar> read_sidecar(const std::string& stem) {
    Result<std::string> text = directory_.read(with(stem, match::kSidecarSuffix));
    if (!text) return text.error();
    json::Document document;
    if (const auto parsed = document.parse_in_place(*text); !parsed) return parsed.error();
    return match::read_sidecar(document.root());
  }

  void recover(const std::string& stem) {
    const auto sidecar = read_sidecar(stem);
    if (!sidecar) return put_aside(stem, "the file beside it cannot be read: " + sidecar.error().message);
    Result<std::string> text = directory_.read(with(stem, match::kJournalSuffix));
    if (!text) return put_aside(stem, text.error().message);
    match::JournalReader reader(*text);
    Result<match::LogonHeader> header = reader.read_header();
    if (!header) return put_aside(stem, header.error().message);
    if (registry_.find_group(header->logon.group_code) != nullptr) return forget(stem);
    match::Match* match = restore(*sidecar, *header);
    if (match == nullptr) return;
    const uint64_t refused = replay(*match, reader);
    if (!reader.error().empty()) {
      registry_.remove(*match);
      return put_aside(stem, reader.error());
    }
    stats_.events += reader.events();
    if (reader.is_torn()) {
      ++stats_.torn;
      log_.warning("'" + with(stem, match::kJournalSuffix) + "': dropped the torn last entry");
    }
    journal_.adopt(*match, stem, reader.good_size());
    ++stats_.matches;
    log_.info("brought back the match of group '" + header->logon.group_code + "' from " +
              std::to_string(reader.events()) + " events" +
              (refused != 0 ? ", of which " + std::to_string(refused) + " do not apply any more" : ""));
  }

  match::Match* restore(const match::Sidecar& sidecar, match::LogonHeader& header) {
    match::ObserverLogon& logon = header.logon;
    logon.tools = match::with_player_cam_secret(logon.tools, sidecar.player_cam_secret);
    match::Match* match = registry_.restore(logon, sidecar.organization, sidecar.group_secret, header.log_start_time);
    if (match == nullptr) {
      log_.error("did not bring back the match of group '" + logon.group_code + "': no room for another match");
    }
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

  // Of a group that has a newer match.
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
};

}  // namespace

RecoveryStats recover_matches(Journal& journal, match::MatchRegistry& registry, Log& log) {
  if (!journal.directory().is_open()) return {};
  return Recovery(journal, registry, log).run();
}

void drop_lost_auxiliaries(match::MatchRegistry& registry,
                           const std::function<bool(std::string_view, std::string_view)>& is_connected,
                           int64_t now_ms) {
  std::vector<std::pair<std::string, std::string>> lost;
  registry.for_each([&](const match::Match& match) {
    for (const match::Team& team : match.state().teams) {
      for (uint32_t i = 0; i < team.player_count; ++i) {
        const match::Player& player = team.players[i];
        if (!player.auxiliary.health && !player.auxiliary.abilities && !player.auxiliary.scoreboard) continue;
        const std::string_view id = match.text(player.riot_id);
        if (!is_connected(match.match_id(), id)) lost.emplace_back(match.match_id(), id);
      }
    }
  });
  for (const auto& [match_id, player_id] : lost) registry.auxiliary_gone(match_id, player_id, now_ms);
}

}  // namespace matchbus::app
