// The output door with viewers made of paper: what each is sent, how often it is encoded, and that a steady state
// allocates nothing.
#include "gateway/output.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "json/writer.h"
#include "match/event.h"

// Every allocation, that of Bytes too, ends in malloc. Sanitizers have one of their own, which is left alone.
#if defined(__SANITIZE_ADDRESS__)
#define COUNTS_ALLOCATIONS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define COUNTS_ALLOCATIONS 0
#endif
#endif
#ifndef COUNTS_ALLOCATIONS
#define COUNTS_ALLOCATIONS 1
#endif

namespace {

std::atomic<uint64_t> allocations{0};

}  // namespace

#if COUNTS_ALLOCATIONS
extern "C" void* __libc_malloc(size_t size);
extern "C" void* malloc(size_t size) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_malloc(size);
}
#endif

namespace matchbus::gateway {
namespace {

constexpr int64_t kStart = 1'700'000'000'000;

class QuietLog final : public Log {
 public:
  using Log::Log;
  void emit(LogLevel, std::string_view) override {}
};

// A WebSocket connection whose client inflates with one window for its whole life.
class PaperConnection final : public ws::Connection {
 public:
  explicit PaperConnection(bool compresses) : compresses_(compresses) { inflateInit2(&stream_, -15); }
  ~PaperConnection() override { inflateEnd(&stream_); }
  PaperConnection(const PaperConnection&) = delete;
  PaperConnection& operator=(const PaperConnection&) = delete;

  void send_frame(Bytes frame) override {
    ++frames;
    bytes += frame.size();
    last_frame = frame.size();
    if (keep) got.push_back(text_of(frame.view()));
    if (is_slow) pending_bytes += frame.size();
  }
  void set_handler(ws::Handler*) override {}
  void start(std::span<char>) override {}
  void send(ws::Opcode, std::string_view) override {}
  void ping(std::string_view) override {}
  void close(uint16_t, std::string_view) override {}
  void flush() override {}
  size_t pending() const override { return pending_bytes; }
  void pause_reading() override {}
  void resume_reading() override {}
  void admit(net::Standing) override {}
  bool deflate_negotiated() const override { return compresses_; }
  bool history_negotiated() const override { return compresses_; }
  bool is_open() const override { return true; }
  std::string peer_address() const override { return {}; }

  std::vector<std::string> got;
  size_t frames = 0;
  size_t bytes = 0;
  size_t last_frame = 0;
  size_t pending_bytes = 0;
  bool is_slow = false;
  bool keep = true;

 private:
  std::string text_of(std::string_view frame) {
    const auto second = static_cast<uint8_t>(frame[1]);
    const bool compressed = (static_cast<uint8_t>(frame[0]) & 0x40) != 0;
    std::string payload(frame.substr(second < 126 ? 2 : second == 126 ? 4 : 10));
    if (!compressed) return payload;
    payload.append("\x00\x00\xff\xff", 4);
    std::string text(100'000, '\0');
    stream_.next_in = reinterpret_cast<Bytef*>(payload.data());
    stream_.avail_in = static_cast<uInt>(payload.size());
    stream_.next_out = reinterpret_cast<Bytef*>(text.data());
    stream_.avail_out = static_cast<uInt>(text.size());
    EXPECT_EQ(::inflate(&stream_, Z_SYNC_FLUSH), Z_OK);
    text.resize(text.size() - stream_.avail_out);
    return text;
  }
  bool compresses_;
  z_stream stream_{};
};

class PaperSocket final : public socketio::Socket {
 public:
  enum class Kind : uint8_t { kPlain, kCompressed, kPolling };
  explicit PaperSocket(Kind kind) : kind_(kind), connection(kind == Kind::kCompressed) {}
  ~PaperSocket() override = default;

