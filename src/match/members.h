// Members of JSON objects that the server shows without knowing them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "json/document.h"
#include "json/writer.h"

namespace matchbus::match {

struct MembersWritten {
  bool any = false;
  bool all = true;  // none was left out for lack of room
};

// Writes the members of `object` whose names `is_wanted` says yes to, without braces and in their order. One that would
// make `out` longer than `limit` bytes is left out, and costs no other.
template <typename IsWanted>
MembersWritten write_members_if(BytesWriter& out, json::Value object, size_t limit, IsWanted is_wanted) {
  MembersWritten written;
  for (json::Value key = object.is_object() ? object.first() : json::Value(); key.exists();) {
    const json::Value value = object.after(key);
    if (is_wanted(*key.string())) {
      const size_t before = out.size();
      if (written.any) out.append(',');
      json::write_value(out, key);
      out.append(':');
      json::write_value(out, value);
      if (out.size() > limit) {
        out.truncate(before);
        written.all = false;
      } else {
        written.any = true;
      }
    }
    key = object.after(value);
  }
  return written;
}

}  // namespace matchbus::match
