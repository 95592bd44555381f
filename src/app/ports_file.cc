#include "app/ports_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

namespace matchbus::app {

Result<void> PortsFile::remove() {
  if (path_.empty() || ::unlink(path_.c_str()) == 0 || errno == ENOENT) return {};
  return Error{"cannot remove '" + path_ + "': " + std::strerror(errno)};
}

Result<void> PortsFile::write(uint16_t ingest, uint16_t output, uint16_t extras) {
  if (path_.empty()) return {};
  const std::string temporary = path_ + ".new";
  std::ofstream file(temporary);
  file << "{\"ingest\":" << ingest << ",\"output\":" << output << ",\"extras\":" << extras << "}\n";
  file.close();
  if (file && std::rename(temporary.c_str(), path_.c_str()) == 0) return {};
  const Error failure{"cannot write '" + path_ + "': " + std::strerror(errno)};
  ::unlink(temporary.c_str());
  return failure;
}

}  // namespace matchbus::app
