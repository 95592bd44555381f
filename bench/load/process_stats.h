// What another process has used so far, from /proc/PID: CPU time, memory, context switches.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace matchbus::load {

struct ProcessStats {
  double cpu_seconds = 0;  // user and system
  uint64_t rss_bytes = 0;  // resident memory: the kernel's own for its sockets is not in it
  uint64_t switches = 0;   // context switches, voluntary and not
};

// Nothing if there is no such process.
std::optional<ProcessStats> read_process_stats(pid_t pid);

}  // namespace matchbus::load
