#include "match/recording_reader.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "json/ecmascript.h"
#include "json/writer.h"

namespace matchbus::match {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr double kLatest = 8.64e15;       // ms; of an ECMAScript Date
constexpr size_t kMostTornLines = 1'000;  // behind the beginning of a torn entry

bool is_between(char c) { return std::string_view(" \t\r\n,[]\0", 8).find(c) != std::string_view::npos; }

// The first of the members that is a text with something in it.
std::string_view first_text(json::Value root, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (const auto text = root[name].string(); text && !text->empty()) return *text;
  }
  return {};
}

// Keeps what is known unless one of the members tells.
void take_text(json::Value root, std::initializer_list<std::string_view> names, std::string& known) {
  if (const std::string_view text = first_text(root, names); !text.empty()) known = text;
}

std::optional<int64_t> time_of(json::Value value) {
  const auto time = json::to_number(value);
  if (!time || *time < 0 || *time > kLatest) return std::nullopt;
  return static_cast<int64_t>(*time);
}

// Some writers put the logon into an envelope, as if it were an event.
bool is_logon(json::Value root) {
  const auto type = root["type"].string();
  return type == "authenticate" || type == "obs_logon";
}

bool is_event(json::Value root) { return root["data"].exists() && root["type"].is_string(); }

void take_team(json::Value root, TeamSetup& team) {
  take_text(root, {"name"}, team.name);
  take_text(root, {"tricode"}, team.tricode);
  take_text(root, {"url"}, team.url);
  if (root["attackStart"].exists()) team.attack_start = json::is_truthy(root["attackStart"]);
}

void take_teams(json::Value root, ObserverLogon& logon) {
  ObserverLogon read;
  if (read_setup(root, read.left, read.right, read.tools)) {
    logon.left = std::move(read.left);
    logon.right = std::move(read.right);
    logon.tools = std::move(read.tools);
    return;
  }
  take_team(root["leftTeam"], logon.left);
  take_team(root["rightTeam"], logon.right);
  if (!root["toolsData"].is_object()) return;
  BytesWriter tools;
  json::write_value(tools, root["toolsData"]);
  logon.tools = tools.view();
}

void take_logon(json::Value root, LogonHeader& header) {
  ObserverLogon& logon = header.logon;
  take_text(root, {"clientVersion"}, logon.client_version);
  take_text(root, {"serverVersion", "version"}, header.server_version);
  take_text(root, {"obsName", "playerName", "name"}, logon.observer_name);
  take_text(root, {"groupCode", "teamName"}, logon.group_code);
  take_teams(root, logon);
  if (const auto time = time_of(root["logStartTime"])) header.log_start_time = *time;
}

}  // namespace

RecordingReader::RecordingReader(std::string_view text) : text_(text) {
  if (text_.starts_with(kByteOrderMark)) text_.remove_prefix(kByteOrderMark.size());
}

void RecordingReader::skip_between() {
  while (cursor_ < text_.size() && is_between(text_[cursor_])) ++cursor_;
  lines_ += static_cast<size_t>(std::count(text_.begin() + static_cast<ptrdiff_t>(counted_),
                                           text_.begin() + static_cast<ptrdiff_t>(cursor_), '\n'));
  counted_ = cursor_;
}

std::optional<size_t> RecordingReader::object_size() const {
  if (text_[cursor_] != '{') return std::nullopt;
  size_t depth = 0;
  bool in_string = false;
  for (size_t at = cursor_; at < text_.size(); ++at) {
    const char c = text_[at];
    if (in_string) {
      if (c == '\n') return std::nullopt;  // no string goes over a line
      if (c == '\\') ++at;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth == 0) {
      return at + 1 - cursor_;
    }
  }
  return std::nullopt;
}

bool RecordingReader::take_object() {
  if (!error_.empty()) return false;
  skip_between();
  if (cursor_ == text_.size()) return false;
  line_ = lines_;
  if (const auto size = object_size()) {
    entry_ = text_.substr(cursor_, *size);
    if (document_.parse_in_place(entry_)) {
      cursor_ += *size;
      return true;
    }
  }
  stop_at_nonsense();
  return false;
}

// A single whole event in a later line tells that this is no torn end, and so does very much behind it.
void RecordingReader::stop_at_nonsense() {
  const size_t bad_line = line_;
  const auto is_event_here = [this] {
    const auto size = object_size();
    if (!size) return false;
    entry_ = text_.substr(cursor_, *size);
    return document_.parse_in_place(entry_).ok() && is_event(document_.root());
  };
  bool has_more = false;
  for (size_t lines = 0; !has_more && lines <= kMostTornLines; ++lines) {
    cursor_ = std::min(text_.find('\n', cursor_), text_.size());
    skip_between();
    if (cursor_ == text_.size()) break;
    has_more = is_event_here() || lines == kMostTornLines;
  }
  if (has_more) error_ = "line " + std::to_string(bad_line) + " is no event";
  is_torn_ = !has_more;
  cursor_ = counted_ = text_.size();
}

Result<LogonHeader> RecordingReader::read_header() {
  LogonHeader header;
  header.logon.left = {"Left", "LFT", "", true};
  header.logon.right = {"Right", "RGT", "", false};
  bool has_logon = false;
  while (!has_first_ && take_object()) {
    const json::Value root = document_.root();
    has_first_ = is_event(root) && (has_logon || !is_logon(root));
    if (has_first_) break;
    const json::Value logon = root["data"].is_object() ? root["data"] : root;
    has_logon = has_logon || is_logon(root) || logon["leftTeam"].is_object();
    take_logon(logon, header);
  }
  if (!has_first_ && !has_logon && error_.empty()) {
    error_ = "there is neither a logon nor an event in it";
    is_torn_ = false;
  }
  if (!error_.empty()) return Error{error_};
  if (has_first_) {
    const Envelope event = read_event();
    if (header.logon.observer_name.empty()) header.logon.observer_name = event.observer;
    if (header.logon.group_code.empty()) header.logon.group_code = event.group_code;
    if (header.log_start_time == 0) header.log_start_time = event.timestamp;
  }
  last_time_ = header.log_start_time;
  return header;
}

std::optional<Envelope> RecordingReader::next() {
  if (std::exchange(has_first_, false)) return read_event();
  while (take_object()) {
    if (is_event(document_.root())) return read_event();
    ++passed_over_;
  }
  return std::nullopt;
}

Envelope RecordingReader::read_event() {
  const json::Value root = document_.root();
  Envelope event;
  event.type_name = root["type"].string().value_or(std::string_view());
  event.type = event_type(event.type_name);
  event.observer = first_text(root, {"obsName", "playerName"});
  event.player_id = first_text(root, {"playerId"});
  event.group_code = first_text(root, {"groupCode", "teamName"});
  event.match_id = first_text(root, {"matchId"});
  event.data = root["data"];
  event.timestamp = last_time_ = time_of(root["timestamp"]).value_or(last_time_);
  if (may_write(Writer::kServer, event.type)) {
    event.writer = Writer::kServer;
  } else if (event.observer.empty() && !event.player_id.empty()) {
    event.writer = Writer::kAuxiliary;
  }
  return event;
}

}  // namespace matchbus::match
