// Small objects that come and go all the time, such as the nodes of queues: taken from blocks, given back to a free
// list, freed with the pool. What was used at once at the busiest moment stays.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace matchbus::bus {

// `T` has a member `T* next`, which belongs to the pool while the object is free.
template <typename T>
class Pool {
 public:
  // An object as its last user left it, except `next`.
  T& take() {
    if (free_ == nullptr) grow();
    T& object = *free_;
    free_ = object.next;
    object.next = nullptr;
    return object;
  }
  void give_back(T& object) {
    object.next = free_;
    free_ = &object;
  }

 private:
  static constexpr size_t kBlock = 256;

  void grow() {
    blocks_.push_back(std::make_unique<T[]>(kBlock));
    for (size_t i = 0; i < kBlock; ++i) give_back(blocks_.back()[i]);
  }

  std::vector<std::unique_ptr<T[]>> blocks_;
  T* free_ = nullptr;
};

}  // namespace matchbus::bus
