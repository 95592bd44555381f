// Which versions of clients are welcome.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace matchbus::match {

// Comparisons (`>=`, `<=`, `>`, `<`, `=`, or none for `=`) that must all hold, separated by spaces, such as
// ">=0.3.3 <0.3.25". Versions are semantic versions (semver.org, 2.0.0). Or "*": every client, whatever it says of its
// version, or nothing.
class VersionRange {
 public:
  static constexpr std::string_view kDefault = ">=0.3.3 <0.3.25";

  static Result<VersionRange> parse(std::string_view text);

  // A leading `v`, surrounding spaces and build metadata are fine; prereleases and leading zeros are not.
  bool contains(std::string_view version) const;
  bool takes_all() const { return text_ == "*"; }
  const std::string& text() const { return text_; }

 private:
  struct Version {
    uint64_t major, minor, patch;
    auto operator<=>(const Version&) const = default;
  };
  enum class Comparison : uint8_t { kLess, kLessEqual, kEqual, kGreaterEqual, kGreater };
  struct Term {
    Comparison comparison;
    Version version;
  };
  static bool read_version(std::string_view text, Version& version);
  static bool read_term(std::string_view text, Term& term);
  static bool holds(const Term& term, const Version& version);

  std::string text_;
  std::vector<Term> terms_;
};

}  // namespace matchbus::match
