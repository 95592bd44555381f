// Reads a journal: a logon's header, then events, each after a comma and a line break.
//
// A process that is killed leaves the last entry torn, and power that fails may leave zeros behind it; both are cut off
// and said. An unreadable entry with readable ones after it is something else: then the journal is broken, since
// nobody knows what the lost event did.
//
//     JournalReader reader(text);
//     if (auto header = reader.read_header(); header) while (auto event = reader.next()) use(*event);
//     reader.error(): broken if not empty; else reader.good_size() of the bytes are whole entries.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "json/document.h"
#include "match/event.h"
#include "match/logon_header.h"

namespace matchbus::match {

class JournalReader {
 public:
  // `text`: the whole file; changed in place, and must outlive the reader.
  explicit JournalReader(std::span<char> text);

  // First. A header that cannot be read makes the journal broken, however short it is.
  Result<LogonHeader> read_header();
  // The next event, valid until the call after; nothing at the end.
  std::optional<Envelope> next();

  // Why the journal is broken, with the line; "" if it is not.
  const std::string& error() const { return error_; }
  // Bytes up to the end of the last whole entry, once `next` has returned nothing.
  size_t good_size() const { return good_size_; }
  // Whether there was more: a torn last entry.
  bool is_torn() const { return good_size_ != file_size_; }
  size_t events() const { return events_; }

 private:
  // The next line without its break; false at the end.
  bool take_line(std::span<char>& line);
  // Parses a line, without the comma that ends all but the last.
  bool parse(std::span<char> line);
  bool is_rest_readable();

  std::span<char> text_;
  size_t file_size_;
  size_t cursor_ = 0;
  size_t line_start_ = 0;
  size_t line_ = 0;
  size_t entry_end_ = 0;  // of the entry parsed last
  size_t good_size_ = 0;
  size_t events_ = 0;
  std::string error_;
  json::Document document_;
};

}  // namespace matchbus::match
