#include "app/replay_journal.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "json/writer.h"

namespace matchbus::app {
namespace {

constexpr int64_t kFarthestStep = 8'640'000'000'000'000;  // ms, of a clock

void write_team(json::Writer& out, const match::TeamSetup& team) {
  out.begin_object().key("name").string(team.name).key("tricode").string(team.tricode);
  out.key("url").string(team.url).key("attackStart").boolean(team.attack_start).end_object();
}

std::string logon_text(const match::ObserverLogon& logon, const ReplayIdentity& identity) {
  BytesWriter text;
  json::Writer out(text);
  out.begin_object().key("type").string("authenticate");
  out.key("clientVersion").string(identity.client_version.empty() ? logon.client_version : identity.client_version);
  out.key("obsName").string(logon.observer_name).key("key").string(identity.key);
  out.key("groupCode").string(identity.group_code.empty() ? logon.group_code : identity.group_code);
  write_team(out.key("leftTeam"), logon.left);
  write_team(out.key("rightTeam"), logon.right);
  if (!logon.tools.empty()) out.key("toolsData").raw(logon.tools);
  out.end_object();
  return std::string(text.view());
}

}  // namespace

Result<std::string> read_whole_file(const std::string& path) {
  errno = 0;
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  std::string text;
  std::string piece(256 * 1024, '\0');
  size_t got = 0;
  while (file != nullptr && (got = std::fread(piece.data(), 1, piece.size(), file.get())) > 0)
    text.append(piece, 0, got);
  if (file == nullptr || std::ferror(file.get()) != 0) return Error{path + ": " + std::strerror(errno)};
  return text;
}

Result<std::unique_ptr<JournalSource>> JournalSource::open(std::string text, const ReplayIdentity& identity) {
  std::unique_ptr<JournalSource> source(new JournalSource(std::move(text)));
  const Result<match::LogonHeader> header = source->begin();
  if (!header) return header.error();
  source->start_ms_ = header->log_start_time;
  source->group_code_ = identity.group_code.empty() ? header->logon.group_code : identity.group_code;
  source->logon_ = logon_text(header->logon, identity);
  return source;
}

Result<match::LogonHeader> JournalSource::begin() {
  text_ = original_;
  clock_steps_ms_ = 0;
  last_at_ms_ = 0;
  reader_ = std::make_unique<match::JournalReader>(text_);
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
  // Everything goes through the observer's connection, which may send auxiliary events too.
  event_.truncate(0);
  json::Writer out(event_);
  out.begin_object().key("obsName").string(event->observer);
  if (!event->player_id.empty()) out.key("playerId").string(event->player_id);
  out.key("groupCode").string(group_code_);
  if (!event->match_id.empty()) out.key("matchId").string(event->match_id);
  out.key("type").string(event->type_name).key("data").value(event->data).end_object();
  // A clock that was set back while the match was recorded must not stop it now.
  last_at_ms_ = std::max(last_at_ms_, event->timestamp - clock_steps_ms_ - start_ms_);
  return ReplayEvent{last_at_ms_, event->type_name, event_.view()};
}

}  // namespace matchbus::app
