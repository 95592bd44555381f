#include "match/journal_reader.h"

#include <algorithm>

namespace matchbus::match {

JournalReader::JournalReader(std::span<char> text) : text_(text), file_size_(text.size()) {
  // A file system that had grown the file but not yet written the bytes shows zeros there.
  while (!text_.empty() && text_.back() == '\0') text_ = text_.first(text_.size() - 1);
}

bool JournalReader::take_line(std::span<char>& line) {
  if (cursor_ >= text_.size()) return false;
  line_start_ = cursor_;
  const auto rest = text_.subspan(cursor_);
  const auto end = std::find(rest.begin(), rest.end(), '\n');
  const auto size = static_cast<size_t>(end - rest.begin());
  line = rest.first(size);
  cursor_ += std::min(rest.size(), size + 1);
  ++line_;
  return true;
}

bool JournalReader::parse(std::span<char> line) {
  if (!line.empty() && line.back() == ',') line = line.first(line.size() - 1);
  entry_end_ = line_start_ + line.size();
  return document_.parse_in_place(line).ok() && document_.root().is_object();
}

Result<LogonHeader> JournalReader::read_header() {
  std::span<char> line;
  if (!take_line(line) || !parse(line)) {
    error_ = "line 1 is no JSON object";
    return Error{error_};
  }
  auto header = read_logon_header(document_.root());
  if (!header) {
    error_ = "line 1 is " + header.error().message;
    return Error{error_};
  }
  good_size_ = entry_end_;
  return header;
}

std::optional<Envelope> JournalReader::next() {
  if (!error_.empty()) return std::nullopt;
  std::span<char> line;
  if (!take_line(line)) return std::nullopt;
  if (parse(line)) {
    if (auto event = read_written_event(document_.root())) {
      good_size_ = entry_end_;
      ++events_;
      return event;
    }
  }
  const size_t bad_line = line_;
  if (is_rest_readable()) error_ = "line " + std::to_string(bad_line) + " is no event";
  cursor_ = text_.size();
  return std::nullopt;
}

// A single whole entry after a bad one tells that this is no torn end.
bool JournalReader::is_rest_readable() {
  std::span<char> line;
  while (take_line(line)) {
    if (parse(line) && read_written_event(document_.root())) return true;
  }
  return false;
}

}  // namespace matchbus::match
