#include "app/memory_guard.h"

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

namespace matchbus::app {
namespace {

constexpr int64_t kLookMs = 1'000;
constexpr size_t kLookBytes = 8 * 1024 * 1024;  // received
constexpr size_t kLeastHolding = 1'024;         // whoever holds less is not the reason
constexpr size_t kBurst = 16 * 1024 * 1024;     // grown by, before it is worth a look for what can be given back
constexpr int kVainTries = 6;
constexpr int64_t kGiveBackEveryMs = 10'000;  // it takes a while where there is much

}  // namespace

MemoryGuard::MemoryGuard(net::Loop& loop, size_t limit, Collect collect, Measure measure)
    : loop_(loop), limit_(limit), collect_(std::move(collect)), measure_(std::move(measure)) {}

MemoryGuard::~MemoryGuard() { loop_.watch_received(0, nullptr); }

void MemoryGuard::start() {
  loop_.watch_received(kLookBytes, [this] { look(); });
  look();
  least_ = stats_.resident;
  loop_.timers().set(timer_, kLookMs);
}

void MemoryGuard::on_timer(Timer& /*timer*/) {
  look();
  const bool has_grown = stats_.resident > least_ + kBurst && stats_.resident > least_ + least_ / 4;
  if (has_grown && loop_.clock().monotonic_ms() - given_back_ms_ >= kGiveBackEveryMs) give_back();
  loop_.timers().set(timer_, kLookMs);
}

void MemoryGuard::look() {
  stats_.resident = measure_();
  if (limit_ == 0 || stats_.resident <= limit_) return;
  // It may be free already.
  give_back();
  if (stats_.resident > limit_) make_room(stats_.resident - limit_ + limit_ / 8);
}

void MemoryGuard::make_room(size_t excess) {
  std::vector<net::Holding> holdings;
  collect_(holdings);
  std::erase_if(holdings, [](const net::Holding& holding) { return holding.bytes < kLeastHolding; });
  std::sort(holdings.begin(), holdings.end(), [](const net::Holding& a, const net::Holding& b) {
    return a.standing != b.standing ? a.standing < b.standing : a.bytes > b.bytes;
  });
  size_t ended = 0;
  size_t freed = 0;
  for (; ended < holdings.size() && freed < excess; ++ended) {
    freed += holdings[ended].bytes;
    holdings[ended].end(holdings[ended].client);
  }
  stats_.ended += ended;
  loop_.log().limited(LogLevel::kWarning, "memory",
                      "memory: " + std::to_string(stats_.resident) + " bytes are over the limit of " +
                          std::to_string(limit_) + "; " + std::to_string(ended) + " clients ended that held " +
                          std::to_string(freed) + " bytes");
  loop_.post([this] { give_back(); });
}

// What is not given back by the first try may be by a later one, when those who held a part of it have gone.
void MemoryGuard::give_back() {
  const size_t before = measure_();
  ::malloc_trim(0);
  ++stats_.given_back;
  given_back_ms_ = loop_.clock().monotonic_ms();
  stats_.resident = measure_();
  least_ = std::min(least_, stats_.resident);
  const bool was_vain = stats_.resident + kBurst / 4 > before;
  vain_ = was_vain ? vain_ + 1 : 0;
  if (vain_ < kVainTries) return;
  vain_ = 0;
  least_ = stats_.resident;  // so much is needed
}

ResidentMemory::ResidentMemory()
    : file_(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC)), page_(static_cast<size_t>(::sysconf(_SC_PAGESIZE))) {}

size_t ResidentMemory::bytes() const {
  std::array<char, 128> text{};
  const ssize_t count = file_ ? ::pread(file_.get(), text.data(), text.size(), 0) : 0;
  if (count <= 0) return 0;
  std::string_view rest(text.data(), static_cast<size_t>(count));
  rest.remove_prefix(std::min(rest.find(' ') + 1, rest.size()));  // the whole address space
  size_t pages = 0;
  std::from_chars(rest.data(), rest.data() + rest.size(), pages);
  return pages * page_;
}

}  // namespace matchbus::app
