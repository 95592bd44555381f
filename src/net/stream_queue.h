// What a stream still has to send: slices in order.
//
// The first slice lies inside the queue, so that the steady state (one message written, sent at once) allocates
// nothing; what does not fit is in a vector that exists only while it is needed.
#pragma once

#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace matchbus::net {

class WriteQueue {
 public:
  bool empty() const { return bytes_ == 0; }
  size_t bytes() const { return bytes_; }
  // What the slices take of memory, without what others hold, too.
  size_t held() const {
    size_t sum = first_.held();
    if (rest_ == nullptr) return sum;
    for (size_t i = rest_->head; i < rest_->slices.size(); ++i) sum += rest_->slices[i].held() + sizeof(Bytes);
    return sum;
  }
  // Slices waiting.
  size_t size() const { return empty() ? 0 : 1 + (rest_ == nullptr ? 0 : rest_->slices.size() - rest_->head); }
  std::string_view front() const { return first_.view(); }

  void push(Bytes slice) {
    if (slice.empty()) return;
    bytes_ += slice.size();
    if (first_.empty()) {
      first_ = std::move(slice);
      return;
    }
    if (rest_ == nullptr) rest_ = std::make_unique<Rest>();
    rest_->slices.push_back(std::move(slice));
  }

  // Describes the queue's beginning, up to `limit` bytes, for sendmsg; returns how many buffers were filled. They stay
  // valid while the slices are not consumed.
  size_t gather(std::span<iovec> buffers, size_t limit) const {
    if (empty()) return 0;
    size_t filled = 0;
    describe(first_, buffers, limit, filled);
    for (size_t i = rest_ == nullptr ? SIZE_MAX : rest_->head;
         i < (rest_ == nullptr ? 0 : rest_->slices.size()) && filled < buffers.size() && limit != 0; ++i) {
      describe(rest_->slices[i], buffers, limit, filled);
    }
    return filled;
  }

  // Drops the first `count` bytes.
  void consume(size_t count) {
    bytes_ -= count;
    while (count != 0) {
      if (count < first_.size()) {
        first_ = first_.slice(count);
        return;
      }
      count -= first_.size();
      pop();
    }
  }

  // The first slice, taken out.
  Bytes take_front() {
    Bytes slice = first_;
    bytes_ -= slice.size();
    pop();
    return slice;
  }

  void clear() {
    first_ = {};
    rest_.reset();
    bytes_ = 0;
  }

 private:
  struct Rest {
    std::vector<Bytes> slices;
    size_t head = 0;  // slices before it are gone
  };

  static void describe(const Bytes& slice, std::span<iovec> buffers, size_t& limit, size_t& filled) {
    const size_t size = std::min(slice.size(), limit);
    // Not const because readv takes the same; nobody writes to it.
    buffers[filled++] = {const_cast<char*>(slice.data()), size};
    limit -= size;
  }

  void pop() {
    if (rest_ == nullptr) {
      first_ = {};
      return;
    }
    first_ = std::move(rest_->slices[rest_->head++]);
    if (rest_->head == rest_->slices.size()) rest_.reset();
  }

  Bytes first_;
  std::unique_ptr<Rest> rest_;
  size_t bytes_ = 0;
};

}  // namespace matchbus::net
