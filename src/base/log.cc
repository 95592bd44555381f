#include "base/log.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <string>
#include <utility>

#include "base/printable.h"

namespace matchbus {
namespace {

constexpr int64_t kTopicIntervalMs = 1000;
constexpr std::array<std::string_view, 4> kNames = {"debug", "info", "warning", "error"};

}  // namespace

void Log::write(LogLevel level, std::string_view text) {
  if (enabled(level)) emit(level, printable(text));
}

Log::Topic& Log::topic_of(std::string_view topic) {
  std::string name(topic);
  if (topics_.size() >= kMaxTopics && !topics_.contains(name)) name.clear();
  return topics_[std::move(name)];
}

void Log::limited(LogLevel level, std::string_view topic, std::string_view text, int burst) {
  if (!enabled(level)) return;
  Topic& entry = topic_of(topic);
  const int64_t now = clock_.monotonic_ms();
  if (entry.due_ms > now + (burst - 1) * kTopicIntervalMs) {
    ++entry.left_out;
    return;
  }
  std::string line(text);
  if (entry.left_out != 0) line += " (and " + std::to_string(entry.left_out) + " more like this)";
  entry = {std::max(entry.due_ms, now) + kTopicIntervalMs, 0};
  write(level, line);
}

void Log::emit(LogLevel level, std::string_view text) {
  const int64_t now = clock_.wall_ms();
  const time_t seconds = static_cast<time_t>(now / 1000);
  tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> stamp{};
  std::strftime(stamp.data(), stamp.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  const std::string_view name = kNames[static_cast<size_t>(level)];
  std::array<char, 8> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%03dZ ", static_cast<int>(now % 1000));
  std::string line = std::string(stamp.data()) + fraction.data();
  line.append(name).append(" ").append(text).append("\n");
  output_.write(line);
}

}  // namespace matchbus
