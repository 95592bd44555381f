#include "match/field_reader.h"

#include <algorithm>

namespace matchbus::match {

std::optional<double> ValueReader::number(json::Value value, std::string_view field) {
  const auto number = json::to_number(value);
  if (!number) {
    faults_.add(field, value.type());
    return std::nullopt;
  }
  return std::clamp(*number, -kMaxNumber, kMaxNumber);
}

std::optional<bool> ValueReader::flag(json::Value value, std::string_view field) {
  if (!value.exists() || value.is_null()) {
    faults_.add(field, value.type());
    return std::nullopt;
  }
  return json::is_truthy(value);
}

std::optional<std::string_view> ValueReader::text(json::Value value, std::string_view field, size_t limit) {
  const auto text = texts_.read(value);
  if (!text) {
    faults_.add(field, value.type());
    return std::nullopt;
  }
  return json::clipped(*text, limit);
}

}  // namespace matchbus::match
