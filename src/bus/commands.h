// Where players' commands go (realtime-bus section 3): the bus changes nothing itself, it forwards.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "bus/row.h"

namespace matchbus::bus {

class Commands {
 public:
  // Borrowed for the call of `run`.
  struct Request {
    const PlayerRow& row;
    std::string_view device_id;
    std::string_view id_json;    // the client's id of the command, as JSON
    std::string_view name;       // a path segment: letters, digits, '_', '-' and '.', not beginning with '.'
    std::string_view args_json;  // "null" if there were none
  };
  struct Answer {
    bool ok = false;
    int status = 0;         // of HTTP; 0: no answer came
    std::string body_json;  // JSON text, or empty
  };
  using Done = std::function<void(const Answer&)>;

  // False: players are told `no_backend`.
  virtual bool configured() const = 0;
  // Forwards a command. `done` is called once, at once or later, also when the time limit has passed; it is harmless
  // after the player has gone, and must not be called any more when the bus is gone.
  virtual void run(const Request& request, Done done) = 0;

 protected:
  ~Commands() = default;
};

}  // namespace matchbus::bus
