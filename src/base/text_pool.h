// Texts kept once each, known by a number: equal ids mean equal texts, so that a copy or a comparison of text is one of
// integers, and what holds text can be a flat struct.
//
// An open-addressing hash table of ids over entries (text, hash), all in an arena that the owner provides. Texts are
// never taken out one by one: an owner whose texts come and go fills a new pool with those still in use from time to
// time (`used` tells when). Not more than 2^31 texts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/arena.h"

namespace matchbus {

using TextId = uint32_t;
constexpr TextId kNoText = 0;     // no text at all (absent, null); reads as ""
constexpr TextId kEmptyText = 1;  // the text ""

class TextPool {
 public:
  // `arena` must outlive the pool.
  explicit TextPool(Arena& arena) : arena_(&arena) {}

  // The id of `text`, which is copied when it is new. kNoText if the arena is at its limit.
  [[nodiscard]] TextId intern(std::string_view text);
  // The id of `text` if it is here, else kNoText.
  TextId find(std::string_view text) const;

  // `id` came from this pool (or is one of the two constants). Views stay valid as long as the arena.
  std::string_view view(TextId id) const;
  // Whether the text can stand between quotes in JSON as it is: no quote, no backslash, no control character.
  bool is_plain(TextId id) const { return id <= kEmptyText || entries_[id].plain; }

  // Texts kept, and the arena's bytes spent on them (with the tables).
  size_t size() const { return count_; }
  size_t used() const { return used_; }

 private:
  struct Entry {
    const char* text;
    uint32_t size;
    uint32_t hash;
    bool plain;
  };
  static uint32_t hash_of(std::string_view text);
  // The slot that holds `text`, or the free one where it belongs.
  uint32_t* slot_of(std::string_view text, uint32_t hash) const;
  bool grow();

  Arena* arena_;
  Entry* entries_ = nullptr;  // by id; 0 and 1 unused
  uint32_t* slots_ = nullptr;
  uint32_t entry_room_ = 0;
  uint32_t slot_count_ = 0;  // a power of two, at least twice the number of texts
  uint32_t next_ = kEmptyText + 1;
  size_t count_ = 0;
  size_t used_ = 0;
};

}  // namespace matchbus
