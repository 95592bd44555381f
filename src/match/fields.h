// Every field of the match's state by name: what a viewer sees of it, in which form, and where it lies.
//
// One constexpr table per struct of state.h. Whoever walks the state walks these: the snapshot, the patch, the document
// of keys, the move to a fresh arena (which looks for text ids). Each table accounts for every byte of its struct, so a
// member cannot be forgotten. To add a field: a member in state.h, a line in fields.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "match/state.h"

namespace matchbus::match {

enum class Kind : uint8_t {
  kBool,          // bool
  kOptionalFlag,  // OptionalFlag; absent, or a boolean
  kInteger,       // int32_t
  kNumber,        // double; not finite: null
  kTime,          // Time; absent while kNever
  kText,          // TextId
  kTextOrNull,    // TextId; kNoText: null
  kTextOrAbsent,  // TextId; kNoText: absent
  kJson,          // TextId of JSON text; kNoText: absent
  kMembers,       // TextId of members of the surrounding object, as JSON ("a":1,"b":2); has no key of its own
  kObject,        // a struct with its own table
  kObjects,       // an array of such structs
  kRecords,       // RoundRecords: array of {type, wasAttack, round} or null
  kTexts,         // TextList: array of strings
  kJsonList,      // TextList of JSON text: array of it, kNoText: null; absent while empty
  kCounters,      // Counters: object of numbers
  kEmptyObject,   // no bytes; always {}
  kPrivate,       // not shown
  kPrivateText,   // TextId, not shown
};

// A key as it stands in JSON text, comma and colon included, in the two forms of snapshot.h.
struct Key {
  std::string_view name;     // matchId
  std::string_view plain;    // ,"matchId":
  std::string_view escaped;  // ,\"matchId\":
};

struct Table;

struct Field {
  Key key;
  Kind kind = Kind::kPrivate;
  uint32_t offset = 0;
  uint32_t size = 0;
  const Table* table = nullptr;  // kObject, kObjects
  uint32_t count_offset = 0;     // kObjects: a uint32_t beside it, or kFixedCount
  uint32_t fixed_count = 0;      // kObjects with kFixedCount

  static constexpr uint32_t kFixedCount = UINT32_MAX;
};

struct Table {
  std::span<const Field> fields;
  uint32_t size;  // of the struct
};

// Of MatchState.
extern const Table kMatchTable;
// The same without what identifies people beyond the names that they play under: players' `riotId`.
extern const Table kNamelessMatchTable;

// Whether a team is shown with a key of this name.
bool is_team_key(std::string_view name);

// --- Reading the bytes of a field. `base` is the struct the field's table is about. ---

template <typename T>
T load(const void* base, uint32_t offset) {
  T value;
  std::memcpy(&value, static_cast<const std::byte*>(base) + offset, sizeof value);
  return value;
}

// kObjects: how many there are, and the `index`th.
inline uint32_t object_count(const Field& field, const void* base) {
  return field.count_offset == Field::kFixedCount ? field.fixed_count : load<uint32_t>(base, field.count_offset);
}
inline const void* object_at(const Field& field, const void* base, uint32_t index) {
  return static_cast<const std::byte*>(base) + field.offset + size_t{index} * field.table->size;
}

// Whether a viewer sees the field at all; kinds that may be absent say when.
inline bool is_present(const Field& field, const void* base) {
  switch (field.kind) {
    case Kind::kTime:
      return load<Time>(base, field.offset) != kNever;
    case Kind::kOptionalFlag:
      return load<OptionalFlag>(base, field.offset) != OptionalFlag::kAbsent;
    case Kind::kTextOrAbsent:
    case Kind::kJson:
      return load<TextId>(base, field.offset) != kNoText;
    case Kind::kJsonList:
      return load<uint32_t>(base, field.offset) != 0;
    default:
      return true;
  }
}

// The JSON text of a record's type.
std::string_view record_type(RoundResult result);

}  // namespace matchbus::match
