// The sockets in a room, in no order. Most rooms are personal and have one: that one needs no memory of its own.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace matchbus::bus {

struct Session;

class Members {
 public:
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  Session* const* begin() const { return many_ ? many_.get() : &one_; }
  Session* const* end() const { return begin() + size_; }
  Session* back() const { return begin()[size_ - 1]; }

  void set(size_t place, Session* session) { (many_ ? many_.get() : &one_)[place] = session; }
  void push_back(Session* session) {
    if (size_ == capacity_) grow();
    set(size_++, session);
  }
  void pop_back() { --size_; }

 private:
  void grow() {
    const uint32_t larger = capacity_ + capacity_ / 2 + 1;
    auto more = std::make_unique_for_overwrite<Session*[]>(larger);
    std::copy(begin(), end(), more.get());
    many_ = std::move(more);
    capacity_ = larger;
  }

  std::unique_ptr<Session*[]> many_;  // null: `one_` is the place for them
  Session* one_ = nullptr;
  uint32_t size_ = 0;
  uint32_t capacity_ = 1;
};

}  // namespace matchbus::bus
