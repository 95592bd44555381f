// One walk over both states at once.
//
// Structs that are equal byte by byte are passed over, so the cost is that of a memcmp and of what has changed. The
// operations of an object are written first; only if they have become longer than the object could be at the least, the
// whole object is written behind them, and the shorter of the two stays. The same decides whether the two teams have
// changed places (one `move`).
#include "match/patch.h"

#include <array>
#include <cassert>
#include <charconv>
#include <cstring>
#include <string_view>

#include "match/fields.h"
#include "match/state_writer.h"

namespace matchbus::match {
namespace {

// Lists of numbers and texts are compared with replacing them as a whole if their operations are longer than this.
constexpr size_t kWorthComparing = 160;
constexpr size_t kLeastRecord = 20;  // most are longer

// Bytes that an object has at the least.
size_t least_size(const Table& table, const void* base) {
  size_t size = 2;
  for (const Field& field : table.fields) {
    switch (field.kind) {
      case Kind::kTime:
      case Kind::kOptionalFlag:
      case Kind::kTextOrAbsent:
      case Kind::kJson:
      case Kind::kJsonList:
      case Kind::kMembers:
      case Kind::kPrivate:
      case Kind::kPrivateText:
        break;
      case Kind::kObject:
        size += field.key.plain.size() + least_size(*field.table, object_at(field, base, 0));
        break;
      case Kind::kObjects:
        size +=
            field.key.plain.size() + object_count(field, base) * least_size(*field.table, object_at(field, base, 0));
        break;
      case Kind::kRecords:
        size += field.key.plain.size() + load<RoundRecords>(base, field.offset).size * kLeastRecord;
        break;
      default:
        size += field.key.plain.size() + 1;
        break;
    }
  }
  return size;
}

// A JSON pointer (RFC 6901) to where the walk stands. Keys of the tables need no escapes.
class Path {
 public:
  std::string_view view() const { return {text_.data(), size_}; }
  void push(std::string_view key) {
    assert(size_ + key.size() < text_.size());
    text_[size_++] = '/';
    key.copy(text_.data() + size_, key.size());
    size_ += key.size();
  }
  void push(uint32_t index) {
    text_[size_++] = '/';
    size_ =
        static_cast<size_t>(std::to_chars(text_.data() + size_, text_.data() + text_.size(), index).ptr - text_.data());
  }
  void cut(size_t size) { size_ = size; }

 private:
  std::array<char, 128> text_;
  size_t size_ = 0;
};

// Takes the steps made on a path back when it goes.
class Step {
 public:
  template <typename Key>
  Step(Path& path, Key key) : path_(path), size_(path.view().size()) {
    path.push(key);
  }
  ~Step() { path_.cut(size_); }
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

 private:
  Path& path_;
  size_t size_;
};

template <typename T>
bool equal(const Field& field, const void* from, const void* to) {
  return load<T>(from, field.offset) == load<T>(to, field.offset);
}

bool equal_bytes(const Field& field, const void* from, const void* to) {
  return std::memcmp(static_cast<const std::byte*>(from) + field.offset,
                     static_cast<const std::byte*>(to) + field.offset, field.size) == 0;
}

// Libraries in JavaScript refuse pointers to it, since objects there have such a member anyway.
bool may_stand_in_pointer(std::string_view key) { return key != "__proto__"; }

// The last step of a path where an array grows.
constexpr std::string_view kEnd = "-";

template <Form kForm>
class PatchWriter final : private StateWriter<kForm> {
 public:
  using StateWriter<kForm>::StateWriter;

  void write(const Table& table, const void* from, const void* to) {
    out_.need(kShort);
    out_.put('[');
    object_changes(table, from, to);
    out_.need(kShort);
    out_.put(']');
  }

 private:
  using Base = StateWriter<kForm>;
  using Base::kShort;
  using Base::out_;
  using Base::pick;
  using Base::texts_;

  // A place in the output to which it may be taken back.
  struct Mark {
    size_t size;
    size_t operations;
  };
  Mark mark() const { return {out_.size(), operations_}; }

  // --- Operations ---

