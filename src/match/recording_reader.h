// Reads recorded matches of any origin, to play them: journals of this and of other servers of the protocol, older ones
// too, and events as lines of JSON.
//
// What stands in such a file is told apart by the JSON objects in it: between them may be commas, line breaks of any
// kind, the brackets of an array, a byte order mark. Objects in front that are no events tell of the logon (which may
// be no more than a version); what they do not tell is made up, so that there is something to log on with. An object in
// between that is no event is passed over and counted. As in JournalReader a torn end is cut off, and text that is no
// object with objects behind it is an error. To bring a match back that is not enough: see journal_reader.h.
//
//     RecordingReader reader(text);
//     if (auto header = reader.read_header(); header) while (auto event = reader.next()) use(*event);
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "json/document.h"
#include "match/event.h"
#include "match/logon_header.h"

namespace matchbus::match {

class RecordingReader {
 public:
  // `text`: the whole file; must outlive the reader.
  explicit RecordingReader(std::string_view text);

  // First. The group code is "" if nothing tells one, and so are the versions; the time is that of the first event if
  // nothing tells another. An error: there is nothing in it that could be played.
  Result<LogonHeader> read_header();
  // The next event, valid until the call after; nothing at the end. Its `observer` and `group_code` may have stood
  // under the names of older clients; a time that is not told is the one before.
  std::optional<Envelope> next();

  // Instead of both: the next object, whatever it is. False at the end, or at an error.
  bool take_object();

  // The object that the last call has read, with all its members.
  json::Value entry() const { return document_.root(); }
  // The line it begins in, from 1 on.
  size_t line() const { return line_; }

  // Why reading ended early, with the line; "" if it did not.
  const std::string& error() const { return error_; }
  // Whether the last object is torn, and all before it was read.
  bool is_torn() const { return is_torn_; }
  // Objects that are no events.
  size_t passed_over() const { return passed_over_; }

 private:
  // Finds where the object at the cursor ends. Nothing: it does not, or is none.
  std::optional<size_t> object_size() const;
  void skip_between();
  // At something that is no object: a torn end or an error.
  void stop_at_nonsense();
  // Of the object that was read last, which is an event.
  Envelope read_event();

  std::string_view text_;
  size_t cursor_ = 0;
  size_t counted_ = 0;  // up to here lines are counted
  size_t lines_ = 1;
  size_t line_ = 0;
  std::string entry_;  // a copy, read in place
  json::Document document_;
  bool has_first_ = false;  // the first event is read, and not yet given
  int64_t last_time_ = 0;
  bool is_torn_ = false;
  size_t passed_over_ = 0;
  std::string error_;
};

}  // namespace matchbus::match
