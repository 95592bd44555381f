// Many streams at once, plain and over TLS, whose handlers do anything to each other from inside their callbacks, while
// peers come, talk and go: what a handler may be told and when, and that nothing is left of anybody afterwards.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <random>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "net/listener.h"
#include "net/stream.h"
#include "net/tls.h"
#include "support/net_fixture.h"
#include "support/tls_peer.h"

namespace matchbus::net {
namespace {

using test::NetTest;
using test::Peer;
using test::TlsPeer;

class Crowd;

// A stream's handler, and what it has to know to tell whether it may be called.
class Side final : public StreamHandler {
 public:
  static constexpr unsigned kFinish = 2;
  static constexpr unsigned kWrite = 7;
  enum class State { kOpen, kFinished, kAborted, kClosed };

  Side(Crowd& crowd, StreamPtr stream) : stream_(std::move(stream)), crowd_(crowd) { stream_->set_handler(this); }
  // Calls the stream, or gives it up.
  void act(unsigned what, Bytes text);
  void resume() {
    stream_->resume_reading();
    paused_ = false;
  }
  bool has_stream() const { return stream_ != nullptr; }
  bool is_over() const { return stream_ == nullptr || state_ == State::kAborted || state_ == State::kClosed; }
  // The end of the connection waits until it reads again.
  bool is_paused() const { return state_ == State::kOpen && paused_; }

 private:
  void on_stream_data(std::span<char> data) override;
  void on_stream_drained() override;
  void on_stream_closed(CloseReason reason) override;
  void expect_call();

  StreamPtr stream_;
  Crowd& crowd_;
  State state_ = State::kOpen;
  bool paused_ = false;
};

class Crowd {
 public:
  Crowd(TlsMode tls_mode, unsigned seed) : mode(tls_mode), random_(seed) {}