  // Up to the path, which is still open.
  void begin(const Token& operation) {
    out_.need(kShort + path_.view().size());
    if (operations_++ != 0) out_.put(',');
    out_.put(pick({R"({"op":")", R"({\"op\":\")"}));
    out_.put(pick(operation));
    out_.put(pick({R"(","path":")", R"(\",\"path\":\")"}));
    out_.put(path_.view());
  }
  static constexpr Token kAdd{"add", "add"};
  static constexpr Token kRemove{"remove", "remove"};
  static constexpr Token kReplace{"replace", "replace"};
  static constexpr Token kMove{"move", "move"};

  // What follows the path; the value is next.
  void begin_value() {
    out_.need(kShort);
    out_.put(pick({R"(","value":)", R"(\",\"value\":)"}));
  }
  void end() {
    out_.need(kShort);
    out_.put('}');
  }
  void remove() {
    begin(kRemove);
    Base::quote();
    out_.put('}');
  }

  // An operation at the path, with a value that `write_value` writes.
  template <typename Write>
  void set(const Token& operation, Write write_value) {
    begin(operation);
    begin_value();
    write_value();
    end();
  }

  // Keeps what has been written since `first`, or what `write` writes, whichever is shorter.
  template <typename Write>
  void keep_shorter(Mark first, Write write) {
    const Mark second = mark();
    operations_ = first.operations;
    write();
    if (out_.size() - second.size < second.size - first.size) {
      out_.cut(first.size, second.size);
    } else {
      out_.cut(second.size, out_.size());
      operations_ = second.operations;
    }
  }
  size_t size_since(Mark first) const { return out_.size() - first.size; }
  // The same with replacing the value at the path.
  template <typename Write>
  void keep_shorter_than_whole(Mark first, size_t least, Write write_value) {
    if (size_since(first) > least) keep_shorter(first, [&] { set(kReplace, write_value); });
  }

  // --- The walk ---

  void object_changes(const Table& table, const void* from, const void* to) {
    if (std::memcmp(from, to, table.size) == 0) return;
    const auto whole = [&] { Base::object(table, to); };
    for (const Field& field : table.fields) {
      // Members of unknown names: nobody knows which of them have changed.
      if (field.kind == Kind::kMembers && !equal<TextId>(field, from, to)) return set(kReplace, whole);
    }
    const Mark first = mark();
    for (const Field& field : table.fields) member_change(field, from, to);
    if (operations_ != first.operations) keep_shorter_than_whole(first, least_size(table, to), whole);
  }

  void member_change(const Field& field, const void* from, const void* to) {
    switch (field.kind) {
      case Kind::kMembers:
      case Kind::kEmptyObject:
      case Kind::kPrivate:
      case Kind::kPrivateText:
        return;
      default:
        break;
    }
    const bool is_array = field.kind == Kind::kObjects;
    if (equal_bytes(field, from, to) && (!is_array || object_count(field, from) == object_count(field, to))) return;
    const Step step(path_, field.key.name);
    switch (field.kind) {
      case Kind::kTime:
      case Kind::kOptionalFlag:
      case Kind::kTextOrAbsent:
      case Kind::kJson:
      case Kind::kJsonList:
        return optional(field, from, to);
      case Kind::kObject:
        return object_changes(*field.table, object_at(field, from, 0), object_at(field, to, 0));
      case Kind::kObjects:
        return array_changes(field, from, to);
      case Kind::kRecords:
        return record_changes(field, from, to);
      case Kind::kTexts:
        return text_changes(field, from, to);
      case Kind::kCounters:
        return counter_changes(field, from, to);
      default:
        return set(kReplace, [&] { Base::value(field, to); });
    }
  }

  // A member that is there or not.
  void optional(const Field& field, const void* from, const void* to) {
    const bool was_there = is_present(field, from);
    if (is_present(field, to)) return set(was_there ? kReplace : kAdd, [&] { Base::value(field, to); });
    if (was_there) remove();
  }

  void remove_from(uint32_t size, uint32_t old_size) {
    for (uint32_t i = old_size; i > size; --i) {
      const Step step(path_, i - 1);
      remove();
    }
  }

  void array_changes(const Field& field, const void* from, const void* to) {
    const uint32_t old_count = object_count(field, from);
    const uint32_t count = object_count(field, to);
    const Mark first = mark();
    for (uint32_t i = 0; i < std::min(count, old_count); ++i) element_change(field, from, i, to, i);
    for (uint32_t i = old_count; i < count; ++i) {
      const Step step(path_, kEnd);
      set(kAdd, [&] { Base::object(*field.table, object_at(field, to, i)); });
    }
    remove_from(count, old_count);
    if (operations_ == first.operations) return;
    const size_t least = least_size(*field.table, object_at(field, to, 0));
    // When two have changed places nearly everything in both is different.
    if (count == 2 && old_count == 2 && size_since(first) > least) {
      keep_shorter(first, [&] { exchange(field, from, to); });
    }
    keep_shorter_than_whole(first, count * least, [&] { Base::objects(field, to); });
  }

  void element_change(const Field& field, const void* from, uint32_t old_index, const void* to, uint32_t index) {
    const Step step(path_, index);
    object_changes(*field.table, object_at(field, from, old_index), object_at(field, to, index));
  }

  // The two elements change places, and then what else is different.
  void exchange(const Field& field, const void* from, const void* to) {
    {
      const Step step(path_, uint32_t{1});
      begin(kMove);
    }
    out_.need(kShort + path_.view().size());
    out_.put(pick({R"(","from":")", R"(\",\"from\":\")"}));
    out_.put(path_.view());
    out_.put("/0");
    Base::quote();
    out_.put('}');
    element_change(field, from, 1, to, 0);
    element_change(field, from, 0, to, 1);
  }

  void record_changes(const Field& field, const void* from, const void* to) {
    const auto before = load<RoundRecords>(from, field.offset);
    const auto after = load<RoundRecords>(to, field.offset);
    const Mark first = mark();
    for (uint32_t i = 0; i < std::min(before.size, after.size); ++i) {
      const RoundRecord& was = before.items[i];
      const RoundRecord& is = after.items[i];
      if (was.result == is.result && was.was_attack == is.was_attack) continue;
      const Step step(path_, i);
      set(kReplace, [&] { Base::record(after, i); });
    }
    for (uint32_t i = before.size; i < after.size; ++i) {
      const Step step(path_, kEnd);
      set(kAdd, [&] { Base::record(after, i); });
    }
    remove_from(after.size, before.size);
    keep_shorter_than_whole(first, kWorthComparing + after.size * kLeastRecord, [&] { Base::records(after); });
  }

  void text_changes(const Field& field, const void* from, const void* to) {
    const uint32_t old_count = Base::list_size(from, field.offset);
    const uint32_t count = Base::list_size(to, field.offset);
    const auto whole = [&] { Base::value(field, to); };
    bool has_grown = old_count <= count;
    for (uint32_t i = 0; has_grown && i < old_count; ++i) {
      has_grown = Base::name_at(from, field.offset, i) == Base::name_at(to, field.offset, i);
    }
    if (!has_grown) return set(kReplace, whole);
    const Mark first = mark();
    for (uint32_t i = old_count; i < count; ++i) {
      const Step step(path_, kEnd);
      set(kAdd, [&] { Base::text(Base::name_at(to, field.offset, i)); });
    }
    keep_shorter_than_whole(first, kWorthComparing, whole);
  }

  void counter_changes(const Field& field, const void* from, const void* to) {
    const uint32_t old_count = Base::list_size(from, field.offset);
    const uint32_t count = Base::list_size(to, field.offset);
    const auto whole = [&] { Base::value(field, to); };
    const Mark first = mark();
    bool is_expressible = true;
    for (uint32_t i = 0; i < count && is_expressible; ++i) {
      const Counter counter = Base::counter_at(to, field.offset, i);
      const uint32_t place = find(counter.name, i, from, field.offset);
      if (place < old_count && Base::counter_at(from, field.offset, place).count == counter.count) continue;
      is_expressible = counter_change(counter.name, place < old_count ? kReplace : kAdd, counter.count);
    }
    for (uint32_t i = 0; i < old_count && is_expressible; ++i) {
      const TextId name = Base::counter_at(from, field.offset, i).name;
      if (find(name, i, to, field.offset) == count) is_expressible = counter_change(name, kRemove, 0);
    }
    if (is_expressible) return keep_shorter_than_whole(first, kWorthComparing, whole);
    out_.cut(first.size, out_.size());
    operations_ = first.operations;
    set(kReplace, whole);
  }

  // Where the counter `name` is, most likely `guess`; the size if nowhere.
  static uint32_t find(TextId name, uint32_t guess, const void* base, uint32_t offset) {
    const uint32_t count = Base::list_size(base, offset);
    if (guess < count && Base::counter_at(base, offset, guess).name == name) return guess;
    for (uint32_t i = 0; i < count; ++i) {
      if (Base::counter_at(base, offset, i).name == name) return i;
    }
    return count;
  }

  // False: cannot be said.
  bool counter_change(TextId name, const Token& operation, uint32_t count) {
    const std::string_view key = texts_.view(name);
    if (!may_stand_in_pointer(key)) return false;
    begin(operation);
    out_.put('/');
    pointer_step(key);
    if (operation.plain == kRemove.plain) {
      out_.need(kShort);
      Base::quote();
    } else {
      begin_value();
      out_.put_integer(count);
    }
    end();
    return true;
  }

  // `key` as RFC 6901 escapes it (section 3), as part of a JSON string.
  void pointer_step(std::string_view key) {
    BytesWriter& bytes = out_.direct();
    const size_t begin = bytes.size();
    json::write_string(bytes, key);
    if constexpr (kForm == Form::kEscaped) Base::escape_from(bytes, begin);
    const size_t quotes = pick({"\"", "\\\""}).size();
    bytes.truncate(bytes.size() - quotes);
    out_.cut(begin, begin + quotes);
    escape_pointer(bytes, begin);
  }

  // RFC 6901 section 3. Neither `~` nor `/` is part of an escape of JSON.
  static void escape_pointer(BytesWriter& bytes, size_t begin) {
    Base::escape_in_place(bytes, begin, [](char c) -> typename Base::Escaped {
      if (c == '~') return {'~', '0'};
      if (c == '/') return {'~', '1'};
      return {'\0', c};
    });
  }

  Path path_;
  size_t operations_ = 0;
};

}  // namespace

void write_patch(BytesWriter& out, const Match& match) {
  PatchWriter<Form::kPlain>(out, match.texts()).write(match.viewer_table(), &match.shown(), &match.state());
}

void write_patch_escaped(BytesWriter& out, const Match& match) {
  PatchWriter<Form::kEscaped>(out, match.texts()).write(match.viewer_table(), &match.shown(), &match.state());
}

}  // namespace matchbus::match
