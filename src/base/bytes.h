// Immutable bytes shared by reference count: what is encoded once and sent to many.
//
// A block is one allocation (count, capacity, bytes). A Bytes is a slice of a block: 16 bytes, cheap to copy.
// Counts are not atomic: everything that holds Bytes lives on the loop's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace matchbus {

class Bytes {
 public:
  Bytes() = default;
  // A fresh block holding a copy of `text`.
  static Bytes copy(std::string_view text);

  Bytes(const Bytes& other);
  Bytes(Bytes&& other) noexcept;
  Bytes& operator=(Bytes other) noexcept;
  ~Bytes();

  const char* data() const;
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {data(), size_}; }

  // A part of the same block, sharing it. `offset + size` must lie inside.
  Bytes slice(size_t offset, size_t size) const;
  Bytes slice(size_t offset) const { return slice(offset, size_ - offset); }

  // What the block takes of memory, shared among all who hold it.
  size_t held() const { return block_ != nullptr ? (sizeof(Block) + block_->capacity) / block_->references : 0; }

  // True if nobody else holds the block, so that a writer may take it over (see BytesWriter).
  bool unique() const;

 private:
  friend class BytesWriter;
  struct Block {
    uint32_t references;
    uint32_t capacity;
    char* bytes() { return reinterpret_cast<char*>(this + 1); }
  };
  static Block* allocate(size_t capacity);
  static void release(Block* block);

  Bytes(Block* block, uint32_t offset, uint32_t size) : block_(block), offset_(offset), size_(size) {}

  Block* block_ = nullptr;
  uint32_t offset_ = 0;
  uint32_t size_ = 0;
};

// Builds a block by appending, then gives it away as Bytes. At most 4 GiB.
// `recycle` hands in bytes of an earlier turn: if nobody else holds them their block is written again, so that a
// steady state of similar sizes allocates nothing.
class BytesWriter {
 public:
  BytesWriter() = default;
  explicit BytesWriter(Bytes recycle, size_t reserve = 0);
  ~BytesWriter();
  BytesWriter(const BytesWriter&) = delete;
  BytesWriter& operator=(const BytesWriter&) = delete;

  void append(std::string_view text);
  void append(char c) {
    if (size_ == capacity()) grow(1);
    block_->bytes()[size_++] = c;
  }
  // Room for at least `size` more bytes at the end; follow with `commit` of how many were written.
  std::span<char> reserve(size_t size);
  void commit(size_t size) { size_ += static_cast<uint32_t>(size); }
  // Drops what follows the first `size` bytes.
  void truncate(size_t size) { size_ = static_cast<uint32_t>(size); }

  size_t size() const { return size_; }
  std::string_view view() const { return block_ ? std::string_view(block_->bytes(), size_) : std::string_view(); }
  // Bytes written so far may still be changed in place.
  std::span<char> mutable_view() { return block_ ? std::span<char>(block_->bytes(), size_) : std::span<char>(); }

  // The bytes written; the writer is empty afterwards.
  Bytes take();
  // What it holds memory for.
  size_t capacity() const { return block_ ? block_->capacity : 0; }

 private:
  void grow(size_t more);

  Bytes::Block* block_ = nullptr;
  uint32_t size_ = 0;
};

}  // namespace matchbus
