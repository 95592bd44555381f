// Outgoing connections against our own listeners.
#include "net/connector.h"

#include <optional>

#include "net/listener.h"
#include "net/tls.h"
#include "support/net_fixture.h"
#include "support/tls_peer.h"

namespace matchbus::net {
namespace {

using test::NetTest;
using test::RecordingHandler;

class ConnectorTest : public NetTest {
 protected:
  void SetUp() override {
    certificate = directory.file("cert.pem");
    ASSERT_TRUE(make_self_signed(certificate, directory.file("key.pem")).ok());
    context = std::move(*TlsServerContext::load(certificate, directory.file("key.pem")));
    listen({"127.0.0.1"});
    options.host = "127.0.0.1";
  }
  void listen(std::vector<std::string> addresses) {
    ListenOptions listen_options;
    listen_options.addresses = std::move(addresses);
    auto opened = Listener::open(loop, listen_options, context.get(), counter, [this](StreamPtr accepted) {
      server = std::move(accepted);
      server->set_handler(&server_handler);
      if (reset_at_accept) server.reset();
    });
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    listener = std::move(*opened);
    options.port = listener->port();
    server_handler.on_data = [this](const std::string& data) { server->write(Bytes::copy("echo " + data)); };
  }
  void start() {
    connector = Connector::connect(loop, options, [this](Result<StreamPtr> result) {
      ++calls;
      if (result.ok()) {
        stream = std::move(*result);
        stream->set_handler(&handler);
      } else {
        error = result.error().message;
      }
      connector.reset();
    });
  }
  bool finishes() {
    return run_until([&] { return calls != 0; });
  }
  bool echoes() {
    if (stream == nullptr) return false;
    stream->write(Bytes::copy("hello"));
    return run_until([&] { return handler.received == "echo hello"; });
  }

