// Chunks are of one size; what is larger than a chunk gets one of its own.
#include "base/arena.h"

#include <algorithm>
#include <cstdint>

namespace matchbus {

void* Arena::allocate(size_t size, size_t align) {
  const auto gap = [&] { return (align - reinterpret_cast<uintptr_t>(next_) % align) % align; };
  if (size > limit_) return nullptr;
  if (left_ < size || gap() > left_ - size) {
    // Near the limit a chunk may be smaller, so that the last bytes can be used too.
    const size_t room = limit_ - capacity_;
    const size_t want = std::max(size, std::min(chunk_, room));
    if (want > room) return nullptr;
    // Raw: a chunk holds objects of many types, begun where they are made.
    chunks_.emplace_back(static_cast<std::byte*>(::operator new(want)));
    next_ = chunks_.back().get();
    left_ = want;
    capacity_ += want;
  }
  const size_t skip = gap();
  std::byte* const at = next_ + skip;
  next_ = at + size;
  left_ -= skip + size;
  return at;
}

}  // namespace matchbus
