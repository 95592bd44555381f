#include "app/replay_keys.h"

#include <utility>

namespace matchbus::app {
namespace {

constexpr size_t kLongestLine = 1'000;

}  // namespace

Result<std::unique_ptr<ReplayKeys>> ReplayKeys::open(net::Loop& loop, int fd, OnLine on_line,
                                                     std::function<void()> on_end) {
  std::unique_ptr<ReplayKeys> keys(new ReplayKeys(std::move(on_line), std::move(on_end)));
  auto handle = std::make_unique<Handle>();
  int error = 0;
  switch (uv_guess_handle(fd)) {
    case UV_TTY:
      error = uv_tty_init(loop.uv(), &handle->uv.tty, fd, 0);
      break;
    case UV_NAMED_PIPE:
      error = uv_pipe_init(loop.uv(), &handle->uv.pipe, 0);
      if (error == 0) error = uv_pipe_open(&handle->uv.pipe, fd);
      break;
    default:
      return Error{"steps are read from a terminal or a pipe"};
  }
  if (error != 0) return Error{std::string("cannot read steps: ") + uv_strerror(error)};
  handle->owner = keys.get();
  handle->stream()->data = handle.get();
  keys->handle_ = handle.release();  // freed by the close callback
  uv_read_start(
      keys->handle_->stream(),
      [](uv_handle_t* stream, size_t, uv_buf_t* buffer) {
        auto* const of = static_cast<Handle*>(stream->data);
        *buffer = uv_buf_init(of->buffer, sizeof of->buffer);
      },
      [](uv_stream_t* stream, ssize_t got, const uv_buf_t* buffer) {
        auto* const of = static_cast<Handle*>(stream->data);
        if (of->owner == nullptr) return;
        if (got > 0) return of->owner->on_bytes({buffer->base, static_cast<size_t>(got)});
        if (got == 0) return;
        uv_read_stop(stream);
        of->owner->on_end_();
      });
  return keys;
}

ReplayKeys::~ReplayKeys() {
  if (handle_ == nullptr) return;
  handle_->owner = nullptr;
  uv_close(reinterpret_cast<uv_handle_t*>(handle_->stream()),
           [](uv_handle_t* closed) { std::unique_ptr<Handle> freed(static_cast<Handle*>(closed->data)); });
}

void ReplayKeys::on_bytes(std::string_view bytes) {
  for (const char c : bytes) {
    if (c == '\n') {
      const std::string line = std::exchange(line_, {});
      on_line_(line);
    } else if (line_.size() < kLongestLine) {
      line_ += c;
    }
  }
}

}  // namespace matchbus::app
