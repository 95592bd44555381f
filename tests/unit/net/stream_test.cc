// Plain TCP streams: reading, writing, back-pressure, and every way to end.
#include "net/stream.h"

#include <netinet/tcp.h>

#include <random>

#include "net/stream_queue.h"
#include "net/stream_tcp.h"
#include "support/net_fixture.h"

namespace matchbus::net {
namespace {

using test::NetTest;
using test::Peer;
using test::RecordingHandler;

class StreamTest : public NetTest {
 protected:
  void SetUp() override { listen(TlsMode::kOff, 5'000); }
  void listen(TlsMode, int drain_ms) {
    ListenOptions options;
    options.addresses = {"127.0.0.1"};
    options.tls = TlsMode::kOff;
    options.drain_ms = drain_ms;
    auto opened = Listener::open(loop, options, nullptr, counter, [this](StreamPtr accepted) {
      stream = std::move(accepted);
      stream->set_handler(&handler);
    });
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    listener = std::move(*opened);
  }
  // A connected pair: `peer` and `stream`.
  void connect() {
    stream.reset();
    peer = std::make_unique<Peer>(listener->port());
    ASSERT_TRUE(peer->connected);
    ASSERT_TRUE(run_until([&] { return stream != nullptr; }));
  }
  bool peer_gets(std::string_view bytes) {
    return run_until([&] { return peer->read().received == bytes; });
  }
  bool peer_sees_end() {
    return run_until([&] { return peer->read().ended; });
  }
  bool closes() {
    return run_until([&] { return handler.closed == 1; });
  }
  void write(std::string_view text) { stream->write(Bytes::copy(text)); }
  // Writes until the kernel takes no more; returns all that was written.
  std::string fill() {
    std::string all;
    while (stream->pending() == 0) {
      std::string chunk(200'000, '\0');  // less than a turn's budget
      for (char& c : chunk) c = static_cast<char>(random_());
      write(chunk);
      stream->flush();
      all += chunk;
      run_for(1);
    }
    return all;
  }

  ConnectionCounter counter{ConnectionLimits{}};
  RecordingHandler handler;
  std::unique_ptr<Listener> listener;
  StreamPtr stream;
  std::unique_ptr<Peer> peer;
  std::mt19937 random_{7};
};

TEST_F(StreamTest, CarriesBytesBothWays) {
  connect();
  handler.on_data = [&](const std::string& data) { write("<" + data + ">"); };
  peer->send("hello");
  EXPECT_TRUE(peer_gets("<hello>"));
  peer->send("again");
  EXPECT_TRUE(peer_gets("<hello><again>"));
  EXPECT_EQ(handler.received, "helloagain");
  EXPECT_EQ(stream->peer_address(), "127.0.0.1");
  EXPECT_FALSE(stream->is_tls());
  EXPECT_EQ(stream->pending(), 0u);
  EXPECT_EQ(handler.drained, 0);
}

TEST_F(StreamTest, FirstByteOfTlsIsDataOnAPlainPort) {
  connect();
  peer->send("\x16\x03\x01");
  EXPECT_TRUE(run_until([&] { return handler.received == "\x16\x03\x01"; }));
}

TEST_F(StreamTest, DataMayBeChangedInPlace) {
  connect();
  struct Shout final : StreamHandler {
    explicit Shout(StreamPtr& s) : to(s) {}
    void on_stream_data(std::span<char> data) override {
      for (char& c : data) c = static_cast<char>(std::toupper(c));
      to->write(Bytes::copy({data.data(), data.size()}));
    }
    void on_stream_closed(CloseReason) override {}
    StreamPtr& to;
  } shout(stream);
  stream->set_handler(&shout);
  peer->send("quiet");
  EXPECT_TRUE(peer_gets("QUIET"));
}

TEST_F(StreamTest, SendsWithoutDelay) {
  connect();
  int on = 0;
  socklen_t size = sizeof on;
  const int fd = static_cast<TcpStream&>(*stream).descriptor();
  ASSERT_EQ(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &size), 0);
  EXPECT_NE(on, 0);
}

TEST_F(StreamTest, QueuedWritesAreSentTogetherBeforeTheLoopSleeps) {
  connect();
  std::string expected;
  for (int i = 0; i < 200; ++i) {
    const std::string piece = "piece " + std::to_string(i) + ";";
    write(piece);
    expected += piece;
  }
  write("");
  EXPECT_EQ(stream->pending(), expected.size());
  EXPECT_EQ(peer->read().received, "");
  EXPECT_TRUE(peer_gets(expected));
  EXPECT_EQ(stream->pending(), 0u);
}

TEST_F(StreamTest, FlushSendsAtOnce) {
  connect();
  write("now");
  stream->flush();
  EXPECT_EQ(stream->pending(), 0u);
  // Loopback delivers within the call.
  EXPECT_EQ(peer->read().received, "now");
}

TEST_F(StreamTest, SharedBytesAreReleasedOnceSent) {
  connect();
  const Bytes message = Bytes::copy("shared");
  stream->write(message);
  EXPECT_FALSE(message.unique());
  stream->flush();
  EXPECT_TRUE(message.unique());
}

TEST_F(StreamTest, BackPressureHoldsBackAndDrains) {
  connect();
  std::string expected = fill();
  const size_t pending = stream->pending();
  EXPECT_GT(pending, 0u);
  EXPECT_LT(pending, expected.size());
  // More slices of many sizes behind the write in progress.
  for (int i = 1; i < 2'000; i += 7) {
    const std::string slice(static_cast<size_t>(i), static_cast<char>('a' + i % 26));
    write(slice);
    stream->flush();
    expected += slice;
  }
  EXPECT_GT(stream->pending(), pending);
  run_for(10);
  EXPECT_EQ(handler.drained, 0);
  size_t last = stream->pending();
  bool only_shrinks = true;
  EXPECT_TRUE(run_until([&] {
    peer->read(50'000);
    only_shrinks = only_shrinks && stream->pending() <= last;
    last = stream->pending();
    return peer->received.size() == expected.size();
  }));
  EXPECT_TRUE(only_shrinks);
  EXPECT_TRUE(peer->received == expected);
  EXPECT_EQ(stream->pending(), 0u);
  EXPECT_EQ(handler.drained, 1);
  // And again: drained is told each time.
  expected += fill();
  EXPECT_TRUE(run_until([&] { return peer->read().received.size() == expected.size() && handler.drained == 2; }));
  EXPECT_TRUE(peer->received == expected);
}

TEST_F(StreamTest, WhatIsBeyondATurnsBudgetFollowsInTheNextAndDrainedIsTold) {
  connect();
  const int room = 4 << 20;  // for all of it
  ::setsockopt(static_cast<TcpStream&>(*stream).descriptor(), SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
  ::setsockopt(peer->fd(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  std::string all(256 * 1024 + 64 * 1024, 'a');
  write(all);
  stream->flush();
  EXPECT_GE(stream->pending(), 64u * 1024);
  write("behind");
  stream->flush();
  all += "behind";
  EXPECT_TRUE(run_until([&] { return peer->read().received.size() == all.size() && handler.drained == 1; }));
}

TEST_F(StreamTest, WhatIsQueuedReachesAPeerThatHasClosedItsHalf) {
  connect();
  // Takes all the time that a turn has for flushes, so that the stream's waits for the next turn, after its peer's end.
  struct Slow final : Flushable {
    void on_flush() override {
      const uint64_t end = uv_hrtime() + 2'000'000;
      while (uv_hrtime() < end) continue;
    }
  } slow;
  handler.on_data = [&](const std::string&) {
    loop.flush_later(slow);
    write("answer");
  };
  peer->send("question");
  peer->half_close();
  EXPECT_TRUE(peer_gets("answer"));
}

TEST_F(StreamTest, FastReaderOfALargeWriteGetsItAll) {
  connect();
  std::string large(5'000'000, '\0');
  for (char& c : large) c = static_cast<char>(random_());
  write(large);
  stream->flush();
  ASSERT_TRUE(run_until([&] { return peer->read().received.size() == large.size(); }));
  EXPECT_TRUE(peer->received == large);
}

TEST_F(StreamTest, PausedReaderHoldsThePeerBack) {
  connect();
  peer->send("first");
  ASSERT_TRUE(run_until([&] { return handler.received == "first"; }));
  stream->pause_reading();
  stream->pause_reading();
  const std::string more(200'000, 'x');
  size_t sent = 0;
  for (size_t n = 1; n != 0;) {
    n = peer->send(more);
    sent += n;
    run_for(2);
  }
  EXPECT_EQ(handler.received, "first");
  EXPECT_GT(sent, 0u);
  stream->resume_reading();
  EXPECT_TRUE(run_until([&] { return handler.received.size() == 5 + sent; }));
}

TEST_F(StreamTest, PausingInsideTheCallbackStopsFurtherCallbacks) {
  connect();
  handler.on_data = [&](const std::string&) { stream->pause_reading(); };
  peer->send(std::string(300'000, 'y'));
  ASSERT_TRUE(run_until([&] { return handler.reads == 1; }));
  run_for(20);
  EXPECT_EQ(handler.reads, 1);
  handler.on_data = nullptr;
  stream->resume_reading();
  EXPECT_TRUE(run_until([&] { return handler.received.size() == 300'000; }));
}

TEST_F(StreamTest, HandlersMayTakeTurns) {
  connect();
  RecordingHandler second;
  handler.on_data = [&](const std::string&) { stream->set_handler(&second); };
  peer->send("one");
  ASSERT_TRUE(run_until([&] { return handler.received == "one"; }));
  peer->send("two");
  ASSERT_TRUE(run_until([&] { return second.received == "two"; }));
  stream->set_handler(nullptr);
  peer->send("lost");
  run_for(10);
  stream->set_handler(&second);
  peer->close();
  ASSERT_TRUE(run_until([&] { return second.closed == 1; }));
  EXPECT_EQ(second.received, "two");
  EXPECT_EQ(handler.closed, 0);
}

TEST_F(StreamTest, PeersCloseIsToldOnce) {
  connect();
  peer->send("bye");
  peer->close();
  ASSERT_TRUE(closes());
  EXPECT_EQ(handler.received, "bye");
  EXPECT_EQ(handler.close_reason, CloseReason::kPeer);
  // What is written to an ended stream is ignored.
  write("too late");
  stream->flush();
  stream->finish();
  stream->pause_reading();
  stream->resume_reading();
  stream->abort();
  run_for(10);
  EXPECT_EQ(handler.closed, 1);
  EXPECT_EQ(stream->pending(), 0u);
  EXPECT_EQ(counter.stats().open, 1u) << "counted until it is freed";
  stream.reset();
  EXPECT_EQ(counter.stats().open, 0u);
}

TEST_F(StreamTest, HalfCloseCountsAsClosed) {
  connect();
  peer->half_close();
  ASSERT_TRUE(closes());
  EXPECT_EQ(handler.close_reason, CloseReason::kPeer);
  EXPECT_TRUE(peer_sees_end());
}

TEST_F(StreamTest, ResetIsAnError) {
  connect();
  peer->send("x");
  ASSERT_TRUE(run_until([&] { return handler.reads == 1; }));
  peer->close_with_reset();
  ASSERT_TRUE(closes());
  EXPECT_EQ(handler.close_reason, CloseReason::kError);
}

// A failure to send is noticed inside the handler's own call, but told to it from the loop.
TEST_F(StreamTest, FailedWriteIsToldLater) {
  connect();
  stream->pause_reading();
  peer->close_with_reset();
  usleep(5'000);
  for (int i = 0; i < 10; ++i) {
    write("into the void");
    stream->flush();
  }
  EXPECT_EQ(handler.closed, 0);
  EXPECT_EQ(stream->pending(), 0u);
  ASSERT_TRUE(closes());
  EXPECT_EQ(handler.close_reason, CloseReason::kError);
}

TEST_F(StreamTest, ResetWhileHeldBack) {
  connect();
  fill();
  peer->close_with_reset();
  ASSERT_TRUE(closes());
  EXPECT_EQ(handler.close_reason, CloseReason::kError);
  EXPECT_EQ(handler.drained, 0);
}

TEST_F(StreamTest, FinishSendsWhatIsQueuedThenCloses) {
  connect();
  write("last ");
  write("words");
  stream->finish();
  write("ignored");
  peer->send("nobody listens");
  EXPECT_TRUE(peer_sees_end());
  EXPECT_FALSE(peer->reset);
  EXPECT_EQ(peer->received, "last words");
  EXPECT_EQ(handler.closed, 0) << "the peer has not closed yet";
  peer->close();
  ASSERT_TRUE(closes());
  EXPECT_EQ(handler.close_reason, CloseReason::kLocal);
  EXPECT_EQ(handler.received, "");
}

TEST_F(StreamTest, FinishDoesNotWaitForeverForThePeersEnd) {
  connect();
  stream->finish();
  EXPECT_TRUE(peer_sees_end());
  const int64_t before = clock.monotonic_ms();
  ASSERT_TRUE(closes());
  EXPECT_EQ(handler.close_reason, CloseReason::kLocal);
  EXPECT_LT(clock.monotonic_ms() - before, 3'000);
}

TEST_F(StreamTest, FinishDeliversALargeBacklogToASlowReader) {
  connect();
  const std::string expected = fill();
  stream->finish();
  ASSERT_TRUE(run_until([&] { return peer->read(100'000).ended; }));
  EXPECT_TRUE(peer->received == expected);
  EXPECT_FALSE(peer->reset);
  peer->close();
  ASSERT_TRUE(closes());
  EXPECT_EQ(handler.close_reason, CloseReason::kLocal);
  EXPECT_EQ(handler.drained, 0);
}

TEST_F(StreamTest, FinishAfterThePeersHalfCloseStillSends) {
  connect();
  handler.on_data = [&](const std::string&) {
    write(std::string(3'000'000, 'z'));
    stream->finish();
  };
  peer->send("request");
  peer->half_close();
  ASSERT_TRUE(peer_sees_end());
  EXPECT_EQ(peer->received.size(), 3'000'000u);
  ASSERT_TRUE(closes());
  EXPECT_EQ(handler.close_reason, CloseReason::kLocal);
}

TEST_F(StreamTest, FinishGivesUpAfterTheDrainLimit) {
  listen(TlsMode::kOff, 80);
  connect();
  fill();
  const int64_t before = clock.monotonic_ms();
  stream->finish();
  ASSERT_TRUE(closes());
  EXPECT_EQ(handler.close_reason, CloseReason::kTimeout);
  EXPECT_GE(clock.monotonic_ms() - before, 80);
}

TEST_F(StreamTest, FinishWhilePaused) {
  connect();
  stream->pause_reading();
  peer->send("never read");
  write("end");
  stream->finish();
  ASSERT_TRUE(peer_sees_end());
  EXPECT_EQ(peer->received, "end");
  peer->close();
  ASSERT_TRUE(closes());
  EXPECT_EQ(handler.close_reason, CloseReason::kLocal);
}

TEST_F(StreamTest, FinishAndFlushInsideTheCallbackDoesNotReenter) {
  connect();
  bool inside = false;
  bool reentered = false;
  handler.on_data = [&](const std::string&) {
    inside = true;
    write("x");
    stream->finish();
    stream->flush();
    inside = false;
  };
  handler.on_closed = [&] { reentered = inside; };
  peer->send("go");
  peer->half_close();
  ASSERT_TRUE(closes());
  EXPECT_FALSE(reentered);
}

TEST_F(StreamTest, AbortDropsEverythingSilently) {
  connect();
  fill();
  stream->abort();
  EXPECT_EQ(stream->pending(), 0u);
  ASSERT_TRUE(peer_sees_end());
  run_for(5);
  EXPECT_EQ(handler.closed, 0);
  EXPECT_EQ(handler.drained, 0);
}

// The owner may let go at any moment, in particular inside each callback.
TEST_F(StreamTest, DestroyedInsideOnData) {
  connect();
  handler.on_data = [&](const std::string&) {
    write("gone");
    stream.reset();
  };
  peer->send(std::string(500'000, 'x'));
  ASSERT_TRUE(peer_sees_end());
  EXPECT_EQ(handler.reads, 1);
  EXPECT_EQ(handler.closed, 0);
  EXPECT_EQ(counter.stats().open, 0u);
}

TEST_F(StreamTest, DestroyedInsideOnDrained) {
  connect();
  fill();
  handler.on_drained = [&] { stream.reset(); };
  ASSERT_TRUE(run_until([&] { return peer->read().ended; }));
  EXPECT_EQ(handler.drained, 1);
  EXPECT_EQ(handler.closed, 0);
}

TEST_F(StreamTest, DestroyedInsideOnClosed) {
  for (const bool by_reset : {false, true}) {
    connect();
    handler.closed = 0;
    handler.on_closed = [&] { stream.reset(); };
    if (by_reset) {
      peer->close_with_reset();
    } else {
      peer->close();
    }
    ASSERT_TRUE(closes());
    ASSERT_TRUE(run_until([&] { return counter.stats().open == 0; }));
  }
}

TEST_F(StreamTest, DestroyedWithAWriteInProgress) {
  connect();
  const Bytes message = Bytes::copy(std::string(100'000, 'm'));
  fill();
  stream->write(message);
  stream.reset();
  EXPECT_EQ(counter.stats().open, 0u);
  EXPECT_TRUE(run_until([&] { return message.unique(); })) << "let go when libuv has";
}

TEST_F(StreamTest, DestroyedWithAFlushPending) {
  connect();
  write("never");
  stream.reset();
  ASSERT_TRUE(peer_sees_end());
  EXPECT_EQ(peer->received, "");
}

TEST_F(StreamTest, DestroyedWhileFinishing) {
  connect();
  fill();
  stream->finish();
  run_for(5);
  stream.reset();
  ASSERT_TRUE(run_until([&] { return counter.stats().open == 0; }));
  EXPECT_EQ(handler.closed, 0);
}

TEST_F(StreamTest, OneStreamsCallbackMayDestroyOthers) {
  std::vector<StreamPtr> streams;
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 5; ++i) {
    connect();
    streams.push_back(std::move(stream));
    peers.push_back(std::move(peer));
  }
  handler.on_data = [&](const std::string&) {
    for (StreamPtr& other : streams) {
      if (other != nullptr) other->write(Bytes::copy("x"));
    }
    streams.clear();
  };
  for (auto& each : peers) each->send("go");
  EXPECT_TRUE(run_until([&] { return counter.stats().open == 0; }));
  EXPECT_EQ(handler.reads, 1);
}

TEST_F(StreamTest, LoopMayEndWithStreamsJustReleased) {
  connect();
  fill();
  stream.reset();
  // Tear-down of the fixture ends the loop; sanitizers see what would be left.
}

// Random walks over the interface against what a peer may do, to find an order that breaks.
TEST_F(StreamTest, AnyOrderOfCallsIsSafe) {
  listen(TlsMode::kOff, 30);
  for (int walk = 0; walk < 60; ++walk) {
    handler = {};
    connect();
    std::string written;
    bool open = true;
    for (int step = 0; step < 25 && stream != nullptr; ++step) {
      switch (random_() % 12) {
        case 0:
        case 1:
        case 2: {
          const std::string piece(random_() % 3 == 0 ? 200'000 : random_() % 50, static_cast<char>('a' + step));
          write(piece);
          if (open && handler.closed == 0) written += piece;
          break;
        }
        case 3:
          stream->flush();
          break;
        case 4:
          stream->pause_reading();
          break;
        case 5:
          stream->resume_reading();
          break;
        case 6:
          if (step > 15) {
            stream->finish();
            open = false;
          }
          break;
        case 7:
          if (step > 20) stream.reset();
          break;
        case 8:
          peer->send("data");
          break;
        case 9:
          if (step > 20) peer->half_close();
          break;
        default:
          peer->read(70'000);
          run_for(1);
      }
    }
    run_for(2);
    peer->read();
    EXPECT_EQ(peer->received, written.substr(0, peer->received.size()));
    EXPECT_LE(handler.closed, 1);
    stream.reset();
    peer.reset();
    ASSERT_TRUE(run_until([&] { return counter.stats().open == 0; }));
  }
}

// The queue against a plain string.
TEST(WriteQueue, BehavesLikeAString) {
  std::mt19937 random(3);
  WriteQueue queue;
  std::string model;
  char next = 0;
  for (int step = 0; step < 20'000; ++step) {
    if (random() % 2 == 0) {
      std::string piece(random() % 20, '\0');
      for (char& c : piece) c = next++;
      queue.push(Bytes::copy(piece));
      model += piece;
    } else if (random() % 50 == 0) {
      queue.clear();
      model.clear();
    } else if (random() % 10 == 0 && !queue.empty()) {
      const Bytes front = queue.take_front();
      ASSERT_EQ(front.view(), model.substr(0, front.size()));
      model.erase(0, front.size());
    } else {
      std::array<iovec, 5> buffers;
      const size_t limit = random() % 60;
      const size_t count = queue.gather(buffers, limit);
      std::string seen;
      for (size_t i = 0; i < count; ++i) seen.append(static_cast<const char*>(buffers[i].iov_base), buffers[i].iov_len);
      ASSERT_LE(seen.size(), limit);
      ASSERT_EQ(seen, model.substr(0, seen.size()));
      if (count < buffers.size()) {
        ASSERT_EQ(seen.size(), std::min(limit, model.size()));
      }
      const size_t used = seen.empty() ? 0 : random() % (seen.size() + 1);
      queue.consume(used);
      model.erase(0, used);
    }
    ASSERT_EQ(queue.bytes(), model.size());
    ASSERT_EQ(queue.empty(), model.empty());
    ASSERT_EQ(queue.size() == 0, model.empty());
  }
}

}  // namespace
}  // namespace matchbus::net
