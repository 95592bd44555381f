// TcpStream's life and its reading side. Sending and closing are in stream_write.cc, TLS is in stream_tls.cc.
#include "net/stream_tcp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace matchbus::net {

// A broadcast keeps one of these per viewer and nothing else.
static_assert(sizeof(TcpStream) <= 184);

TcpStream::TcpStream(Loop& loop, std::shared_ptr<const StreamSettings> settings, Descriptor socket)
    : PolledSocket(loop.poller(), std::move(socket)),
      loop_(loop),
      settings_(std::move(settings)),
      sniffing_(settings_->mode != TlsMode::kOff) {}

TcpStream::Owner TcpStream::adopt(Loop& loop, std::shared_ptr<const StreamSettings> settings, Descriptor socket,
                                  const sockaddr& peer) {
  // Raw new: the constructor is private, and the owner's deleter not the usual one.
  Owner stream(new TcpStream(loop, std::move(settings), std::move(socket)));
  if (!stream->start(peer)) return nullptr;
  return stream;
}

void TcpStream::destroy() {
  handler_ = nullptr;
  // Here, not in the destructor, which may run when the loop ends and the counter is gone.
  if (settings_->counter != nullptr) settings_->counter->leave(*settings_->port, peer_address());
  if (state_ != State::kClosed) close_socket();
  loop_.defer(std::unique_ptr<Deferred>(this));
}

void TcpStream::close_socket() {
  state_ = State::kClosed;
  loop_.forget_flush(*this);
  if (deadline_ != nullptr) deadline_->timer.cancel();
  if (tls_ != nullptr && tls_->waiting) Pacer::of_handshakes(loop_).forget(*tls_, peer_address());
  queue_.clear();
  close_descriptor();
}

void TcpStream::end(CloseReason reason) {
  if (state_ == State::kClosed) return;
  close_socket();
  if (StreamHandler* handler = std::exchange(handler_, nullptr)) handler->on_stream_closed(reason);
}

void TcpStream::abort() {
  handler_ = nullptr;
  if (state_ != State::kClosed) close_socket();
}

bool TcpStream::start(const sockaddr& peer) {
  remember(peer);
  if (settings_->mode == TlsMode::kRequired) set_deadline(settings_->handshake_ms);
  return wait_to_read(true);
}

void TcpStream::remember(const sockaddr& peer) {
  if (peer.sa_family == AF_INET) {
    address_size_ = sizeof(in_addr);
    std::memcpy(address_.data(), &reinterpret_cast<const sockaddr_in&>(peer).sin_addr, address_size_);
  } else if (peer.sa_family == AF_INET6) {
    address_size_ = sizeof(in6_addr);
    std::memcpy(address_.data(), &reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr, address_size_);
  }
}

std::string TcpStream::peer_address() const {
  if (address_size_ == 0) return {};
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(address_size_ == sizeof(in_addr) ? AF_INET : AF_INET6, address_.data(), text.data(), text.size());
  return text.data();
}

void TcpStream::read_from_now_on() {
  if (wait_to_read(true)) return;
  break_off(CloseReason::kError);
  loop_.flush_later(*this);
}

void TcpStream::pause_reading() {
  if (state_ != State::kOpen || paused_) return;
  paused_ = true;
  wait_to_read(false);
}

void TcpStream::set_standing(Standing standing) {
  if (state_ != State::kClosed && !PolledSocket::set_standing(standing)) break_off(CloseReason::kError);
}

void TcpStream::resume_reading() {
  if (state_ != State::kOpen || !paused_) return;
  paused_ = false;
  if (tls_ != nullptr && tls_->waiting) return;
  if (tls_ != nullptr && !tls_->unread.empty()) {
    // Delivered at the end of the turn: the handler is not called from its own call.
    loop_.flush_later(*this);
  } else {
    read_from_now_on();
  }
}

std::optional<Holding> TcpStream::holding() {
  if (state_ == State::kClosed || settings_->counter == nullptr) return std::nullopt;
  constexpr size_t kTlsSession = 36'000;
  size_t bytes = queue_.held() + (handler_ != nullptr ? handler_->held() : 0);
  if (tls_ != nullptr) bytes += tls_->wire.held() + tls_->unread.size();
  // Those who are here for something have all the same.
  if (tls_ != nullptr && standing() == Standing::kStranger) bytes += kTlsSession;
  return Holding{.bytes = bytes, .standing = standing(), .client = this, .end = [](void* client) {
                   static_cast<TcpStream*>(client)->break_off(CloseReason::kError);
                   static_cast<TcpStream*>(client)->settle();
                 }};
}

void TcpStream::on_readable() {
  const std::span<char> buffer = loop_.read_buffer();
  const ssize_t count = ::recv(descriptor(), buffer.data(), buffer.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return;
  on_read(count, buffer.data());
}

// `count`: as of recv(2).
void TcpStream::on_read(ssize_t count, char* data) {
  if (count > 0) {
    loop_.count_received(static_cast<size_t>(count));
    on_data({data, static_cast<size_t>(count)});
  } else if (count == 0) {
    wait_to_read(false);
    on_end_of_stream();
  } else {
    break_off(shut_ ? CloseReason::kLocal : CloseReason::kError);
  }
  settle();
}

void TcpStream::on_data(std::span<char> data) {
  if (state_ == State::kFinishing && (tls_ == nullptr || tls_->established)) return;  // read only to see the end
  if (sniffing_ && !sniff(data)) return;
  if (tls_ != nullptr) {
    on_ciphertext(data);
  } else {
    deliver(data);
  }
}

void TcpStream::on_end_of_stream() {
  if (tls_ != nullptr && !tls_->established) {
    fail_tls(state_ == State::kFinishing ? kClosedHere : "the peer closed the connection during the handshake");
  } else if (state_ != State::kFinishing) {
    pump();  // the peer may have closed only its half, and wait for what is queued
    break_off(CloseReason::kPeer);
  } else if (shut_) {
    break_off(CloseReason::kLocal);
  } else {
    // Only the peer's half is closed; what was queued before `finish` is still sent.
    peer_ended_ = true;
  }
}

void TcpStream::deliver(std::span<char> data) {
  if (handler_ != nullptr) handler_->on_stream_data(data);
}

}  // namespace matchbus::net
