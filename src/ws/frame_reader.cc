#include "ws/frame_reader.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <span>

namespace matchbus::ws {
namespace {

// Length of a frame's header on the wire. The length has one form only: wslay refuses the longer ones.
uint64_t header_size(uint64_t payload_length, bool masked) {
  const uint64_t length_field = payload_length < 126 ? 0 : payload_length <= 0xFFFF ? 2 : 8;
  return 2 + length_field + (masked ? 4 : 0);
}

}  // namespace

FrameReader::FrameReader() {
  const wslay_frame_callbacks callbacks{nullptr, &FrameReader::on_receive, nullptr};
  wslay_frame_context* context = nullptr;
  if (wslay_frame_context_init(&context, &callbacks, this) != 0) throw std::bad_alloc();
  wslay_.reset(context);
}

ssize_t FrameReader::on_receive(uint8_t* buffer, size_t size, int /*flags*/, void* self) {
  FrameReader& reader = *static_cast<FrameReader*>(self);
  const size_t taken = std::min(size, reader.input_.size());
  if (taken == 0) return -1;  // becomes WSLAY_ERR_WANT_READ
  std::memcpy(buffer, reader.input_.data(), taken);
  reader.input_.remove_prefix(taken);
  reader.buffered_ += taken;
  reader.remember({buffer, taken});
  return static_cast<ssize_t>(taken);
}

FrameReader::Status FrameReader::next(FramePiece& piece) {
  wslay_frame_iocb frame;
  const ssize_t received = wslay_frame_recv(wslay_.get(), &frame);
  if (received == WSLAY_ERR_WANT_READ) return Status::kNeedMore;
  if (received < 0) return Status::kMalformed;
  account(frame, static_cast<size_t>(received), piece);
  return Status::kPiece;
}

void FrameReader::remember(std::span<const uint8_t> taken) {
  const size_t fresh = std::min(taken.size(), tail_.size());
  std::move(tail_.begin() + static_cast<ptrdiff_t>(fresh), tail_.end(), tail_.begin());
  std::copy(taken.end() - static_cast<ptrdiff_t>(fresh), taken.end(), tail_.end() - static_cast<ptrdiff_t>(fresh));
}

std::optional<FramePiece> FrameReader::announced() const {
  if (in_frame_ || buffered_ < 2 || buffered_ > tail_.size()) return std::nullopt;
  const auto bytes = std::span(tail_).last(buffered_);
  FramePiece piece;
  piece.begins = true;
  piece.fin = (bytes[0] & 0x80) != 0;
  piece.rsv = bytes[0] >> 4 & 7;
  piece.opcode = bytes[0] & 0xF;
  piece.masked = (bytes[1] & 0x80) != 0;
  piece.frame_length = bytes[1] & 0x7F;
  const size_t digits = piece.frame_length == 126 ? 2 : piece.frame_length == 127 ? 8 : 0;
  if (digits != 0) {
    piece.frame_length = 0;
    for (const uint8_t byte : bytes.subspan(2, std::min(digits, bytes.size() - 2))) {
      piece.frame_length = piece.frame_length << 8 | byte;
    }
  }
  if (bytes.size() < 2 + digits + (piece.masked ? 4 : 0)) return std::nullopt;
  return piece;
}

void FrameReader::account(const wslay_frame_iocb& frame, size_t size, FramePiece& piece) {
  piece.begins = !in_frame_;
  if (piece.begins) {
    piece.fin = frame.fin != 0;
    piece.masked = frame.mask != 0;
    piece.rsv = frame.rsv;
    piece.opcode = frame.opcode;
    piece.frame_length = frame.payload_length;
    remaining_ = frame.payload_length;
    buffered_ -= header_size(frame.payload_length, piece.masked);
  }
  buffered_ -= size;
  remaining_ -= size;
  piece.ends = remaining_ == 0;
  in_frame_ = !piece.ends;
  piece.data = {reinterpret_cast<const char*>(frame.data), size};
}

}  // namespace matchbus::ws
