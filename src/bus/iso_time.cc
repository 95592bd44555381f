#include "bus/iso_time.h"

#include <chrono>

namespace matchbus::bus {

IsoTime::IsoTime(int64_t wall_ms) {
  using std::chrono::floor;
  const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds(wall_ms)};
  const auto day = floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  const auto put = [this](size_t at, size_t digits, int64_t value) {
    for (size_t i = at + digits; i-- > at; value /= 10) text_[i] = static_cast<char>('0' + value % 10);
  };
  constexpr std::string_view kPattern = "0000-00-00T00:00:00.000Z";
  static_assert(kPattern.size() == std::tuple_size_v<decltype(text_)>);
  kPattern.copy(text_.data(), kPattern.size());
  put(0, 4, static_cast<int>(date.year()));
  put(5, 2, static_cast<unsigned>(date.month()));
  put(8, 2, static_cast<unsigned>(date.day()));
  put(11, 2, clock.hours().count());
  put(14, 2, clock.minutes().count());
  put(17, 2, clock.seconds().count());
  put(20, 3, clock.subseconds().count());
}

}  // namespace matchbus::bus
