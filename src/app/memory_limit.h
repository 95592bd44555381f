// How much memory there is for this process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace matchbus::app {

// A number of bytes, or "auto": half of what this machine has, or of what this process's control group may take, if
// that is less.
std::optional<size_t> read_memory_limit(std::string_view text);

// The least limit of memory of the control groups that `groups` names (as in /proc/self/cgroup) and of those above
// them, below `root` (/sys/fs/cgroup); of version 2 as well as 1. UINT64_MAX: none.
uint64_t control_group_limit(std::string_view groups, const std::string& root);

}  // namespace matchbus::app
