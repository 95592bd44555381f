// Semantic versions, as far as releases go.
#include "match/version_range.h"

#include <algorithm>
#include <charconv>

#include "json/ecmascript.h"

namespace matchbus::match {
namespace {

// Takes a numeric identifier off the front: "0" or digits without a leading zero.
bool take_number(std::string_view& text, uint64_t& number) {
  const char* const end = text.data() + text.size();
  const auto [after, error] = std::from_chars(text.data(), end, number);
  const auto digits = static_cast<size_t>(after - text.data());
  if (error != std::errc() || (digits > 1 && text.front() == '0')) return false;
  text.remove_prefix(digits);
  return true;
}

bool take(std::string_view& text, std::string_view what) {
  if (!text.starts_with(what)) return false;
  text.remove_prefix(what.size());
  return true;
}

// Identifiers of letters, digits and hyphens, separated by dots.
bool is_build(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.';
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), fits) && text.front() != '.' && text.back() != '.' &&
         text.find("..") == std::string_view::npos;
}

}  // namespace

bool VersionRange::read_version(std::string_view text, Version& version) {
  text = json::trimmed(text);
  take(text, "v");
  if (!take_number(text, version.major) || !take(text, ".") || !take_number(text, version.minor) || !take(text, ".") ||
      !take_number(text, version.patch))
    return false;
  return text.empty() || (take(text, "+") && is_build(text));
}

bool VersionRange::read_term(std::string_view text, Term& term) {
  term.comparison = Comparison::kEqual;
  if (take(text, ">=")) {
    term.comparison = Comparison::kGreaterEqual;
  } else if (take(text, "<=")) {
    term.comparison = Comparison::kLessEqual;
  } else if (take(text, ">")) {
    term.comparison = Comparison::kGreater;
  } else if (take(text, "<")) {
    term.comparison = Comparison::kLess;
  } else {
    take(text, "=");
  }
  return read_version(text, term.version);
}

Result<VersionRange> VersionRange::parse(std::string_view text) {
  VersionRange range;
  range.text_ = json::trimmed(text);
  if (range.takes_all()) return range;
  std::string_view rest = range.text_;
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find_first_of(json::kSpaces));
    Term term{};
    if (!read_term(word, term)) return Error{"\"" + std::string(word) + "\" is no comparison with a version"};
    range.terms_.push_back(term);
    rest.remove_prefix(word.size());
    rest = json::trimmed(rest);
  }
  if (range.terms_.empty()) return Error{"the range of versions is empty"};
  return range;
}

bool VersionRange::holds(const Term& term, const Version& version) {
  switch (term.comparison) {
    case Comparison::kLess:
      return version < term.version;
    case Comparison::kLessEqual:
      return version <= term.version;
    case Comparison::kEqual:
      return version == term.version;
    case Comparison::kGreaterEqual:
      return version >= term.version;
    case Comparison::kGreater:
      return version > term.version;
  }
  return false;
}

bool VersionRange::contains(std::string_view text) const {
  if (takes_all()) return true;
  Version version{};
  if (!read_version(text, version)) return false;
  return std::all_of(terms_.begin(), terms_.end(), [&](const Term& term) { return holds(term, version); });
}

}  // namespace matchbus::match
