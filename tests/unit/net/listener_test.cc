// Ports: binding, limits, counting, running out of file descriptors.
#include "net/listener.h"

#include <netinet/tcp.h>
#include <sys/resource.h>

#include "support/net_fixture.h"

namespace matchbus::net {
namespace {

using test::NetTest;
using test::Peer;
using test::RecordingHandler;

class ListenerTest : public NetTest {
 protected:
  Result<std::unique_ptr<Listener>> open(std::vector<std::string> addresses, uint16_t port = 0) {
    ListenOptions options;
    options.addresses = std::move(addresses);
    options.port = port;
    options.tls = TlsMode::kOff;
    return Listener::open(
        loop, options, nullptr, *counter,
        [this](StreamPtr stream) {
          streams.push_back(std::move(stream));
          if (on_stream) on_stream();
        },
        make_room);
  }
  // True once the server has closed the peer's connection.
  bool refused(Peer& peer) {
    return run_until([&] { return peer.read().ended; });
  }
  const ConnectionStats& stats() const { return counter->stats(); }

  std::unique_ptr<ConnectionCounter> counter = std::make_unique<ConnectionCounter>(ConnectionLimits{});
  std::vector<StreamPtr> streams;
  std::function<void()> on_stream;
  ConnectionCounter::MakeRoom make_room;
};

TEST_F(ListenerTest, FreePortIsTheSameOnAllAddresses) {
  auto listener = open({"127.0.0.1", "127.0.0.2", "::1"});
  ASSERT_TRUE(listener.ok()) << listener.error().message;
  ASSERT_NE((*listener)->port(), 0);
  Peer first((*listener)->port(), "127.0.0.1");
  Peer second((*listener)->port(), "127.0.0.2");
  ASSERT_TRUE(first.connected);
  ASSERT_TRUE(second.connected);
  ASSERT_TRUE(run_until([&] { return streams.size() == 2; }));
  EXPECT_EQ(streams[0]->peer_address(), "127.0.0.1");
  EXPECT_FALSE(streams[0]->is_tls());
}

TEST_F(ListenerTest, AnyAddressOfBothFamilies) {
  auto listener = open({"0.0.0.0", "::"});
  ASSERT_TRUE(listener.ok()) << listener.error().message;
  Peer four((*listener)->port(), "127.0.0.1");
  EXPECT_TRUE(four.connected);
  Peer six((*listener)->port(), "::1");
  if (!six.connected) GTEST_SKIP() << "no IPv6 here";
  ASSERT_TRUE(run_until([&] { return streams.size() == 2; }));
  const bool found = streams[0]->peer_address() == "::1" || streams[1]->peer_address() == "::1";
  EXPECT_TRUE(found);
}

TEST_F(ListenerTest, SaysWhyItCannotListen) {
  auto first = open({"127.0.0.1"});
  ASSERT_TRUE(first.ok());
  const std::string port = std::to_string((*first)->port());
  auto second = open({"127.0.0.1"}, (*first)->port());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().message, "cannot listen on 127.0.0.1 port " + port + ": Address already in use");

  // TEST-NET-1 (RFC 5737) is nobody's address.
  auto foreign = open({"192.0.2.77"}, 1);
  ASSERT_FALSE(foreign.ok());
  EXPECT_NE(foreign.error().message.find("192.0.2.77 port 1: "), std::string::npos);
  auto mixed = open({"127.0.0.1", "192.0.2.77"});
  EXPECT_FALSE(mixed.ok()) << "a wrong IPv4 address is a mistake, not a lacking family";

