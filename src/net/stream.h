// A connected byte stream, TCP or TLS alike, as the protocols above see it.
//
// Writes are queued as shared slices and handed to the kernel together, once before the loop sleeps (or at `flush`).
// An idle stream owns no buffers. Streams live on the loop's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/bytes.h"
#include "net/holding.h"
#include "net/loop.h"

namespace matchbus::net {

enum class CloseReason : uint8_t {
  kPeer,     // the peer closed (a half-close counts)
  kError,    // reset, or another error of the connection
  kTls,      // the TLS handshake or a record failed
  kTimeout,  // `finish` took too long
  kLocal,    // `finish` completed
};

// Who uses a stream. One at a time; an upgrade hands the stream to another.
class StreamHandler {
 public:
  // Bytes that it keeps for the stream's peer.
  virtual size_t held() const { return 0; }
  // Bytes from the peer, borrowed for the call; may be changed in place.
  virtual void on_stream_data(std::span<char> data) = 0;
  // The kernel has taken everything that was written, after `pending()` was not 0 at the end of a turn.
  virtual void on_stream_drained() {}
  // The stream has ended, not by `abort` or destruction. Called once, last. The stream may be destroyed here.
  virtual void on_stream_closed(CloseReason reason) = 0;

 protected:
  ~StreamHandler() = default;
};

class Stream : public Deferred {
 public:
  // The handler may be exchanged at any time, also inside its own callbacks; bytes that arrive while there is none are
  // lost.
  virtual void set_handler(StreamHandler* handler) = 0;
  // Queues bytes. Ignored after `finish`, `abort` or the peer's end.
  virtual void write(Bytes bytes) = 0;
  // Hands what is queued to the kernel now, as far as it takes it.
  virtual void flush() = 0;
  // Bytes written but not yet taken by the kernel (with TLS, what is encrypted already counts as ciphertext).
  virtual size_t pending() const = 0;
  // Stops and restarts reading; the kernel's window then holds the peer back.
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;
  // Closes once everything queued is sent, or after the stream's drain limit; then on_stream_closed(kLocal).
  virtual void finish() = 0;
  // Closes now; what is queued is dropped; no further callback.
  virtual void abort() = 0;
  // What is known of the peer by now (Poller, Holding).
  virtual void set_standing(Standing standing) = 0;
  // "192.0.2.1" or "2001:db8::1"; empty when unknown.
  virtual std::string peer_address() const = 0;
  virtual bool is_tls() const = 0;

 protected:
  friend struct StreamDeleter;
  ~Stream() override = default;
  // The owner lets go: aborts, and frees the stream at the end of the turn.
  virtual void destroy() = 0;
};

struct StreamDeleter {
  void operator()(Stream* stream) const { stream->destroy(); }
};
// The owner of a stream. Destroying it aborts the connection; allowed inside the stream's own callbacks.
using StreamPtr = std::unique_ptr<Stream, StreamDeleter>;

}  // namespace matchbus::net
