#include "app/replay_check.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <optional>

#include "base/printable.h"
#include "json/document.h"
#include "match/event.h"
#include "match/journal_reader.h"
#include "match/recording_reader.h"

namespace matchbus::app {
namespace {

std::string clock_text(int64_t ms) {
  const int64_t seconds = ms / 1000;
  char text[32];
  std::snprintf(text, sizeof text, "%d:%02d:%02d", static_cast<int>(seconds / 3600),
                static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60));
  return text;
}

std::string date_text(int64_t epoch_ms) {
  const auto seconds = static_cast<time_t>(epoch_ms / 1000);
  tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::string team_text(const match::TeamSetup& team) { return team.name + " (" + team.tricode + ")"; }

// Members that a journal must never hold.
constexpr std::array<std::string_view, 2> kSecrets{"key", "groupSecret"};

// The first of them that is in `value`, however deep; "" if none is.
std::string_view secret_in(json::Value value) {
  bool is_key = value.is_object();  // an object's walk yields keys and values in turn
  for (json::Value item = value.first(); item.exists(); item = value.after(item)) {
    if (is_key) {
      const auto found = std::find(kSecrets.begin(), kSecrets.end(), item.string().value_or(""));
      if (found != kSecrets.end()) return *found;
    } else if (const std::string_view found = secret_in(item); !found.empty()) {
      return found;
    }
    is_key = value.is_object() && !is_key;
  }
  return {};
}

void look_at_header(json::Value header, JournalReport& report) {
  for (const std::string_view name : kSecrets) {
    if (header[name].exists()) report.problems.push_back("the header holds '" + std::string(name) + "'");
  }
  if (!header["toolsData"]["playercamsInfo"]["secret"].string().value_or("").empty())
    report.problems.emplace_back("the header holds the player cams' secret");
}

void look_for_secrets(std::string_view text, JournalReport& report) {
  match::RecordingReader reader(text);
  for (bool is_header = true; reader.take_object(); is_header = false) {
    if (is_header) {
      look_at_header(reader.entry(), report);
    } else if (const std::string_view found = secret_in(reader.entry()); !found.empty()) {
      report.problems.push_back("line " + std::to_string(reader.line()) + " holds '" + std::string(found) + "'");
    }
  }
}

void take_header(const match::LogonHeader& header, JournalReport& report) {
  report.group_code = header.logon.group_code;
  report.observer = header.logon.observer_name;
  report.client_version = header.logon.client_version;
  report.server_version = header.server_version;
  report.teams[0] = team_text(header.logon.left);
  report.teams[1] = team_text(header.logon.right);
  report.started_ms = header.log_start_time;
}

void take_event(const match::Envelope& event, JournalReport& report) {
  ++report.events;
  ++report.events_by_type[std::string(event.type_name)];
  if (event.writer == match::Writer::kServer) ++report.server_events;
  if (event.type == match::EventType::kMap) report.map = event.data.string().value_or("");
  if (event.type == match::EventType::kScore) {
    report.score[0] = event.data["team_0"].integer(0, 1'000).value_or(report.score[0]);
    report.score[1] = event.data["team_1"].integer(0, 1'000).value_or(report.score[1]);
  }
  if (event.type == match::EventType::kRoundInfo) {
    report.rounds = std::max(report.rounds, event.data["roundNumber"].integer(0, 1'000).value_or(0));
    report.ended = event.data["roundPhase"].string() == "game_end";
  }
}

void remark(JournalReport& report, uint64_t count, const char* what) {
  if (count != 0) report.remarks.push_back(std::to_string(count) + what);
}

template <typename Reader>
void examine_events(Reader& reader, JournalReport& report) {
  uint64_t backwards = 0;
  uint64_t unknown = 0;
  uint64_t foreign = 0;
  int64_t last = report.started_ms;
  while (const std::optional<match::Envelope> event = reader.next()) {
    take_event(*event, report);
    backwards += event->timestamp < last;
    last = std::max(last, event->timestamp);
    unknown += event->type == match::EventType::kUnknown;
    foreign += !event->group_code.empty() && event->group_code != report.group_code;
  }
  report.length_ms = last - report.started_ms;
  remark(report, backwards, " events with a time before that of an earlier one");
  remark(report, unknown, " events of unknown types");
  remark(report, foreign, " events of other groups");
}

// As this server writes journals. False: this is none.
bool examine_own(std::string_view text, JournalReport& report) {
  std::string copy(text);
  match::JournalReader reader(copy);
  const Result<match::LogonHeader> header = reader.read_header();
  if (!header) return false;
  take_header(*header, report);
  examine_events(reader, report);
  if (!reader.error().empty()) {
    report.problems.push_back(reader.error());
  } else if (reader.is_torn()) {
    report.problems.push_back("the last entry is torn: " + std::to_string(reader.good_size()) + " of " +
                              std::to_string(text.size()) + " bytes are good");
  }
  return true;
}

// Of other servers, or of other times.
void examine_foreign(std::string_view text, JournalReport& report) {
  match::RecordingReader reader(text);
  const Result<match::LogonHeader> header = reader.read_header();
  if (!header) return report.problems.push_back(header.error().message);
  take_header(*header, report);
  examine_events(reader, report);
  if (!reader.error().empty()) report.problems.push_back(reader.error());
  if (reader.is_torn()) report.problems.emplace_back("the last entry is torn");
  remark(report, reader.passed_over(), " entries that are no events");
  report.remarks.emplace_back("not as this server writes journals: it can be played, but not brought back");
}

}  // namespace

JournalReport examine_journal(std::string_view text) {
  JournalReport report;
  report.bytes = text.size();
  look_for_secrets(text, report);
  if (!examine_own(text, report)) examine_foreign(text, report);
  const bool has_logon = !report.teams[0].empty();
  if (has_logon && !report.ended) report.remarks.emplace_back("the match has not ended");
  return report;
}

std::string describe_journal(const JournalReport& report) {
  std::string text;
  const auto line = [&text](std::string name, const std::string& value) {
    name.resize(std::max<size_t>(name.size() + 1, 16), ' ');
    text += printable(name) + printable(value) + "\n";
  };
  if (!report.teams[0].empty()) {
    line("group", report.group_code.empty() ? "not told" : report.group_code);
    line("teams", report.teams[0] + " and " + report.teams[1]);
    line("map", report.map.empty() ? "not told" : report.map);
    line("score", std::to_string(report.score[0]) + ":" + std::to_string(report.score[1]) + " in " +
                      std::to_string(report.rounds) + " rounds" + (report.ended ? "" : ", not ended"));
    line("recorded", date_text(report.started_ms) + ", " + clock_text(report.length_ms) + " long");
    line("observer", (report.observer.empty() ? "not told" : report.observer) + ", client version " +
                         (report.client_version.empty() ? "not told" : report.client_version));
    line("server version", report.server_version.empty() ? "not told" : report.server_version);
  }
  line("size", std::to_string(report.bytes) + " bytes");
  line("events", std::to_string(report.events) +
                     (report.server_events == 0 ? "" : ", " + std::to_string(report.server_events) + " of the server"));
  std::vector<std::pair<uint64_t, std::string>> types;
  for (const auto& [type, count] : report.events_by_type) types.emplace_back(count, type);
  std::sort(types.rbegin(), types.rend());
  for (const auto& [count, type] : types) line("  " + type, std::to_string(count));
  for (const std::string& problem : report.problems) line("problem", problem);
  for (const std::string& remark : report.remarks) line("remark", remark);
  return text;
}

std::string judge_journal(const JournalReport& report) {
  std::string text;
  for (const std::string& problem : report.problems) text += "problem: " + printable(problem) + "\n";
  for (const std::string& remark : report.remarks) text += "remark: " + printable(remark) + "\n";
  if (report.problems.empty()) return text + "sound: " + std::to_string(report.events) + " events\n";
  return text + "not sound\n";
}

}  // namespace matchbus::app
