#include "broker/redis_bounds.h"

#include <hiredis/hiredis.h>

#include <utility>

namespace matchbus::broker {
namespace {

constexpr std::string_view kTooMuch = "an answer is too large";
constexpr std::string_view kUnasked = "an answer that nobody has asked for";

}  // namespace

RedisBounds::RedisBounds(RedisLimits limits, std::function<bool()> is_awaited)
    : limits_(limits), is_awaited_(std::move(is_awaited)) {}

bool RedisBounds::allows(const redisReadTask* task, size_t bytes, size_t elements) {
  if (task->parent == nullptr) {
    bytes_ = 0;
    elements_ = 0;
    if (!is_awaited_()) {
      refusal_ = kUnasked;
      return false;
    }
  }
  if (bytes > limits_.bytes - bytes_ || elements > limits_.elements - elements_) {
    refusal_ = kTooMuch;
    return false;
  }
  bytes_ += bytes;
  elements_ += elements;
  return true;
}

void RedisBounds::attach(redisReader& reader) {
  original_ = reader.fn;
  functions_ = *original_;
  functions_.createString = [](const redisReadTask* task, char* text, size_t size) -> void* {
    return of(task).allows(task, size, 0) ? of(task).original_->createString(task, text, size) : nullptr;
  };
  // The number's type is int in one version, size_t in the other. It is never negative here.
  functions_.createArray = [](const redisReadTask* task, auto elements) -> void* {
    const bool allowed = of(task).allows(task, 0, static_cast<size_t>(elements));
    return allowed ? of(task).original_->createArray(task, elements) : nullptr;
  };
  functions_.createInteger = [](const redisReadTask* task, long long number) -> void* {
    return of(task).allows(task, 0, 0) ? of(task).original_->createInteger(task, number) : nullptr;
  };
  functions_.createNil = [](const redisReadTask* task) -> void* {
    return of(task).allows(task, 0, 0) ? of(task).original_->createNil(task) : nullptr;
  };
#if HIREDIS_MAJOR >= 1
  functions_.createDouble = [](const redisReadTask* task, double number, char* text, size_t size) -> void* {
    return of(task).allows(task, size, 0) ? of(task).original_->createDouble(task, number, text, size) : nullptr;
  };
  functions_.createBool = [](const redisReadTask* task, int value) -> void* {
    return of(task).allows(task, 0, 0) ? of(task).original_->createBool(task, value) : nullptr;
  };
#endif
  reader.fn = &functions_;
  reader.privdata = this;
}

bool RedisBounds::is_within(const redisReader& reader) const {
  // The text itself, what announces it, and the one read that came with its end.
  constexpr size_t kMore = 32 * 1024;
  return reader.len - reader.pos <= limits_.bytes + kMore;
}

}  // namespace matchbus::broker
