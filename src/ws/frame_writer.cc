#include "ws/frame_writer.h"

#include <cassert>
#include <cstring>
#include <new>
#include <utility>

#include "base/random.h"

namespace matchbus::ws {

FrameWriter::FrameWriter() : plain_(make_wslay()), masking_(make_wslay()) {}

FrameWriter::Wslay FrameWriter::make_wslay() {
  const wslay_frame_callbacks callbacks{&FrameWriter::on_send, nullptr, &FrameWriter::on_mask};
  wslay_frame_context* context = nullptr;
  if (wslay_frame_context_init(&context, &callbacks, this) != 0) throw std::bad_alloc();
  return Wslay(context);
}

ssize_t FrameWriter::on_send(const uint8_t* data, size_t size, int /*flags*/, void* self) {
  static_cast<FrameWriter*>(self)->out_->append({reinterpret_cast<const char*>(data), size});
  return static_cast<ssize_t>(size);
}

int FrameWriter::on_mask(uint8_t* key, size_t size, void* self) {
  FrameWriter& writer = *static_cast<FrameWriter*>(self);
  if (writer.random_used_ + size > writer.random_.size()) {
    random_bytes(writer.random_);
    writer.random_used_ = 0;
  }
  std::memcpy(key, writer.random_.data() + writer.random_used_, size);
  writer.random_used_ += size;
  return 0;
}

Bytes FrameWriter::frame(Opcode opcode, std::string_view payload, FrameForm form, Bytes recycle) {
  constexpr size_t kLongestHeader = 14;
  BytesWriter out(std::move(recycle), payload.size() + kLongestHeader);
  wslay_frame_iocb frame{};
  frame.fin = 1;
  frame.rsv = form.compressed ? WSLAY_RSV1_BIT : WSLAY_RSV_NONE;
  frame.opcode = static_cast<uint8_t>(opcode);
  frame.mask = form.masked ? 1 : 0;
  frame.payload_length = payload.size();
  frame.data = reinterpret_cast<const uint8_t*>(payload.data());
  frame.data_length = payload.size();
  wslay_frame_context* const wslay = (form.masked ? masking_ : plain_).get();
  out_ = &out;
  // `on_send` takes everything, so one call writes the whole frame.
  [[maybe_unused]] const ssize_t sent = wslay_frame_send(wslay, &frame);
  assert(sent == static_cast<ssize_t>(payload.size()));
  out_ = nullptr;
  return out.take();
}

}  // namespace matchbus::ws
