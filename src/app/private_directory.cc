#include "app/private_directory.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace matchbus::app {

Result<void> check_private(const std::string& path, const struct stat& info, uid_t self) {
  constexpr uid_t kRoot = 0;
  const std::string advice = "; use one of your own, such as '" + path + "/matchbus', which is made if it is missing";
  if (!S_ISDIR(info.st_mode)) return Error{"'" + path + "' is no directory"};
  if (info.st_uid != self && info.st_uid != kRoot && self != kRoot) {
    return Error{"'" + path + "' belongs to another user (" + std::to_string(info.st_uid) + ", this one is " +
                 std::to_string(self) + "), who could put anything there" + advice};
  }
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Error{"others can write to '" + path + "' and could put anything there: chmod go-w it" + advice};
  }
  return {};
}

Result<void> check_private_directory(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return Error{"cannot look at '" + path + "': " + std::strerror(errno)};
  return check_private(path, info, geteuid());
}

}  // namespace matchbus::app
