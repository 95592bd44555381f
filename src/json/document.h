// JSON texts (RFC 8259) parsed in place into a flat tape that is used again for the next text: no allocation in the
// steady state.
//
// Strings are decoded where they stand and stay valid as long as the text does; values point into the document. Reading
// is typed: a field of another type reads as absent, and the caller decides what that means.
#pragma once

#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/shrink_rule.h"

namespace matchbus::json {

enum class Type : uint8_t { kMissing, kNull, kBool, kNumber, kString, kArray, kObject };

struct Node {
  Type type = Type::kMissing;
  bool boolean = false;
  bool has_text = false;  // number: the next node, which ends with this one, holds its text
  uint32_t end = 0;       // index after this value's last node
  uint32_t size = 0;      // string: bytes; array: elements; object: members
  union {
    double number;
    const char* text;
  };
  Node() : number(0) {}
};

class Document;

// A view of one value; cheap to copy. A missing value answers every question with "no".
class Value {
 public:
  Value() = default;

  Type type() const { return node_ ? node_->type : Type::kMissing; }
  bool exists() const { return type() != Type::kMissing; }
  bool is_null() const { return type() == Type::kNull; }
  bool is_object() const { return type() == Type::kObject; }
  bool is_array() const { return type() == Type::kArray; }
  bool is_string() const { return type() == Type::kString; }

  std::optional<bool> boolean() const;
  std::optional<double> number() const;  // always finite
  // The text of a number with so many digits that `number` may not tell the last ones; empty for every other value.
  std::string_view number_text() const;
  // A number without fraction inside [low, high].
  std::optional<int64_t> integer(int64_t low, int64_t high) const;
  std::optional<std::string_view> string() const;

  // Elements or members; 0 for everything else.
  size_t size() const { return is_array() || is_object() ? node_->size : 0; }
  // Element `index` of an array.
  Value at(size_t index) const;
  // Member `key` of an object; of several with the same key the last, as ECMAScript has it.
  Value operator[](std::string_view key) const;

  // Walks an array: `for (Value v = a.first(); v.exists(); v = a.after(v))`. For objects the walk yields key, value,
  // key, value.
  Value first() const;
  Value after(Value child) const;

 private:
  friend class Document;
  explicit Value(const Node* node, const Node* base) : node_(node), base_(base) {}
  const Node* node_ = nullptr;
  const Node* base_ = nullptr;  // the tape's first node
};

class Document {
 public:
  static constexpr size_t kMaxDepth = 64;

  explicit Document(size_t max_depth = kMaxDepth) : max_depth_(max_depth) {}

  // Parses exactly one value with surrounding white space. `text` is changed in place and must outlive the values;
  // values of an earlier parse are invalid afterwards. Half a surrogate pair reads as U+FFFD. Errors: what is wrong and
  // the byte offset.
  Result<void> parse_in_place(std::span<char> text);
  Value root() const;

 private:
  friend class TapeBuilder;
  size_t max_depth_;
  std::vector<Node> nodes_;
  std::vector<uint32_t> open_;
  ShrinkRule rule_;
};

}  // namespace matchbus::json
