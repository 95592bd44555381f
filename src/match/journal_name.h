// Names of a journal's files: `Match_<escaped group>_<epoch ms>.replay`, and beside it the same with `.live` for what
// recovery needs besides, and with `.broken` for a journal that could not be read again.
//
// A group code is whatever an operator thought of, so only A-Z a-z 0-9 and `-` stand for themselves; every other byte
// is
// `%XX` (the underscore too: it separates). That keeps different groups apart and a name inside its directory. A group
// whose escaped form is too long for a file system keeps its beginning, and a hash of the whole stands for the rest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace matchbus::match {

constexpr std::string_view kJournalSuffix = ".replay";
constexpr std::string_view kSidecarSuffix = ".live";
constexpr std::string_view kBrokenSuffix = ".broken";
constexpr std::string_view kTemporarySuffix = ".new";

constexpr size_t kMaxEscapedGroup = 160;  // bytes; the whole name is then well below NAME_MAX (255)

std::string escape_group(std::string_view group_code);
// Without a suffix.
std::string journal_stem(std::string_view group_code, int64_t start_ms);

// A file name of this form, taken apart.
struct JournalName {
  std::string_view stem;
  std::string_view suffix;  // one of the four above
  int64_t start_ms = 0;
};
// Nothing for every other name.
std::optional<JournalName> read_journal_name(std::string_view name);

}  // namespace matchbus::match
