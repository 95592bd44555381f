// The bus's secrets and keys, and reading them again while the server runs (SIGHUP), so that they can be exchanged
// without ending anybody's connection.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "app/options.h"
#include "base/result.h"
#include "bus/token.h"

namespace matchbus::app {

class BusKeys {
 public:
  // Keeps the options that are keys. `env_file`: where a value may have come from.
  BusKeys(const Options& options, std::string env_file);

  // What tokens are verified with; reads the PEM files. Errors name the option or file.
  Result<bus::TokenVerifier> verifier() const;
  const std::string& api_key() const { return options_.bus_api_key; }
  // With all values as they were read last.
  const Options& options() const { return options_; }

  // Reads the .env file again. A value that stood there takes the one that stands there now; those that were set in the
  // environment or as an option stay.
  void reload();

 private:
  Options options_;
  std::string env_file_;
  std::vector<std::pair<std::string, std::string>> entries_;  // of the file as it was read last
};

}  // namespace matchbus::app
