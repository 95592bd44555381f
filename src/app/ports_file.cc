#include "app/ports_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "app/journal_directory.h"

namespace matchbus::app {
namespace {

// 0 or an errno.
int write_new(const std::string& path, std::string_view text) {
  constexpr mode_t kReadable = 0644;
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kReadable);
  if (file < 0) return errno;
  size_t written = 0;
  const int error = write_at(file, text, 0, written);
  return ::close(file) == 0 || error != 0 ? error : errno;
}

}  // namespace

Result<void> PortsFile::remove() {
  if (path_.empty() || ::unlink(path_.c_str()) == 0 || errno == ENOENT) return {};
  return Error{"cannot remove '" + path_ + "': " + std::strerror(errno)};
}

Result<void> PortsFile::write(uint16_t ingest, uint16_t output, uint16_t extras) {
  if (path_.empty()) return {};
  const std::string text = "{\"ingest\":" + std::to_string(ingest) + ",\"output\":" + std::to_string(output) +
                           ",\"extras\":" + std::to_string(extras) + "}\n";
  const std::string temporary = path_ + ".new";
  // Left behind by a process that died here, or a trap: a link, which is removed and not followed.
  ::unlink(temporary.c_str());
  int error = write_new(temporary, text);
  if (error == 0 && std::rename(temporary.c_str(), path_.c_str()) != 0) error = errno;
  if (error == 0) return {};
  if (error != EEXIST) ::unlink(temporary.c_str());
  return Error{"cannot write '" + path_ + "': " + std::strerror(error)};
}

}  // namespace matchbus::app
