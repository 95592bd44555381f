#include "net/poller.h"

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <utility>

namespace matchbus::net {
namespace {

constexpr uint32_t kTrouble = EPOLLERR | EPOLLHUP;  // told whether or not one waits for it

}  // namespace

PolledSocket::PolledSocket(Poller& poller, Descriptor socket) : poller_(poller), socket_(std::move(socket)) {
  poller_.enter(*this);
}

bool PolledSocket::wait_for(uint8_t event, bool wanted) {
  const uint8_t waiting = static_cast<uint8_t>(wanted ? waiting_ | event : waiting_ & ~event);
  return waiting == waiting_ || poller_.set_of(*this).change(*this, waiting);
}

void PolledSocket::close_descriptor() {
  if (!socket_) return;
  poller_.set_of(*this).forget(*this);
  poller_.leave(*this);
  waiting_ = 0;
  socket_.reset();  // which takes it out of the set, since nobody has a duplicate of the descriptor
}

Descriptor PolledSocket::release_descriptor() {
  if (waiting_ != 0) poller_.set_of(*this).change(*this, 0);
  poller_.leave(*this);
  return std::move(socket_);
}

bool PolledSocket::set_standing(Standing standing) {
  const bool moves = (standing == Standing::kTrusted) != (standing_ == Standing::kTrusted);
  const uint8_t waiting = moves ? waiting_ : 0;
  if (waiting != 0) poller_.set_of(*this).change(*this, 0);
  standing_ = standing;
  return waiting == 0 || poller_.set_of(*this).change(*this, waiting);
}

void Poller::enter(PolledSocket& socket) {
  const auto place = static_cast<size_t>(socket.descriptor());
  if (socket.descriptor() < 0) return;
  if (place >= sockets_.size()) sockets_.resize(place + 1);
  sockets_[place] = &socket;
}

void Poller::leave(const PolledSocket& socket) {
  if (socket.descriptor() >= 0) sockets_[static_cast<size_t>(socket.descriptor())] = nullptr;
}

void Poller::collect(std::vector<Holding>& holdings) const {
  for (PolledSocket* const socket : sockets_) {
    if (const std::optional<Holding> held = socket != nullptr ? socket->holding() : std::nullopt)
      holdings.push_back(*held);
  }
}

void Poller::close() {
  others_.close();
  trusted_.close();
}

Poller::Set::Set(uv_loop_t& loop) : set_(epoll_create1(EPOLL_CLOEXEC)) {
  watch_.data = this;
  const int error = set_ ? uv_poll_init(&loop, &watch_, set_.get()) : uv_translate_sys_error(errno);
  if (error != 0) throw std::runtime_error(std::string("cannot wait for sockets: ") + uv_strerror(error));
  uv_poll_start(&watch_, UV_READABLE, [](uv_poll_t* handle, int, int) { static_cast<Set*>(handle->data)->serve(); });
}

bool Poller::Set::change(PolledSocket& socket, uint8_t waiting) {
  epoll_event event{};
  event.events = waiting;
  event.data.ptr = &socket;
  // A socket that waits for nothing is taken out: the end of its connection would be told again and again.
  const int operation = waiting == 0 ? EPOLL_CTL_DEL : socket.waiting_ == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  if (epoll_ctl(set_.get(), operation, socket.descriptor(), &event) != 0) return false;
  socket.waiting_ = waiting;
  if (waiting == 0) forget(socket);
  return true;
}

void Poller::Set::forget(const PolledSocket& socket) {
  for (epoll_event& event : left_) {
    if (event.data.ptr == &socket) event.data.ptr = nullptr;
  }
}

// What this turn has no time for comes first in the next one, before the kernel is asked again: it would tell the same
// sockets in the same order, and a slow one that always has more would be the only one that is ever served. And it is
// asked once a turn: what a socket has been given to send goes out at the turn's end, before its end of input is read.
void Poller::Set::serve() {
  const uint64_t end = uv_hrtime() + kSliceNs;
  if (left_.empty()) ask();
  while (!left_.empty()) {
    serve(left_.front());
    left_ = left_.subspan(1);
    if (uv_hrtime() >= end) return;
  }
}

void Poller::Set::ask() {
  const int count = epoll_wait(set_.get(), events_.data(), static_cast<int>(events_.size()), 0);
  left_ = {events_.data(), static_cast<size_t>(std::max(0, count))};
}

// Whoever is called may close any socket, this one too.
void Poller::Set::serve(epoll_event& event) {
  const auto socket = [&] { return static_cast<PolledSocket*>(event.data.ptr); };
  if (socket() != nullptr && (event.events & (EPOLLIN | kTrouble)) != 0 && (socket()->waiting_ & EPOLLIN) != 0) {
    socket()->on_readable();
  }
  if (socket() != nullptr && (event.events & (EPOLLOUT | kTrouble)) != 0 && (socket()->waiting_ & EPOLLOUT) != 0) {
    socket()->on_writable();
  }
}

}  // namespace matchbus::net
