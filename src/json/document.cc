// Parsing: RapidJSON's iterative reader drives a tape of nodes over a bounded stream of our own.
//
// RapidJSON's own in-situ stream relies on a NUL after the text; ours knows where the text ends, and answers NUL from
// there on. RapidJSON checks UTF-8 one character at a time through its encoding class; ours takes the whole run up to
// the next quote, escape or control character in that call, eight bytes at a time while they are ASCII. And RapidJSON
// rounds some numbers of many digits wrongly even in its precise mode; so its fractions are only used to find a
// number's end.
#include "json/document.h"

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <string>

#include "json/big_numbers.h"
#include "json/plain_run.h"
#include "json/surrogates.h"

// RapidJSON 1.1 adds an offset to its stack's null pointer before the first push, which clang's sanitizer reports.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((no_sanitize("pointer-overflow"))), apply_to = function)
#endif
#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>
#if defined(__clang__)
#pragma clang attribute pop
#endif

namespace matchbus::json {
namespace {

// The text as RapidJSON reads it and, behind the reading position, writes decoded strings into it.
class TextStream {
 public:
  using Ch = char;

  explicit TextStream(std::span<char> text)
      : begin_(text.data()), end_(text.data() + text.size()), source_(begin_), target_(begin_) {}

  char Peek() const { return source_ != end_ ? *source_ : '\0'; }
  char Take() { return source_ != end_ ? *source_++ : '\0'; }
  size_t Tell() const { return static_cast<size_t>(source_ - begin_); }
  char* PutBegin() { return target_ = source_; }
  // Decoding never grows a text, so the target stays behind the source.
  void Put(char c) { *target_++ = c; }
  size_t PutEnd(char* begin) const { return static_cast<size_t>(target_ - begin); }

  // Moves the run of plain characters at the reading position to the writing position. False: not UTF-8.
  bool take_plain_run();
  // The characters of the number that was just read.
  std::string_view last_number() const;

 private:
  static char* skip_sequence(char* at, const char* end);

  char* begin_;
  char* end_;
  char* source_;
  char* target_;
};

// Past the UTF-8 sequence (RFC 3629, section 4) of two to four bytes at `at`; null if there is none.
char* TextStream::skip_sequence(char* at, const char* end) {
  const auto byte = [&](ptrdiff_t index) { return index < end - at ? static_cast<unsigned char>(at[index]) : 0U; };
  const auto tail = [&](ptrdiff_t index) { return (byte(index) & 0xC0U) == 0x80U; };
  const unsigned lead = byte(0);
  if (lead < 0xC2 || lead > 0xF4 || !tail(1)) return nullptr;
  if (lead < 0xE0) return at + 2;
  const unsigned second = byte(1);
  if (lead < 0xF0) {
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second >= 0xA0) || !tail(2)) return nullptr;
    return at + 3;
  }
  if ((lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second >= 0x90) || !tail(2) || !tail(3)) return nullptr;
  return at + 4;
}

// What stands before a number is a separator or white space, neither of which decoding ever overwrites.
std::string_view TextStream::last_number() const {
  const auto belongs = [](char c) {
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
  };
  const char* start = source_;
  while (start != begin_ && belongs(start[-1])) --start;
  return {start, static_cast<size_t>(source_ - start)};
}

bool TextStream::take_plain_run() {
  char* at = source_;
  for (;;) {
    at += plain_run<true>(at, end_);
    if (at == end_ || static_cast<unsigned char>(*at) < 0x80) break;
    at = skip_sequence(at, end_);
    if (at == nullptr) return false;
  }
  const auto size = static_cast<size_t>(at - source_);
  if (target_ != source_) std::memmove(target_, source_, size);
  source_ += size;
  target_ += size;
  return true;
}

// UTF-8 as RapidJSON asks for it: `Validate` for each character that is no escape, `Encode` for each \u.
struct Encoding : rapidjson::UTF8<char> {
  static bool Validate(TextStream& source, TextStream& /*the same*/) { return source.take_plain_run(); }
  // RapidJSON names other targets too, in branches that are not taken here.
  template <typename Source, typename Target>
  static bool Validate(Source& source, Target& target) {
    return rapidjson::UTF8<char>::Validate(source, target);
  }
  template <typename Target>
  static void Encode(Target& target, unsigned code_point) {
    rapidjson::UTF8<char>::Encode(target, code_point);
  }
};

// The reader's stack (states of open containers, digits of a number) in a fixed space; only texts with very long
// numbers need the heap.
class ScratchAllocator {
 public:
  void* Malloc(size_t size) { return Realloc(nullptr, 0, size); }
  void* Realloc(void* old, size_t old_size, size_t size) {
    if (size <= sizeof space_) return space_;
    heap_.resize(size);
    if (old == space_) std::memcpy(heap_.data(), space_, old_size);
    return heap_.data();
  }
  static void Free(void*) {}

 private:
  alignas(std::max_align_t) char space_[1024];
  std::vector<char> heap_;
};

}  // namespace

// RapidJSON's handler: appends a node for each value and key, and closes containers.
class TapeBuilder {
 public:
  TapeBuilder(Document& document, const TextStream& stream)
      : stream_(stream), nodes_(document.nodes_), open_(document.open_), depth_(document.max_depth_) {
    nodes_.clear();
    open_.clear();
  }

  // Why the builder stopped the parse; null if it did not.
  const char* refusal() const { return refusal_; }

