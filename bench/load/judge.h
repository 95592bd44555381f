// Knows, for one match, what each broadcast on the wire holds, by decoding it once however many viewers receive it.
//
// Observers put a marker with the time of sending into the state (kMarkerPrefix and microseconds); a broadcast's marker
// tells when the newest event in it was sent. All viewers of a match get the same frames in the same order, so the
// first to show a new one has it decoded, with the history of those before; others' frames are looked up by their
// bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "load/frame_scan.h"
#include "ws/inflater.h"

namespace matchbus::load {

constexpr std::string_view kMarkerPrefix = "load-";

class Judge {
 public:
  // The marker in a broadcast's frame, microseconds; nothing if it holds none, or if it cannot be told.
  std::optional<int64_t> marker(const ScannedFrame& frame);

  uint64_t decoded() const { return decoded_; }
  uint64_t unreadable() const { return unreadable_; }  // compressed frames that could not be decoded

 private:
  std::optional<std::string_view> text_of(const ScannedFrame& frame);
  bool inflate(ws::Inflater& inflater, std::string_view payload, bool keep_history);

  std::unordered_map<uint64_t, std::optional<int64_t>> known_;  // by hash of the frame's bytes
  ws::Inflater history_;
  ws::Inflater alone_;
  BytesWriter out_;
  uint64_t decoded_ = 0;
  uint64_t unreadable_ = 0;
};

}  // namespace matchbus::load
