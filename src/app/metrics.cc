#include "app/metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>

namespace matchbus::app {
namespace {

std::string number(double value) {
  std::array<char, 32> text{};
  const bool whole = value >= 0 && value < 1e15 && value == static_cast<double>(static_cast<uint64_t>(value));
  std::snprintf(text.data(), text.size(), whole ? "%.0f" : "%.9g", value);
  return text.data();
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

size_t open_descriptors() {
  size_t count = 0;
  DIR* directory = opendir("/proc/self/fd");
  if (directory == nullptr) return 0;
  while (readdir(directory) != nullptr) ++count;
  closedir(directory);
  constexpr size_t kDotDotDotAndTheDirectoryItself = 3;
  return count - kDotDotDotAndTheDirectoryItself;
}

}  // namespace

void MetricsText::labelled(std::string_view name, std::string_view help, std::string_view type) {
  name_ = name;
  text_.append("# HELP ")
      .append(name)
      .append(" ")
      .append(help)
      .append("\n# TYPE ")
      .append(name)
      .append(" ")
      .append(type)
      .append("\n");
}

void MetricsText::sample(std::string_view label, std::string_view label_value, uint64_t value) {
  text_.append(name_)
      .append("{")
      .append(label)
      .append("=\"")
      .append(label_value)
      .append("\"} ")
      .append(std::to_string(value))
      .append("\n");
}

void MetricsText::family(std::string_view name, std::string_view help, std::string_view type, double value) {
  labelled(name, help, type);
  text_.append(name).append(" ").append(number(value)).append("\n");
}

void add_process_metrics(MetricsText& out) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  out.counter_seconds("process_cpu_seconds_total", "User and system CPU time.",
                      seconds(usage.ru_utime) + seconds(usage.ru_stime));
  std::ifstream statm("/proc/self/statm");
  uint64_t total = 0, resident = 0;
  statm >> total >> resident;
  out.gauge("process_resident_memory_bytes", "Resident memory.",
            static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)));
  out.gauge("process_open_fds", "Open file descriptors.", static_cast<double>(open_descriptors()));
}

}  // namespace matchbus::app
