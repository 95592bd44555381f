// Writing: the number layout of ECMA-262 (Number::toString) around std::to_chars' shortest digits, and the escapes of
// QuoteJSONString.
#include "json/writer.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "json/plain_run.h"

namespace matchbus::json {
namespace {

// What follows the backslash for each byte that needs one; 'u' stands for \u00xx, 0 for none.
constexpr std::array<char, 256> kEscapes = [] {
  std::array<char, 256> table{};
  for (size_t byte = 0; byte < 0x20; ++byte) table[byte] = 'u';
  table['\b'] = 'b';
  table['\t'] = 't';
  table['\n'] = 'n';
  table['\f'] = 'f';
  table['\r'] = 'r';
  table['"'] = '"';
  table['\\'] = '\\';
  return table;
}();

char escape_of(char c) { return kEscapes[static_cast<unsigned char>(c)]; }

void write_escape(BytesWriter& out, char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const char letter = escape_of(c);
  out.append('\\');
  out.append(letter);
  if (letter != 'u') return;
  const auto byte = static_cast<unsigned char>(c);
  out.append("00");
  out.append(kHex[byte >> 4U]);
  out.append(kHex[byte & 15U]);
}

// The rest of a string from its first escape on, with the closing quote.
void write_rest(BytesWriter& out, const char* at, const char* end) {
  while (at != end) {
    write_escape(out, *at++);
    const size_t run = plain_run<false>(at, end);
    out.append(std::string_view(at, run));
    at += run;
  }
  out.append('"');
}

// The digits of a positive number: value = 0.DIGITS * 10^point.
struct Decimal {
  std::array<char, 24> digits;
  int count = 0;
  int point = 0;
};

Decimal shortest_decimal(double value) {
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific).ptr;
  Decimal decimal;
  const char* at = text.data();
  for (; *at != 'e'; ++at) {
    if (*at != '.') decimal.digits[static_cast<size_t>(decimal.count++)] = *at;
  }
  ++at;
  if (*at == '+') ++at;
  std::from_chars(at, end, decimal.point);
  ++decimal.point;
  return decimal;
}

// ECMA-262, Number::toString, steps 6 to 10, with n = `point` and k = `count`.
void write_decimal(BytesWriter& out, const Decimal& decimal) {
  constexpr std::string_view kZeros = "000000000000000000000";
  const int n = decimal.point;
  const int k = decimal.count;
  const std::string_view digits(decimal.digits.data(), static_cast<size_t>(k));
  if (n > 0 && n <= 21) {
    if (k <= n) {
      out.append(digits);
      out.append(kZeros.substr(0, static_cast<size_t>(n - k)));
    } else {
      out.append(digits.substr(0, static_cast<size_t>(n)));
      out.append('.');
      out.append(digits.substr(static_cast<size_t>(n)));
    }
  } else if (n > -6 && n <= 0) {
    out.append("0.");
    out.append(kZeros.substr(0, static_cast<size_t>(-n)));
    out.append(digits);
  } else {
    out.append(digits[0]);
    if (k > 1) {
      out.append('.');
      out.append(digits.substr(1));
    }
    out.append(n > 0 ? "e+" : "e-");
    write_integer(out, std::abs(n - 1));
  }
}

enum class Numbers : uint8_t { kOfEcmaScript, kExact };

template <Numbers numbers>
void write_parsed(BytesWriter& out, Value value);

template <Numbers numbers>
void write_object(BytesWriter& out, Value object) {
  out.append('{');
  bool is_key = true;
  bool first = true;
  for (Value child = object.first(); child.exists(); child = object.after(child)) {
    if (is_key && !first) out.append(',');
    first = false;
    write_parsed<numbers>(out, child);
    if (is_key) out.append(':');
    is_key = !is_key;
  }
  out.append('}');
}

template <Numbers numbers>
void write_array(BytesWriter& out, Value array) {
  out.append('[');
  bool first = true;
  for (Value child = array.first(); child.exists(); child = array.after(child)) {
    if (!first) out.append(',');
    first = false;
    write_parsed<numbers>(out, child);
  }
  out.append(']');
}

template <Numbers numbers>
void write_parsed_number(BytesWriter& out, Value value) {
  const std::string_view text = numbers == Numbers::kExact ? value.number_text() : std::string_view();
  if (!text.empty()) return out.append(text);
  write_number(out, *value.number());
}

template <Numbers numbers>
void write_parsed(BytesWriter& out, Value value) {
  switch (value.type()) {
    case Type::kMissing:
    case Type::kNull:
      out.append("null");
      break;
    case Type::kBool:
      out.append(*value.boolean() ? std::string_view("true") : std::string_view("false"));
      break;
    case Type::kNumber:
      write_parsed_number<numbers>(out, value);
      break;
    case Type::kString:
      write_string(out, *value.string());
      break;
    case Type::kArray:
      write_array<numbers>(out, value);
      break;
    case Type::kObject:
      write_object<numbers>(out, value);
      break;
  }
}

}  // namespace

