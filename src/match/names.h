// Names of the game: what its internal names of agents, weapons and maps are called in front of an audience.
//
// Read from JSON (names.json, compiled in; an operator may give a newer file), immutable afterwards.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace matchbus::match {

// Agents with a changing portrait.
enum class SpecialAgent : uint8_t { kNone, kAstra, kClove, kCypher, kVeto };

class Names {
 public:
  // The table the program was built with.
  static const Names& built_in();
  // `json`: the text of such a file. Errors name the line.
  static Result<Names> load(std::string_view json);

  // The display name; nothing if the table has none.
  std::optional<std::string_view> agent(std::string_view internal) const { return find(agents_, internal); }
  std::optional<std::string_view> weapon(std::string_view internal) const { return find(weapons_, internal); }
  std::optional<std::string_view> armor(size_t number) const;
  // The display name, or the fallback.
  std::string_view map(std::string_view internal) const { return find(maps_, internal).value_or(map_fallback_); }

  // By internal name, in its short or its long form ("Rift", "Rift_PC_C").
  SpecialAgent special(std::string_view internal) const;
  // What `iconNameSuffix` becomes for the agent; "" for kNone.
  std::string_view icon_suffix(SpecialAgent agent) const { return suffixes_[static_cast<size_t>(agent)]; }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Table = std::unordered_map<std::string, std::string, Hash, std::equal_to<>>;
  static std::optional<std::string_view> find(const Table& table, std::string_view name);

  Table agents_;
  Table weapons_;
  Table maps_;
  std::vector<std::string> armors_;
  std::string map_fallback_;
  std::array<std::string, 5> suffixes_;
};

}  // namespace matchbus::match
