// TcpStream's life and its reading side. Sending and closing are in stream_write.cc, TLS is in stream_tls.cc.
#include "net/stream_tcp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cassert>
#include <cstring>
#include <utility>

namespace matchbus::net {

// A broadcast keeps one of these per viewer and nothing else.
static_assert(sizeof(TcpStream) <= 400);

TcpStream::TcpStream(Loop& loop, std::shared_ptr<const StreamSettings> settings)
    : loop_(loop), settings_(std::move(settings)), sniffing_(settings_->mode != TlsMode::kOff) {
  uv_tcp_init(loop_.uv(), &tcp_);  // without flags it only fills in fields
  tcp_.data = this;
}

// Raw new and delete: the handle must outlive its owner's pointer until libuv has called back.
std::unique_ptr<TcpStream, StreamDeleter> TcpStream::make(Loop& loop, std::shared_ptr<const StreamSettings> settings) {
  return std::unique_ptr<TcpStream, StreamDeleter>(new TcpStream(loop, std::move(settings)));
}

std::unique_ptr<TcpStream, StreamDeleter> TcpStream::adopt(Loop& loop, std::shared_ptr<const StreamSettings> settings,
                                                           int socket, const sockaddr& peer) {
  auto stream = make(loop, std::move(settings));
  if (uv_tcp_open(&stream->tcp_, socket) != 0) {
    ::close(socket);
    stream->remember(peer);
    return nullptr;
  }
  stream->start(peer);
  return stream;
}

void TcpStream::destroy() {
  handler_ = nullptr;
  released_ = true;
  // Here, not in the destructor, which may run when the loop ends and the counter is gone.
  if (settings_->counter != nullptr) settings_->counter->leave(peer_address());
  if (state_ != State::kClosed) {
    close_socket();
  } else if (handle_closed_) {
    delete this;
  }
}

void TcpStream::close_socket() {
  state_ = State::kClosed;
  loop_.forget_flush(*this);
  if (deadline_ != nullptr) deadline_->timer.cancel();
  if (tls_ != nullptr && tls_->waiting) TlsPacer::of(loop_).forget(*tls_);
  if (write_ == nullptr) queue_.clear();  // otherwise libuv still holds what it points to
  uv_close(reinterpret_cast<uv_handle_t*>(&tcp_), [](uv_handle_t* handle) {
    auto* stream = static_cast<TcpStream*>(handle->data);
    stream->handle_closed_ = true;
    if (stream->released_) delete stream;
  });
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

void TcpStream::start(const sockaddr& peer) {
  remember(peer);
  if (settings_->mode == TlsMode::kRequired) set_deadline(settings_->handshake_ms);
  start_reading();
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

void TcpStream::start_reading() {
  const auto allocate = [](uv_handle_t* handle, size_t, uv_buf_t* buffer) {
    const std::span<char> shared = static_cast<TcpStream*>(handle->data)->loop_.read_buffer();
    *buffer = uv_buf_init(shared.data(), static_cast<unsigned int>(shared.size()));
  };
  const auto read = [](uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
    static_cast<TcpStream*>(stream->data)->on_read(count, buffer->base);
  };
  uv_read_start(reinterpret_cast<uv_stream_t*>(&tcp_), allocate, read);
}

void TcpStream::pause_reading() {
  if (state_ != State::kOpen || paused_) return;
  paused_ = true;
  uv_read_stop(reinterpret_cast<uv_stream_t*>(&tcp_));
}

void TcpStream::resume_reading() {
  if (state_ != State::kOpen || !paused_) return;
  paused_ = false;
  if (tls_ != nullptr && tls_->waiting) return;
  if (tls_ != nullptr && !tls_->unread.empty()) {
    // Delivered at the end of the turn: the handler is not called from its own call.
    loop_.flush_later(*this);
  } else {
    start_reading();
  }
}

void TcpStream::on_read(ssize_t count, char* data) {
  if (count > 0) {
    on_data({data, static_cast<size_t>(count)});
  } else if (count == UV_EOF) {
    on_end_of_stream();
  } else if (count < 0) {
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
