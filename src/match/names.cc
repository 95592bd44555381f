// Reading the table: six sections, all required, texts only. Unknown sections are left alone, so that a newer file
// serves an older program.
#include "match/names.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "json/document.h"
#include "match/names_json.h"

namespace matchbus::match {
namespace {

constexpr std::array<std::string_view, 5> kSuffixKeys{"", "astra_targeting", "clove_ultimate", "cypher_cam",
                                                      "veto_ultimate"};
// Internal names, which are also used with a tail behind them. What the agents are called in public may change.
constexpr std::array<std::string_view, 5> kSpecialAgents{"", "Rift", "Smonk", "Gumshoe", "Pine"};
constexpr std::string_view kInternalTail = "_PC_C";

size_t line_of(std::string_view text, size_t offset) {
  const auto end = text.begin() + static_cast<ptrdiff_t>(std::min(offset, text.size()));
  return static_cast<size_t>(std::count(text.begin(), end, '\n')) + 1;
}

Error at_line(size_t line, const std::string& what) { return Error{"line " + std::to_string(line) + ": " + what}; }

// Where `"key"` first stands at or after `from`; `from` itself if nowhere (an escaped key).
size_t find_key(std::string_view text, std::string_view key, size_t from) {
  const size_t at = text.find('"' + std::string(key) + '"', from);
  return at == std::string_view::npos ? from : at;
}

// The parser says "... (at byte N)".
Error syntax_error(std::string_view text, const std::string& message) {
  const size_t at = message.rfind("(at byte ");
  if (at == std::string::npos) return at_line(1, message);
  const size_t offset = std::strtoull(message.c_str() + at + 9, nullptr, 10);
  return at_line(line_of(text, offset), message.substr(0, at > 0 ? at - 1 : 0));
}

// Reads one section after the other and remembers the first thing that is wrong.
class Reader {
 public:
  Reader(std::string_view text, json::Value root) : text_(text), root_(root) {}

  template <typename Table>
  void table(std::string_view section, Table& out) {
    const json::Value object = root_[section];
    if (!object.is_object()) return fail(find_key(text_, section, 0), section, "must be an object");
    const size_t begin = find_key(text_, section, 0);
    for (json::Value key = object.first(); key.exists();) {
      const json::Value value = object.after(key);
      const std::string_view name = *key.string();
      const auto shown = value.string();
      if (!shown) return fail(find_key(text_, name, begin + 1), name, "must be a text");
      out.insert_or_assign(std::string(name), std::string(*shown));
      key = object.after(value);
    }
  }
  void list(std::string_view section, std::vector<std::string>& out) {
    const json::Value array = root_[section];
    const size_t begin = find_key(text_, section, 0);
    if (!array.is_array()) return fail(begin, section, "must be an array");
    for (json::Value item = array.first(); item.exists(); item = array.after(item)) {
      if (!item.is_string()) return fail(begin, section, "must hold texts only");
      out.emplace_back(*item.string());
    }
  }
  void text(json::Value object, std::string_view key, std::string& out) {
    const auto value = object[key].string();
    if (!value) return fail(find_key(text_, key, 0), key, "must be a text");
    out = *value;
  }

  const std::optional<Error>& error() const { return error_; }

 private:
  void fail(size_t offset, std::string_view name, const char* what) {
    if (!error_) error_ = at_line(line_of(text_, offset), '"' + std::string(name) + "\" " + what);
  }
  std::string_view text_;
  json::Value root_;
  std::optional<Error> error_;
};

}  // namespace

Result<Names> Names::load(std::string_view json) {
  std::string text(json);
  json::Document document;
  if (const auto parsed = document.parse_in_place(text); !parsed) return syntax_error(json, parsed.error().message);
  const json::Value root = document.root();
  if (!root.is_object()) return at_line(1, "must be an object");

  Names names;
  Reader reader(json, root);
  reader.table("agents", names.agents_);
  reader.table("weapons_and_abilities", names.weapons_);
  reader.table("maps", names.maps_);
  reader.list("armor", names.armors_);
  reader.text(root, "map_fallback", names.map_fallback_);
  for (size_t i = 1; i < kSuffixKeys.size(); ++i)
    reader.text(root["icon_name_suffixes"], kSuffixKeys[i], names.suffixes_[i]);
  if (reader.error()) return *reader.error();
  return names;
}

const Names& Names::built_in() {
  static const Result<Names> loaded = load(kNamesJson);
  if (!loaded) {
    std::fprintf(stderr, "names.json: %s\n", loaded.error().message.c_str());
    std::abort();
  }
  return *loaded;
}

std::optional<std::string_view> Names::find(const Table& table, std::string_view name) {
  const auto found = table.find(name);
  if (found == table.end()) return std::nullopt;
  return found->second;
}

std::optional<std::string_view> Names::armor(size_t number) const {
  if (number >= armors_.size()) return std::nullopt;
  return armors_[number];
}

SpecialAgent Names::special(std::string_view internal) const {
  if (internal.ends_with(kInternalTail)) internal.remove_suffix(kInternalTail.size());
  for (size_t i = 1; i < kSpecialAgents.size(); ++i) {
    if (kSpecialAgents[i] == internal) return static_cast<SpecialAgent>(i);
  }
  return SpecialAgent::kNone;
}

}  // namespace matchbus::match
