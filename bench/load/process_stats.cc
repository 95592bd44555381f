#include "load/process_stats.h"

#include <unistd.h>

#include <fstream>
#include <string>

namespace matchbus::load {

std::optional<ProcessStats> read_process_stats(pid_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid);
  std::ifstream stat(folder + "/stat");
  std::string text;
  if (!std::getline(stat, text)) return std::nullopt;
  // The name may hold spaces: fields are counted from behind its closing bracket, the third of all.
  ProcessStats stats;
  size_t at = text.rfind(')') + 2;
  uint64_t ticks = 0;
  constexpr int kUserTime = 14;
  constexpr int kSystemTime = 15;
  for (int field = 3; field <= kSystemTime; ++field) {
    const size_t end = text.find(' ', at);
    if (field == kUserTime || field == kSystemTime) ticks += std::stoull(text.substr(at, end - at));
    at = end + 1;
  }
  stats.cpu_seconds = static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
  std::ifstream statm(folder + "/statm");
  uint64_t total = 0;
  uint64_t resident = 0;
  statm >> total >> resident;
  stats.rss_bytes = resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  std::ifstream status(folder + "/status");
  while (std::getline(status, text)) {
    if (text.find("ctxt_switches:") != std::string::npos)
      stats.switches += std::stoull(text.substr(text.find(':') + 1));
  }
  return stats;
}

}  // namespace matchbus::load
