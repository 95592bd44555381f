// The replay tool's program.
#include <cstdio>
#include <exception>

#include "app/replay_command.h"
#include "app/signals.h"

int main(int argc, char** argv) {
  matchbus::app::Signals::hold();
  try {
    return matchbus::app::run_replay(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "matchbus-replay: %s\n", error.what());
    return 1;
  }
}