  unsigned upto(unsigned limit) { return static_cast<unsigned>(random_()) % limit; }
  bool one_in(unsigned n) { return upto(n) == 0; }
  void add(StreamPtr stream) {
    sides.push_back(std::make_unique<Side>(*this, std::move(stream)));
    disturb(sides.back().get());
  }
  // Does something to `side`, if there is one, or to anybody.
  void disturb(Side* side = nullptr) {
    if (calm || sides.empty()) return;
    if (side == nullptr || one_in(2)) side = sides[upto(static_cast<unsigned>(sides.size()))].get();
    act(*side, upto(18));
  }
  void act(Side& side, unsigned what) {
    EXPECT_FALSE(acting) << "a callback from inside a call";
    acting = true;
    side.act(what, text_.slice(0, upto(one_in(3) ? 8'000'000 : 3'000)));
    acting = false;
  }
  template <typename Condition>
  bool all(const Condition& condition) const {
    return std::all_of(sides.begin(), sides.end(), [&](const auto& side) { return condition(*side); });
  }

  const TlsMode mode;
  std::vector<std::unique_ptr<Side>> sides;
  bool calm = false;    // handlers do nothing
  bool acting = false;  // inside a call of a stream's
  size_t reads = 0;
  size_t drains = 0;
  std::set<CloseReason> reasons;

 private:
  std::mt19937 random_;
  const Bytes text_ = Bytes::copy(std::string(8'000'000, 'x'));
};

void Side::act(unsigned what, Bytes text) {
  if (stream_ == nullptr) return;
  switch (what) {
    case 0:
      if (state_ != State::kClosed) state_ = State::kAborted;
      return stream_->abort();
    case 1:
      return stream_.reset();
    case kFinish:
      if (state_ == State::kOpen) state_ = State::kFinished;
      return stream_->finish();
    case 3:
    case 4:
      paused_ = true;
      return stream_->pause_reading();
    case 5:
    case 6:
      return resume();
    case kWrite:
    case 8:
    case 9:
      return stream_->write(std::move(text));
    case 10:
      stream_->write(std::move(text));
      return stream_->flush();
    case 11:
      return stream_->flush();
    default:
      return;
  }
}

void Side::expect_call() {
  EXPECT_FALSE(crowd_.acting) << "from inside a call";
  EXPECT_NE(stream_, nullptr) << "after it was given up";
  EXPECT_NE(state_, State::kAborted);
  EXPECT_NE(state_, State::kClosed);
}

void Side::on_stream_data(std::span<char> data) {
  expect_call();
  EXPECT_EQ(state_, State::kOpen);
  EXPECT_FALSE(paused_);
  EXPECT_FALSE(data.empty());
  ++crowd_.reads;
  crowd_.disturb(this);
}

void Side::on_stream_drained() {
  expect_call();
  EXPECT_EQ(state_, State::kOpen);
  EXPECT_EQ(stream_->pending(), 0u);
  ++crowd_.drains;
  crowd_.disturb(this);
}

void Side::on_stream_closed(CloseReason reason) {
  expect_call();
  switch (reason) {
    case CloseReason::kPeer:
      EXPECT_EQ(state_, State::kOpen);
      break;
    case CloseReason::kTls:
      EXPECT_NE(crowd_.mode, TlsMode::kOff);
      break;
    case CloseReason::kTimeout:
    case CloseReason::kLocal:
      EXPECT_EQ(state_, State::kFinished);
      break;
    case CloseReason::kError:
      break;
  }
  state_ = State::kClosed;
  crowd_.reasons.insert(reason);
  if (crowd_.one_in(2)) stream_.reset();
  crowd_.disturb();
}

class StreamRandomTest : public NetTest {
 protected:
  void SetUp() override {
    const std::string certificate = directory.file("cert.pem");
    const std::string key = directory.file("key.pem");
    ASSERT_TRUE(make_self_signed(certificate, key).ok());
    context = std::move(*TlsServerContext::load(certificate, key));
  }
  void walk(TlsMode mode, unsigned seed, int rounds);
  void listen();
  void connect();
  void turn();
  void talk(Peer& peer);
  void talk(TlsPeer& peer);
  void misbehave(Peer& peer);
  size_t turns_within(int ms);
  void expect_sleep();
  void expect_sleep_in_mid_air();
  void expect_everyone_told();
  void expect_variety() const;
  static size_t open_files() {
    const std::filesystem::directory_iterator files("/proc/self/fd");
    return static_cast<size_t>(std::distance(begin(files), end(files)));
  }

  test::TemporaryDirectory directory;
  std::shared_ptr<TlsConfig> config = test::client_config();
  std::unique_ptr<TlsServerContext> context;
  ConnectionCounter counter{ConnectionLimits{}};
  std::unique_ptr<Crowd> crowd;
  std::unique_ptr<Listener> listener;
  std::vector<std::unique_ptr<Peer>> plain;
  std::vector<std::unique_ptr<TlsPeer>> secret;
  // Of all walks together.
  size_t reads = 0;
  size_t drains = 0;
  std::set<CloseReason> reasons;
};

void StreamRandomTest::walk(TlsMode mode, unsigned seed, int rounds) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  const size_t files = open_files();
  crowd = std::make_unique<Crowd>(mode, seed);
  listen();
  for (int round = 0; round < rounds; ++round) {
    for (int i = 0; i < 3; ++i) connect();
    turn();
    for (const auto& peer : plain) talk(*peer);
    for (const auto& peer : secret) talk(*peer);
    std::erase_if(plain, [](const auto& peer) { return peer->fd() < 0; });
    std::erase_if(secret, [](const auto& peer) { return peer->tcp.fd() < 0; });
    for (int i = 0; i < 3; ++i) crowd->disturb();
    if (round == rounds / 2) expect_sleep_in_mid_air();
  }
  crowd->calm = true;
  plain.clear();
  secret.clear();
  expect_everyone_told();
  reads += crowd->reads;
  drains += crowd->drains;
  reasons.merge(crowd->reasons);
  crowd.reset();
  EXPECT_EQ(counter.stats().open, 0u);
  listener.reset();
  EXPECT_TRUE(run_until([&] { return open_files() == files; }, 1'000)) << open_files() << " instead of " << files;
}

void StreamRandomTest::listen() {
  ListenOptions options;
  options.addresses = {"127.0.0.1"};
  options.tls = crowd->mode;
  options.drain_ms = 40;
  options.handshake_ms = 500;
  auto opened =
      Listener::open(loop, options, context.get(), counter, [&](StreamPtr stream) { crowd->add(std::move(stream)); });
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  listener = std::move(*opened);
}

void StreamRandomTest::connect() {
  if (crowd->mode == TlsMode::kOff || crowd->one_in(crowd->mode == TlsMode::kAuto ? 2 : 8)) {
    plain.push_back(std::make_unique<Peer>(listener->port()));
  } else {
    secret.push_back(std::make_unique<TlsPeer>(listener->port(), config));
    if (crowd->one_in(4)) secret.back()->burst = 50;
  }
}

void StreamRandomTest::turn() {
  if (crowd->one_in(10)) return run_for(1);
  for (unsigned turns = 1 + crowd->upto(3); turns > 0; --turns) uv_run(loop.uv(), UV_RUN_NOWAIT);
}

void StreamRandomTest::talk(Peer& peer) {
  if (crowd->one_in(3)) peer.send(std::string(crowd->upto(3'000), crowd->one_in(9) ? '\x16' : 'a'));
  if (crowd->one_in(3)) peer.read(crowd->upto(300'000)).received.clear();
  misbehave(peer);
}

void StreamRandomTest::talk(TlsPeer& peer) {
  if (!crowd->one_in(3)) peer.step().received.clear();
  const bool can_talk = peer.established && !peer.notified && !peer.failed;
  if (can_talk && crowd->one_in(4)) peer.send(std::string(1 + crowd->upto(60'000), 'b'));
  misbehave(peer.tcp);
}

void StreamRandomTest::misbehave(Peer& peer) {
  switch (crowd->upto(20)) {
    case 0:
      return peer.half_close();
    case 1:
      return peer.close();
    case 2:
      return peer.close_with_reset();
    default:
      return;
  }
}

size_t StreamRandomTest::turns_within(int ms) {
  bool over = false;
  uv_timer_t timer;
  uv_timer_init(loop.uv(), &timer);
  timer.data = &over;
  const auto set = [](uv_timer_t* handle) { *static_cast<bool*>(handle->data) = true; };
  uv_timer_start(&timer, set, static_cast<uint64_t>(ms), 0);
  size_t turns = 0;
  while (!over) {
    uv_run(loop.uv(), UV_RUN_ONCE);
    ++turns;
  }
  over = false;
  uv_close(reinterpret_cast<uv_handle_t*>(&timer),
           [](uv_handle_t* handle) { *static_cast<bool*>(handle->data) = true; });
  while (!over) uv_run(loop.uv(), UV_RUN_NOWAIT);
  return turns;
}

// While nobody does anything, the loop has nothing to do but some timers: a socket that wakes it for nothing would do
// so some thousand times.
void StreamRandomTest::expect_sleep() {
  const bool calm = std::exchange(crowd->calm, true);
  turns_within(3);  // for what was under way
  EXPECT_LT(turns_within(10), 50u);
  crowd->calm = calm;
}

// Many have finished and have not sent everything yet, and of their peers some have nothing more to say.
void StreamRandomTest::expect_sleep_in_mid_air() {
  for (const auto& side : crowd->sides) {
    if (crowd->one_in(2)) continue;
    crowd->act(*side, Side::kWrite);
    crowd->act(*side, Side::kFinish);
  }
  for (const auto& peer : plain) {
    if (crowd->one_in(2)) peer->half_close();
  }
  expect_sleep();
}

// All peers are gone. Who has paused need not know it yet.
void StreamRandomTest::expect_everyone_told() {
  const auto is_over = [](const Side& side) { return side.is_over(); };
  const auto is_over_or_paused = [](const Side& side) { return side.is_over() || side.is_paused(); };
  EXPECT_TRUE(run_until([&] { return crowd->all(is_over_or_paused); }, 2'000));
  expect_sleep();
  for (const auto& side : crowd->sides) {
    if (!side->is_over() && side->is_paused()) side->resume();
  }
  EXPECT_TRUE(run_until([&] { return crowd->all(is_over); }, 2'000));
  const auto held =
      std::count_if(crowd->sides.begin(), crowd->sides.end(), [](auto& side) { return side->has_stream(); });
  EXPECT_EQ(counter.stats().open, static_cast<size_t>(held));
}

// That the walks came to what they are for.
void StreamRandomTest::expect_variety() const {
  EXPECT_GT(reads, 20u);
  EXPECT_GT(drains, 0u);
  for (const CloseReason reason : {CloseReason::kPeer, CloseReason::kError, CloseReason::kLocal}) {
    EXPECT_TRUE(reasons.contains(reason)) << static_cast<int>(reason);
  }
  EXPECT_EQ(reasons.contains(CloseReason::kTls), counter.stats().tls_failures != 0);
}

TEST_F(StreamRandomTest, PlainStreamsMayDoAnythingToEachOther) {
  for (unsigned seed = 1; seed <= 4; ++seed) walk(TlsMode::kOff, seed, 100);
  expect_variety();
}

TEST_F(StreamRandomTest, PlainAndTlsStreamsOnOnePortMayDoAnythingToEachOther) {
  for (unsigned seed = 11; seed <= 13; ++seed) walk(TlsMode::kAuto, seed, 50);
  expect_variety();
}

TEST_F(StreamRandomTest, TlsStreamsMayDoAnythingToEachOther) {
  for (unsigned seed = 21; seed <= 22; ++seed) walk(TlsMode::kRequired, seed, 50);
  expect_variety();
}

}  // namespace
}  // namespace matchbus::net
