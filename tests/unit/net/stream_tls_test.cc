// TLS over real sockets, and telling TLS from plain.
#include <gtest/gtest.h>

#include <random>

#include "net/listener.h"
#include "net/pacer.h"
#include "net/stream.h"
#include "net/tls.h"
#include "support/net_fixture.h"
#include "support/tls_peer.h"

namespace matchbus::net {
namespace {

using test::NetTest;
using test::Peer;
using test::RecordingHandler;
using test::TlsPeer;

class StreamTlsTest : public NetTest {
 protected:
  void SetUp() override {
    const std::string certificate = directory.file("cert.pem");
    const std::string key = directory.file("key.pem");
    ASSERT_TRUE(make_self_signed(certificate, key).ok());
    context = std::move(*TlsServerContext::load(certificate, key));
    listen(TlsMode::kAuto);
  }
  void listen(TlsMode mode, int handshake_ms = 10'000, int drain_ms = 5'000) {
    ListenOptions options;
    options.addresses = {"127.0.0.1"};
    options.tls = mode;
    options.handshake_ms = handshake_ms;
    options.drain_ms = drain_ms;
    auto opened = Listener::open(loop, options, context.get(), counter, [this](StreamPtr accepted) {
      stream = std::move(accepted);
      stream->set_handler(&handler);
    });
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    listener = std::move(*opened);
  }
  // A TLS client with its handshake done.
  void connect() {
    const uint64_t before = counter.stats().tls_handshakes;
    client = std::make_unique<TlsPeer>(listener->port(), config);
    ASSERT_TRUE(run_until([&] { return client->step().established && stats().tls_handshakes != before; }));
  }
  bool client_gets(const std::string& text, size_t burst = SIZE_MAX) {
    return run_until([&] { return client->step(burst).received == text; });
  }
  bool closes() {
    return run_until([&] { return handler.closed != 0; });
  }
  void expect_own_doing(bool peer_closes);
  void write(std::string_view text) { stream->write(Bytes::copy(text)); }
  void echo() {
    handler.on_data = [this](const std::string& data) { write(data); };
  }
  const ConnectionStats& stats() const { return counter.stats(); }

