#include "app/replay_journal.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "json/writer.h"
#include "match/tools.h"
#include "match/version_range.h"

namespace matchbus::app {
namespace {

// Where a recording tells none, or one that servers no longer take: its events are taken all the same.
constexpr std::string_view kUsualVersion = "0.3.24";
// Members of an event that are written here, or that no server is to see.
constexpr std::array<std::string_view, 11> kRewritten{"obsName",   "playerName", "playerId",   "groupCode",
                                                      "teamName",  "matchId",    "type",       "data",
                                                      "timestamp", "key",        "groupSecret"};
constexpr int64_t kFarthestStep = 8'640'000'000'000'000;  // ms, of a clock

void write_team(BytesWriter& text, json::Writer& out, const match::TeamSetup& team) {
  out.begin_object().key("name").string(team.name).key("tricode").string(team.tricode);
  out.key("url").string(team.url).key("attackStart").boolean(team.attack_start);
  match::append_others(text, team.others);
  out.end_object();
}

bool is_taken(std::string_view version) {
  const auto range = match::VersionRange::parse(match::VersionRange::kDefault);
  return range && range->contains(version);
}

std::string logon_text(const match::ObserverLogon& logon, std::string_view group_code, const ReplayIdentity& identity) {
  BytesWriter text;
  json::Writer out(text);
  out.begin_object().key("type").string("authenticate");
  const std::string_view version =
      is_taken(logon.client_version) ? std::string_view(logon.client_version) : kUsualVersion;
  out.key("clientVersion").string(identity.client_version.empty() ? version : identity.client_version);
  out.key("obsName").string(logon.observer_name).key("key").string(identity.key);
  out.key("groupCode").string(group_code);
  write_team(text, out.key("leftTeam"), logon.left);
  write_team(text, out.key("rightTeam"), logon.right);
  if (!logon.tools.empty()) out.key("toolsData").raw(logon.tools);
  out.end_object();
  return std::string(text.view());
}

}  // namespace

Result<std::string> read_whole_file(const std::string& path, size_t most) {
  errno = 0;
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  std::string text;
  std::string piece(256 * 1024, '\0');
  size_t got = 0;
  while (file != nullptr && (got = std::fread(piece.data(), 1, piece.size(), file.get())) > 0) {
    if (got > most - text.size()) return Error{path + ": larger than " + std::to_string(most) + " bytes"};
    text.append(piece, 0, got);
  }
  if (file == nullptr || std::ferror(file.get()) != 0) return Error{path + ": " + std::strerror(errno)};
  return text;
}

Result<std::unique_ptr<JournalSource>> JournalSource::open(std::string text, const ReplayIdentity& identity) {
  std::unique_ptr<JournalSource> source(new JournalSource(std::move(text)));
  const Result<match::LogonHeader> header = source->begin();
  if (!header) return header.error();
  source->start_ms_ = header->log_start_time;
  source->observer_ = header->logon.observer_name;
  source->group_code_ = identity.group_code.empty() ? header->logon.group_code : identity.group_code;
  if (source->group_code_.empty()) return Error{"it tells no group code (--group gives one)"};
  source->logon_ = logon_text(header->logon, source->group_code_, identity);
  return source;
}

Result<match::LogonHeader> JournalSource::begin() {
  clock_steps_ms_ = 0;
  last_at_ms_ = 0;
  reader_ = std::make_unique<match::RecordingReader>(text_);
  return reader_->read_header();
}

void JournalSource::restart(uint64_t /*round*/) { (void)begin(); }

std::optional<ReplayEvent> JournalSource::next() {
  std::optional<match::Envelope> event = reader_->next();
  while (event && event->writer == match::Writer::kServer) {
    if (event->type == match::EventType::kServerClock)
      clock_steps_ms_ += event->data.integer(-kFarthestStep, kFarthestStep).value_or(0);
    event = reader_->next();
  }
  if (!event) return std::nullopt;
  write_event(*event);
  // A clock that was set back while the match was recorded must not stop it now.
  last_at_ms_ = std::max(last_at_ms_, event->timestamp - clock_steps_ms_ - start_ms_);
  return ReplayEvent{last_at_ms_, event->type_name, event_.view()};
}

// Everything goes through the observer's connection, which may send auxiliary events too.
void JournalSource::write_event(const match::Envelope& event) {
  event_.truncate(0);
  json::Writer out(event_);
  out.begin_object().key("obsName").string(event.observer.empty() ? std::string_view(observer_) : event.observer);
  if (!event.player_id.empty()) out.key("playerId").string(event.player_id);
  out.key("groupCode").string(group_code_);
  if (!event.match_id.empty()) out.key("matchId").string(event.match_id);
  out.key("type").string(event.type_name).key("data").value(event.data);
  others_.truncate(0);
  if (match::write_members(others_, reader_->entry(), kRewritten)) {
    event_.append(',');
    event_.append(others_.view());
  }
  out.end_object();
}

}  // namespace matchbus::app
