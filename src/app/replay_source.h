// Where the replay tool takes a match from: a simulation or a journal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace matchbus::app {

// One `obs_data` event. The texts are valid until the source is asked for the next.
struct ReplayEvent {
  int64_t at_ms = 0;  // since the logon; never decreases
  std::string_view type;
  std::string_view text;  // the event's argument, JSON
};

class ReplaySource {
 public:
  virtual ~ReplaySource() = default;
  // The argument of `obs_logon`, JSON.
  virtual const std::string& logon() const = 0;
  // Nothing at the end.
  virtual std::optional<ReplayEvent> next() = 0;
  // Why the end came early; "" if it did not.
  virtual std::string error() const { return {}; }
  // From the beginning again, for the `round`th time (from 1 on).
  virtual void restart(uint64_t round) = 0;
};

}  // namespace matchbus::app
