// Log lines for operators: one line an entry on standard error, levels, and a rate limit for what peers can provoke.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/line_output.h"

namespace matchbus {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarning, kError, kOff };

class Log {
 public:
  // `clock` must outlive the log.
  explicit Log(const Clock& clock, LogLevel level = LogLevel::kInfo) : clock_(clock), level_(level) {}
  virtual ~Log() = default;

  // Lines that nobody has taken are offered again. To be called now and then.
  void flush() {
    if (output_.is_waiting()) output_.flush();
  }

  void set_level(LogLevel level) { level_ = level; }
  bool enabled(LogLevel level) const { return level >= level_; }

  void debug(std::string_view text) { write(LogLevel::kDebug, text); }
  void info(std::string_view text) { write(LogLevel::kInfo, text); }
  void warning(std::string_view text) { write(LogLevel::kWarning, text); }
  void error(std::string_view text) { write(LogLevel::kError, text); }

  // At most one line a second for each `topic`, `burst` of them at once after a silence; the next line tells how many
  // were left out. `topic` is a fixed text of the program, never the peer's; beyond kMaxTopics they share one.
  static constexpr size_t kMaxTopics = 1'000;
  void limited(LogLevel level, std::string_view topic, std::string_view text, int burst = 1);

 protected:
  // Where lines go; tests replace it. `text` is printable (printable.h) by then.
  virtual void emit(LogLevel level, std::string_view text);

 private:
  struct Topic {
    int64_t due_ms = INT64_MIN;  // when all lines so far will have had their second
    uint64_t left_out = 0;
  };
  void write(LogLevel level, std::string_view text);
  Topic& topic_of(std::string_view topic);

  const Clock& clock_;
  LogLevel level_;
  LineOutput output_{2};
  std::unordered_map<std::string, Topic> topics_;
};

}  // namespace matchbus
