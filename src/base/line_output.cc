#include "base/line_output.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace matchbus {

// The descriptor is shared with other programs, so it cannot be made one that does not block. But what can be written
// at all takes PIPE_BUF bytes without waiting (pipe(7)); where less is written than asked for, the rest is tried again.
size_t LineOutput::offer(std::string_view bytes) const {
  size_t done = 0;
  while (done < bytes.size()) {
    pollfd wanted{descriptor_, POLLOUT, 0};
    if (::poll(&wanted, 1, 0) != 1 || (wanted.revents & POLLOUT) == 0) {
      // Whoever read is gone for good.
      return (wanted.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0 ? bytes.size() : done;
    }
    const std::string_view piece = bytes.substr(done, PIPE_BUF);
    ssize_t count = ::send(descriptor_, piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && errno == ENOTSOCK) count = ::write(descriptor_, piece.data(), piece.size());
    if (count < 0) return errno == EAGAIN || errno == EINTR ? done : bytes.size();
    done += static_cast<size_t>(count);
  }
  return done;
}

void LineOutput::write(std::string_view line) {
  flush();
  const size_t done = is_waiting() ? 0 : offer(line);
  if (done == line.size()) return;
  if (done == 0 && waiting_.size() + line.size() > room_) {
    ++left_out_;
    return;
  }
  waiting_.append(line.substr(done));  // a line that was begun is ended
}

void LineOutput::flush() {
  if (!waiting_.empty()) waiting_.erase(0, offer(waiting_));
  if (!waiting_.empty() || left_out_ == 0) return;
  waiting_ = "(" + std::to_string(left_out_) + " lines were left out here, since nobody took them)\n";
  left_out_ = 0;
  waiting_.erase(0, offer(waiting_));
}

}  // namespace matchbus
