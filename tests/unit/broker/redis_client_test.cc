// The client against a Redis that lies.
#include "broker/redis_client.h"

#include <gtest/gtest.h>
#include <hiredis/hiredis.h>
#include <sys/resource.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/net_fixture.h"

namespace matchbus::broker {
namespace {

class RedisClientTest : public test::NetTest {
 protected:
  RedisClientTest() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in address{};
    uv_ip4_addr("127.0.0.1", 0, &address);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_, 5), 0);
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    options_.url.host = "127.0.0.1";
    options_.url.port = ntohs(address.sin_port);
    options_.timeout_ms = 2'000;
    options_.first_delay_ms = 60'000;
    options_.max_delay_ms = 60'000;
  }
  ~RedisClientTest() override {
    client_.reset();
    ::close(peer_);
    ::close(listener_);
  }
  // The server's side says `bytes`, as far as the kernel takes them.
  size_t say(std::string_view bytes) {
    const ssize_t sent = ::send(peer_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return sent < 0 ? 0 : static_cast<size_t>(sent);
  }
  // A client whose connection is good.
  void connect() {
    client_ = std::make_unique<RedisClient>(loop, options_);
    ASSERT_TRUE(run_until([this] {
      if (peer_ < 0) peer_ = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      return peer_ >= 0;
    }));
    say("+PONG\r\n");
    ASSERT_TRUE(run_until([this] { return client_->is_connected(); }));
  }
  void ask() {
    client_->command(std::array<std::string_view, 2>{"HGETALL", "k"},
                     [this](const redisReply* reply) { answers_.push_back(reply != nullptr); });
  }
  bool is_lost() { return !client_->is_connected(); }
  static int64_t peak_kib() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
  }

  RedisOptions options_;
  int listener_ = -1;
  int peer_ = -1;
  std::unique_ptr<RedisClient> client_;
  std::vector<bool> answers_;
};

TEST_F(RedisClientTest, AHugeArrayCostsNothing) {
  for (const char* lie : {"*1000000000\r\n", "*1\r\n*1\r\n*500000000\r\n"}) {
    connect();
    ask();
    const int64_t before = peak_kib();
    say(lie);
    ASSERT_TRUE(run_until([this] { return !answers_.empty(); }, 1'000));
    EXPECT_EQ(answers_, std::vector<bool>{false});
    EXPECT_TRUE(is_lost());
    EXPECT_TRUE(log.contains("an answer is too large"));
    EXPECT_LT(peak_kib() - before, 10'000);
    client_.reset();
    ::close(std::exchange(peer_, -1));
    answers_.clear();
  }
}

TEST_F(RedisClientTest, AHugeTextIsReadNoFurtherThanAnAnswerMayReach) {
  connect();
  ask();
  say("$4000000000\r\n");
  const std::string piece(64 * 1024, 'x');
  size_t sent = 0;
  ASSERT_TRUE(run_until([&] {
    sent += say(piece);
    return !answers_.empty();
  }));
  EXPECT_TRUE(is_lost());
  EXPECT_LT(sent, 20'000'000U);  // the kernel's buffers
}

// hiredis ends the process then.
TEST_F(RedisClientTest, AnAnswerThatNobodyAskedForIsTheConnectionsEnd) {
  connect();
  ask();
  say("*0\r\n+OK\r\n");
  ASSERT_TRUE(run_until([this] { return is_lost(); }));
  EXPECT_EQ(answers_, std::vector<bool>{true});
  EXPECT_TRUE(log.contains("nobody has asked"));
}

TEST_F(RedisClientTest, OneThatTricklesIsGivenUp) {
  options_.timeout_ms = 200;
  connect();
  ask();
  say("*2\r\n");
  ASSERT_TRUE(run_until([this] {
    say("$");
    return !answers_.empty();
  }));
  EXPECT_TRUE(is_lost());
}

TEST_F(RedisClientTest, ALongErrorIsNotLoggedWhole) {
  client_ = std::make_unique<RedisClient>(loop, options_);
  ASSERT_TRUE(run_until([this] {
    if (peer_ < 0) peer_ = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return peer_ >= 0;
  }));
  say("-NOAUTH " + std::string(50'000, 'x') + "\r\n");
  ASSERT_TRUE(run_until([this] { return client_->stats().failures != 0; }));
  ASSERT_FALSE(log.lines.empty());
  EXPECT_LT(log.lines.back().size(), 400U);
}

}  // namespace
}  // namespace matchbus::broker
