// A binary packet whose attachments are still coming: its text, and the binary messages so far.
// https://socket.io/docs/v4/socket-io-protocol/#binary-event
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace matchbus::socketio {

class Assembly {
 public:
  // `text`: the packet without the Engine.IO type; copied. `count`: how many attachments it announces, at least 1.
  Assembly(std::string_view text, size_t count) : text_(text), count_(count) {}

  // The next attachment; copied.
  void add(std::string_view data) {
    bytes_ += data.size();
    attachments_.emplace_back(data);
  }
  bool complete() const { return attachments_.size() == count_; }
  // Bytes of all attachments so far.
  size_t bytes() const { return bytes_; }
  // What it takes of memory.
  size_t held() const { return sizeof(*this) + text_.capacity() + bytes_ + attachments_.size() * sizeof(std::string); }

  // For reading in place.
  std::span<char> text() { return text_; }
  std::vector<std::string_view> attachments() const { return {attachments_.begin(), attachments_.end()}; }

 private:
  std::string text_;
  std::vector<std::string> attachments_;
  size_t count_;
  size_t bytes_ = 0;
};

}  // namespace matchbus::socketio
