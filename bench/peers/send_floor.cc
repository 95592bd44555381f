// The floor under every broadcast: a bare loop of send() over N connections, ten times a second, nothing else. What a
// server of the match protocol spends beyond this is its own doing. Each message begins with the time when its round
// began, as the load generator's markers, if it is long enough.
//
//   send-floor MESSAGE_BYTES SECONDS [PERIOD_MS]    prints the port, takes connections, sends, ends by itself
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

int64_t now_us() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

int64_t now_ms() { return now_us() / 1000; }

// "load-MICROSECONDS ", then filling.
void mark(std::string& message) {
  const std::string marker = "load-" + std::to_string(now_us()) + " ";
  if (marker.size() <= message.size()) message.replace(0, marker.size(), marker);
}

int listen_on_loopback() {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  constexpr int kBacklog = 4096;
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listener, kBacklog) != 0) {
    std::perror("send-floor");
    std::exit(1);
  }
  socklen_t size = sizeof address;
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  std::printf("%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return listener;
}

void accept_all(int listener, std::vector<int>& connections) {
  for (;;) {
    const int connection = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (connection < 0) return;
    const int on = 1;
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections.push_back(connection);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) {
    std::fputs("usage: send-floor MESSAGE_BYTES SECONDS [PERIOD_MS]\n", stderr);
    return 2;
  }
  constexpr int64_t kTickMs = 100;
  const int64_t period_ms = argc == 4 ? std::max(1, std::atoi(argv[3])) : kTickMs;
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  std::string message(static_cast<size_t>(std::atoi(argv[1])), 'x');
  const int64_t end = now_ms() + std::atoi(argv[2]) * 1000;
  const int listener = listen_on_loopback();
  std::vector<int> connections;
  for (int64_t next = now_ms() + period_ms; now_ms() < end;) {
    pollfd waiting{listener, POLLIN, 0};
    poll(&waiting, 1, static_cast<int>(std::max<int64_t>(0, next - now_ms())));
    accept_all(listener, connections);
    if (now_ms() < next) continue;
    next += period_ms;
    mark(message);
    for (const int connection : connections) {
      [[maybe_unused]] const ssize_t sent =
          send(connection, message.data(), message.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    }
  }
}
