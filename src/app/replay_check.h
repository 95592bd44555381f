// What a journal holds, and whether it is sound: for people with a file in hand.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace matchbus::app {

struct JournalReport {
  // From the header; empty or 0 if that is unreadable.
  std::string group_code;
  std::string observer;
  std::string client_version;
  std::string server_version;
  std::string teams[2];  // "name (tricode)", left and right
  int64_t started_ms = 0;

  uint64_t bytes = 0;
  uint64_t events = 0;
  uint64_t server_events = 0;  // of those, the server's own
  std::map<std::string, uint64_t> events_by_type;
  int64_t length_ms = 0;  // from the logon to the last event
  std::string map;        // as the events tell, internal
  int64_t rounds = 0;
  int64_t score[2] = {0, 0};
  bool ended = false;  // game_end is in it

  std::vector<std::string> problems;  // what makes it unsound
  std::vector<std::string> remarks;   // what is only odd
};

// `text`: the whole file.
JournalReport examine_journal(std::string_view text);

// For --info: several lines.
std::string describe_journal(const JournalReport& report);
// For --check: one line for each problem or remark, and a last one with the verdict.
std::string judge_journal(const JournalReport& report);

}  // namespace matchbus::app
