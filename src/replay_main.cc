// The replay tool's program.
#include <array>
#include <cstdio>
#include <exception>

#include "app/replay_command.h"
#include "app/secret_arguments.h"
#include "app/signals.h"
#include "base/standard_files.h"

int main(int argc, char** argv) {
  matchbus::open_standard_files();
  matchbus::app::Signals::hold();
  try {
    constexpr std::array<matchbus::app::SecretFlag, 1> kSecrets = {{{"--key", "AUTH_KEY"}}};
    const matchbus::app::Arguments arguments = matchbus::app::take_arguments(argc, argv, kSecrets);
    for (const matchbus::app::SecretFlag& secret : arguments.secrets)
      std::fprintf(stderr, "matchbus-replay: %s\n", matchbus::app::advice_on(secret).c_str());
    return matchbus::app::run_replay(argc, arguments.argv().data());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "matchbus-replay: %s\n", error.what());
    return 1;
  }
}