  test::TemporaryDirectory directory;
  std::shared_ptr<TlsConfig> config = test::client_config();
  std::unique_ptr<TlsServerContext> context;
  ConnectionCounter counter{ConnectionLimits{}};
  RecordingHandler handler;
  std::unique_ptr<Listener> listener;
  StreamPtr stream;
  std::unique_ptr<TlsPeer> client;
};

TEST_F(StreamTlsTest, OnePortTakesBoth) {
  echo();
  connect();
  client->send("over TLS");
  EXPECT_TRUE(client_gets("over TLS"));
  EXPECT_TRUE(stream->is_tls());
  EXPECT_EQ(stream->peer_address(), "127.0.0.1");
  const StreamPtr first = std::move(stream);
  first->set_handler(nullptr);

  Peer plain(listener->port());
  plain.send("plain");
  EXPECT_TRUE(run_until([&] { return plain.read().received == "plain"; }));
  EXPECT_FALSE(stream->is_tls());
  EXPECT_EQ(stats().tls_handshakes, 1u);
  EXPECT_EQ(stats().tls_failures, 0u);
}

TEST_F(StreamTlsTest, RequiredRefusesPlain) {
  listen(TlsMode::kRequired);
  Peer plain(listener->port());
  plain.send("GET / HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(closes());
  EXPECT_EQ(handler.close_reason, CloseReason::kTls);
  EXPECT_EQ(handler.received, "");
  EXPECT_EQ(stats().tls_failures, 1u);
  EXPECT_TRUE(log.contains("TLS with 127.0.0.1 failed: the peer does not speak TLS"));
  handler = {};
  echo();
  connect();
  client->send("fine");
  EXPECT_TRUE(client_gets("fine"));
}

TEST_F(StreamTlsTest, OffKnowsNoTls) {
  listen(TlsMode::kOff);
  Peer plain(listener->port());
  plain.send("\x16");
  ASSERT_TRUE(run_until([&] { return handler.received == "\x16"; }));
}

TEST_F(StreamTlsTest, OneByteAtATime) {
  echo();
  client = std::make_unique<TlsPeer>(listener->port(), config);
  client->burst = 1;
  ASSERT_TRUE(run_until([&] { return client->step(3).established; }));
  client->send("drip");
  EXPECT_TRUE(client_gets("drip", 1));
}

TEST_F(StreamTlsTest, PlainFirstByteAlone) {
  echo();
  Peer plain(listener->port());
  plain.send("G");
  EXPECT_TRUE(run_until([&] { return plain.read().received == "G"; }));
}

TEST_F(StreamTlsTest, GarbageAfterTheFirstByte) {
  Peer plain(listener->port());
  plain.send(std::string("\x16\x03\x01\x00\x05hello there", 16));
  ASSERT_TRUE(closes());
  EXPECT_EQ(handler.close_reason, CloseReason::kTls);
  EXPECT_EQ(handler.received, "");
  EXPECT_EQ(stats().tls_failures, 1u);
  EXPECT_EQ(stats().tls_handshakes, 0u);
}

TEST_F(StreamTlsTest, SlowHandshakeIsCutOff) {
  listen(TlsMode::kAuto, 60);
  Peer slow(listener->port());
  slow.send("\x16");
  const int64_t before = clock.monotonic_ms();
  ASSERT_TRUE(closes());
  EXPECT_GE(clock.monotonic_ms() - before, 50);
  EXPECT_EQ(handler.close_reason, CloseReason::kTls);
  EXPECT_TRUE(log.contains("too long"));
  EXPECT_TRUE(run_until([&] { return slow.read().ended; }));

  // On a TLS port the time runs from the connection on.
  handler = {};
  listen(TlsMode::kRequired, 60);
  Peer silent(listener->port());
  ASSERT_TRUE(closes());
  EXPECT_EQ(handler.close_reason, CloseReason::kTls);
  EXPECT_EQ(stats().tls_failures, 2u);
}

TEST_F(StreamTlsTest, HandshakeLimitEndsWithTheHandshake) {
  listen(TlsMode::kRequired, 300);
  echo();
  connect();
  run_for(400);
  client->send("still here");
  EXPECT_TRUE(client_gets("still here"));
  EXPECT_EQ(handler.closed, 0);
}

TEST_F(StreamTlsTest, PeerGoneDuringTheHandshake) {
  Peer gone(listener->port());
  gone.send("\x16\x03\x01");
  gone.close();
  ASSERT_TRUE(closes());
  EXPECT_EQ(handler.close_reason, CloseReason::kTls);
  EXPECT_EQ(stats().tls_failures, 1u);
}

TEST_F(StreamTlsTest, ClientThatDistrustsUsTellsWhy) {
  const std::string other = directory.file("other.pem");
  ASSERT_TRUE(make_self_signed(other, directory.file("other.key")).ok());
  client = std::make_unique<TlsPeer>(listener->port(), test::client_config(other));
  ASSERT_TRUE(run_until([&] { return client->step().failed && handler.closed != 0; }));
  EXPECT_EQ(stats().tls_failures, 1u);
  EXPECT_TRUE(log.contains("TLS with 127.0.0.1 failed: "));
}

TEST_F(StreamTlsTest, WhatIsWrittenBeforeTheFirstByteWaits) {
  for (const bool tls : {false, true}) {
    handler = {};
    stream.reset();
    client = std::make_unique<TlsPeer>(listener->port(), config);
    ASSERT_TRUE(run_until([&] { return stream != nullptr; }));
    write("greeting");
    stream->flush();
    run_for(5);
    EXPECT_EQ(stream->pending(), 8u);
    EXPECT_EQ(client->tcp.read().received, "");
    EXPECT_EQ(handler.drained, 0);
    if (tls) {
      EXPECT_TRUE(client_gets("greeting"));
    } else {
      client->tcp.send("plain");
      EXPECT_TRUE(run_until([&] { return client->tcp.read().received == "greeting"; }));
    }
    EXPECT_TRUE(run_until([&] { return handler.drained == 1; }));
  }
}

TEST_F(StreamTlsTest, SmallSlicesShareARecord) {
  connect();
  write("first");
  ASSERT_TRUE(client_gets("first"));  // and with it what TLS 1.3 sends after the handshake
  client->received.clear();
  const size_t before = client->ciphertext_received;
  std::string expected;
  for (int i = 0; i < 50; ++i) {
    write("slice;");
    expected += "slice;";
  }
  ASSERT_TRUE(client_gets(expected));
  EXPECT_LT(client->ciphertext_received - before, expected.size() + 60);
}

TEST_F(StreamTlsTest, BackPressureHoldsSharedBytesNotCiphertext) {
  connect();
  std::string text(200'000, '\0');
  for (size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 31);
  const Bytes message = Bytes::copy(text);
  std::string expected;
  while (stream->pending() == 0 || expected.size() < 9'000'000) {
    stream->write(message);
    expected += text;
    run_for(1);
  }
  const size_t pending = stream->pending();
  EXPECT_GT(pending, 0u);
  EXPECT_EQ(handler.drained, 0);
  run_for(20);
  EXPECT_EQ(stream->pending(), pending);
  ASSERT_TRUE(run_until([&] { return client->step(100'000).received.size() == expected.size(); }));
  EXPECT_TRUE(client->received == expected);
  EXPECT_TRUE(run_until([&] { return handler.drained == 1; }));
  EXPECT_EQ(stream->pending(), 0u);
  EXPECT_TRUE(message.unique());
}

TEST_F(StreamTlsTest, LargeUploadArrives) {
  connect();
  const std::string text(1'000'000, 'u');
  client->send(text);
  ASSERT_TRUE(run_until([&] {
    client->step();
    return handler.received.size() == text.size();
  }));
  EXPECT_TRUE(handler.received == text);
}

// Records that were read from the socket before the pause are kept until reading goes on.
TEST_F(StreamTlsTest, PauseBetweenRecordsOfOneRead) {
  connect();
  handler.on_data = [&](const std::string&) { stream->pause_reading(); };
  for (int i = 0; i < 10; ++i) client->send("record " + std::to_string(i) + ";");
  ASSERT_TRUE(run_until([&] { return handler.reads == 1; }));
  EXPECT_EQ(handler.received, "record 0;");
  run_for(10);
  EXPECT_EQ(handler.reads, 1);
  for (int i = 2; i <= 10; ++i) {
    stream->resume_reading();
    EXPECT_EQ(handler.reads, i - 1) << "not from within the call";
    ASSERT_TRUE(run_until([&] { return handler.reads == i; }));
  }
  stream->resume_reading();
  stream->pause_reading();
  stream->resume_reading();
  client->send("after");
  EXPECT_TRUE(run_until([&] { return handler.reads == 11; }));
  EXPECT_EQ(handler.received.substr(handler.received.size() - 14), "record 9;after");
}

TEST_F(StreamTlsTest, FinishSaysCloseNotify) {
  connect();
  write("last words");
  stream->finish();
  client->send("nobody listens");
  ASSERT_TRUE(run_until([&] { return client->step().notified; }));
  EXPECT_EQ(client->received, "last words");
  EXPECT_FALSE(client->failed);
  EXPECT_EQ(handler.closed, 0);
  client->tcp.close();
  ASSERT_TRUE(closes());
  EXPECT_EQ(handler.close_reason, CloseReason::kLocal);
  EXPECT_EQ(handler.received, "");
}

TEST_F(StreamTlsTest, FinishDuringTheHandshakeStillDelivers) {
  client = std::make_unique<TlsPeer>(listener->port(), config);
  client->burst = 20;
  client->step(1);
  ASSERT_TRUE(run_until([&] { return stream != nullptr && stream->is_tls(); }));
  write("goodbye");
  stream->finish();
  ASSERT_TRUE(run_until([&] { return client->step().notified; }));
  EXPECT_EQ(client->received, "goodbye");
}

// `peer_closes`: after us, as most do; else our own time limit comes first.
void StreamTlsTest::expect_own_doing(bool peer_closes) {
  listen(TlsMode::kAuto, 10'000, 100);
  Peer peer(listener->port());
  peer.send(std::string("\x16\x03\x01", 3));
  ASSERT_TRUE(run_until([&] { return stream != nullptr && stream->is_tls(); }));
  stream->finish();
  ASSERT_TRUE(run_until([&] { return peer.read().ended; }));
  if (peer_closes) peer.close();
  ASSERT_TRUE(closes());
  EXPECT_EQ(stats().tls_failures, 1u);
  EXPECT_TRUE(log.contains("TLS with 127.0.0.1 failed: closed by this server before the handshake was complete"));
}

TEST_F(StreamTlsTest, FinishDuringTheHandshakeIsNotThePeersDoing) { expect_own_doing(true); }
TEST_F(StreamTlsTest, FinishDuringTheHandshakeOfASilentPeerIsCounted) { expect_own_doing(false); }

TEST_F(StreamTlsTest, FinishBeforeTheFirstByteAnswersPlainOrNothing) {
  Peer plain(listener->port());
  ASSERT_TRUE(run_until([&] { return stream != nullptr; }));
  write("408");
  stream->finish();
  ASSERT_TRUE(run_until([&] { return plain.read().ended; }));
  EXPECT_EQ(plain.received, "408");

  stream.reset();
  listen(TlsMode::kRequired);
  Peer tls(listener->port());
  ASSERT_TRUE(run_until([&] { return stream != nullptr; }));
  write("408");
  stream->finish();
  ASSERT_TRUE(run_until([&] { return tls.read().ended; }));
  EXPECT_EQ(tls.received, "") << "nothing is said in the clear on a TLS port";
}

TEST_F(StreamTlsTest, PeersCloseNotifyAndPlainEndBothCount) {
  connect();
  client->send("bye");
  client->session->close_notify();
  client->push();
  ASSERT_TRUE(closes());
  EXPECT_EQ(handler.close_reason, CloseReason::kPeer);
  EXPECT_EQ(handler.received, "bye");
  EXPECT_TRUE(run_until([&] { return client->step().notified; })) << "answered in kind (RFC 5246 section 7.2.1)";
  handler = {};
  connect();
  write("x");
  ASSERT_TRUE(client_gets("x"));
  client->tcp.close();
  ASSERT_TRUE(closes());
  EXPECT_EQ(handler.close_reason, CloseReason::kPeer);
}

TEST_F(StreamTlsTest, DamagedRecordEndsTheStream) {
  connect();
  size_t used = 0;
  ASSERT_EQ(client->session->write("secret", used), TlsSession::Step::kDone);
  std::string record(client->session->take_output().view());
  record.back() = static_cast<char>(record.back() ^ 1);
  client->tcp.send(record);
  ASSERT_TRUE(closes());
  EXPECT_EQ(handler.close_reason, CloseReason::kTls);
  EXPECT_EQ(handler.received, "");
  EXPECT_EQ(stats().tls_failures, 1u);
}

TEST_F(StreamTlsTest, DestroyedInsideCallbacks) {
  handler.on_data = [&](const std::string&) { stream.reset(); };
  connect();
  for (int i = 0; i < 5; ++i) client->send("one of many");
  ASSERT_TRUE(run_until([&] { return client->step().tcp.ended; }));
  EXPECT_EQ(handler.reads, 1);
  EXPECT_EQ(handler.closed, 0);

  handler = {};
  handler.on_closed = [&] { stream.reset(); };
  Peer garbage(listener->port());
  garbage.send("\x16garbage garbage");
  ASSERT_TRUE(closes());
  ASSERT_TRUE(run_until([&] { return stats().open == 0; }));
}

TEST_F(StreamTlsTest, DestroyedWhileHeldBack) {
  connect();
  const Bytes message = Bytes::copy(std::string(1'000'000, 'm'));
  for (int i = 0; i < 10; ++i) stream->write(message);
  run_for(10);
  EXPECT_GT(stream->pending(), 0u);
  stream.reset();
  EXPECT_TRUE(run_until([&] { return message.unique(); }));
}

TEST_F(StreamTlsTest, ReturningClientResumes) {
  echo();
  connect();
  client->send("x");
  ASSERT_TRUE(client_gets("x"));
  const size_t full = client->handshake_bytes;
  const auto ticket = client->session->ticket();
  ASSERT_NE(ticket, nullptr);
  client = std::make_unique<TlsPeer>(listener->port(), config, ticket.get());
  ASSERT_TRUE(run_until([&] { return client->step().established; }));
  EXPECT_LT(client->handshake_bytes, full - 300);
  client->send("resumed");
  EXPECT_TRUE(client_gets("resumed"));
}

TEST_F(StreamTlsTest, ReloadMeetsNewConnectionsOnly) {
  echo();
  connect();
  StreamPtr old_stream = std::move(stream);
  RecordingHandler old_handler;
  old_handler.on_data = [&](const std::string& data) { old_stream->write(Bytes::copy(data)); };
  old_stream->set_handler(&old_handler);
  const std::string certificate = directory.file("cert.pem");
  ::unlink(certificate.c_str());
  ASSERT_TRUE(make_self_signed(certificate, directory.file("key.pem")).ok());
  ASSERT_TRUE(context->reload().ok());
  TlsPeer fresh(listener->port(), test::client_config(certificate));
  ASSERT_TRUE(run_until([&] { return fresh.step().established; }));
  client->send("old one lives");
  EXPECT_TRUE(client_gets("old one lives"));
}

// Handshakes that hold the line for some turns, so that others have to wait.
struct Crowd {
  struct Member final : Pacer::Client {
    void on_turn() override {
      pacer->spent(Pacer::kHandshakesNs);
      if (--turns > 0) pacer->wait(*this, "");
    }
    Pacer* pacer = nullptr;
    int turns = 0;
  };
  Crowd(Loop& loop, int turns) : pacer(Pacer::of_handshakes(loop)) {
    member.pacer = &pacer;
    member.turns = turns;
    pacer.wait(member, "");
  }
  ~Crowd() { pacer.forget(member, ""); }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;
  Pacer& pacer;
  Member member;
};

TEST_F(StreamTlsTest, WhoHasGoneCostsNoArithmetic) {
  {
    const Crowd crowd(loop, 1'000'000);
    client = std::make_unique<TlsPeer>(listener->port(), config);
    client->step();
    ASSERT_TRUE(run_until([&] { return stream != nullptr && stream->is_tls(); }));
    client->tcp.close();
    EXPECT_TRUE(closes());
  }
  // Whose hello is answered, but not with less than arithmetic: it has closed its half already.
  stream.reset();
  handler = {};
  client = std::make_unique<TlsPeer>(listener->port(), config);
  client->step();
  client->tcp.half_close();
  ASSERT_TRUE(run_until([&] { return stream != nullptr; }));
  EXPECT_TRUE(closes());
  EXPECT_TRUE(log.contains("has gone before its handshake"));
  EXPECT_EQ(client->received, "");
  EXPECT_EQ(stats().tls_handshakes, 0U);
}

TEST_F(StreamTlsTest, HandshakesWaitInLine) {
  echo();
  for (const size_t burst : {0, 1, 30}) {
    const Crowd crowd(loop, 1'000'000);
    const uint64_t before = stats().tls_handshakes;
    client = std::make_unique<TlsPeer>(listener->port(), config);
    client->burst = burst;
    ASSERT_TRUE(run_until([&] { return client->step().established && stats().tls_handshakes != before; }));
    client->send("in turn");
    EXPECT_TRUE(client_gets("in turn"));
  }
}

TEST_F(StreamTlsTest, EndsWhileWaitingInLine) {
  for (int way = 0; way < 6; ++way) {
    const Crowd crowd(loop, 1'000'000);
    handler = {};
    stream.reset();
    client = std::make_unique<TlsPeer>(listener->port(), config);
    client->step();
    ASSERT_TRUE(run_until([&] { return stream != nullptr && stream->is_tls(); }));
    switch (way) {
      case 0:
        stream.reset();
        break;
      case 1:
        stream->abort();
        break;
      case 2:
        client->tcp.close();
        EXPECT_TRUE(closes());
        break;
      case 3:
        stream->pause_reading();
        run_for(5);
        stream->resume_reading();
        write("after the pause");
        EXPECT_TRUE(client_gets("after the pause"));
        break;
      case 4:
        write("finished");
        stream->finish();
        EXPECT_TRUE(run_until([&] { return client->step().notified; }));
        EXPECT_EQ(client->received, "finished");
        break;
      default:
        stream->pause_reading();
        stream->finish();
        client->tcp.half_close();
        EXPECT_TRUE(closes());
    }
    run_for(3);
  }
}

TEST_F(StreamTlsTest, ManyHandshakesAtOnce) {
  std::vector<StreamPtr> streams;
  std::vector<std::unique_ptr<TlsPeer>> peers;
  for (int i = 0; i < 30; ++i) {
    peers.push_back(std::make_unique<TlsPeer>(listener->port(), config));
    peers.back()->step();
    ASSERT_TRUE(run_until([&] { return stream != nullptr; }));
    streams.push_back(std::move(stream));
  }
  EXPECT_TRUE(run_until([&] {
    for (auto& peer : peers) {
      if (!peer->established) peer->step();
    }
    return stats().tls_handshakes == 30;
  }));
  EXPECT_EQ(handler.closed, 0);
}

// Random walks over the interface while a TLS client comes, talks, and goes at any point.
TEST_F(StreamTlsTest, AnyOrderOfCallsIsSafe) {
  std::mt19937 random(5);
  listen(TlsMode::kAuto, 50, 30);
  for (int walk = 0; walk < 40; ++walk) {
    handler = {};
    stream.reset();
    TlsPeer peer(listener->port(), config);
    peer.burst = random() % 2 == 0 ? 0 : 1 + random() % 200;
    ASSERT_TRUE(run_until([&] { return stream != nullptr; }));
    std::string written;
    for (int step = 0; step < 40 && stream != nullptr; ++step) {
      switch (random() % 12) {
        case 0:
        case 1: {
          const std::string piece(random() % 3 == 0 ? 100'000 : random() % 50, static_cast<char>('a' + step % 26));
          if (handler.closed == 0) written += piece;
          write(piece);
          break;
        }
        case 2:
          stream->flush();
          break;
        case 3:
          stream->pause_reading();
          break;
        case 4:
        case 5:
          stream->resume_reading();
          break;
        case 6:
          if (peer.established) peer.send("data");
          break;
        case 7:
          if (step > 30) stream.reset();
          break;
        case 8:
          if (step > 30) {
            stream->finish();
            step = 40;
          }
          break;
        case 9:
          if (step > 35) peer.tcp.half_close();
          break;
        default:
          peer.step(50'000);
          run_for(1);
      }
    }
    run_until([&] { return peer.step().tcp.ended || peer.failed; }, 100);
    EXPECT_EQ(peer.received, written.substr(0, peer.received.size()));
    EXPECT_FALSE(peer.failed && peer.established) << peer.session->error();
    EXPECT_LE(handler.closed, 1);
  }
}

}  // namespace
}  // namespace matchbus::net
