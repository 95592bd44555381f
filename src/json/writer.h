// Writes JSON text exactly as ECMAScript's JSON.stringify would: shortest numbers, same escapes, no spaces.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "json/document.h"

namespace matchbus::json {

// Free functions over a BytesWriter; commas and keys are the caller's business in write_*, and are kept by Writer.
void write_string(BytesWriter& out, std::string_view utf8);
// Number::toString of ECMA-262; not finite: null.
void write_number(BytesWriter& out, double value);
void write_integer(BytesWriter& out, int64_t value);
// A parsed value again as text.
void write_value(BytesWriter& out, Value value);
// The same, but numbers of more digits than a double holds stay as they were written: for texts that are passed on
// between programs which may not be ECMAScript.
void write_exact(BytesWriter& out, Value value);

// Keeps commas: begin_object / key / value / end_object.
class Writer {
 public:
  explicit Writer(BytesWriter& out) : out_(out) {}
  Writer& begin_object() { return open('{'); }
  Writer& end_object() { return close('}'); }
  Writer& begin_array() { return open('['); }
  Writer& end_array() { return close(']'); }
  Writer& key(std::string_view name);
  Writer& string(std::string_view value);
  Writer& number(double value);
  Writer& integer(int64_t value);
  Writer& boolean(bool value);
  Writer& null();
  Writer& value(Value value);
  Writer& exact(Value value);  // by write_exact
  // JSON text taken as it is.
  Writer& raw(std::string_view json);

 private:
  Writer& open(char c);
  Writer& close(char c);
  void separate();
  BytesWriter& out_;
  bool comma_ = false;
};

}  // namespace matchbus::json
