// The command line of matchbus-ctl.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace matchbus::app {

enum class CtlCommand : uint8_t { kToken, kPublish, kMove, kDisconnect, kPresence, kStats, kExit };

struct CtlOptions {
  CtlCommand command = CtlCommand::kExit;
  int exit_code = 0;  // for kExit

  // Where the server API is, and the environment name of its key.
  std::string url = "http://127.0.0.1:5101";
  std::string key_env = "BUS_API_KEY";
  bool verify = true;
  std::string ca_file;

  // token
  std::string secret_env = "JWT_SECRET";
  std::string subject;
  std::vector<std::string> claims;  // NAME=VALUE
  int64_t ttl_s = 3'600;

  // publish, presence
  std::optional<std::string> room;
  std::optional<std::string> topic;
  std::string message;  // JSON; "-" is standard input
  std::optional<std::string> exclude;
  std::optional<std::string> message_class;

  // move, disconnect
  std::string user;
  std::optional<std::string> sector;
  std::optional<std::string> team;
  std::optional<std::string> region;
  std::optional<std::string> device;
  std::optional<int> code;
  std::optional<std::string> reason;
};

// Prints help, version or what is wrong itself.
CtlOptions parse_ctl_options(int argc, const char* const* argv);

}  // namespace matchbus::app
