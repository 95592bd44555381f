// One TLS connection's records, without a socket: ciphertext and plaintext in, ciphertext and plaintext out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace matchbus::net {

class TlsConfig;  // net/tls_config.h

class TlsSession {
 public:
  enum class Step : uint8_t {
    kDone,    // handshake: over; read: bytes were put out
    kMore,    // needs more from the peer
    kClosed,  // the peer said close_notify
    kFailed,  // see `error`; an alert may be in the output
  };

  // A server's session with this certificate, key and session store.
  static Result<std::unique_ptr<TlsSession>> server(std::shared_ptr<TlsConfig> config);
  // A client's session. `host` is the name (or address) the certificate must be for if the config verifies.
  static Result<std::unique_ptr<TlsSession>> client(std::shared_ptr<TlsConfig> config, const std::string& host);
  virtual ~TlsSession() = default;

  // Hands in ciphertext from the peer, borrowed until it is used up or replaced.
  virtual void feed(std::span<const char> ciphertext) = 0;
  // What was fed and is not used up.
  virtual std::span<const char> unread() const = 0;
  // Goes on with the handshake.
  virtual Step handshake() = 0;
  // Decrypts into `plain`; `count` tells how much on kDone.
  virtual Step read(std::span<char> plain, size_t& count) = 0;
  // Encrypts up to one record of `plain` into the output; `count` tells how much was used. kDone or kFailed.
  virtual Step write(std::string_view plain, size_t& count) = 0;
  // Puts a close_notify alert into the output (RFC 8446 section 6.1).
  virtual void close_notify() = 0;
  // Ciphertext for the peer; empty if there is none.
  virtual size_t output_bytes() const = 0;
  virtual Bytes take_output() = 0;
  // Gives a block of ciphertext back that was sent, to be written again.
  virtual void recycle(Bytes sent) = 0;

  // What went wrong, for a log line.
  virtual const std::string& error() const = 0;

  // Client: what is needed to resume the session later, or with another connection's session to resume it (before the
  // handshake). For tests and for clients that reconnect often.
  class Ticket {
   public:
    virtual ~Ticket() = default;
  };
  virtual std::unique_ptr<Ticket> ticket() const = 0;
  virtual void resume(const Ticket& ticket) = 0;

  static constexpr size_t kMaxPlaintext = 16 * 1024;  // of a record (RFC 8446 section 5.1)
};

}  // namespace matchbus::net