  auto name = open({"localhost"});
  ASSERT_FALSE(name.ok());
  EXPECT_EQ(name.error().message, "cannot listen on localhost: not an IP address");
  EXPECT_FALSE(open({}).ok());
}

TEST_F(ListenerTest, LackingFamilyIsPassedOverUnlessItIsAllThereIs) {
  // This address exists nowhere, which is what a machine without IPv6 says about any.
  auto both = open({"127.0.0.1", "2001:db8::77"});
  EXPECT_TRUE(both.ok());
  auto alone = open({"2001:db8::77"});
  ASSERT_FALSE(alone.ok());
  EXPECT_NE(alone.error().message.find("cannot listen on 2001:db8::77"), std::string::npos);
}

TEST_F(ListenerTest, TlsNeedsACertificate) {
  ListenOptions options;
  options.addresses = {"127.0.0.1"};
  options.tls = TlsMode::kAuto;
  EXPECT_FALSE(Listener::open(loop, options, nullptr, *counter, [](StreamPtr) {}).ok());
}

TEST_F(ListenerTest, CountsOpenConnections) {
  auto listener = open({"127.0.0.1"});
  ASSERT_TRUE(listener.ok());
  Peer one((*listener)->port());
  Peer two((*listener)->port());
  ASSERT_TRUE(run_until([&] { return streams.size() == 2; }));
  EXPECT_EQ(stats().accepted, 2u);
  EXPECT_EQ(stats().open, 2u);
  streams.pop_back();
  ASSERT_TRUE(run_until([&] { return stats().open == 1; }));
  streams.clear();
  ASSERT_TRUE(run_until([&] { return stats().open == 0; }));
  EXPECT_EQ(stats().accepted, 2u);
}

TEST_F(ListenerTest, RefusesOverTheTotalLimitAndRecovers) {
  counter = std::make_unique<ConnectionCounter>(ConnectionLimits{.total = 2, .per_address = 0});
  auto listener = open({"127.0.0.1"});
  ASSERT_TRUE(listener.ok());
  Peer one((*listener)->port());
  Peer two((*listener)->port());
  Peer three((*listener)->port());
  ASSERT_TRUE(refused(three));
  EXPECT_EQ(streams.size(), 2u);
  EXPECT_EQ(stats().refused_total, 1u);
  EXPECT_TRUE(log.contains("connection from 127.0.0.1 refused: too many connections (all together: 2)"));
  EXPECT_FALSE(one.read().ended);
  streams.clear();
  ASSERT_TRUE(run_until([&] { return stats().open == 0; }));
  Peer four((*listener)->port());
  ASSERT_TRUE(run_until([&] { return streams.size() == 1; }));
}

TEST_F(ListenerTest, RefusesOverTheLimitPerAddress) {
  counter = std::make_unique<ConnectionCounter>(ConnectionLimits{.total = 0, .per_address = 1});
  auto listener = open({"127.0.0.1"});
  ASSERT_TRUE(listener.ok());
  Peer one((*listener)->port());
  Peer two((*listener)->port());
  ASSERT_TRUE(refused(two));
  EXPECT_EQ(stats().refused_address, 1u);
  EXPECT_TRUE(log.contains("connection from 127.0.0.1 refused: too many connections of this address (each: 1)"));
  EXPECT_EQ(stats().open, 1u);
  streams.clear();
  run_for(5);
  Peer three((*listener)->port());
  ASSERT_TRUE(run_until([&] { return streams.size() == 1; }));
}

TEST_F(ListenerTest, MakesRoomForOneMoreWhereItCan) {
  counter = std::make_unique<ConnectionCounter>(ConnectionLimits{.total = 1, .per_address = 0});
  make_room = [this](const std::string& address) {
    EXPECT_EQ(address, "127.0.0.1");
    if (streams.empty()) return false;
    streams.clear();
    return true;
  };
  auto listener = open({"127.0.0.1"});
  ASSERT_TRUE(listener.ok());
  Peer one((*listener)->port());
  ASSERT_TRUE(run_until([&] { return streams.size() == 1; }));
  Peer two((*listener)->port());
  ASSERT_TRUE(refused(one));
  EXPECT_EQ((*listener)->connections().displaced, 1u);
  EXPECT_EQ((*listener)->connections().open, 1u);
  EXPECT_EQ(stats().refused_total, 0u);
}

TEST_F(ListenerTest, StreamsOutliveTheListener) {
  auto listener = open({"127.0.0.1"});
  ASSERT_TRUE(listener.ok());
  const uint16_t port = (*listener)->port();
  Peer peer(port);
  ASSERT_TRUE(run_until([&] { return streams.size() == 1; }));
  (*listener)->close();
  (*listener)->close();
  listener->reset();
  EXPECT_FALSE(Peer(port).connected);
  streams[0]->write(Bytes::copy("still here"));
  EXPECT_TRUE(run_until([&] { return peer.read().received == "still here"; }));
}

TEST_F(ListenerTest, MayBeDestroyedWhileAccepting) {
  auto listener = open({"127.0.0.1"});
  ASSERT_TRUE(listener.ok());
  on_stream = [&] { listener->reset(); };
  Peer one((*listener)->port());
  Peer two((*listener)->port());
  ASSERT_TRUE(run_until([&] { return !streams.empty(); }));
  run_for(20);
  EXPECT_EQ(streams.size(), 1u);
}

TEST_F(ListenerTest, StreamDestroyedAtOnce) {
  auto listener = open({"127.0.0.1"});
  ASSERT_TRUE(listener.ok());
  on_stream = [&] { streams.clear(); };
  Peer peer((*listener)->port());
  ASSERT_TRUE(refused(peer));
  EXPECT_EQ(stats().open, 0u);
}

TEST_F(ListenerTest, AcceptsABurst) {
  auto listener = open({"127.0.0.1"});
  ASSERT_TRUE(listener.ok());
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 300; ++i) peers.push_back(std::make_unique<Peer>((*listener)->port()));
  EXPECT_TRUE(run_until([&] { return streams.size() == 300; }));
}

