#include "app/metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <optional>

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

// Linux tells the number since 6.2 (proc(5)). Before, they have to be listed, at a microsecond each: with the thousands
// of a large server nobody is to wait for that, and the answer is none.
std::optional<size_t> open_descriptors() {
  constexpr const char* kList = "/proc/self/fd";
  struct stat list {};
  if (stat(kList, &list) == 0 && list.st_size > 0) return static_cast<size_t>(list.st_size);
  constexpr size_t kMostListed = 2'000;
  constexpr size_t kDotDotDotAndTheDirectoryItself = 3;
  DIR* directory = opendir(kList);
  if (directory == nullptr) return std::nullopt;
  size_t count = 0;
  while (count <= kMostListed && readdir(directory) != nullptr) ++count;
  closedir(directory);
  if (count > kMostListed) return std::nullopt;
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

void MetricsText::sample(std::initializer_list<Label> labels, uint64_t value) {
  text_.append(name_);
  char before = '{';
  for (const Label& label : labels) {
    text_.append(1, before).append(label.name).append("=\"").append(label.value).append("\"");
    before = ',';
  }
  text_.append("} ").append(std::to_string(value)).append("\n");
}

void MetricsText::family(std::string_view name, std::string_view help, std::string_view type, double value) {
  labelled(name, help, type);
  text_.append(name).append(" ").append(number(value)).append("\n");
}

void add_process_metrics(MetricsText& out) {
  const auto open = open_descriptors();  // before one is opened here
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  out.counter_seconds("process_cpu_seconds_total", "User and system CPU time.",
                      seconds(usage.ru_utime) + seconds(usage.ru_stime));
  std::ifstream statm("/proc/self/statm");
  uint64_t total = 0, resident = 0;
  statm >> total >> resident;
  out.gauge("process_resident_memory_bytes", "Resident memory.",
            static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)));
  if (open) {
    out.gauge("process_open_fds", "Open file descriptors.", static_cast<double>(*open));
  }
}

}  // namespace matchbus::app
