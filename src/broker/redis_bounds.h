// What one answer of a Redis may cost, whatever it announces: hiredis asks for memory for as many elements as an answer
// says it has (`*1000000000` is eight gigabytes), keeps a line or a text of any length until its end comes, and ends
// the process when an answer comes that nobody has asked for.
//
// This stands between hiredis's reader and the functions that make its replies, where both versions in use (0.14, 1.2)
// ask before they allocate. A refused answer is an error of the reader, which takes the connection with it.
#pragma once

#include <hiredis/read.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace matchbus::broker {

struct RedisLimits {
  size_t bytes = 256 * 1024;  // of an answer's texts together
  size_t elements = 10'000;   // of an answer, those of arrays within it included
};

class RedisBounds {
 public:
  // `is_awaited`: whether an answer is, asked at the beginning of each.
  RedisBounds(RedisLimits limits, std::function<bool()> is_awaited);
  RedisBounds(const RedisBounds&) = delete;
  RedisBounds& operator=(const RedisBounds&) = delete;

  // Has `reader` ask here from now on; this must outlive it.
  void attach(redisReader& reader);
  // Whether what the reader has and cannot read yet is no more than an answer may have.
  bool is_within(const redisReader& reader) const;
  // Why the reader's answer was refused, a fixed text; empty if none was.
  std::string_view refusal() const { return refusal_; }

 private:
  static RedisBounds& of(const redisReadTask* task) { return *static_cast<RedisBounds*>(task->privdata); }
  // Whether one more item may be made, with so many bytes and elements of its own.
  bool allows(const redisReadTask* task, size_t bytes, size_t elements);

  RedisLimits limits_;
  std::function<bool()> is_awaited_;
  redisReplyObjectFunctions functions_{};
  const redisReplyObjectFunctions* original_ = nullptr;
  size_t bytes_ = 0;  // of the answer that is being read
  size_t elements_ = 0;
  std::string_view refusal_;
};

}  // namespace matchbus::broker
