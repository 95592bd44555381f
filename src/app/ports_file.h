// The file that says which ports are in use, for whoever started the server: there while it listens, and only then.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/result.h"

namespace matchbus::app {

class PortsFile {
 public:
  // "": no file; nothing here does anything.
  explicit PortsFile(std::string path) : path_(std::move(path)) {}

  // Takes the file away: an old one before listening, the own one afterwards. It is fine if there is none.
  Result<void> remove();
  // Writes it as `{"ingest":N,"output":N,"extras":N}`, renamed into place: whoever waits for it finds it whole.
  Result<void> write(uint16_t ingest, uint16_t output, uint16_t extras);

 private:
  std::string path_;
};

}  // namespace matchbus::app
