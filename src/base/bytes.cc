#include "base/bytes.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <cstring>
#include <new>

namespace matchbus {

Bytes::Block* Bytes::allocate(size_t capacity) {
  void* memory = std::malloc(sizeof(Block) + capacity);
  if (memory == nullptr) throw std::bad_alloc();
  return ::new (memory) Block{1, static_cast<uint32_t>(capacity)};
}

void Bytes::release(Block* block) {
  if (block != nullptr && --block->references == 0) std::free(block);
}

Bytes Bytes::copy(std::string_view text) {
  if (text.empty()) return {};
  Block* block = allocate(text.size());
  std::memcpy(block->bytes(), text.data(), text.size());
  return {block, 0, static_cast<uint32_t>(text.size())};
}

Bytes::Bytes(const Bytes& other) : block_(other.block_), offset_(other.offset_), size_(other.size_) {
  if (block_ != nullptr) ++block_->references;
}

Bytes::Bytes(Bytes&& other) noexcept
    : block_(std::exchange(other.block_, nullptr)),
      offset_(std::exchange(other.offset_, 0)),
      size_(std::exchange(other.size_, 0)) {}

Bytes& Bytes::operator=(Bytes other) noexcept {
  std::swap(block_, other.block_);
  std::swap(offset_, other.offset_);
  std::swap(size_, other.size_);
  return *this;
}

Bytes::~Bytes() { release(block_); }

const char* Bytes::data() const { return block_ ? block_->bytes() + offset_ : nullptr; }

Bytes Bytes::slice(size_t offset, size_t size) const {
  assert(offset + size <= size_);
  if (size == 0) return {};
  ++block_->references;
  return {block_, static_cast<uint32_t>(offset_ + offset), static_cast<uint32_t>(size)};
}

bool Bytes::unique() const { return block_ != nullptr && block_->references == 1; }

BytesWriter::BytesWriter(Bytes recycle, size_t reserve) {
  if (recycle.unique()) block_ = std::exchange(recycle.block_, nullptr);
  if (reserve <= capacity()) return;
  // What was used before and is too small now belongs to sizes that vary: with some room to spare it will do for long.
  grow(block_ != nullptr ? reserve + reserve / 4 : reserve);
}

BytesWriter::~BytesWriter() { Bytes::release(block_); }

void BytesWriter::append(std::string_view text) {
  if (text.empty()) return;
  if (size_ + text.size() > capacity()) grow(text.size());
  std::memcpy(block_->bytes() + size_, text.data(), text.size());
  size_ += static_cast<uint32_t>(text.size());
}

std::span<char> BytesWriter::reserve(size_t size) {
  if (size_ + size > capacity()) grow(size);
  return {block_->bytes() + size_, block_->capacity - size_};
}

void BytesWriter::grow(size_t more) {
  const size_t capacity = std::max({size_ + more, size_t{size_} * 2, size_t{64}});
  Bytes::Block* bigger = Bytes::allocate(capacity);
  if (size_ != 0) std::memcpy(bigger->bytes(), block_->bytes(), size_);
  Bytes::release(block_);
  block_ = bigger;
}

Bytes BytesWriter::take() {
  if (size_ == 0) return {};
  return {std::exchange(block_, nullptr), 0, std::exchange(size_, 0)};
}

}  // namespace matchbus
