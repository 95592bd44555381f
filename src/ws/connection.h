// One RFC 6455 server connection after its handshake: frames in, messages out, close handshake, pings.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "net/http_message.h"
#include "net/loop.h"
#include "net/stream.h"

namespace matchbus::ws {

enum class Opcode : uint8_t { kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };

// RFC 6455 section 7.4.1.
enum CloseCode : uint16_t {
  kNormal = 1000,
  kGoingAway = 1001,
  kProtocolError = 1002,
  kUnsupported = 1003,
  kNoStatus = 1005,  // never sent: no code in the close frame
  kAbnormal = 1006,  // never sent: no close frame at all
  kInvalidPayload = 1007,
  kPolicy = 1008,
  kTooBig = 1009,
  kInternal = 1011,
  kTryAgainLater = 1013,
};

struct Options {
  size_t max_message = 1'000'000;   // bytes of a message, after inflating; 1009 over it; 0 = no limit
  size_t max_first = 0;             // the same until the connection is admitted; 0 = as max_message
  bool deflate = true;              // offer permessage-deflate (RFC 7692)
  size_t deflate_threshold = 1024;  // smaller messages go uncompressed
  int deflate_level = 3;
  bool shared_history =
      false;  // do not answer `server_no_context_takeover` unless the client asks for it (fan-out endpoints)
  int close_timeout_ms = 5'000;  // from our close frame to the peer's; then the stream is dropped; 0 = no limit
};

struct Stats {
  uint64_t handshakes = 0;
  uint64_t refused_handshakes = 0;
  uint64_t messages_in = 0;
  uint64_t messages_out = 0;
  uint64_t protocol_errors = 0;  // connections failed with 1002, 1003, 1007 or 1009
};

// What all connections together are bound by; 0 = no limit. The first two are about messages of which only a part has
// arrived.
struct ContextOptions {
  int message_timeout_ms = 30'000;      // from a message's first byte to its last; 1008 over it
  size_t max_unfinished = 256'000'000;  // bytes that they hold; beyond, the oldest fail with 1013
  int64_t read_piece_us = 0;            // of reading one connection before the others have their turn
  // Of what compressed messages inflate to: bytes a second of one connection, which waits for what is beyond; and how
  // many times their size on the wire until the connection is admitted, 1009 over it. Up to 64 KiB at a time are free.
  size_t max_inflate_rate = 0;
  size_t max_inflate_ratio = 0;
};

class UnfinishedMessages;  // ws/unfinished.h

// What all connections of a loop share: wslay contexts, inflater, deflater, scratch buffers. One per process; outlives
// its connections.
class Context {
 public:
  static std::unique_ptr<Context> create(net::Loop& loop, const ContextOptions& options = {});
  virtual ~Context() = default;
  virtual Stats& stats() = 0;
  // Where half-read messages are listed; also for those of protocols above.
  virtual UnfinishedMessages& unfinished() = 0;
  // A complete server frame (unmasked, FIN) holding `payload`, plain.
  virtual Bytes encode(Opcode opcode, std::string_view payload, Bytes recycle = {}) = 0;
  // The same with RSV1, compressed on its own (RFC 7692 section 7.2.1, no context takeover).
  virtual Bytes encode_deflated(Opcode opcode, std::string_view payload, int level, Bytes recycle = {}) = 0;
  // The same for receivers whose last compressed message was `previous` (context takeover, RFC 7692 section 7.2.3.2):
  // their window ends with it, so this one refers to it.
  virtual Bytes encode_deflated_after(Opcode opcode, std::string_view previous, std::string_view payload, int level,
                                      Bytes recycle = {}) = 0;
};

class Handler {
 public:
  // A whole message; text is valid UTF-8. Borrowed for the call, may be changed in place.
  virtual void on_ws_message(Opcode opcode, std::span<char> payload) = 0;
  // Everything sent has been taken by the kernel, after it had been held back.
  virtual void on_ws_drained() {}
  // Bytes that it keeps for the peer.
  virtual size_t held() const { return 0; }
  // The connection has ended; called once, last, unless the connection was destroyed before. The connection may be
  // destroyed here. `code` is the peer's close code, kNoStatus, or kAbnormal.
  virtual void on_ws_closed(uint16_t code, std::string_view reason) = 0;

 protected:
  ~Handler() = default;
};

class Connection {
 public:
  // Checks the handshake (RFC 6455 section 4.2.1) and negotiates extensions; answers 101 and returns the connection, or
  // answers 400 or 426 (with `Sec-WebSocket-Version: 13`), closes, and returns null. `handler` may be exchanged later
  // with set_handler. `early` bytes are processed at the end of the turn or inside `start`.
  static std::unique_ptr<Connection> accept(Context& context, net::Loop& loop, const net::HttpRequest& request,
                                            net::StreamPtr stream, const Options& options);
  virtual ~Connection() = default;

  virtual void set_handler(Handler* handler) = 0;
  // Takes bytes that arrived right behind the handshake. Call once, after set_handler, also when empty.
  virtual void start(std::span<char> early) = 0;

  // Sends one message, compressed if negotiated and not under the threshold; never compressed where shared history may
  // be used, since it would enter the receiver's window.
  virtual void send(Opcode opcode, std::string_view payload) = 0;
  // Sends a frame made by Context::encode, encode_deflated (only if `deflate_negotiated`) or encode_deflated_after
  // (only if `history_negotiated`).
  virtual void send_frame(Bytes frame) = 0;
  virtual void ping(std::string_view payload) = 0;
  // Starts the close handshake; nothing can be sent afterwards, and no more messages are handed on. on_ws_closed
  // follows.
  virtual void close(uint16_t code, std::string_view reason) = 0;
  // Hands queued bytes to the kernel now (fan-out measures its own time).
  virtual void flush() = 0;
  // Bytes that the kernel has not taken yet.
  virtual size_t pending() const = 0;
  // No message is handed on between the two, not even one that has arrived already.
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;
  // What is known of the peer by now. The messages of one that is trusted may be as long as Options::max_message says,
  // and where there is not time for all it does not wait for others (net::Pacer).
  virtual void admit(net::Standing standing) = 0;

  // True if frames of Context::encode_deflated may be sent: compression negotiated, with a full 15-bit window on our
  // side.
  virtual bool deflate_negotiated() const = 0;
  // Negotiated with context takeover on our side and a full 15-bit window: shared history may be used.
  virtual bool history_negotiated() const = 0;
  virtual bool is_open() const = 0;
  virtual std::string peer_address() const = 0;
};

}  // namespace matchbus::ws
