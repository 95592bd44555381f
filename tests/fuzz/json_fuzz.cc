// Any bytes as JSON: parsed without touching what lies outside the text; and what was parsed, written again, parses to
// the same text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "json/document.h"
#include "json/writer.h"

namespace {

// Asks every value everything.
size_t visit(matchbus::json::Value value) {
  size_t seen = 1 + value.string().value_or("").size() + value.integer(INT64_MIN, INT64_MAX).has_value();
  for (auto child = value.first(); child.exists(); child = value.after(child)) {
    seen += visit(child);
    if (value.is_object() && child.is_string()) seen += value[*child.string()].exists();
  }
  if (value.size() != 0) seen += value.at(value.size() - 1).exists() + value.at(value.size()).exists();
  return seen;
}

std::string written(matchbus::json::Value value) {
  matchbus::BytesWriter out;
  write_value(out, value);
  return std::string(out.view());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::unique_ptr<char[]> text(new char[size]);  // exactly as long as the text
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>(data[i]);
  matchbus::json::Document document;
  if (!document.parse_in_place({text.get(), size}).ok()) return 0;
  if (visit(document.root()) == 0) std::abort();

  const std::string first = written(document.root());
  std::string copy = first;
  matchbus::json::Document again;
  if (!again.parse_in_place(copy).ok()) std::abort();
  if (written(again.root()) != first) std::abort();
  return 0;
}
