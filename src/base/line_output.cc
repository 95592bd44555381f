#include "base/line_output.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace matchbus {

namespace {

// A terminal takes a part of what is written and waits until there is room for the rest. So it is opened anew, as one
// that does not block; -1 for everything else, and where that is not allowed.
int reopen_terminal(int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0 || !S_ISCHR(status.st_mode)) return -1;
  const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  return ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

ssize_t write_once(int descriptor, int terminal, std::string_view bytes) {
  if (terminal >= 0) return ::write(terminal, bytes.data(), bytes.size());
  const ssize_t count = ::send(descriptor, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  return count < 0 && errno == ENOTSOCK ? ::write(descriptor, bytes.data(), bytes.size()) : count;
}

}  // namespace

// The descriptor is shared with other programs, so it cannot be made one that does not block. But a pipe or socket that
// can be written to at all takes PIPE_BUF bytes without waiting (pipe(7)); where less is written than asked for, the
// rest is tried again.
size_t LineOutput::offer(std::string_view bytes) const {
  if (descriptor_ < 0) return bytes.size();
  const int terminal = reopen_terminal(descriptor_);
  size_t done = 0;
  while (done < bytes.size()) {
    pollfd wanted{descriptor_, POLLOUT, 0};
    if (::poll(&wanted, 1, 0) != 1 || (wanted.revents & POLLOUT) == 0) {
      // Whoever read is gone for good.
      if ((wanted.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) done = bytes.size();
      break;
    }
    const ssize_t count = write_once(descriptor_, terminal, bytes.substr(done, PIPE_BUF));
    if (count < 0) {
      if (errno != EAGAIN && errno != EINTR) done = bytes.size();
      break;
    }
    done += static_cast<size_t>(count);
  }
  if (terminal >= 0) ::close(terminal);
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
