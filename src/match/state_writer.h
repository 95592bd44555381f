// Writes state as JSON text, driven by the field tables: whole objects (the snapshot) or single values (the patch).
//
// A snapshot is some 600 short writes, so what counts is the cost of each: keys are ready in both forms with their
// comma and colon (fields.h), texts that need no escapes are copied as they are (TextPool::is_plain), and room in the
// output is asked for once per few fields, not per write.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/text_pool.h"
#include "json/writer.h"
#include "match/fields.h"

namespace matchbus::match {

// JSON text, or that text as the content of a JSON string.
enum class Form : uint8_t { kPlain, kEscaped };

// Appends to a BytesWriter through a pointer into room it gave. The writer must not be used meanwhile.
class Output {
 public:
  explicit Output(BytesWriter& out) : out_(out) {}
  ~Output() { flush(); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // Room for `size` bytes more.
  void need(size_t size) {
    if (static_cast<size_t>(end_ - at_) < size) refill(size);
  }
  // These want the room to be there.
  void put(char c) { *at_++ = c; }
  void put(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  void put_integer(int64_t value) { at_ = std::to_chars(at_, end_, value).ptr; }

  // Bytes in the writer so far.
  size_t size() const { return out_.size() + static_cast<size_t>(at_ - begin_); }
  // Takes out the bytes from `begin` to `end`, places as of `size`.
  void cut(size_t begin, size_t end) {
    BytesWriter& bytes = direct();
    const std::span<char> all = bytes.mutable_view();
    std::copy(all.begin() + static_cast<ptrdiff_t>(end), all.end(), all.begin() + static_cast<ptrdiff_t>(begin));
    bytes.truncate(all.size() - (end - begin));
  }
  // The writer itself, for what writes by itself. Until the next `need`.
  BytesWriter& direct() {
    flush();
    begin_ = at_ = end_ = nullptr;
    return out_;
  }

 private:
  void flush() { out_.commit(static_cast<size_t>(at_ - begin_)); }
  void refill(size_t size) {
    constexpr size_t kStep = 4 * 1024;
    flush();
    const std::span<char> room = out_.reserve(size > kStep ? size : kStep);
    begin_ = at_ = room.data();
    end_ = begin_ + room.size();
  }

  BytesWriter& out_;
  char* begin_ = nullptr;
  char* at_ = nullptr;
  char* end_ = nullptr;
};

// A literal of JSON in both forms.
struct Token {
  std::string_view plain;
  std::string_view escaped;
};

template <Form kForm>
class StateWriter {
 public:
  // What is written is in `out` when the writer is gone. `texts` is the pool of the state's ids.
  StateWriter(BytesWriter& out, const TextPool& texts) : out_(out), texts_(texts) {}

  // A struct with its table.
  void object(const Table& table, const void* base) {
    out_.need(kShort);
    out_.put('{');
    bool first = true;
    for (const Field& field : table.fields) member(field, base, first);
    out_.need(kShort);
    out_.put('}');
  }

 protected:
  static constexpr size_t kShort = 128;  // room for a key, a number and punctuation

  static std::string_view pick(const Token& token) { return kForm == Form::kPlain ? token.plain : token.escaped; }
  void quote() { out_.put(pick({"\"", "\\\""})); }

  void key(const Field& field, bool& first) {
    std::string_view text = kForm == Form::kPlain ? field.key.plain : field.key.escaped;
    if (first) text.remove_prefix(1);
    first = false;
    out_.need(kShort);
    out_.put(text);
  }

  void member(const Field& field, const void* base, bool& first) {
    switch (field.kind) {
      case Kind::kPrivate:
      case Kind::kPrivateText:
        return;
      case Kind::kMembers: {
        const auto id = load<TextId>(base, field.offset);
        if (id <= kEmptyText) return;
        out_.need(kShort);
        if (!first) out_.put(',');
        first = false;
        json(texts_.view(id));
        return;
      }
      default:
        break;
    }
    if (!is_present(field, base)) return;
    key(field, first);
    value(field, base);
  }

  void value(const Field& field, const void* base) {
    switch (field.kind) {
      case Kind::kBool:
        return flag(load<bool>(base, field.offset));
      case Kind::kOptionalFlag:
        return flag(load<OptionalFlag>(base, field.offset) == OptionalFlag::kTrue);
      case Kind::kTime:
        return out_.put_integer(load<Time>(base, field.offset));
      case Kind::kInteger:
        return out_.put_integer(load<int32_t>(base, field.offset));
      case Kind::kNumber:
        return number(load<double>(base, field.offset));
      case Kind::kText:
      case Kind::kTextOrAbsent:
        return text(load<TextId>(base, field.offset));
      case Kind::kTextOrNull: {
        const auto id = load<TextId>(base, field.offset);
        return id == kNoText ? out_.put("null") : text(id);
      }
      case Kind::kJson:
        return json(texts_.view(load<TextId>(base, field.offset)));
      case Kind::kObject:
        return object(*field.table, object_at(field, base, 0));
      case Kind::kObjects:
        return objects(field, base);
      case Kind::kRecords:
        return records(load<RoundRecords>(base, field.offset));
      case Kind::kTexts:
        return names(base, field.offset);
      case Kind::kJsonList:
        return json_list(base, field.offset);
      case Kind::kCounters:
        return counters(base, field.offset);
      default:
        return out_.put("{}");
    }
  }

  void flag(bool value) { out_.put(value ? std::string_view("true") : std::string_view("false")); }

  void number(double value) {
    constexpr double kSmall = 1e9;
    if (value > -kSmall && value < kSmall) {
      const auto whole = static_cast<int64_t>(value);
      if (static_cast<double>(whole) == value) return out_.put_integer(whole);
    }
    json::write_number(out_.direct(), value);
    out_.need(kShort);
  }

  void text(TextId id) {
    const std::string_view view = texts_.view(id);
    if (!texts_.is_plain(id)) return special_text(view);
    out_.need(view.size() + kShort);
    quote();
    out_.put(view);
    quote();
  }

  // A text that does not stand between quotes as it is.
  void special_text(std::string_view view) {
    BytesWriter& bytes = out_.direct();
    const size_t begin = bytes.size();
    json::write_string(bytes, view);
    if constexpr (kForm == Form::kEscaped) escape_from(bytes, begin);
    out_.need(kShort);
  }

  // A character that is written as two, or, without a prefix, as it is.
  struct Escaped {
    char prefix;
    char character;
  };

  // Escapes what has been written since `begin`, from its end on, where it is.
  template <typename Escape>
  static void escape_in_place(BytesWriter& bytes, size_t begin, Escape&& escape) {
    const std::string_view written = bytes.view().substr(begin);
    const auto more = static_cast<size_t>(
        std::count_if(written.begin(), written.end(), [&](char c) { return escape(c).prefix != '\0'; }));
    bytes.reserve(more);
    bytes.commit(more);
    const std::span<char> all = bytes.mutable_view();
    for (size_t from = all.size() - more, to = all.size(); from != to;) {
      const Escaped escaped = escape(all[--from]);
      all[--to] = escaped.character;
      if (escaped.prefix != '\0') all[--to] = escaped.prefix;
    }
  }

  // Once more, as the content of a JSON string.
  static void escape_from(BytesWriter& bytes, size_t begin) {
    escape_in_place(bytes, begin, [](char c) -> Escaped { return {c == '"' || c == '\\' ? '\\' : '\0', c}; });
  }

  // JSON text without line breaks.
  void json(std::string_view view) {
    out_.need(2 * view.size() + kShort);
    if constexpr (kForm == Form::kPlain) {
      out_.put(view);
    } else {
      for (const char c : view) {
        if (c == '"' || c == '\\') out_.put('\\');
        out_.put(c);
      }
    }
  }

  void objects(const Field& field, const void* base) {
    out_.put('[');
    for (uint32_t i = 0; i < object_count(field, base); ++i) {
      out_.need(kShort);
      if (i > 0) out_.put(',');
      object(*field.table, object_at(field, base, i));
    }
    out_.need(kShort);
    out_.put(']');
  }

  void records(const RoundRecords& records) {
    out_.put('[');
    for (uint32_t i = 0; i < records.size; ++i) {
      out_.need(kShort);
      if (i > 0) out_.put(',');
      record(records, i);
    }
    out_.need(kShort);
    out_.put(']');
  }

  void record(const RoundRecords& records, uint32_t index) {
    const RoundRecord& record = records.items[index];
    if (record.result == RoundResult::kSkipped) return out_.put("null");
    out_.put(pick({R"({"type":")", R"({\"type\":\")"}));
    out_.put(record_type(record.result));
    out_.put(record.was_attack ? pick({R"(","wasAttack":true,"round":)", R"(\",\"wasAttack\":true,\"round\":)"})
                               : pick({R"(","wasAttack":false,"round":)", R"(\",\"wasAttack\":false,\"round\":)"}));
    out_.put_integer(index + 1);
    out_.put('}');
  }

  void names(const void* base, uint32_t offset) {
    const uint32_t count = list_size(base, offset);
    out_.put('[');
    for (uint32_t i = 0; i < count; ++i) {
      out_.need(kShort);
      if (i > 0) out_.put(',');
      text(name_at(base, offset, i));
    }
    out_.need(kShort);
    out_.put(']');
  }

  void json_list(const void* base, uint32_t offset) {
    const uint32_t count = list_size(base, offset);
    out_.put('[');
    for (uint32_t i = 0; i < count; ++i) {
      const TextId id = name_at(base, offset, i);
      out_.need(kShort);
      if (i > 0) out_.put(',');
      json(id == kNoText ? std::string_view("null") : texts_.view(id));
    }
    out_.need(kShort);
    out_.put(']');
  }

  void counters(const void* base, uint32_t offset) {
    const uint32_t count = list_size(base, offset);
    out_.put('{');
    for (uint32_t i = 0; i < count; ++i) {
      const Counter counter = counter_at(base, offset, i);
      out_.need(kShort);
      if (i > 0) out_.put(',');
      text(counter.name);
      out_.need(kShort);
      out_.put(':');
      out_.put_integer(counter.count);
    }
    out_.need(kShort);
    out_.put('}');
  }

  // `index`th of a TextList or of Counters at `offset` of `base`, and how many there are.
  static uint32_t list_size(const void* base, uint32_t offset) { return load<uint32_t>(base, offset); }
  static TextId name_at(const void* base, uint32_t offset, uint32_t index) {
    return load<TextId>(base, offset + static_cast<uint32_t>(offsetof(TextList<1>, items) + index * sizeof(TextId)));
  }
  static Counter counter_at(const void* base, uint32_t offset, uint32_t index) {
    return load<Counter>(base, offset + static_cast<uint32_t>(offsetof(Counters<1>, items) + index * sizeof(Counter)));
  }

  Output out_;
  const TextPool& texts_;
};

}  // namespace matchbus::match
