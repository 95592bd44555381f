// What a MessageReader says about some bytes, as lines of text, so that it can be compared with what a test expects and
// with itself, however the bytes are cut.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ws/message_reader.h"

namespace matchbus::test {

inline std::string shown(const ws::ReaderEvent& event) {
  const std::string payload(event.payload.data(), event.payload.size());
  switch (event.kind) {
    case ws::ReaderEvent::Kind::kNeedMore:
      return "more";
    case ws::ReaderEvent::Kind::kMessage:
      return (event.opcode == ws::Opcode::kText ? "text:" : "binary:") + payload;
    case ws::ReaderEvent::Kind::kPing:
      return "ping:" + payload;
    case ws::ReaderEvent::Kind::kPong:
      return "pong:" + payload;
    case ws::ReaderEvent::Kind::kClose:
      return "close:" + std::to_string(event.code) + ":" + payload;
    case ws::ReaderEvent::Kind::kError:
      return "error:" + std::to_string(event.code);
  }
  return "?";
}

// A reader fed piece by piece. As connections do, it stops at a close or an error.
class ReaderLog {
 public:
  explicit ReaderLog(ws::ReaderRules rules) : rules_(rules) {}

  ReaderLog& feed(std::string_view bytes) {
    if (ended_) return *this;
    reader_.feed(bytes, rules_);
    for (;;) {
      const ws::ReaderEvent event = reader_.next();
      if (event.kind == ws::ReaderEvent::Kind::kNeedMore) return *this;
      lines_.push_back(shown(event));
      // Handlers may change what they are given.
      std::fill(event.payload.begin(), event.payload.end(), '#');
      ended_ = event.kind == ws::ReaderEvent::Kind::kClose || event.kind == ws::ReaderEvent::Kind::kError;
      if (ended_) return *this;
    }
  }
  // In pieces as long as `next_size` says.
  ReaderLog& feed_cut(std::string_view bytes, const std::function<size_t()>& next_size) {
    while (!bytes.empty() && !ended_) {
      const size_t size = std::min(next_size(), bytes.size());
      const std::string piece(bytes.substr(0, size));  // a block of its own, for the sanitizer
      feed(piece);
      fed_ += size;
      bytes.remove_prefix(size);
    }
    return *this;
  }

  const std::vector<std::string>& lines() const { return lines_; }
  bool idle() const { return reader_.idle(); }
  bool ended() const { return ended_; }
  size_t fed() const { return fed_; }
  size_t held() const { return reader_.held(); }

 private:
  ws::ReaderRules rules_;
  ws::Inflater inflater_;
  ws::MessageReader reader_{inflater_};
  std::vector<std::string> lines_;
  bool ended_ = false;
  size_t fed_ = 0;
};

using Lines = std::vector<std::string>;

}  // namespace matchbus::test
