// TcpStream's TLS side: telling TLS from plain, and carrying bytes between the socket and the session.
//
// Plaintext waits in the stream's queue as shared slices and is encrypted only when the kernel takes ciphertext, so
// that a slow TLS peer holds no private copy of what is sent to all.
#include <poll.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <utility>

#include "net/stream_tcp.h"
#include "net/tls.h"
#include "net/tls_config.h"

namespace matchbus::net {
namespace {

constexpr char kHandshakeRecord = 0x16;         // RFC 8446 section 5.1
constexpr size_t kCiphertextBytes = 48 * 1024;  // encrypted ahead of the kernel

}  // namespace

// Decides by the connection's first byte. False if the connection is over.
bool TcpStream::sniff(std::span<char> data) {
  sniffing_ = false;
  if (data.front() == kHandshakeRecord) {
    begin_tls_server();
    return tls_ != nullptr;
  }
  if (settings_->mode == TlsMode::kRequired) {
    fail_tls("the peer does not speak TLS");
    return false;
  }
  if (!queue_.empty()) loop_.flush_later(*this);
  return true;
}

void TcpStream::begin_tls_server() {
  auto session = TlsSession::server(settings_->tls->current());
  if (!session) return fail_tls(session.error().message);
  tls_ = std::make_unique<Tls>(*this);
  tls_->session = std::move(*session);
  set_deadline(settings_->handshake_ms);
}

void TcpStream::start_tls_client(std::unique_ptr<TlsSession> session, std::function<void()> on_established) {
  tls_ = std::make_unique<Tls>(*this);
  tls_->session = std::move(session);
  tls_->on_established = std::move(on_established);
  shake_hands();
  loop_.flush_later(*this);
}

std::string TcpStream::tls_error() const { return tls_ == nullptr ? std::string() : tls_->session->error(); }

const TlsSession* TcpStream::tls_session() const { return tls_ == nullptr ? nullptr : tls_->session.get(); }

void TcpStream::on_ciphertext(std::span<const char> data) {
  if (!tls_->established && wait_in_line(data)) return;
  TlsSession& session = *tls_->session;
  session.feed(data);
  if (tls_->established || shake_hands()) decrypt();
  if (paused_ && state_ == State::kOpen) {
    const std::span<const char> rest = session.unread();
    tls_->unread = Bytes::copy({rest.data(), rest.size()});
  }
  session.feed({});
}

// Keeps the bytes until it is our turn. Reading stops meanwhile.
bool TcpStream::wait_in_line(std::span<const char> data) {
  Pacer& pacer = Pacer::of_handshakes(loop_);
  if (pacer.is_turn()) return false;
  tls_->unread = Bytes::copy({data.data(), data.size()});
  tls_->waiting = true;
  wait_to_read(false);
  pacer.wait(*tls_, peer_address());
  return true;
}

void TcpStream::on_handshake_turn() {
  tls_->waiting = false;
  if (!paused_) read_on();
  settle();
}

// Goes on with what was kept: the handler has resumed, or it is our turn.
void TcpStream::read_on() {
  const Bytes unread = std::exchange(tls_->unread, {});
  on_ciphertext({unread.data(), unread.size()});
  if (state_ != State::kClosed && !paused_ && !ending_ && !tls_->waiting) read_from_now_on();
}

// Whether it has closed its half or the connection: before it knows that the handshake is done it has no reason to.
bool TcpStream::is_peer_gone() const {
  pollfd wanted{descriptor(), POLLRDHUP, 0};
  return poll(&wanted, 1, 0) > 0;
}

// True if application data may follow.
bool TcpStream::shake_hands() {
  // Whoever sends a hello and leaves costs no arithmetic.
  if (is_peer_gone()) {
    fail_tls("the peer has gone before its handshake was done");
    return false;
  }
  const uint64_t begin = uv_hrtime();
  const TlsSession::Step step = tls_->session->handshake();
  Pacer::of_handshakes(loop_).spent(uv_hrtime() - begin);
  if (step == TlsSession::Step::kFailed || step == TlsSession::Step::kClosed) {
    fail_tls(tls_->session->error());
    return false;
  }
  collect_ciphertext();
  loop_.flush_later(*this);
  if (step == TlsSession::Step::kMore) return false;
  tls_->established = true;
  if (settings_->counter != nullptr) ++settings_->counter->stats().tls_handshakes;
  if (state_ != State::kOpen) return false;  // finishing: the deadline is that of `finish`
  deadline_.reset();
  if (const auto on_established = std::exchange(tls_->on_established, nullptr)) on_established();
  return state_ == State::kOpen;
}

void TcpStream::decrypt() {
  std::array<char, TlsSession::kMaxPlaintext> plain;
  while (state_ == State::kOpen && !paused_ && !ending_) {
    size_t count = 0;
    switch (tls_->session->read(plain, count)) {
      case TlsSession::Step::kDone:
        deliver({plain.data(), count});
        break;
      case TlsSession::Step::kMore:
        collect_ciphertext();  // an answer to a key update
        if (!tls_->wire.empty()) loop_.flush_later(*this);
        return;
      case TlsSession::Step::kClosed:
        tls_->session->close_notify();
        send_last_words();
        return break_off(CloseReason::kPeer);
      case TlsSession::Step::kFailed:
        return fail_tls(tls_->session->error());
    }
  }
}

void TcpStream::encrypt() {
  if (!tls_->established) return;
  while (!queue_.empty() && tls_->wire.bytes() + tls_->session->output_bytes() < kCiphertextBytes) {
    size_t used = 0;
    if (encrypt_record(used) != TlsSession::Step::kDone) return fail_tls(tls_->session->error());
    queue_.consume(used);
  }
  collect_ciphertext();
}

// Several small slices share a record.
TlsSession::Step TcpStream::encrypt_record(size_t& used) {
  const std::string_view first = queue_.front();
  if (queue_.size() == 1 || first.size() >= TlsSession::kMaxPlaintext) return tls_->session->write(first, used);
  std::array<char, TlsSession::kMaxPlaintext> together;
  std::array<iovec, 64> slices;
  const size_t count = queue_.gather(slices, together.size());
  size_t size = 0;
  for (size_t i = 0; i < count; ++i) {
    std::memcpy(together.data() + size, slices[i].iov_base, slices[i].iov_len);
    size += slices[i].iov_len;
  }
  return tls_->session->write({together.data(), size}, used);
}

void TcpStream::collect_ciphertext() { tls_->wire.push(tls_->session->take_output()); }

// Counts and logs the failure, tries to tell the peer, and ends the connection.
void TcpStream::fail_tls(const std::string& why) {
  if (ending_) return;
  if (settings_->counter != nullptr) {
    ++settings_->counter->stats().tls_failures;
    loop_.log().limited(LogLevel::kWarning, "tls: " + why, "TLS with " + peer_address() + " failed: " + why);
  }
  if (tls_ != nullptr) send_last_words();
  break_off(CloseReason::kTls);
}

// An alert that says why the connection ends, if the kernel takes it right now.
void TcpStream::send_last_words() {
  if (waits_to_write() || state_ == State::kClosed) return;
  collect_ciphertext();
  std::array<iovec, 8> parts;
  const size_t count = tls_->wire.gather(parts, SIZE_MAX);
  if (count != 0) offer({parts.data(), count});
}

}  // namespace matchbus::net
