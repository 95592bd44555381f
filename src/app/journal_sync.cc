#include "app/journal_sync.h"

#include <charconv>
#include <utility>

namespace matchbus::app {

std::optional<SyncPolicy> read_sync_policy(std::string_view text) {
  constexpr int kDay = 24 * 60 * 60;
  if (text == "never") return SyncPolicy{SyncPolicy::Mode::kNever, 0};
  if (text == "tick") return SyncPolicy{SyncPolicy::Mode::kTick, 0};
  int seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size() || seconds < 1 || seconds > kDay) return std::nullopt;
  return SyncPolicy{SyncPolicy::Mode::kInterval, int64_t{seconds} * 1000};
}

BackgroundSync::BackgroundSync(net::Loop& loop, JournalDirectory& directory, SyncPolicy policy)
    : loop_(loop),
      directory_(directory),
      policy_(policy),
      last_ms_(loop.clock().monotonic_ms()),
      job_(
          loop, [this] { run(); },
          [this] {
            ++stats_.runs;
            if (!has_failed_) return;
            ++stats_.failed;
            loop_.log().limited(LogLevel::kWarning, "journal sync", "cannot force journals onto the disk");
          }) {}

bool BackgroundSync::is_due() const {
  return is_on() && !job_.running() && loop_.clock().monotonic_ms() - last_ms_ >= policy_.interval_ms;
}

void BackgroundSync::start() {
  last_ms_ = loop_.clock().monotonic_ms();
  if (waiting_.empty()) return;
  std::swap(waiting_, running_);
  job_.start();
}

void BackgroundSync::finish() {
  job_.wait();
  if (waiting_.empty()) return;
  std::swap(waiting_, running_);
  run();
}

void BackgroundSync::run() {
  has_failed_ = directory_.sync_names() != 0;
  for (const std::string& name : running_) has_failed_ |= directory_.sync_file(name) != 0;
  running_.clear();
}

}  // namespace matchbus::app
