#include "base/standard_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace matchbus {

void open_standard_files() {
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor) {
    if (::fcntl(descriptor, F_GETFD) == -1 && errno == EBADF && ::open("/dev/null", O_RDWR) != descriptor) return;
  }
}

}  // namespace matchbus
