// The server: options in, loop until a signal.
#include <cstdio>
#include <exception>
#include <map>

#include "app/app.h"
#include "app/options.h"
#include "app/signals.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/standard_files.h"

namespace {

matchbus::LogLevel level_of(const std::string& name) {
  static const std::map<std::string, matchbus::LogLevel> levels = {{"debug", matchbus::LogLevel::kDebug},
                                                                   {"info", matchbus::LogLevel::kInfo},
                                                                   {"warning", matchbus::LogLevel::kWarning},
                                                                   {"error", matchbus::LogLevel::kError},
                                                                   {"off", matchbus::LogLevel::kOff}};
  return levels.at(name);
}

int serve(int argc, char** argv) {
  const matchbus::app::ParsedOptions parsed = matchbus::app::parse_options(argc, argv);
  if (parsed.command == matchbus::app::Command::kExit) return parsed.exit_code;
  const matchbus::SystemClock clock;
  matchbus::Log log(clock, level_of(parsed.options.log_level));
  for (const std::string& warning : parsed.warnings) log.warning(warning);
  auto app = matchbus::app::App::create(parsed.options, clock, log);
  if (!app) {
    log.error(app.error().message);
    return 2;
  }
  if (const matchbus::Result<void> started = (*app)->start(); !started) {
    log.error(started.error().message);
    return 1;
  }
  (*app)->run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  matchbus::open_standard_files();
  matchbus::app::Signals::hold();
  try {
    return serve(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "matchbus: %s\n", error.what());
    return 1;
  }
}
