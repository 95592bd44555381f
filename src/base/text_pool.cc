// Linear probing over a table that is at most half full. Tables double; the old ones stay behind in the arena, at most
// as many bytes again.
#include "base/text_pool.h"

#include <algorithm>
#include <cstring>
#include <functional>

namespace matchbus {
namespace {

bool is_plain_text(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; });
}

}  // namespace

uint32_t TextPool::hash_of(std::string_view text) { return static_cast<uint32_t>(std::hash<std::string_view>{}(text)); }

uint32_t* TextPool::slot_of(std::string_view text, uint32_t hash) const {
  const uint32_t mask = slot_count_ - 1;
  for (uint32_t at = hash & mask;; at = (at + 1) & mask) {
    const uint32_t id = slots_[at];
    if (id == kNoText) return &slots_[at];
    const Entry& entry = entries_[id];
    if (entry.hash == hash && entry.size == text.size() && std::memcmp(entry.text, text.data(), text.size()) == 0)
      return &slots_[at];
  }
}

bool TextPool::grow() {
  const uint32_t room = entry_room_ == 0 ? 64 : entry_room_ * 2;
  Entry* const entries = arena_->make_array<Entry>(room);
  uint32_t* const slots = arena_->make_array<uint32_t>(size_t{room} * 2);
  if (entries == nullptr || slots == nullptr) return false;
  used_ += room * sizeof(Entry) + size_t{room} * 2 * sizeof(uint32_t);
  if (next_ > kEmptyText + 1) std::copy(entries_, entries_ + next_, entries);
  entries_ = entries;
  slots_ = slots;
  entry_room_ = room;
  slot_count_ = room * 2;
  for (TextId id = kEmptyText + 1; id < next_; ++id) {
    uint32_t at = entries_[id].hash & (slot_count_ - 1);
    while (slots_[at] != kNoText) at = (at + 1) & (slot_count_ - 1);
    slots_[at] = id;
  }
  return true;
}

TextId TextPool::intern(std::string_view text) {
  if (text.empty()) return kEmptyText;
  const uint32_t hash = hash_of(text);
  if (slot_count_ != 0) {
    const TextId known = *slot_of(text, hash);
    if (known != kNoText) return known;
  }
  if (next_ == entry_room_ || entry_room_ == 0) {
    if (!grow()) return kNoText;
  }
  char* const copy = static_cast<char*>(arena_->allocate(text.size(), 1));
  if (copy == nullptr) return kNoText;
  std::memcpy(copy, text.data(), text.size());
  used_ += text.size();
  ++count_;
  const TextId id = next_++;
  entries_[id] = {copy, static_cast<uint32_t>(text.size()), hash, is_plain_text(text)};
  *slot_of(text, hash) = id;
  return id;
}

TextId TextPool::find(std::string_view text) const {
  if (text.empty()) return kEmptyText;
  return slot_count_ == 0 ? kNoText : *slot_of(text, hash_of(text));
}

std::string_view TextPool::view(TextId id) const {
  if (id <= kEmptyText) return "";
  const Entry& entry = entries_[id];
  return {entry.text, entry.size};
}

}  // namespace matchbus
