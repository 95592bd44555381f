// The command line of matchbus-replay.
#pragma once

#include <cstdint>
#include <string>

#include "match/simulation_shapes.h"

namespace matchbus::app {

enum class ReplayCommand : uint8_t { kPlay, kPrint, kInfo, kCheck, kExit };

struct ReplayOptions {
  ReplayCommand command = ReplayCommand::kPlay;
  int exit_code = 0;  // for kExit
  std::string file;   // a journal; "" with simulate

  bool simulate = false;
  uint64_t seed = 1;
  int rounds = 24;
  match::SimulationShapes shapes = match::SimulationShapes::kText;

  std::string url = "ws://127.0.0.1:5100";
  bool verify = true;
  std::string ca_file;
  std::string key;
  std::string group_code;  // "": the journal's, or the simulation's own
  std::string client_version;

  double speed = 1.0;
  bool instant = false;
  int delay_ms = -1;  // below 0: not given
  bool step = false;
  uint64_t max_events = 0;
  bool loop = false;
  bool quiet = false;
  bool verbose = false;
};

// Prints help, version or what is wrong itself.
ReplayOptions parse_replay_options(int argc, const char* const* argv);

}  // namespace matchbus::app