  test::TemporaryDirectory directory;
  std::string certificate;
  std::unique_ptr<TlsServerContext> context;
  ConnectionCounter counter{ConnectionLimits{}};
  RecordingHandler server_handler;
  RecordingHandler handler;
  std::unique_ptr<Listener> listener;
  StreamPtr server;
  StreamPtr stream;
  ConnectOptions options;
  std::unique_ptr<Connector> connector;
  bool reset_at_accept = false;
  int calls = 0;
  std::string error;
};

TEST_F(ConnectorTest, ConnectsByAddress) {
  start();
  EXPECT_EQ(calls, 0) << "never from within connect";
  ASSERT_TRUE(finishes());
  EXPECT_TRUE(echoes());
  EXPECT_EQ(stream->peer_address(), "127.0.0.1");
  EXPECT_FALSE(stream->is_tls());
}

TEST_F(ConnectorTest, ConnectsByName) {
  options.host = "localhost";
  start();
  EXPECT_EQ(calls, 0);
  ASSERT_TRUE(finishes());
  EXPECT_TRUE(echoes()) << error;
}

TEST_F(ConnectorTest, ConnectsByIpv6Address) {
  listen({"::1", "127.0.0.1"});
  options.host = "::1";
  start();
  ASSERT_TRUE(finishes());
  if (stream == nullptr) GTEST_SKIP() << "no IPv6 here: " << error;
  EXPECT_TRUE(echoes());
  EXPECT_EQ(stream->peer_address(), "::1");
}

TEST_F(ConnectorTest, TlsWithVerification) {
  for (const char* host : {"localhost", "127.0.0.1"}) {
    calls = 0;
    handler = {};
    options.host = host;
    options.tls = true;
    options.ca_file = certificate;
    start();
    ASSERT_TRUE(finishes());
    ASSERT_EQ(error, "");
    EXPECT_TRUE(echoes());
    EXPECT_TRUE(stream->is_tls());
    EXPECT_TRUE(server->is_tls());
  }
}

TEST_F(ConnectorTest, TlsWithoutVerification) {
  options.tls = true;
  options.verify = false;
  options.ca_file = "/nonexistent";
  start();
  ASSERT_TRUE(finishes());
  EXPECT_TRUE(echoes()) << error;
}

TEST_F(ConnectorTest, UntrustedCertificateIsAnError) {
  const std::string other = directory.file("other.pem");
  ASSERT_TRUE(make_self_signed(other, directory.file("other.key")).ok());
  options.tls = true;
  options.ca_file = other;
  start();
  ASSERT_TRUE(finishes());
  EXPECT_EQ(stream, nullptr);
  EXPECT_NE(error.find("cannot connect to 127.0.0.1 port"), std::string::npos) << error;
  EXPECT_NE(error.find("not correctly signed"), std::string::npos) << error;
  EXPECT_TRUE(run_until([&] { return server_handler.closed == 1; }));
  EXPECT_EQ(counter.stats().tls_failures, 1u);
}

TEST_F(ConnectorTest, CertificateForAnotherNameIsAnError) {
  listen({"127.0.0.2"});
  options.host = "127.0.0.2";
  options.tls = true;
  options.ca_file = certificate;
  start();
  ASSERT_TRUE(finishes());
  EXPECT_NE(error.find("the certificate is for another address"), std::string::npos) << error;
}

TEST_F(ConnectorTest, MissingTrustedCertificatesAreAnError) {
  options.tls = true;
  options.ca_file = directory.file("none.pem");
  start();
  ASSERT_TRUE(finishes());
  EXPECT_NE(error.find("none.pem"), std::string::npos) << error;
}

TEST_F(ConnectorTest, RefusedConnection) {
  listener.reset();
  start();
  EXPECT_EQ(calls, 0);
  ASSERT_TRUE(finishes());
  EXPECT_EQ(error, "cannot connect to 127.0.0.1 port " + std::to_string(options.port) + ": connection refused");
}

TEST_F(ConnectorTest, TriesTheNextAddressOfAName) {
  // "localhost" is ::1 and 127.0.0.1 on most machines; this listener has one of them only.
  options.host = "localhost";
  for (const char* address : {"127.0.0.1", "::1"}) {
    calls = 0;
    handler = {};
    listen({address});
    start();
    ASSERT_TRUE(finishes());
    if (stream == nullptr) continue;  // a machine that knows it by the other only
    EXPECT_EQ(stream->peer_address(), address);
    EXPECT_TRUE(echoes());
    stream.reset();
  }
}

TEST_F(ConnectorTest, UnknownName) {
  options.host = "name.invalid";  // RFC 2606: resolves nowhere
  start();
  ASSERT_TRUE(finishes());
  EXPECT_NE(error.find("cannot connect to name.invalid"), std::string::npos) << error;
}

TEST_F(ConnectorTest, NamesThatCannotBe) {
  for (const std::string& host : {std::string(), std::string(300, 'x'), std::string("a b\nc")}) {
    calls = 0;
    options.host = host;
    start();
    EXPECT_EQ(calls, 0);
    ASSERT_TRUE(finishes());
    EXPECT_EQ(stream, nullptr);
  }
}

TEST_F(ConnectorTest, TimeLimitCoversTheHandshake) {
  // A listening socket that nobody accepts from: the connection is made, the handshake never answered.
  listener.reset();
  const int deaf = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in where{};
  uv_ip4_addr("127.0.0.1", 0, &where);
  ASSERT_EQ(::bind(deaf, reinterpret_cast<sockaddr*>(&where), sizeof where), 0);
  ASSERT_EQ(::listen(deaf, 5), 0);
  socklen_t size = sizeof where;
  ::getsockname(deaf, reinterpret_cast<sockaddr*>(&where), &size);
  options.port = ntohs(where.sin_port);
  options.tls = true;
  options.verify = false;
  options.timeout_ms = 80;
  const int64_t before = clock.monotonic_ms();
  start();
  ASSERT_TRUE(finishes());
  EXPECT_GE(clock.monotonic_ms() - before, 80);
  EXPECT_NE(error.find("took longer than 80 ms"), std::string::npos) << error;
  ::close(deaf);
}

TEST_F(ConnectorTest, ServerThatClosesDuringTheHandshake) {
  reset_at_accept = true;
  options.tls = true;
  options.verify = false;
  start();
  ASSERT_TRUE(finishes());
  EXPECT_NE(error.find("TLS handshake failed"), std::string::npos) << error;
}

TEST_F(ConnectorTest, GivenUpAtAnyMoment) {
  for (const char* host : {"127.0.0.1", "localhost"}) {
    for (int turns = 0; turns < 8; ++turns) {
      options.host = host;
      options.tls = true;
      options.verify = false;
      start();
      for (int i = 0; i < turns && calls == 0; ++i) {
        loop.post([&] { loop.stop(); });
        loop.run();
      }
      connector.reset();
      const int before = calls;
      run_for(5);
      EXPECT_EQ(calls, before);
      stream.reset();
      server.reset();
    }
  }
}

TEST_F(ConnectorTest, GivenUpWithTheLoopEnding) {
  options.host = "localhost";
  start();
  connector.reset();
}

TEST_F(ConnectorTest, TrustedCertificatesAreReadOnce) {
  options.tls = true;
  options.ca_file = certificate;
  start();
  ASSERT_TRUE(finishes());
  ASSERT_EQ(error, "");
  ::unlink(certificate.c_str());
  calls = 0;
  start();
  ASSERT_TRUE(finishes());
  EXPECT_EQ(error, "");
}

}  // namespace
}  // namespace matchbus::net