  std::string_view id() const override { return "id"; }
  std::string_view namespace_name() const override { return "/"; }
  std::string peer_address() const override { return "paper"; }
  bool is_websocket() const override { return kind_ != Kind::kPolling; }
  void emit(std::string_view event, std::string_view text) override {
    events.push_back(std::string(event) + " " + std::string(text));
  }
  void emit_raw(std::string_view, std::string_view, std::span<const std::string_view>) override {}
  void emit_with_ack(std::string_view, std::string_view,
                     std::function<void(json::Value, std::span<const std::string_view>)>) override {}
  void ack(uint64_t, std::string_view, std::span<const std::string_view>) override {}
  void send_prepared(const hub::Message& message) override {
    if (kind_ == Kind::kPolling) {
      polled = message.payload();
      if (connection.keep) connection.got.emplace_back(polled.view());
    } else {
      window_ = message.send(connection, window_);
    }
  }
  size_t pending() const override { return connection.pending(); }
  void flush() override {}
  void set_offset_note(std::string_view) override {}
  void admit(net::Standing) override {}
  void disconnect(bool) override { is_ended = true; }

  std::vector<std::string>& got() { return connection.got; }
  std::string last() { return connection.got.empty() ? "" : connection.got.back(); }

  std::vector<std::string> events;
  Bytes polled;
  bool is_ended = false;

 private:
  Kind kind_;
  uint64_t window_ = 0;

 public:
  PaperConnection connection;
};
using Kind = PaperSocket::Kind;

class Gate final : public ShowGate {
 public:
  bool may_show(const match::Match&) const override { return is_open; }
  bool is_open = true;
};

class OutputTest : public testing::Test {
 protected:
  explicit OutputTest(int64_t interval_ms = 0)
      : log_(clock_),
        loop_(clock_, log_),
        ws_(ws::Context::create(loop_)),
        registry_(match::Names::built_in()),
        fan_out_(loop_, {}),
        output_(log_, registry_, fan_out_, {*ws_, 1024, 3}, interval_ms) {}
  ~OutputTest() override {
    for (auto& socket : sockets_) output_.on_disconnect(*socket, "end");
  }

  void start_match(std::string_view code = "G") {
    match::ObserverLogon logon;
    logon.client_version = "0.3.20";
    logon.observer_name = "O";
    logon.group_code = code;
    logon.left = {"Alpha", "ALP", "", true};
    logon.right = {"Beta", "BET", "", false};
    ASSERT_NE(registry_.admit(logon, {}, now_).match, nullptr);
  }
  void fill_match() {
    for (int i = 0; i < 10; ++i) {
      const std::string id = "player " + std::to_string(i);
      event("roster", R"({"name":")" + id + R"(","tagline":"T","startTeam":)" + std::to_string(i / 5) +
                          R"(,"agentInternal":"Clay","playerId":")" + id + R"(","position":0,"locked":true})");
    }
  }
  void event(std::string_view type, std::string_view data, std::string_view code = "G") {
    text_ = R"({"obsName":"O","groupCode":")";
    text_.append(code).append(R"(","type":")").append(type).append(R"(","data":)").append(data).append("}");
    ASSERT_TRUE(document_.parse_in_place(text_).ok());
    const auto read = match::read_envelope(document_.root(), match::Writer::kObserver, ++now_);
    registry_.receive_observer(code, *read);
  }
  // Something that viewers can see.
  void round(int number) {
    event("round_info", R"({"roundPhase":"combat","roundNumber":)" + std::to_string(number) + "}");
  }

  PaperSocket& viewer(Kind kind = Kind::kPlain, std::string_view more = "", std::string_view code = "G") {
    PaperSocket& socket = *sockets_.emplace_back(std::make_unique<PaperSocket>(kind));
    output_.on_connect(socket, {});
    // As the packet's array: the name, the argument.
    std::string argument = "{\"groupCode\":\"" + std::string(code) + "\"" + std::string(more) + "}";
    BytesWriter packet;
    packet.append("[\"logon\",");
    json::write_string(packet, argument);
    packet.append("]");
    std::string text(packet.view());
    json::Document document;
    EXPECT_TRUE(document.parse_in_place(text).ok());
    output_.on_event(socket, {.name = "logon", .args = document.root(), .attachments = {}});
    return socket;
  }
  PaperSocket& follower(Kind kind = Kind::kPlain) { return viewer(kind, ",\"diff\":true"); }
  void leave(PaperSocket& socket) {
    output_.on_disconnect(socket, "test");
    std::erase_if(sockets_, [&](const auto& it) { return it.get() == &socket; });
  }

