// One message for many receivers, encoded once: its payload, and its WebSocket frames made on first need.
//
// A message may stand in a history: a sequence of messages of which most receivers get every one, and which are alike.
// Then it has a third form beside the plain and the compressed one: compressed with the message before it as dictionary
// (ws::Context::encode_deflated_after), for those receivers whose window ends with that one. Messages of histories have
// numbers, all different, so that a connection's window is known by one number.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "ws/connection.h"

namespace matchbus::hub {

// Frames made, each once for all its receivers.
struct EncodingStats {
  uint64_t plain = 0;
  uint64_t deflated = 0;  // on their own
  uint64_t shared = 0;    // compressed with shared history
};

// How messages become frames; one per endpoint.
struct Encoding {
  ws::Context& context;
  size_t deflate_threshold = 1024;  // bytes of payload
  int deflate_level = 3;
  EncodingStats* stats = nullptr;  // null: not counted
};

class Message {
 public:
  // Says nothing until `assign`.
  explicit Message(Encoding encoding) : encoding_(encoding) {}
  // `payload`: UTF-8 text as it stands in a text frame (and in a polling packet).
  Message(Encoding encoding, Bytes payload) : encoding_(encoding), payload_(std::move(payload)) {}

  const Bytes& payload() const { return payload_; }
  bool empty() const { return payload_.empty(); }

  // To say something else in the same memory, as far as nobody else holds it: `reset` empties the message, `spare`
  // gives the old payload's bytes once (for BytesWriter's `recycle`), `assign` makes it another message.
  void reset();
  Bytes spare() { return std::exchange(spare_, {}); }
  void assign(Bytes payload) { payload_ = std::move(payload); }
  // Makes it part of a history. `number`: of this message, not 0; `previous`: the one before it, which may be empty or
  // of no history, or null.
  void set_history(uint64_t number, const Message* previous);
  // Nobody will ask for it any more: lets the message before it go.
  void retire() { previous_ = {}; }

  // Sends the frame that suits `to`, whose window ends with the message of number `window`; 0: nobody knows. Returns
  // with which it ends then.
  uint64_t send(ws::Connection& to, uint64_t window) const;

 private:
  struct Form {
    Bytes bytes;
    bool is_made = false;
  };
  const Bytes& plain() const;
  const Bytes& deflated() const;
  const Bytes& shared() const;
  void count(uint64_t EncodingStats::*counter) const {
    if (encoding_.stats != nullptr) ++(encoding_.stats->*counter);
  }

  Encoding encoding_;
  Bytes payload_;
  Bytes spare_;
  mutable Form plain_;
  mutable Form deflated_;
  mutable Form shared_;
  uint64_t number_ = 0;
  uint64_t previous_number_ = 0;
  mutable Bytes previous_;  // until `shared_` is made
};

}  // namespace matchbus::hub
