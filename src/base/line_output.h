// Lines for a terminal, a pipe or a file, written without ever waiting for whoever reads them: a terminal that is
// stopped (Ctrl-S), a pipe that nobody reads and a hung log collector must not stop the program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace matchbus {

class LineOutput {
 public:
  // `descriptor` is the caller's. `room`: bytes of lines that wait; what does not fit is left out and counted.
  explicit LineOutput(int descriptor, size_t room = 64 * 1024) : descriptor_(descriptor), room_(room) {}
  LineOutput(const LineOutput&) = delete;
  LineOutput& operator=(const LineOutput&) = delete;

  // `line` ends with a line feed.
  void write(std::string_view line);
  // Writes what waits, as far as that can be done now; then a line that says how many were left out, if any were.
  void flush();
  bool is_waiting() const { return !waiting_.empty() || left_out_ != 0; }

 private:
  // How many bytes were taken; as many as there are if they can never be.
  size_t offer(std::string_view bytes) const;

  int descriptor_;
  size_t room_;
  std::string waiting_;
  uint64_t left_out_ = 0;  // lines
};

}  // namespace matchbus