  void settle() {
    for (int i = 0; i < 10; ++i) uv_run(loop_.uv(), UV_RUN_NOWAIT);
  }
  void tick() {
    output_.publish(clock_.monotonic_ms());
    output_.prepare(clock_.monotonic_ms());
    output_.publish(clock_.monotonic_ms());
    settle();
  }
  static bool is_whole(const std::string& packet) { return packet.starts_with("42[\"match_data\",\"{"); }
  static bool is_patch(const std::string& packet) { return packet.starts_with("42[\"match_patch\",\"["); }

  FakeClock clock_;
  QuietLog log_;
  net::Loop loop_;
  std::unique_ptr<ws::Context> ws_;
  match::MatchRegistry registry_;
  hub::FanOut fan_out_;
  Output output_;
  std::vector<std::unique_ptr<PaperSocket>> sockets_;
  std::string text_;
  json::Document document_;
  int64_t now_ = kStart;
};

TEST_F(OutputTest, PlainViewersGetTheWholeWithNothingBesides) {
  start_match();
  PaperSocket& one = viewer();
  EXPECT_EQ(one.events,
            std::vector<std::string>{R"(logon_success {"groupCode":"G","msg":"Logon succeeded for group code G"})"});
  ASSERT_EQ(one.got().size(), 1U);
  EXPECT_TRUE(is_whole(one.last()));
  EXPECT_TRUE(one.last().ends_with("}\"]"));
  round(1);
  tick();
  ASSERT_EQ(one.got().size(), 2U);
  EXPECT_TRUE(one.last().ends_with("}\"]"));
}

TEST_F(OutputTest, FollowersGetTheWholeOnceAndThenPatches) {
  start_match();
  PaperSocket& one = follower();
  ASSERT_EQ(one.got().size(), 1U);
  EXPECT_TRUE(is_whole(one.last()));
  EXPECT_TRUE(one.last().ends_with("}\",{\"seq\":1}]"));
  for (int i = 2; i < 5; ++i) {
    round(i);
    tick();
    EXPECT_TRUE(is_patch(one.last()));
    EXPECT_TRUE(one.last().ends_with("]\",{\"seq\":" + std::to_string(i) + ",\"base\":" + std::to_string(i - 1) + "}]"))
        << one.last();
  }
  EXPECT_EQ(output_.stats().updates.snapshots, 1U) << "nobody needed another whole";
  EXPECT_EQ(output_.stats().updates.patches, 3U);
}

TEST_F(OutputTest, AFollowerThatMissedOneGetsTheWhole) {
  start_match();
  PaperSocket& one = follower();
  one.connection.is_slow = true;
  round(1);
  tick();
  round(2);
  tick();
  round(3);
  tick();
  EXPECT_EQ(one.got().size(), 2U);
  one.connection.is_slow = false;
  one.connection.pending_bytes = 0;
  output_.on_drained(one);
  EXPECT_TRUE(is_whole(one.last()));
  EXPECT_TRUE(one.last().ends_with("{\"seq\":4}]")) << one.last();
  round(4);
  tick();
  EXPECT_TRUE(is_patch(one.last()));
  EXPECT_TRUE(one.last().ends_with("{\"seq\":5,\"base\":4}]"));
}

TEST_F(OutputTest, ALateFollowerJoinsAloneAndGoesOnWithTheOthers) {
  start_match();
  PaperSocket& first = follower();
  round(1);
  tick();
  PaperSocket& late = follower();
  EXPECT_EQ(first.got().size(), 2U) << "nobody else is sent anything";
  EXPECT_TRUE(late.last().ends_with("{\"seq\":2}]"));
  round(2);
  tick();
  EXPECT_EQ(first.last(), late.last());
  EXPECT_TRUE(is_patch(late.last()));
}

TEST_F(OutputTest, JoiningCostsTheSameHoweverManyAreThere) {
  start_match();
  for (int i = 0; i < 200; ++i) viewer(Kind::kCompressed);
  const uint64_t before = fan_out_.stats().delivered;
  viewer(Kind::kCompressed);
  settle();
  EXPECT_EQ(fan_out_.stats().delivered, before + 1);
  EXPECT_EQ(output_.stats().updates.snapshots, 1U);
  EXPECT_EQ(output_.stats().frames.deflated, 1U);
}

TEST_F(OutputTest, EverythingIsEncodedOncePerTick) {
  start_match();
  fill_match();
  for (int i = 0; i < 20; ++i) {
    viewer(Kind::kPlain);
    viewer(Kind::kCompressed);
    viewer(Kind::kPolling);
    follower(Kind::kPlain);
    follower(Kind::kCompressed);
  }
  round(20);
  tick();
  const OutputStats before = output_.stats();
  for (int i = 1; i <= 10; ++i) {
    round(i);
    tick();
  }
  const OutputStats& after = output_.stats();
  EXPECT_EQ(after.updates.snapshots - before.updates.snapshots, 10U);
  EXPECT_EQ(after.updates.patches - before.updates.patches, 10U);
  EXPECT_EQ(after.frames.plain - before.frames.plain, 20U) << "whole and patch";
  EXPECT_EQ(after.frames.shared - before.frames.shared, 10U);
  EXPECT_EQ(after.frames.deflated, before.frames.deflated) << "nobody has missed one";
  // One text for all that poll, the very same bytes.
  EXPECT_EQ(sockets_[2]->polled.data(), sockets_[7]->polled.data());
  for (const auto& socket : sockets_) {
    if (is_patch(socket->last())) continue;
    EXPECT_EQ(socket->last(), sockets_[0]->last());
  }
  EXPECT_LT(sockets_[1]->connection.last_frame, 400U);
}

TEST_F(OutputTest, ATickWithNothingNewSendsNothing) {
  start_match();
  PaperSocket& one = viewer();
  tick();
  tick();
  EXPECT_EQ(one.got().size(), 1U);
  EXPECT_EQ(fan_out_.stats().published, 1U);
}

TEST_F(OutputTest, WhatIsPreparedStaysThatHoweverMuchHappensUntilItIsPublished) {
  start_match();
  PaperSocket& plain = viewer();
  PaperSocket& diff = follower();
  round(1);
  output_.prepare(0);
  round(2);
  PaperSocket& late = viewer();  // gets what everybody has
  EXPECT_EQ(late.last(), plain.got()[0]);
  output_.publish(0);
  settle();
  EXPECT_NE(plain.last().find(R"(\"roundNumber\":1,)"), std::string::npos);
  EXPECT_EQ(late.last(), plain.last());
  EXPECT_NE(diff.last().find(R"(\"path\":\"/roundNumber\",\"value\":1})"), std::string::npos) << diff.last();
  EXPECT_TRUE(is_patch(diff.last()));
}

TEST_F(OutputTest, AMatchThatGoesLeavesItsLastStateAndTheNextOneStartsAfresh) {
  start_match();
  PaperSocket& plain = viewer(Kind::kCompressed);
  PaperSocket& diff = follower();
  PaperSocket& slow = follower();
  slow.connection.is_slow = true;
  round(1);
  tick();
  round(2);
  const match::Match& match = *registry_.find_group("G");
  output_.on_match_removed(match);
  registry_.remove(*registry_.find_group("G"));
  tick();
  for (PaperSocket* one : {&plain, &diff}) {
    EXPECT_TRUE(is_whole(one->last()));
    EXPECT_NE(one->last().find(R"(\"roundNumber\":2,)"), std::string::npos);
  }
  start_match();
  tick();
  EXPECT_TRUE(is_whole(diff.last()));
  EXPECT_EQ(diff.last().find(R"(\"roundNumber\":2,)"), std::string::npos);
  round(3);
  tick();
  EXPECT_TRUE(is_patch(diff.last()));
  slow.connection.is_slow = false;
  slow.connection.pending_bytes = 0;
  output_.on_drained(slow);
  EXPECT_TRUE(is_whole(slow.last()));
  EXPECT_NE(slow.last().find(R"(\"roundNumber\":3,)"), std::string::npos);
  uint64_t seq = 0;
  for (const std::string& packet : diff.got()) {
    const size_t at = packet.rfind("{\"seq\":");
    const uint64_t next = std::stoull(packet.substr(at + 7));
    EXPECT_GT(next, seq);
    seq = next;
  }
}

TEST_F(OutputTest, AJoinBehindAClosedGateWaitsForTheTick) {
  Gate gate;
  output_.set_gate(&gate);
  gate.is_open = false;
  start_match();
  PaperSocket& one = follower();
  EXPECT_TRUE(one.got().empty());
  tick();
  EXPECT_TRUE(is_whole(one.last()));
}

TEST_F(OutputTest, ASteadyStateAllocatesNothing) {
  if (!COUNTS_ALLOCATIONS) GTEST_SKIP() << "not measurable here";
  start_match();
  fill_match();
  for (int i = 0; i < 5; ++i) {
    viewer(Kind::kPlain);
    viewer(Kind::kCompressed);
    viewer(Kind::kPolling);
    follower(Kind::kPlain);
  }
  const uint64_t none = allocations.load();
  ASSERT_GT(
      (sockets_.emplace_back(std::make_unique<PaperSocket>(Kind::kPolling)), sockets_.pop_back(), allocations.load()),
      none)
      << "the counter counts";
  for (auto& socket : sockets_) socket->connection.keep = false;
  uint64_t spent = 0;
  std::string data;
  for (int i = 0; i < 300; ++i) {
    data = R"({"name":"n","tagline":"t","playerId":"player 3","startTeam":0,"agentInternal":"Clay","isAlive":true,)"
           R"("initialArmor":0,"scoreboardWeaponInternal":"","currUltPoints":0,"maxUltPoints":7,"hasSpike":false,)"
           R"("money":)" +
           std::to_string(i % 7 * 100) + R"(,"kills":)" + std::to_string(i % 5) + R"(,"deaths":3,"assists":0})";
    event("scoreboard", data);
    const uint64_t before = allocations.load();
    tick();
    if (i >= 100) spent += allocations.load() - before;
  }
  EXPECT_EQ(spent, 0U);
  EXPECT_GE(output_.stats().updates.snapshots, 200U);
}

class PacedOutputTest : public OutputTest {
 protected:
  PacedOutputTest() : OutputTest(100) {}
};

TEST_F(PacedOutputTest, SaysWhenWhatItLeftOutIsDue) {
  start_match();
  PaperSocket& one = viewer();
  EXPECT_EQ(output_.prepare(1'000), INT64_MAX);
  round(1);
  EXPECT_EQ(output_.prepare(1'010), INT64_MAX);
  output_.publish(1'012);
  settle();
  EXPECT_EQ(one.got().size(), 2U);
  round(2);
  EXPECT_EQ(output_.prepare(1'050), 1'112);
  round(3);
  EXPECT_EQ(output_.prepare(1'060), 1'112);
  output_.publish(1'060);
  settle();
  EXPECT_EQ(one.got().size(), 2U);
  EXPECT_EQ(output_.prepare(1'112), INT64_MAX);
  output_.publish(1'112);
  settle();
  ASSERT_EQ(one.got().size(), 3U);
  EXPECT_NE(one.last().find(R"(\"roundNumber\":3,)"), std::string::npos);
}

}  // namespace
}  // namespace matchbus::gateway
