// Reading the fields of an event, as the existing clients send them: the game's own interface gives the same value now
// as a number, now as a text or a boolean, and clients of different ages leave out different fields (section 2 of the
// protocol, "How fields are read"). All events are read by these rules; a field that says nothing costs that field,
// never the event.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "json/document.h"
#include "json/ecmascript.h"
#include "match/state.h"

namespace matchbus::match {

// A field that did not say what it is there for.
struct FieldFault {
  std::string_view field;  // a text of the program; kWholeData where the event's data is itself the value
  json::Type found;        // kMissing, or the type of what made no sense
};
constexpr std::string_view kWholeData = "data";

// Those of one event. More than there is room for are not remembered.
class FieldFaults {
 public:
  void clear() { size_ = 0; }
  void add(std::string_view field, json::Type found) {
    if (size_ < faults_.size()) faults_[size_++] = {field, found};
  }
  std::span<const FieldFault> all() const { return std::span(faults_).first(size_); }

 private:
  static constexpr size_t kRoom = 16;  // as many as a scoreboard has fields
  std::array<FieldFault, kRoom> faults_;
  size_t size_ = 0;
};

// Single values. Nothing: the value says nothing, and `faults` knows of `field`.
class ValueReader {
 public:
  // Borrows `faults`. Texts that it returns stay as long as the parsed text and the reader.
  explicit ValueReader(FieldFaults& faults) : faults_(faults) {}

  // A number, a text that holds one, or a boolean; cut to kMaxNumber on either side.
  std::optional<double> number(json::Value value, std::string_view field);
  // The truth value of whatever is there.
  std::optional<bool> flag(json::Value value, std::string_view field);
  // A text or a number's text, cut to `limit` bytes.
  std::optional<std::string_view> text(json::Value value, std::string_view field, size_t limit = kMaxName);

 private:
  FieldFaults& faults_;
  json::TextReader texts_;
};

// Members of an event's object. `field` must be a text of the program.
class FieldReader {
 public:
  FieldReader(json::Value object, FieldFaults& faults) : object_(object), values_(faults) {}

  json::Value operator[](std::string_view field) const { return object_[field]; }
  std::optional<double> number(std::string_view field) { return values_.number(object_[field], field); }
  std::optional<bool> flag(std::string_view field) { return values_.flag(object_[field], field); }
  std::optional<std::string_view> text(std::string_view field, size_t limit = kMaxName) {
    return values_.text(object_[field], field, limit);
  }
  // What stays as it is known unless the field says something else.
  void take(std::string_view field, double& known) {
    if (const auto value = number(field)) known = *value;
  }
  void take(std::string_view field, bool& known) {
    if (const auto value = flag(field)) known = *value;
  }

 private:
  json::Value object_;
  ValueReader values_;
};

}  // namespace matchbus::match