void write_string(BytesWriter& out, std::string_view utf8) {
  const char* at = utf8.data();
  const char* const end = at + utf8.size();
  const size_t run = plain_run<false>(at, end);
  char* const room = out.reserve(run + 2).data();
  room[0] = '"';
  if (run != 0) std::memcpy(room + 1, at, run);
  at += run;
  if (at == end) {
    room[1 + run] = '"';
    out.commit(run + 2);
    return;
  }
  out.commit(run + 1);
  write_rest(out, at, end);
}

void write_number(BytesWriter& out, double value) {
  constexpr double kSafe = 9007199254740992.0;  // 2^53: below it every whole double is an exact integer
  if (!std::isfinite(value)) {
    out.append("null");
    return;
  }
  if (value > -kSafe && value < kSafe) {
    const auto whole = static_cast<int64_t>(value);
    if (static_cast<double>(whole) == value) {
      write_integer(out, whole);
      return;
    }
  }
  if (value < 0) out.append('-');
  write_decimal(out, shortest_decimal(std::fabs(value)));
}

void write_integer(BytesWriter& out, int64_t value) {
  constexpr size_t kLongest = 20;
  const std::span<char> room = out.reserve(kLongest);
  const auto end = std::to_chars(room.data(), room.data() + kLongest, value).ptr;
  out.commit(static_cast<size_t>(end - room.data()));
}

void write_value(BytesWriter& out, Value value) { write_parsed<Numbers::kOfEcmaScript>(out, value); }

void write_exact(BytesWriter& out, Value value) { write_parsed<Numbers::kExact>(out, value); }

Writer& Writer::key(std::string_view name) {
  separate();
  write_string(out_, name);
  out_.append(':');
  comma_ = false;
  return *this;
}

Writer& Writer::string(std::string_view value) {
  separate();
  write_string(out_, value);
  return *this;
}

Writer& Writer::number(double value) {
  separate();
  write_number(out_, value);
  return *this;
}

Writer& Writer::integer(int64_t value) {
  separate();
  write_integer(out_, value);
  return *this;
}

Writer& Writer::boolean(bool value) {
  separate();
  out_.append(value ? std::string_view("true") : std::string_view("false"));
  return *this;
}

Writer& Writer::null() {
  separate();
  out_.append("null");
  return *this;
}

Writer& Writer::value(Value value) {
  separate();
  write_value(out_, value);
  return *this;
}

Writer& Writer::exact(Value value) {
  separate();
  write_exact(out_, value);
  return *this;
}

Writer& Writer::raw(std::string_view json) {
  separate();
  out_.append(json);
  return *this;
}

Writer& Writer::open(char c) {
  separate();
  out_.append(c);
  comma_ = false;
  return *this;
}

Writer& Writer::close(char c) {
  out_.append(c);
  comma_ = true;
  return *this;
}

// A comma unless this is the first of its container or follows its key; whatever comes next follows a value.
void Writer::separate() {
  if (comma_) out_.append(',');
  comma_ = true;
}

}  // namespace matchbus::json
