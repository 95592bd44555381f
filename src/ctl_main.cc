// The operator's tool for the realtime bus.
#include <cstdio>
#include <exception>

#include "app/ctl_command.h"
#include "base/standard_files.h"

int main(int argc, char** argv) {
  matchbus::open_standard_files();
  try {
    return matchbus::app::run_ctl(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "matchbus-ctl: %s\n", error.what());
    return 1;
  }
}
