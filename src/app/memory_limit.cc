#include "app/memory_limit.h"

#include <uv.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>

namespace matchbus::app {
namespace {

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// "max", what is no number, and a file that is not there are no limit.
uint64_t limit_in(const std::string& path) {
  const std::string text = content_of(path);
  uint64_t bytes = UINT64_MAX;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  return error == std::errc() && end != text.data() ? bytes : UINT64_MAX;
}

// Of the group `path` in the tree at `root`, and of all above it. In a container the path may be one of the machine
// outside; the container's own tree then begins at the root.
uint64_t least_limit(const std::string& root, std::string path, const std::string& file) {
  uint64_t least = limit_in(root + "/" + file);
  for (; path.size() > 1; path.erase(path.rfind('/'))) least = std::min(least, limit_in(root + path + "/" + file));
  return least;
}

}  // namespace

uint64_t control_group_limit(std::string_view groups, const std::string& root) {
  uint64_t least = UINT64_MAX;
  while (!groups.empty()) {
    const std::string_view line = groups.substr(0, groups.find('\n'));
    groups.remove_prefix(std::min(line.size() + 1, groups.size()));
    // ID:CONTROLLERS:PATH (cgroups(7))
    const size_t first = line.find(':');
    const size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos || line.substr(second + 1, 1) != "/") continue;
    const std::string path(line.substr(second + 1));
    const std::string controllers = "," + std::string(line.substr(first + 1, second - first - 1)) + ",";
    if (controllers == ",,") least = std::min(least, least_limit(root, path, "memory.max"));
    if (controllers.find(",memory,") != std::string::npos)
      least = std::min(least, least_limit(root + "/memory", path, "memory.limit_in_bytes"));
  }
  return least;
}

std::optional<size_t> read_memory_limit(std::string_view text) {
  if (text == "auto") {
    const uint64_t allowed = control_group_limit(content_of("/proc/self/cgroup"), "/sys/fs/cgroup");
    return static_cast<size_t>(std::min<uint64_t>(uv_get_total_memory(), allowed) / 2);
  }
  size_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(bytes) : std::nullopt;
}

}  // namespace matchbus::app
