// Knows, for one match, what each broadcast on the wire says, by decoding it once however many viewers receive it, and
// checks what can be checked once: that it can be read, and that patches lead to the states that are sent whole.
//
// Observers put a marker with the time of sending into the state (kMarkerPrefix and microseconds); a broadcast's marker
// tells when the newest event in it was sent. A compressed frame is read as its receiver reads it: with the window that
// the frames it got before have left. Viewers with the same frames behind them share one decoding.
#pragma once

#include <rapidjson/document.h>
#include <zlib.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace matchbus::load {

constexpr std::string_view kMarkerPrefix = "load-";

// What a broadcast says.
struct Broadcast {
  bool is_patch = false;
  std::string start;  // of the text: whole packets of a handshake
  uint64_t text_hash = 0;
  std::optional<int64_t> marker;  // of a patch that does not touch it: none
  uint64_t seq = 0;               // of viewers that follow changes; 0: none
  uint64_t base = 0;              // of a patch
  std::string window;             // of a compressed one: the end of its receiver's window
};
using BroadcastPtr = std::shared_ptr<const Broadcast>;

class Judge {
 public:
  Judge();
  ~Judge();
  Judge(const Judge&) = delete;
  Judge& operator=(const Judge&) = delete;

  // `payload`: of a text frame, or one packet of a polling answer. `before`: the compressed broadcast that the receiver
  // got last, or null. Null: it cannot be read.
  BroadcastPtr read(std::string_view payload, bool compressed, const BroadcastPtr& before);

  uint64_t decoded() const { return decoded_; }
  uint64_t unreadable() const { return unreadable_; }  // compressed frames that could not be decoded
  uint64_t wrong_patches() const { return wrong_patches_; }
  // The whole state that was sent last, as JSON text. Empty before.
  const std::string& state_text() const { return state_text_; }
  // The state that patches have led to is that of `text`.
  bool is_state(std::string_view text) const;
  uint64_t seq() const { return seq_; }

 private:
  bool inflate(std::string_view payload, std::string_view window);
  void note(Broadcast& broadcast, std::string_view text);
  void follow(const Broadcast& broadcast, std::string_view data);

  std::unordered_map<uint64_t, BroadcastPtr> known_;  // by hash of the frame and of what its receiver had before
  z_stream inflater_{};
  std::string out_;
  std::string state_text_;
  rapidjson::Document state_;  // where patches have led to
  uint64_t seq_ = 0;           // of `state_`; 0: there is none
  uint64_t decoded_ = 0;
  uint64_t unreadable_ = 0;
  uint64_t wrong_patches_ = 0;
};

}  // namespace matchbus::load
