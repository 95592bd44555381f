#include "load/process_stats.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace matchbus::load {
namespace {

// From /proc/PID/stat: in steps of 10 ms, but with what ended threads have used.
double coarse_cpu_seconds(const std::string& line) {
  // The name may hold spaces: fields are counted from behind its closing bracket, the third of all.
  constexpr int kUserTime = 14;
  constexpr int kSystemTime = 15;
  size_t at = line.rfind(')') + 2;
  uint64_t ticks = 0;
  for (int field = 3; field <= kSystemTime; ++field) {
    const size_t end = line.find(' ', at);
    if (field == kUserTime || field == kSystemTime) ticks += std::stoull(line.substr(at, end - at));
    at = end + 1;
  }
  return static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace

std::optional<ProcessStats> read_process_stats(pid_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid);
  std::ifstream stat(folder + "/stat");
  std::string line;
  if (!std::getline(stat, line)) return std::nullopt;
  ProcessStats stats;
  uint64_t nanoseconds = 0;
  std::error_code ended;
  for (const auto& task : std::filesystem::directory_iterator(folder + "/task", ended)) {
    uint64_t of_task = 0;
    std::ifstream(task.path() / "schedstat") >> of_task;
    nanoseconds += of_task;
    std::ifstream status(task.path() / "status");
    for (std::string text; std::getline(status, text);) {
      if (text.find("ctxt_switches:") != std::string::npos)
        stats.switches += std::stoull(text.substr(text.find(':') + 1));
    }
  }
  stats.cpu_seconds = nanoseconds != 0 ? static_cast<double>(nanoseconds) / 1e9 : coarse_cpu_seconds(line);
  std::ifstream statm(folder + "/statm");
  uint64_t total = 0;
  uint64_t resident = 0;
  statm >> total >> resident;
  stats.rss_bytes = resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  return stats;
}

}  // namespace matchbus::load