// Takes all file descriptors but some, and gives them back.
class Exhaustion {
 public:
  explicit Exhaustion(int leave) {
    getrlimit(RLIMIT_NOFILE, &old_);
    const int probe = ::dup(0);
    ::close(probe);
    const rlimit tight{static_cast<rlim_t>(probe) + 16, old_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &tight);
    for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) taken_.push_back(fd);
    for (; leave > 0; --leave) give_back();
  }
  ~Exhaustion() {
    while (!taken_.empty()) give_back();
    setrlimit(RLIMIT_NOFILE, &old_);
  }
  Exhaustion(const Exhaustion&) = delete;
  Exhaustion& operator=(const Exhaustion&) = delete;
  void give_back() {
    ::close(taken_.back());
    taken_.pop_back();
  }

 private:
  rlimit old_{};
  std::vector<int> taken_;
};

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1  // as GCC says it
#endif
#endif
#if !defined(__SANITIZE_ADDRESS__)  // the undefined behaviour sanitizer itself needs descriptors

TEST_F(ListenerTest, OutOfFileDescriptorsItRefusesAndRecovers) {
  auto listener = open({"127.0.0.1"});
  ASSERT_TRUE(listener.ok());
  run_for(2);
  {
    Exhaustion none(1);
    Peer peer((*listener)->port());  // has the last one
    EXPECT_TRUE(peer.connected);
    EXPECT_TRUE(refused(peer));
    EXPECT_EQ(stats().refused_files, 1u);
    EXPECT_TRUE(log.contains("no file descriptor left"));
  }
  Peer later((*listener)->port());
  EXPECT_TRUE(run_until([&] { return streams.size() == 1; }));
}

TEST_F(ListenerTest, WithoutAReserveItRests) {
  run_for(2);
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto all = std::make_unique<Exhaustion>(1);
  auto listener = open({"127.0.0.1"});  // takes the last one, so that there is no reserve
  ASSERT_TRUE(listener.ok());
  sockaddr_in where{};
  uv_ip4_addr("127.0.0.1", (*listener)->port(), &where);
  ASSERT_EQ(::connect(client, reinterpret_cast<sockaddr*>(&where), sizeof where), 0);
  run_for(50);
  EXPECT_EQ(stats().refused_files, 1u) << "once, not in every turn";
  EXPECT_TRUE(streams.empty());
  all.reset();
  EXPECT_TRUE(run_until([&] { return streams.size() == 1; })) << "the connection waited";
  ::close(client);
}

#endif

}  // namespace
}  // namespace matchbus::net
