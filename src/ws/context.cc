#include "ws/context.h"

#include <utility>

namespace matchbus::ws {
namespace {

constexpr size_t kKeptScratch = 256 * 1024;

}  // namespace

std::unique_ptr<Context> Context::create(net::Loop& loop, const ContextOptions& options) {
  return std::make_unique<LoopContext>(loop, options);
}

std::string_view LoopContext::compressed(std::string_view payload, int level, uint8_t window_bits,
                                         std::string_view previous) {
  if (scratch_.size() > kKeptScratch) scratch_.take();
  scratch_.truncate(0);
  std::unique_ptr<Deflater>& deflater = deflaters_.at(size_t{window_bits} - Deflater::kLeastWindowBits);
  if (!deflater) deflater = std::make_unique<Deflater>(window_bits);
  deflater->compress(payload, level, scratch_, previous);
  return scratch_.view();
}

Bytes LoopContext::encode(Opcode opcode, std::string_view payload, Bytes recycle) {
  return writer_.frame(opcode, payload, {}, std::move(recycle));
}

Bytes LoopContext::encode_deflated(Opcode opcode, std::string_view payload, int level, Bytes recycle) {
  return writer_.frame(opcode, compressed(payload, level, kFullWindowBits), {.compressed = true, .masked = false},
                       std::move(recycle));
}

Bytes LoopContext::encode_deflated_after(Opcode opcode, std::string_view previous, std::string_view payload, int level,
                                         Bytes recycle) {
  return writer_.frame(opcode, compressed(payload, level, kFullWindowBits, previous),
                       {.compressed = true, .masked = false}, std::move(recycle));
}

Bytes LoopContext::shortest_frame(Opcode opcode, std::string_view payload, int level, uint8_t window_bits,
                                  bool masked) {
  const std::string_view small = compressed(payload, level, window_bits);
  const bool compress = small.size() < payload.size();
  return writer_.frame(opcode, compress ? small : payload, {.compressed = compress, .masked = masked});
}

std::unique_ptr<Reading> LoopContext::take_reading() {
  if (readings_.empty()) return std::make_unique<Reading>(inflater_);
  std::unique_ptr<Reading> reading = std::move(readings_.back());
  readings_.pop_back();
  return reading;
}

void LoopContext::give_back(std::unique_ptr<Reading> reading) {
  if (readings_.size() >= kKeptReadings) return;
  reading->messages.clean();
  readings_.push_back(std::move(reading));
}

}  // namespace matchbus::ws
