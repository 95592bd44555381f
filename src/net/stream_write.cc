// TcpStream's sending side: queued slices go to the kernel together, and what it does not take waits until the socket
// is writable again.
//
// Failures are remembered and told to the handler from an event (`settle`), never from inside its own call of `write`
// or `flush`.
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "net/stream_tcp.h"

namespace matchbus::net {
namespace {

constexpr size_t kParts = 32;              // for one sendmsg
constexpr size_t kWriteBytes = 64 * 1024;  // of one write
constexpr size_t kTurnBytes = 256 * 1024;  // of one stream in one turn, so that a fast reader does not starve others
constexpr int kLingerMs = 1'000;           // for the peer to close after us

}  // namespace

void TcpStream::write(Bytes bytes) {
  if (state_ != State::kOpen || ending_ || bytes.empty()) return;
  queue_.push(std::move(bytes));
  loop_.flush_later(*this);
}

void TcpStream::flush() {
  if (state_ == State::kClosed) return;
  pump();
  if (ending_ || (held_back_ && pending() == 0)) {
    loop_.flush_later(*this);
  } else if (tls_ == nullptr || tls_->unread.empty()) {
    loop_.forget_flush(*this);
  }
}

void TcpStream::on_flush() {
  if (tls_ != nullptr && !tls_->unread.empty() && !paused_ && !tls_->waiting) read_on();
  pump();
  settle();
}

size_t TcpStream::pending() const {
  if (state_ == State::kClosed || ending_) return 0;
  return queue_.bytes() + (tls_ == nullptr ? 0 : tls_->wire.bytes());
}

void TcpStream::pump() {
  if (ending_ || state_ == State::kClosed) return;
  if (!waits_to_write()) push_out();
  if (pending() != 0) held_back_ = true;
}

void TcpStream::on_writable() {
  push_out();
  settle();
}

void TcpStream::push_out() {
  const bool is_full = send_queue();
  if (ending_) return;
  if (!wait_to_write(is_full)) return break_off(CloseReason::kError);
  if (!is_full && state_ == State::kFinishing && pending() == 0) finish_sending();
}

// True if more can be sent once the socket is writable.
bool TcpStream::send_queue() {
  if (sniffing_) return false;  // not known yet how to say it
  for (size_t budget = kTurnBytes; !ending_;) {
    if (tls_ != nullptr) encrypt();
    WriteQueue& out = tls_ == nullptr ? queue_ : tls_->wire;
    if (out.empty() || ending_) return false;
    if (budget == 0) return true;
    std::array<iovec, kParts> parts;
    const size_t count = out.gather(parts, std::min(budget, kWriteBytes));
    size_t offered = 0;
    for (size_t i = 0; i < count; ++i) offered += parts[i].iov_len;
    const ssize_t sent = offer({parts.data(), count});
    if (sent < 0) {
      break_off(CloseReason::kError);
      return false;
    }
    consume(out, static_cast<size_t>(sent));
    if (static_cast<size_t>(sent) < offered) return true;
    budget -= offered;
  }
  return false;
}

// How many bytes the kernel takes now; negative if the connection is broken.
ssize_t TcpStream::offer(std::span<iovec> parts) {
  constexpr int kFlags = MSG_DONTWAIT | MSG_NOSIGNAL;
  for (;;) {
    ssize_t sent = 0;
    if (parts.size() == 1) {
      sent = ::send(descriptor(), parts[0].iov_base, parts[0].iov_len, kFlags);
    } else {
      msghdr message{};
      message.msg_iov = parts.data();
      message.msg_iovlen = parts.size();
      sent = ::sendmsg(descriptor(), &message, kFlags);
    }
    if (sent >= 0) return sent;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) return 0;
    if (errno != EINTR) return -1;
  }
}

void TcpStream::consume(WriteQueue& out, size_t sent) {
  if (tls_ != nullptr && sent == out.front().size()) {
    tls_->session->recycle(out.take_front());
  } else {
    out.consume(sent);
  }
}

void TcpStream::settle() {
  if (state_ == State::kClosed) return;
  if (ending_) return end(end_reason_);
  if (!held_back_ || pending() != 0) return;
  held_back_ = false;
  if (state_ == State::kOpen && handler_ != nullptr) handler_->on_stream_drained();
}

void TcpStream::break_off(CloseReason reason) {
  if (ending_) return;
  ending_ = true;
  end_reason_ = reason;
}

void TcpStream::finish() {
  if (state_ != State::kOpen) return;
  state_ = State::kFinishing;
  if (std::exchange(sniffing_, false) && settings_->mode == TlsMode::kRequired) queue_.clear();
  const bool stopped = std::exchange(paused_, false) || (tls_ != nullptr && !tls_->unread.empty());
  if (tls_ != nullptr && tls_->established) tls_->unread = {};
  // What is kept of a handshake is read on from the flush, or when it is our turn.
  if (stopped && (tls_ == nullptr || tls_->unread.empty())) read_from_now_on();
  set_deadline(settings_->drain_ms);
  loop_.flush_later(*this);
}

// Says that nothing more will come, then waits for the peer to do the same: closing while bytes of the peer are unread
// would reset the connection, and with it what the peer has not read yet.
void TcpStream::finish_sending() {
  if (shut_) return;
  if (tls_ != nullptr && tls_->established && !tls_->notified) {
    tls_->notified = true;
    tls_->session->close_notify();
    collect_ciphertext();
    if (!wait_to_write(send_queue())) return break_off(CloseReason::kError);
    if (pending() != 0) return;
  }
  shut_ = true;
  ::shutdown(descriptor(), SHUT_WR);
  if (peer_ended_) return break_off(CloseReason::kLocal);
  set_deadline(settings_->drain_ms == 0 ? kLingerMs : std::min(settings_->drain_ms, kLingerMs));
}

void TcpStream::set_deadline(int ms) {
  if (ms == 0) return deadline_.reset();
  if (deadline_ == nullptr) deadline_ = std::make_unique<Deadline>(*this);
  loop_.timers().set(deadline_->timer, ms);
}

void TcpStream::on_deadline() {
  if (state_ == State::kFinishing && tls_ != nullptr && !tls_->established) {
    fail_tls(kClosedHere);
  } else if (state_ == State::kFinishing) {
    break_off(shut_ ? CloseReason::kLocal : CloseReason::kTimeout);
  } else {
    fail_tls("the handshake took too long");
  }
  settle();
}

}  // namespace matchbus::net
