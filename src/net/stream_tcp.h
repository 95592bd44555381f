// The stream over a TCP socket, with TLS where the peer or the port asks for it.
//
// One class for both: plain connections carry one null pointer for TLS. An idle plain stream is this object and
// nothing else; what is needed now and then (a deadline, TLS) is allocated then.
//
// Life: the owner's StreamPtr; destroyed at the end of the turn in which the owner lets go.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/timer_wheel.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/pacer.h"
#include "net/poller.h"
#include "net/stream.h"
#include "net/stream_queue.h"
#include "net/tls_session.h"

struct sockaddr;

namespace matchbus::net {

// What the streams of a port have in common.
struct StreamSettings {
  TlsMode mode = TlsMode::kOff;
  TlsServerContext* tls = nullptr;       // borrowed for the streams' lives; not null unless mode is kOff
  ConnectionCounter* counter = nullptr;  // borrowed for the streams' lives; null for outgoing connections
  PortConnections* port = nullptr;       // the counter's; not null where that is not
  int drain_ms = 5'000;
  int handshake_ms = 10'000;  // 0 = no limit
};

class TcpStream final : public Stream, private Flushable, private PolledSocket {
 public:
  using Owner = std::unique_ptr<TcpStream, StreamDeleter>;

  // Takes over a connected, non-blocking socket of a peer that `settings->counter` was entered for, and begins to read.
  // Null if the kernel cannot watch one more socket.
  static Owner adopt(Loop& loop, std::shared_ptr<const StreamSettings> settings, Descriptor socket,
                     const sockaddr& peer);

  // The socket, for its options.
  using PolledSocket::descriptor;
  // Begins a TLS handshake as the client. `on_established` is called after it, before any data; a failed handshake
  // closes the stream.
  void start_tls_client(std::unique_ptr<TlsSession> session, std::function<void()> on_established);
  // The TLS session's text for what went wrong; empty if nothing did, or without TLS.
  std::string tls_error() const;
  const TlsSession* tls_session() const;

  void set_handler(StreamHandler* handler) override { handler_ = handler; }
  void write(Bytes bytes) override;
  void flush() override;
  size_t pending() const override;
  void pause_reading() override;
  void resume_reading() override;
  void finish() override;
  void abort() override;
  void set_standing(Standing standing) override;
  std::string peer_address() const override;
  bool is_tls() const override { return tls_ != nullptr; }

 private:
  enum class State : uint8_t { kOpen, kFinishing, kClosed };
  // Of a handshake that `finish` came before: the limits on what a peer says first are of those who use the stream.
  static constexpr const char* kClosedHere = "closed by this server before the handshake was complete";
  // The time limit of a handshake or of `finish`.
  struct Deadline final : Timer::Handler {
    explicit Deadline(TcpStream& owner) : stream(owner), timer(*this) {}
    void on_timer(Timer&) override { stream.on_deadline(); }
    TcpStream& stream;
    Timer timer;
  };
  struct Tls final : Pacer::Client {
    explicit Tls(TcpStream& owner) : stream(owner) {}
    void on_turn() override { stream.on_handshake_turn(); }
    TcpStream& stream;
    std::unique_ptr<TlsSession> session;
    WriteQueue wire;  // ciphertext; the stream's own queue holds plaintext
    Bytes unread;     // ciphertext that came before the handler paused, or before it was our turn
    bool established = false;
    bool notified = false;  // close_notify was sent
    bool waiting = false;   // for the turn to go on with the handshake
    std::function<void()> on_established;
  };

  TcpStream(Loop& loop, std::shared_ptr<const StreamSettings> settings, Descriptor socket);
  void destroy() override;
  void on_flush() override;

  // Life and reading (stream_tcp.cc)
  void remember(const sockaddr& peer);
  void close_socket();
  void end(CloseReason reason);
  bool start(const sockaddr& peer);
  void read_from_now_on();
  std::optional<Holding> holding() override;
  void on_readable() override;
  void on_read(ssize_t count, char* data);
  void on_data(std::span<char> data);
  void on_end_of_stream();
  void deliver(std::span<char> data);

  // Sending (stream_write.cc)
  void pump();
  void on_writable() override;
  void push_out();
  bool send_queue();
  ssize_t offer(std::span<iovec> parts);
  void consume(WriteQueue& out, size_t sent);
  void break_off(CloseReason reason);
  void settle();
  void finish_sending();
  void set_deadline(int ms);
  void on_deadline();

  // TLS (stream_tls.cc)
  bool sniff(std::span<char> data);
  void begin_tls_server();
  void on_ciphertext(std::span<const char> data);
  void read_on();
  bool wait_in_line(std::span<const char> data);
  bool is_peer_gone() const;
  void on_handshake_turn();
  bool shake_hands();
  void decrypt();
  void encrypt();
  TlsSession::Step encrypt_record(size_t& used);
  void collect_ciphertext();
  void fail_tls(const std::string& why);
  void send_last_words();

  Loop& loop_;
  std::shared_ptr<const StreamSettings> settings_;
  StreamHandler* handler_ = nullptr;
  std::unique_ptr<Tls> tls_;
  std::unique_ptr<Deadline> deadline_;
  WriteQueue queue_;
  std::array<uint8_t, 16> address_{};
  uint8_t address_size_ = 0;  // 4, 16, or 0: unknown
  State state_ = State::kOpen;
  CloseReason end_reason_ = CloseReason::kError;
  bool sniffing_ = false;  // TLS or plain is not known yet
  bool paused_ = false;
  bool held_back_ = false;   // something had to wait: on_stream_drained is due when it is gone
  bool ending_ = false;      // over, for end_reason_; the handler is told from the next event
  bool peer_ended_ = false;  // the peer closed its half while we finish
  bool shut_ = false;        // our half is closed
};

}  // namespace matchbus::net