  bool Null() { return add(Type::kNull), true; }
  bool Bool(bool value) { return add(Type::kBool).boolean = value, true; }
  bool Int(int value) { return add_number(value); }
  bool Uint(unsigned value) { return add_number(value); }
  bool Int64(int64_t value) { return add_long_number(static_cast<double>(value), stream_.last_number()); }
  bool Uint64(uint64_t value) { return add_long_number(static_cast<double>(value), stream_.last_number()); }
  bool Double(double rough) {
    const std::string_view text = stream_.last_number();
    double exact = 0;  // what is too small stays 0
    const std::from_chars_result result = std::from_chars(text.data(), text.data() + text.size(), exact);
    return add_long_number(result.ec == std::errc() || std::fabs(rough) < 1 ? exact : HUGE_VAL, text);
  }
  bool RawNumber(const char*, uint32_t, bool) { return false; }
  bool String(const char* text, uint32_t size, bool /*copy*/) {
    Node& node = add(Type::kString);
    node.size = size;
    node.text = text;
    return true;
  }
  bool Key(const char* text, uint32_t size, bool copy) { return String(text, size, copy); }
  bool StartObject() { return open(Type::kObject); }
  bool EndObject(uint32_t members) { return close(members); }
  bool StartArray() { return open(Type::kArray); }
  bool EndArray(uint32_t elements) { return close(elements); }

 private:
  Node& add(Type type) {
    Node& node = nodes_.emplace_back();
    node.type = type;
    node.end = static_cast<uint32_t>(nodes_.size());
    return node;
  }
  bool add_number(double value) {
    if (!std::isfinite(value)) return refuse("Number too big to be stored in double.");
    add(Type::kNumber).number = value;
    return true;
  }
  // Keeps the text where a double may not: in a node that no walk comes by, since it lies inside the number's.
  bool add_long_number(double value, std::string_view text) {
    if (!add_number(value)) return false;
    if (text.size() <= std::numeric_limits<double>::digits10) return true;
    nodes_.back().has_text = true;
    ++nodes_.back().end;
    return String(text.data(), static_cast<uint32_t>(text.size()), false);
  }
  bool open(Type type) {
    if (open_.size() >= depth_) return refuse("Nested too deep.");
    open_.push_back(static_cast<uint32_t>(nodes_.size()));
    add(type);
    return true;
  }
  bool close(uint32_t size) {
    Node& node = nodes_[open_.back()];
    open_.pop_back();
    node.size = size;
    node.end = static_cast<uint32_t>(nodes_.size());
    return true;
  }
  bool refuse(const char* why) {
    refusal_ = why;
    return false;
  }

  const TextStream& stream_;
  std::vector<Node>& nodes_;
  std::vector<uint32_t>& open_;
  size_t depth_;
  const char* refusal_ = nullptr;
};

std::optional<bool> Value::boolean() const {
  if (type() != Type::kBool) return std::nullopt;
  return node_->boolean;
}

std::optional<double> Value::number() const {
  if (type() != Type::kNumber) return std::nullopt;
  return node_->number;
}

std::string_view Value::number_text() const {
  if (type() != Type::kNumber || !node_->has_text) return {};
  return {node_[1].text, node_[1].size};
}

std::optional<int64_t> Value::integer(int64_t low, int64_t high) const {
  constexpr double kTwoTo63 = 9223372036854775808.0;
  if (type() != Type::kNumber) return std::nullopt;
  const double value = node_->number;
  if (!(value >= -kTwoTo63 && value < kTwoTo63)) return std::nullopt;
  const auto whole = static_cast<int64_t>(value);
  if (static_cast<double>(whole) != value || whole < low || whole > high) return std::nullopt;
  return whole;
}

std::optional<std::string_view> Value::string() const {
  if (type() != Type::kString) return std::nullopt;
  return std::string_view(node_->text, node_->size);
}

Value Value::at(size_t index) const {
  if (!is_array() || index >= node_->size) return {};
  const Node* child = node_ + 1;
  while (index-- > 0) child = base_ + child->end;
  return Value(child, base_);
}

Value Value::operator[](std::string_view key) const {
  if (!is_object()) return {};
  Value found;
  const Node* const end = base_ + node_->end;
  for (const Node* name = node_ + 1; name != end; name = base_ + name[1].end) {
    if (name->size == key.size() && std::memcmp(name->text, key.data(), key.size()) == 0)
      found = Value(name + 1, base_);
  }
  return found;
}

Value Value::first() const {
  if (size() == 0) return {};
  return Value(node_ + 1, base_);
}

Value Value::after(Value child) const {
  if (!child.exists() || child.node_->end >= node_->end) return {};
  return Value(base_ + child.node_->end, base_);
}

Result<void> Document::parse_in_place(std::span<char> text) {
  const auto fail = [this](const char* what, size_t offset) {
    nodes_.clear();
    std::string message = what;
    if (message.ends_with('.')) message.pop_back();
    return Result<void>(Error{message + " (at byte " + std::to_string(offset) + ")"});
  };
  if (text.size() >= UINT32_MAX) return fail("Text too long.", 0);
  if (rule_.is_unneeded(nodes_.size() * sizeof(Node), nodes_.capacity() * sizeof(Node)))
    std::vector<Node>().swap(nodes_);

  constexpr unsigned kFlags =
      rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
  replace_lone_surrogates(text);
  replace_big_numbers(text);
  TextStream stream(text);
  TapeBuilder builder(*this, stream);
  ScratchAllocator scratch;
  rapidjson::GenericReader<Encoding, Encoding, ScratchAllocator> reader(&scratch);
  const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, builder);

  if (builder.refusal() != nullptr) return fail(builder.refusal(), result.Offset());
  if (result.IsError()) return fail(rapidjson::GetParseError_En(result.Code()), result.Offset());
  // A NUL in the text looks like its end.
  if (stream.Tell() != text.size())
    return fail("The document root must not be followed by other values.", stream.Tell());
  return {};
}

Value Document::root() const {
  if (nodes_.empty()) return {};
  return Value(nodes_.data(), nodes_.data());
}

}  // namespace matchbus::json
