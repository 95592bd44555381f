// Plain text, for a manual page to be made of.
#include "match/key_list.h"

#include <string>

#include "match/fields.h"

namespace matchbus::match {
namespace {

std::string_view describe(Kind kind) {
  switch (kind) {
    case Kind::kBool:
      return "boolean";
    case Kind::kOptionalFlag:
      return "boolean or absent";
    case Kind::kInteger:
      return "number";
    case Kind::kNumber:
      return "number or null";
    case Kind::kTime:
      return "epoch milliseconds or absent";
    case Kind::kText:
      return "string";
    case Kind::kTextOrNull:
      return "string or null";
    case Kind::kTextOrAbsent:
      return "string or absent";
    case Kind::kJson:
      return "JSON as it came";
    case Kind::kMembers:
      return "further members";
    case Kind::kRecords:
      return "array of {type, wasAttack, round} or null";
    case Kind::kTexts:
      return "array of strings";
    case Kind::kJsonList:
      return "array of JSON as it came, or absent";
    case Kind::kCounters:
      return "object of numbers";
    case Kind::kEmptyObject:
      return "empty object";
    default:
      return "object";
  }
}

void list(BytesWriter& out, const Table& table, const std::string& path) {
  for (const Field& field : table.fields) {
    if (field.kind == Kind::kPrivate || field.kind == Kind::kPrivateText) continue;
    const std::string name = path + (field.kind == Kind::kMembers ? "*" : std::string(field.key.name));
    if (field.table != nullptr) {
      list(out, *field.table, name + (field.kind == Kind::kObjects ? "[]." : "."));
      continue;
    }
    out.append(name);
    out.append(' ');
    out.append(describe(field.kind));
    out.append('\n');
  }
}

}  // namespace

void write_key_list(BytesWriter& out) { list(out, kMatchTable, ""); }

}  // namespace matchbus::match
