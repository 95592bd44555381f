// TcpStream's sending side: queued slices go to the kernel together, and what it does not take is left to libuv until
// the socket is writable again.
//
// While libuv writes, nothing else may: the queue's beginning belongs to that write. Failures are remembered and told
// to the handler from an event (`settle`), never from inside its own call of `write` or `flush`.
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <utility>

#include "net/stream_tcp.h"

namespace matchbus::net {
namespace {

constexpr size_t kBuffers = 32;            // for one writev
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
  size_t bytes = queue_.bytes() + (tls_ == nullptr ? 0 : tls_->wire.bytes());
  if (write_ != nullptr) bytes -= write_->bytes - tcp_.write_queue_size;
  return bytes;
}

void TcpStream::pump() {
  if (ending_ || state_ == State::kClosed) return;
  if (write_ == nullptr) {
    send_queue();
    if (write_ == nullptr && state_ == State::kFinishing && pending() == 0) finish_sending();
  }
  // Also while libuv writes: the kernel may have taken all of that write, and what came after it waits.
  if (pending() != 0) held_back_ = true;
}

void TcpStream::send_queue() {
  if (sniffing_) return;  // not known yet how to say it
  for (size_t budget = kTurnBytes; !ending_;) {
    if (tls_ != nullptr) encrypt();
    WriteQueue& out = tls_ == nullptr ? queue_ : tls_->wire;
    if (out.empty() || ending_) return;
    if (budget == 0) return start_write();
    std::array<uv_buf_t, kBuffers> buffers;
    const size_t count = out.gather(buffers, std::min(budget, kWriteBytes));
    size_t offered = 0;
    for (size_t i = 0; i < count; ++i) offered += buffers[i].len;
    int sent = uv_try_write(reinterpret_cast<uv_stream_t*>(&tcp_), buffers.data(), static_cast<unsigned int>(count));
    if (sent == UV_EAGAIN) sent = 0;
    if (sent < 0) return break_off(CloseReason::kError);
    consume(out, static_cast<size_t>(sent));
    if (static_cast<size_t>(sent) < offered) return start_write();
    budget -= offered;
  }
}

void TcpStream::consume(WriteQueue& out, size_t sent) {
  if (tls_ != nullptr && sent == out.front().size()) {
    tls_->session->recycle(out.take_front());
  } else {
    out.consume(sent);
  }
}

void TcpStream::start_write() {
  WriteQueue& out = tls_ == nullptr ? queue_ : tls_->wire;
  std::array<uv_buf_t, kBuffers> buffers;
  const size_t count = out.gather(buffers, kWriteBytes);
  write_ = std::make_unique<Write>();
  write_->bytes = 0;
  for (size_t i = 0; i < count; ++i) write_->bytes += buffers[i].len;
  write_->request.data = this;
  const auto written = [](uv_write_t* request, int status) {
    static_cast<TcpStream*>(request->data)->on_written(status);
  };
  if (uv_write(&write_->request, reinterpret_cast<uv_stream_t*>(&tcp_), buffers.data(),
               static_cast<unsigned int>(count), written) != 0) {
    write_.reset();
    break_off(CloseReason::kError);
  }
}

void TcpStream::on_written(int status) {
  const std::unique_ptr<Write> write = std::move(write_);
  if (state_ == State::kClosed) return queue_.clear();
  if (status != 0) {
    break_off(CloseReason::kError);
  } else {
    consume(tls_ == nullptr ? queue_ : tls_->wire, write->bytes);
    pump();
  }
  settle();
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
  if (stopped && (tls_ == nullptr || tls_->unread.empty())) start_reading();
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
    send_queue();
    if (pending() != 0) return;
  }
  shut_ = true;
  uv_os_fd_t socket = -1;
  uv_fileno(reinterpret_cast<uv_handle_t*>(&tcp_), &socket);
  ::shutdown(socket, SHUT_WR);
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
