// Lines that the user types while the loop runs, for playing step by step.
#pragma once

#include <uv.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/loop.h"

namespace matchbus::app {

class ReplayKeys {
 public:
  using OnLine = std::function<void(std::string_view)>;
  // Reads from file descriptor `fd`: a terminal or a pipe. `on_line` gets each line without its break, `on_end` is
  // called once at the end of the input. Borrows `loop`, which must run once more after this object's end.
  static Result<std::unique_ptr<ReplayKeys>> open(net::Loop& loop, int fd, OnLine on_line,
                                                  std::function<void()> on_end);
  ~ReplayKeys();
  ReplayKeys(const ReplayKeys&) = delete;
  ReplayKeys& operator=(const ReplayKeys&) = delete;

 private:
  // libuv frees nothing: a handle lives until its close callback, which may come after this object's end.
  struct Handle {
    uv_any_handle uv{};
    ReplayKeys* owner = nullptr;  // null once that is gone
    char buffer[512];
    uv_stream_t* stream() { return reinterpret_cast<uv_stream_t*>(&uv); }
  };
  ReplayKeys(OnLine on_line, std::function<void()> on_end) : on_line_(std::move(on_line)), on_end_(std::move(on_end)) {}
  void on_bytes(std::string_view bytes);

  Handle* handle_ = nullptr;  // libuv's to give back
  OnLine on_line_;
  std::function<void()> on_end_;
  std::string line_;
};

}  // namespace matchbus::app
