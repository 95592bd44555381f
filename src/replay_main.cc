// The replay tool's program.
#include <cstdio>
#include <exception>

#include "app/replay_command.h"

int main(int argc, char** argv) {
  try {
    return matchbus::app::run_replay(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "matchbus-replay: %s\n", error.what());
    return 1;
  }
}
