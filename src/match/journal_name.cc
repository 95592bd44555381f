#include "match/journal_name.h"

#include <array>
#include <charconv>

namespace matchbus::match {
namespace {

constexpr std::string_view kPrefix = "Match_";
constexpr std::string_view kHex = "0123456789ABCDEF";
constexpr size_t kHashDigits = 16;

bool stands_for_itself(unsigned char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

// FNV-1a, 64 bits. Two groups that share it only share a beginning of their names; files are created exclusively.
uint64_t hash_of(std::string_view text) {
  uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash;
}

}  // namespace

std::string escape_group(std::string_view group_code) {
  std::string out;
  for (const char c : group_code) {
    const auto byte = static_cast<unsigned char>(c);
    if (stands_for_itself(byte)) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    }
  }
  if (out.size() <= kMaxEscapedGroup) return out;
  // The `%%` cannot come from escaping.
  out.resize(kMaxEscapedGroup - kHashDigits - 2);
  out += "%%";
  for (uint64_t hash = hash_of(group_code), digit = 0; digit < kHashDigits; ++digit, hash <<= 4U)
    out += kHex[hash >> 60U];
  return out;
}

std::string journal_stem(std::string_view group_code, int64_t start_ms) {
  return std::string(kPrefix) + escape_group(group_code) + "_" + std::to_string(start_ms);
}

std::optional<JournalName> read_journal_name(std::string_view name) {
  constexpr std::array kSuffixes{kJournalSuffix, kSidecarSuffix, kBrokenSuffix, kTemporarySuffix};
  if (!name.starts_with(kPrefix)) return std::nullopt;
  JournalName read;
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  read.stem = name.substr(0, dot);
  read.suffix = name.substr(dot);
  bool known = false;
  for (const std::string_view suffix : kSuffixes) known |= read.suffix == suffix;
  const size_t separator = read.stem.rfind('_');
  if (!known || separator < kPrefix.size()) return std::nullopt;
  const std::string_view digits = read.stem.substr(separator + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), read.start_ms);
  if (error != std::errc{} || end != digits.data() + digits.size() || read.start_ms < 0) return std::nullopt;
  return read;
}

}  // namespace matchbus::match
