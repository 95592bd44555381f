// Memory that is given back all at once: what belongs to one match lives and dies together.
//
// A bump allocator over chunks. Allocating is a pointer addition; nothing is freed singly. Objects placed here must not
// need a destructor. The total is bounded, so that whoever feeds the owner cannot make it grow without end.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace matchbus {

class Arena {
 public:
  // `limit`: bytes of all chunks together. `chunk`: how much is taken from the heap at a time.
  explicit Arena(size_t limit, size_t chunk = 8 * 1024) : limit_(limit), chunk_(chunk) {}
  Arena(Arena&&) noexcept = default;
  Arena& operator=(Arena&&) noexcept = default;

  // Room for `size` bytes at a multiple of `align` (a power of two, at most that of max_align_t); null if the limit
  // would be passed.
  void* allocate(size_t size, size_t align = alignof(std::max_align_t));

  // A value-initialised array or object; null at the limit.
  template <typename T>
  T* make_array(size_t count) {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= alignof(std::max_align_t));
    void* const room = allocate(count * sizeof(T), alignof(T));
    if (room == nullptr) return nullptr;
    T* const items = static_cast<T*>(room);
    for (size_t i = 0; i < count; ++i) ::new (static_cast<void*>(items + i)) T();
    return items;
  }
  template <typename T>
  T* make() {
    return make_array<T>(1);
  }

  // Bytes taken from the heap.
  size_t capacity() const { return capacity_; }
  size_t limit() const { return limit_; }

 private:
  struct Release {
    void operator()(std::byte* chunk) const { ::operator delete(chunk); }
  };
  size_t limit_;
  size_t chunk_;
  size_t capacity_ = 0;
  std::vector<std::unique_ptr<std::byte, Release>> chunks_;
  std::byte* next_ = nullptr;
  size_t left_ = 0;  // bytes behind `next_`
};

}  // namespace matchbus
