#include "gateway/held_answers.h"

#include <utility>

namespace matchbus::gateway {

void HeldAnswers::hold(std::function<void()> answer) {
  const uint64_t batch = gate_ == nullptr ? 0 : gate_->record_soon();
  if (batch == 0) return answer();
  waiting_.push_back({batch, clock_.monotonic_ms() + kPatienceMs, std::move(answer)});
  watch();
}

void HeldAnswers::on_recorded(uint64_t batch) {
  while (!waiting_.empty() && waiting_.front().batch <= batch) release();
  if (waiting_.empty()) patience_.cancel();
}

void HeldAnswers::on_timer(Timer& /*patience*/) {
  const int64_t now = clock_.monotonic_ms();
  while (!waiting_.empty() && waiting_.front().until_ms <= now) {
    log_.limited(LogLevel::kWarning, "early acknowledgement",
                 "the disk is slow: logons are acknowledged before their matches are in the journal");
    release();
  }
  watch();
}

void HeldAnswers::release() {
  const std::function<void()> answer = std::move(waiting_.front().answer);
  waiting_.pop_front();
  answer();
}

void HeldAnswers::watch() {
  if (waiting_.empty() || patience_.is_set()) return;
  timers_.set(patience_, waiting_.front().until_ms - clock_.monotonic_ms());
}

}  // namespace matchbus::gateway
