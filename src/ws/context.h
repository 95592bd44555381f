// What all connections of a loop share. Everything large lives here once instead of in every connection: readers with
// wslay's buffers, the compressors, scratch memory.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "net/loop.h"
#include "net/pacer.h"
#include "ws/connection.h"
#include "ws/deflate_negotiation.h"
#include "ws/deflater.h"
#include "ws/frame_writer.h"
#include "ws/inflater.h"
#include "ws/message_reader.h"
#include "ws/unfinished.h"

namespace matchbus::ws {

// What reads a connection's messages, for one turn, or for as long as one is half read.
struct Reading {
  explicit Reading(Inflater& shared) : messages(shared) {}
  MessageReader messages;
  UnfinishedMessage unfinished;
};

class LoopContext final : public Context {
 public:
  LoopContext(net::Loop& loop, const ContextOptions& options)
      : loop_(loop),
        options_(options),
        pacer_(net::Pacer::of_reading(loop)),
        unfinished_(loop.timers(), options.message_timeout_ms, options.max_unfinished) {}

  // The class behind every Context.
  static LoopContext& of(Context& context) { return static_cast<LoopContext&>(context); }

  Stats& stats() override { return stats_; }
  UnfinishedMessages& unfinished() override { return unfinished_; }
  Bytes encode(Opcode opcode, std::string_view payload, Bytes recycle) override;
  Bytes encode_deflated(Opcode opcode, std::string_view payload, int level, Bytes recycle) override;
  Bytes encode_deflated_after(Opcode opcode, std::string_view previous, std::string_view payload, int level,
                              Bytes recycle) override;

  net::Loop& loop() { return loop_; }
  // For connections that have used up their piece of reading.
  net::Pacer& pacer() { return pacer_; }
  const ContextOptions& options() const { return options_; }
  Bytes frame(Opcode opcode, std::string_view payload, FrameForm form, Bytes recycle = {}) {
    return writer_.frame(opcode, payload, form, std::move(recycle));
  }
  // A frame holding `payload` compressed with a window of `window_bits` (9 to 15); plain if that is shorter.
  Bytes shortest_frame(Opcode opcode, std::string_view payload, int level, uint8_t window_bits, bool masked);

  std::unique_ptr<Reading> take_reading();
  // Takes back an idle one.
  void give_back(std::unique_ptr<Reading> reading);

 private:
  static constexpr size_t kKeptReadings = 4;

  // Valid until the next call.
  std::string_view compressed(std::string_view payload, int level, uint8_t window_bits, std::string_view previous = {});

  net::Loop& loop_;
  ContextOptions options_;
  net::Pacer& pacer_;
  Stats stats_;
  FrameWriter writer_;
  UnfinishedMessages unfinished_;
  Inflater inflater_;
  std::vector<std::unique_ptr<Reading>> readings_;
  std::array<std::unique_ptr<Deflater>, kFullWindowBits - Deflater::kLeastWindowBits + 1>
      deflaters_;        // made on first need
  BytesWriter scratch_;  // the last compressed payload
};

}  // namespace matchbus::ws
