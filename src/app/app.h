// The composition root: builds every part from the options, connects them, and runs the loop.
#pragma once

#include <memory>
#include <string>

#include "app/options.h"
#include "base/log.h"
#include "base/result.h"

namespace matchbus::app {

class App {
 public:
  // Borrows `log` and `clock`.
  // Errors name the option.
  static Result<std::unique_ptr<App>> create(const Options& options, const Clock& clock, Log& log);
  virtual ~App() = default;
  // Reads files, opens all ports and announces them. An error says what to change.
  virtual Result<void> start() = 0;
  // Serves until SIGTERM or SIGINT, says goodbye to the clients and waits for them for a while, or until a second
  // signal; in either case what there is to record is recorded.
  virtual void run() = 0;
};

}  // namespace matchbus::app
