#include "ws/inflater.h"

#include <algorithm>
#include <new>
#include <utility>

namespace matchbus::ws {
namespace {

// What a sender takes off the end of every message (RFC 7692 section 7.2.1).
constexpr std::string_view kTail("\x00\x00\xff\xff", 4);
constexpr size_t kStep = 4096;  // least room for one call of zlib, so that a bomb is noticed early and cheaply

}  // namespace

Inflater::~Inflater() {
  if (ready_) inflateEnd(&stream_);
}

void Inflater::begin(bool keep_history) {
  if (!ready_) {
    // Always the full window: a narrower one of the sender is a part of it.
    if (inflateInit2(&stream_, -15) != Z_OK) throw std::bad_alloc();
    ready_ = true;
  } else if (!keep_history) {
    inflateReset(&stream_);
    ended_ = false;
  }
  fed_ = false;
}

Inflater::Status Inflater::feed(std::string_view compressed, BytesWriter& out, size_t limit) {
  if (compressed.empty()) return Status::kOk;
  fed_ = true;
  return run(compressed, out, limit);
}

Inflater::Status Inflater::finish(BytesWriter& out, size_t limit) {
  // A message without a single byte, or one that stops right behind a final block, lacks the empty block that the tail
  // belongs to. Neither hides anything, so both are taken as complete.
  if (!fed_ || ended_) return Status::kOk;
  const Status status = run(kTail, out, limit);
  if (status != Status::kOk || ended_) return status;
  // zlib.h, inflate(): 128 says it stands right behind a block, the low bits count what it holds of an unfinished byte.
  const bool between_blocks = (stream_.data_type & (128 | 63)) == 128;
  return between_blocks ? Status::kOk : Status::kCorrupt;
}

// One call of zlib with fresh room. One byte more than allowed is let out, so that too big is told from just fitting.
int Inflater::step(BytesWriter& out, size_t limit) {
  const size_t allowed = limit + 1 - out.size();
  const std::span<char> room = out.reserve(std::min(allowed, kStep));
  const size_t size = std::min({room.size(), allowed, size_t{1} << 30});
  stream_.next_out = reinterpret_cast<Bytef*>(room.data());
  stream_.avail_out = static_cast<uInt>(size);
  const int code = inflate(&stream_, Z_SYNC_FLUSH);
  out.commit(size - stream_.avail_out);
  return code;
}

Inflater::Status Inflater::run(std::string_view compressed, BytesWriter& out, size_t limit) {
  // zlib reads only; its interface lacks the const.
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream_.avail_in = static_cast<uInt>(compressed.size());
  do {
    // A new DEFLATE stream behind a final block may still refer to what came before it, so the window stays.
    if (std::exchange(ended_, false)) inflateResetKeep(&stream_);
    const int code = step(out, limit);
    if (out.size() > limit) return Status::kTooBig;
    ended_ = code == Z_STREAM_END;
    if (code != Z_OK && code != Z_BUF_ERROR && !ended_) return Status::kCorrupt;
  } while (stream_.avail_in != 0 || (stream_.avail_out == 0 && !ended_));
  return Status::kOk;
}

}  // namespace matchbus::ws
