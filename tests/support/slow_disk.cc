// A disk that takes its time: preloaded, delays each write to a journal by SLOW_DISK_MS milliseconds.
#include <dlfcn.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

using Pwrite = ssize_t (*)(int, const void*, size_t, off_t);

bool is_journal(int fd) {
  std::array<char, 64> link{};
  std::array<char, 4096> path{};
  std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link.data(), path.data(), path.size());
  return size > 0 && std::string_view(path.data(), static_cast<size_t>(size)).ends_with(".replay");
}

ssize_t write_slowly(const char* name, int fd, const void* data, size_t size, off_t offset) {
  if (const char* const ms = std::getenv("SLOW_DISK_MS"); ms != nullptr && is_journal(fd)) {
    const long delay = std::strtol(ms, nullptr, 10);
    const timespec time{delay / 1000, delay % 1000 * 1'000'000};
    nanosleep(&time, nullptr);
  }
  return reinterpret_cast<Pwrite>(dlsym(RTLD_NEXT, name))(fd, data, size, offset);
}

}  // namespace

extern "C" {
ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  return write_slowly("pwrite", fd, data, size, offset);
}
ssize_t pwrite64(int fd, const void* data, size_t size, off_t offset) {
  return write_slowly("pwrite64", fd, data, size, offset);
}
}
