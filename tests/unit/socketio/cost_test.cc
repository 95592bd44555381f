// What a viewer costs: heap bytes while idle, and heap allocations while events flow. Both are measured in this
// process, so they are not measured under a sanitizer, which brings its own heap.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "socketio/server.h"
#include "support/heap.h"
#include "unit/socketio/socket_world.h"

namespace matchbus::socketio {
namespace {

using test::heap_allocations;
using test::heap_in_use;

constexpr size_t kViewers = 1'000;

// Accepts WebSocket connections and does nothing with them: what is there without this library.
class Bare final : private ws::Handler {
 public:
  Bare(net::Loop& loop, ws::Context& context) : loop_(loop), context_(context) { connections_.reserve(kViewers); }
  void on_request(net::HttpRequest&, std::unique_ptr<net::HttpReply>) {}
  void on_upgrade(net::HttpRequest& request, net::StreamPtr stream, std::span<char> early) {
    connections_.push_back(ws::Connection::accept(context_, loop_, request, std::move(stream), {}));
    connections_.back()->set_handler(this);
    connections_.back()->start(early);
  }
  std::optional<net::HttpResponse> refuse_body(const net::HttpRequest&) { return std::nullopt; }
  size_t body_limit(const net::HttpRequest&) { return 0; }
  void on_body_lost(const net::HttpRequest&) {}

 private:
  void on_ws_message(ws::Opcode, std::span<char>) override {}
  void on_ws_closed(uint16_t, std::string_view) override {}
  net::Loop& loop_;
  ws::Context& context_;
  std::vector<std::unique_ptr<ws::Connection>> connections_;
};

template <typename World>
size_t heap_of_viewers(World& world, std::string_view packet) {
  const auto add = [&world, packet] {
    test::WsCall& client = world.connect();
    client.text(packet);
    world.turn();
    client.take();
  };
  for (int i = 0; i < 10; ++i) add();  // what is allocated once
  world.turn();
  const size_t before = heap_in_use();
  for (size_t i = 0; i < kViewers; ++i) add();
  world.turn();
  return heap_in_use() - before;
}

// An application that keeps nothing.
class Idle final : public SocketHandler {
 public:
  void on_connect(Socket& connected, json::Value) override { socket = &connected; }
  void on_event(Socket& sender, const Event& event) override {
    bytes += event.text(0).value_or("").size();
    if (event.wants_ack) sender.ack(event.ack_id, "true");
  }
  void on_disconnect(Socket&, std::string_view) override {}
  Socket* socket = nullptr;
  size_t bytes = 0;
};

class Bench : public test::WireWorld<Server> {
 public:
  Bench() {
    target = Server::create(loop, *context, {});
    target->add_namespace("/", app);
  }
  ~Bench() override { target.reset(); }
  Idle app;
};

TEST(Cost, HeapOfAnIdleViewer) {
  if (heap_in_use() == 0) GTEST_SKIP() << "not measurable here";
  test::WireWorld<Bare> bare;
  bare.target = std::make_unique<Bare>(bare.loop, *bare.context);
  Bench bench;
  const size_t without = heap_of_viewers(bare, "40");
  const size_t with = heap_of_viewers(bench, "40");
  ASSERT_EQ(bench.target->stats().sockets, kViewers + 10);
  const size_t each = (with - without) / kViewers;
  RecordProperty("bytes_per_viewer", static_cast<int>(each));
  EXPECT_LE(each, 350U);
}

class SteadyState : public testing::Test {
 protected:
  SteadyState() : client_(bench_.connect()) {
    client_.text("40");
    bench_.turn();
    client_.take();
  }

  // Allocations of `step` once it has been done often enough.
  template <typename Step>
  size_t allocations_of(Step step) {
    const auto once = [&] {
      step();
      bench_.turn();
      client_.stream.written.clear();
    };
    client_.stream.written.reserve(1 << 16);
    for (int i = 0; i < 20; ++i) once();
    const size_t before = heap_allocations;
    for (int i = 0; i < 100; ++i) once();
    return heap_allocations - before;
  }
  void feed(const std::string& frame) {
    // The fake stream would copy; reading is in place, so the frame is copied here, without allocating.
    buffer_.assign(frame);
    client_.stream.handler->on_stream_data(buffer_);
  }

  Bench bench_;
  test::WsCall& client_;
  std::string buffer_ = std::string(1 << 16, '\0');
};

TEST_F(SteadyState, ReceivingAnEvent) {
  const std::string frame =
      Bench::text_frame(R"(42["obs_data","{\"type\":\"scoreboard\",\"data\":{\"name\":\"somebody\",\"kills\":12}}"])");
  EXPECT_EQ(allocations_of([&] { feed(frame); }), 0U);
  EXPECT_GT(bench_.app.bytes, 0U);
}

TEST_F(SteadyState, AnsweringAnAck) {
  const std::string frame = Bench::text_frame(R"(4212["obs_data","x"])");
  const size_t before = bench_.target->engine_stats().packets_out;
  // The fake stream takes the frame's bytes; writing it is the WebSocket layer's business.
  const size_t framing = allocations_of([&] { bench_.app.socket->emit("e", "x"); });
  EXPECT_LE(allocations_of([&] { feed(frame); }), framing);
  EXPECT_GT(bench_.target->engine_stats().packets_out, before + 200);
}

TEST_F(SteadyState, SendingAPreparedMessage) {
  const hub::Message message({*bench_.context, 1024, 3}, Server::encode_event("match_data", R"("state")"));
  EXPECT_EQ(allocations_of([&] { bench_.app.socket->send_prepared(message); }), 0U);
}

TEST_F(SteadyState, TheHeartbeat) {
  const std::string pong = Bench::text_frame("3");
  const auto beat = [&] {
    bench_.clock.advance(25'010);
    bench_.loop.timers().advance(bench_.clock.monotonic_ms());
    feed(pong);
  };
  EXPECT_EQ(allocations_of(beat), 0U);
  EXPECT_EQ(bench_.target->engine_stats().open, 1U);
}

}  // namespace
}  // namespace matchbus::socketio
