// A stream without a network: tests read what was written and say what arrives.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "net/stream.h"

namespace matchbus::test {

// What a test sees of a FakeStream; outlives it.
struct FakeStreamState {
  net::StreamHandler* handler = nullptr;
  std::string written;       // everything handed to the kernel so far
  size_t accept = SIZE_MAX;  // how many more bytes the "kernel" takes before it holds back
  std::string held;          // written but held back
  bool reading = true;
  net::Standing standing = net::Standing::kStranger;
  bool finished = false;  // finish() was called
  bool aborted = false;
  bool destroyed = false;
  bool tls = false;
  std::string address = "192.0.2.1";

  // Bytes from the peer, in one piece.
  void feed(std::string bytes) {
    if (handler != nullptr) handler->on_stream_data(bytes);
  }
  // The same, one byte at a time.
  void drip(std::string_view bytes) {
    for (const char c : bytes) feed(std::string(1, c));
  }
  // The kernel takes what was held back.
  void drain() {
    accept = SIZE_MAX;
    written += held;
    const bool was_held = !held.empty();
    held.clear();
    if (was_held && handler != nullptr) handler->on_stream_drained();
  }
  void close(net::CloseReason reason = net::CloseReason::kPeer) {
    if (handler != nullptr) handler->on_stream_closed(reason);
  }
  // What was written since the last call.
  std::string take() { return std::exchange(written, {}); }
};

class FakeStream final : public net::Stream {
 public:
  static net::StreamPtr make(FakeStreamState& state) { return net::StreamPtr(new FakeStream(state)); }

  void set_handler(net::StreamHandler* handler) override { state_.handler = handler; }
  void write(Bytes bytes) override {
    if (state_.finished || state_.aborted) return;
    const size_t taken = std::min(state_.accept, bytes.size());
    state_.written += bytes.view().substr(0, taken);
    state_.held += bytes.view().substr(taken);
    if (state_.accept != SIZE_MAX) state_.accept -= taken;
  }
  void flush() override {}
  size_t pending() const override { return state_.held.size(); }
  void pause_reading() override { state_.reading = false; }
  void resume_reading() override { state_.reading = true; }
  void finish() override { state_.finished = true; }
  void abort() override {
    state_.aborted = true;
    state_.handler = nullptr;
  }
  void set_standing(net::Standing standing) override { state_.standing = standing; }
  std::string peer_address() const override { return state_.address; }
  bool is_tls() const override { return state_.tls; }

 private:
  explicit FakeStream(FakeStreamState& state) : state_(state) {}
  void destroy() override {
    state_.handler = nullptr;
    state_.destroyed = true;
    delete this;
  }
  FakeStreamState& state_;
};

}  // namespace matchbus::test
