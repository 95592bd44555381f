#include "ws/deflater.h"

#include <cassert>
#include <new>
#include <utility>

namespace matchbus::ws {
namespace {

constexpr int kMemoryLevel = 8;  // zlib's default
constexpr size_t kStep = 1024;   // least room for one call of zlib
constexpr size_t kTailSize = 4;  // 00 00 ff ff, which every message ends with and no message is sent with

}  // namespace

Deflater::Deflater(uint8_t window_bits) {
  assert(window_bits >= kLeastWindowBits && window_bits <= 15);
  if (deflateInit2(&stream_, level_, Z_DEFLATED, -int{window_bits}, kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
}

Deflater::~Deflater() { deflateEnd(&stream_); }

void Deflater::compress(std::string_view payload, int level, BytesWriter& out, std::string_view previous) {
  deflateReset(&stream_);
  if (std::exchange(level_, level) != level) deflateParams(&stream_, level, Z_DEFAULT_STRATEGY);
  // Of a dictionary longer than the window zlib takes the end.
  if (!previous.empty()) {
    deflateSetDictionary(&stream_, reinterpret_cast<const Bytef*>(previous.data()), static_cast<uInt>(previous.size()));
  }
  // zlib reads only; its interface lacks the const.
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(payload.data()));
  stream_.avail_in = static_cast<uInt>(payload.size());
  do {
    const std::span<char> room = out.reserve(kStep);
    stream_.next_out = reinterpret_cast<Bytef*>(room.data());
    stream_.avail_out = static_cast<uInt>(room.size());
    deflate(&stream_, Z_SYNC_FLUSH);
    out.commit(room.size() - stream_.avail_out);
  } while (stream_.avail_out == 0);
  out.truncate(out.size() - kTailSize);
}

}  // namespace matchbus::ws
