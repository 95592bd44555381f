// The client against a backend on the loopback interface that misbehaves as each test tells it to.
//
// Bytes travel in real time, time limits in fake time.
#include "net/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <deque>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/tls.h"

namespace matchbus::net {
namespace {

using testing::HasSubstr;

// One connection that the backend accepted.
class Peer final : public StreamHandler {
 public:
  using OnRequest = std::function<void(Peer&, const std::string&)>;
  Peer(StreamPtr stream, OnRequest& on_request) : stream_(std::move(stream)), on_request_(on_request) {
    stream_->set_handler(this);
  }
  void send(const std::string& bytes) {
    if (stream_ == nullptr) return;
    stream_->write(Bytes::copy(bytes));
    stream_->flush();
  }
  void answer(const std::string& body, const std::string& headers = "") {
    send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body);
  }
  void hang_up() { stream_.reset(); }
  void finish() { stream_->finish(); }
  bool is_closed() const { return stream_ == nullptr; }
  int requests() const { return requests_; }

 private:
  void on_stream_data(std::span<char> data) override {
    input_.append(data.data(), data.size());
    // The tests' requests have bodies of exactly "body" or none.
    for (size_t end; (end = input_.find("\r\n\r\n")) != std::string::npos;) {
      end += 4;
      if (input_.starts_with("POST")) end += 4;
      if (end > input_.size()) return;
      const std::string request = input_.substr(0, end);
      input_.erase(0, end);
      ++requests_;
      on_request_(*this, request);
    }
  }
  void on_stream_closed(CloseReason) override { stream_.reset(); }

  StreamPtr stream_;
  OnRequest& on_request_;
  std::string input_;
  int requests_ = 0;
};

class HttpClientTest : public testing::Test {
 protected:
  HttpClientTest() {
    uv_timer_init(loop_.uv(), &wake_);
    uv_timer_start(
        &wake_, [](uv_timer_t*) {}, 5, 5);
    on_request_ = [](Peer& peer, const std::string&) { peer.answer("hello"); };
  }

  void listen(TlsServerContext* tls = nullptr) {
    ListenOptions options;
    options.addresses = {"127.0.0.1"};
    options.tls = tls == nullptr ? TlsMode::kOff : TlsMode::kRequired;
    auto listener = Listener::open(loop_, options, tls, counter_,
                                   [this](StreamPtr stream) { peers_.emplace_back(std::move(stream), on_request_); });
    ASSERT_TRUE(listener.ok()) << listener.error().message;
    listener_ = std::move(*listener);
  }

  std::string url(const std::string& target = "/", const std::string& scheme = "http") {
    if (listener_ == nullptr) listen();
    return scheme + "://127.0.0.1:" + std::to_string(listener_->port()) + target;
  }

  HttpClient& client() {
    if (client_ == nullptr) client_ = HttpClient::create(loop_, options_);
    return *client_;
  }

  // Results come as "200 body" or "error why", in order.
  void call(const std::string& method, const std::string& target, const std::string& body = "") {
    start({method, url(target), {}, body});
  }
  void start(HttpCall request) {
    inside_call_ = true;
    client().call(std::move(request), [this](Result<HttpAnswer> answer) {
      EXPECT_FALSE(inside_call_) << "done was called inside call";
      answers_.push_back(std::move(answer));
      const Result<HttpAnswer>& last = answers_.back();
      results_.push_back(last.ok() ? std::to_string(last->status) + " " + last->body : "error " + last.error().message);
    });
    inside_call_ = false;
  }

  template <typename Predicate>
  void until(Predicate predicate) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!predicate()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "waited for nothing";
      uv_run(loop_.uv(), UV_RUN_ONCE);
    }
  }
  void until_results(size_t count) {
    until([&] { return results_.size() >= count; });
  }
  void turns(int count = 5) {
    for (int i = 0; i < count; ++i) uv_run(loop_.uv(), UV_RUN_ONCE);
  }
  void pass(int64_t ms) {
    clock_.advance(ms);
    loop_.timers().advance(clock_.monotonic_ms());
  }

  FakeClock clock_;
  Log log_{clock_, LogLevel::kOff};
  uv_timer_t wake_{};
  Loop loop_{clock_, log_};
  ConnectionCounter counter_{{}};
  Peer::OnRequest on_request_;
  std::deque<Peer> peers_;
  std::unique_ptr<Listener> listener_;
  HttpClientOptions options_;
  std::deque<Result<HttpAnswer>> answers_;
  std::vector<std::string> results_;
  bool inside_call_ = false;
  std::unique_ptr<HttpClient> client_;
};

TEST_F(HttpClientTest, ARequestIsAnswered) {
  std::string seen;
  on_request_ = [&](Peer& peer, const std::string& request) {
    seen = request;
    peer.answer("hello", "X-A: b\r\n");
  };
  start({"POST", url("/a?b"), {{"X-User-Token", "t"}}, "body"});
  until_results(1);
  EXPECT_EQ(results_[0], "200 hello");
  EXPECT_THAT(answers_[0]->headers, testing::Contains(std::pair<std::string, std::string>("x-a", "b")));
  EXPECT_EQ(seen, "POST /a?b HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(listener_->port()) +
                      "\r\nX-User-Token: t\r\nContent-Length: 4\r\n\r\nbody");
}

TEST_F(HttpClientTest, ConnectionsAreKept) {
  for (size_t i = 1; i <= 5; ++i) {
    call(i % 2 == 0 ? "GET" : "POST", "/", i % 2 == 0 ? "" : "body");
    until_results(i);
  }
  EXPECT_EQ(results_, std::vector<std::string>(5, "200 hello"));
  EXPECT_EQ(peers_.size(), 1u);
}

TEST_F(HttpClientTest, AnswersOfEveryShapeAreRead) {
  on_request_ = [&](Peer& peer, const std::string& request) {
    if (request.starts_with("HEAD")) return peer.send("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n");
    if (request.starts_with("GET /chunked")) {
      return peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    }
    if (request.starts_with("GET /none")) return peer.send("HTTP/1.1 204 No Content\r\n\r\n");
    if (request.starts_with("GET /moved")) {
      return peer.send("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n");
    }
    peer.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\n\r\nuntil the end");
    peer.finish();
  };
  call("HEAD", "/");
  until_results(1);
  call("GET", "/chunked");
  until_results(2);
  call("GET", "/none");
  until_results(3);
  call("GET", "/moved");
  until_results(4);
  EXPECT_EQ(peers_.size(), 1u);
  call("GET", "/rest");
  until_results(5);
  EXPECT_EQ(results_, (std::vector<std::string>{"200 ", "200 abcde", "204 ", "302 ", "200 until the end"}));
}

TEST_F(HttpClientTest, ALargeAnswerAndALargeRequestPass) {
  const std::string large(900'000, 'x');
  on_request_ = [&](Peer& peer, const std::string&) { peer.answer(large); };
  call("GET", "/");
  until_results(1);
  EXPECT_EQ(answers_[0]->body, large);
}

TEST_F(HttpClientTest, ASlowDripIsReadWhileThereIsTime) {
  on_request_ = [](Peer&, const std::string&) {};
  call("GET", "/");
  until([&] { return !peers_.empty() && peers_[0].requests() == 1; });
  for (const char c : std::string("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")) {
    peers_[0].send(std::string(1, c));
    turns(1);
    pass(50);
  }
  until_results(1);
  EXPECT_EQ(results_[0], "200 hello");
}

TEST_F(HttpClientTest, TheTimeLimitCoversTheWholeExchange) {
  on_request_ = [](Peer& peer, const std::string&) { peer.send("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"); };
  call("GET", "/");
  until([&] { return !peers_.empty() && peers_[0].requests() == 1; });
  for (int i = 0; i < 48; ++i) {
    pass(100);
    peers_[0].send("x");
    turns(2);
  }
  EXPECT_TRUE(results_.empty());
  pass(300);
  ASSERT_EQ(results_.size(), 1u);
  EXPECT_THAT(results_[0], HasSubstr("no answer within 5000 ms"));
  until([&] { return peers_[0].is_closed(); });
}

TEST_F(HttpClientTest, WaitingCallsTimeOutToo) {
  options_.max_connections = 1;
  on_request_ = [](Peer&, const std::string&) {};
  call("GET", "/a");
  pass(4'000);
  call("GET", "/b");
  turns();
  pass(1'100);
  EXPECT_EQ(results_.size(), 1u);
  pass(4'000);
  EXPECT_EQ(results_.size(), 2u);
}

TEST_F(HttpClientTest, ACallThatTimesOutMakesRoomForTheNext) {
  options_.max_connections = 1;
  on_request_ = [](Peer& peer, const std::string& request) {
    if (request.starts_with("GET /fine")) peer.answer("fine");
  };
  call("GET", "/hangs");
  pass(3'000);
  call("GET", "/fine");
  turns();
  pass(2'100);
  until_results(2);
  EXPECT_THAT(results_[0], HasSubstr("no answer"));
  EXPECT_EQ(results_[1], "200 fine");
}

TEST_F(HttpClientTest, NobodyListening) {
  const std::string gone = url();
  listener_->close();
  listener_.reset();
  client().call({"GET", gone, {}, ""}, [&](Result<HttpAnswer> answer) {
    EXPECT_FALSE(answer.ok());
    results_.push_back(answer.error().message);
  });
  until([&] {
    pass(1);  // the connector tells failures from a timer
    return !results_.empty();
  });
  EXPECT_THAT(results_[0], HasSubstr("http://127.0.0.1"));
}

TEST_F(HttpClientTest, EarlyEndsAreErrors) {
  on_request_ = [](Peer& peer, const std::string& request) {
    if (request.starts_with("GET /half")) peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
    peer.hang_up();
  };
  call("GET", "/nothing");
  until_results(1);
  EXPECT_THAT(results_[0], HasSubstr("before the answer"));
  EXPECT_EQ(peers_.size(), 1u) << "a fresh connection is not tried twice";
  call("GET", "/half");
  until_results(2);
  EXPECT_THAT(results_[1], HasSubstr("error"));
}

TEST_F(HttpClientTest, GarbageIsAnError) {
  on_request_ = [](Peer& peer, const std::string&) { peer.send("SSH-2.0-Garbage\r\n\r\n"); };
  call("GET", "/");
  until_results(1);
  EXPECT_THAT(results_[0], HasSubstr("error"));
  until([&] { return peers_[0].is_closed(); });
}

TEST_F(HttpClientTest, HugeAnswersAreErrors) {
  options_.max_body_bytes = 10;
  on_request_ = [](Peer& peer, const std::string& request) {
    if (request.starts_with("GET /told")) return peer.answer("12345678901");
    peer.send("HTTP/1.1 200 OK\r\n\r\n" + std::string(1'000, 'x'));
  };
  call("GET", "/told");
  call("GET", "/untold");
  until_results(2);
  for (const std::string& result : results_) EXPECT_THAT(result, HasSubstr("too large"));
}

TEST_F(HttpClientTest, AStaleConnectionIsReplacedOnce) {
  call("GET", "/first");
  until_results(1);
  int requests = 0;
  on_request_ = [&](Peer& peer, const std::string&) { ++requests == 1 ? peer.hang_up() : peer.answer("again"); };
  call("GET", "/second");
  until_results(2);
  EXPECT_EQ(results_[1], "200 again");
  EXPECT_EQ(requests, 2);
  EXPECT_EQ(peers_.size(), 2u);
}

TEST_F(HttpClientTest, AStaleConnectionIsNotReplacedTwice) {
  call("GET", "/first");
  until_results(1);
  int requests = 0;
  on_request_ = [&](Peer& peer, const std::string&) {
    ++requests;
    peer.hang_up();
  };
  call("GET", "/second");
  until_results(2);
  EXPECT_THAT(results_[1], HasSubstr("error"));
  EXPECT_EQ(requests, 2);
}

TEST_F(HttpClientTest, APostIsNotSentTwice) {
  call("GET", "/first");
  until_results(1);
  int requests = 0;
  on_request_ = [&](Peer& peer, const std::string&) {
    ++requests;
    peer.hang_up();
  };
  call("POST", "/second", "body");
  until_results(2);
  EXPECT_THAT(results_[1], HasSubstr("error"));
  EXPECT_EQ(requests, 1);
}

TEST_F(HttpClientTest, AConnectionThatClosedWhileIdleIsNotUsed) {
  call("GET", "/first");
  until_results(1);
  peers_[0].hang_up();
  turns(20);
  call("POST", "/second", "body");
  until_results(2);
  EXPECT_EQ(results_[1], "200 hello");
  EXPECT_EQ(peers_.size(), 2u);
}

TEST_F(HttpClientTest, AnswersNobodyAskedForEndTheConnection) {
  on_request_ = [](Peer& peer, const std::string& request) {
    peer.answer("hello");
    if (request.starts_with("GET /extra")) peer.answer("surprise");
  };
  call("GET", "/extra");
  until_results(1);
  call("GET", "/next");
  until_results(2);
  EXPECT_EQ(results_, (std::vector<std::string>{"200 hello", "200 hello"}));
  until([&] { return peers_.size() == 2; });
  peers_[1].send("x");
  until([&] { return peers_[1].is_closed(); });
}

TEST_F(HttpClientTest, ABackendThatClosesIsBelieved) {
  on_request_ = [](Peer& peer, const std::string&) { peer.answer("bye", "Connection: close\r\n"); };
  for (size_t i = 1; i <= 3; ++i) {
    call("POST", "/", "body");
    until_results(i);
  }
  EXPECT_EQ(results_, std::vector<std::string>(3, "200 bye"));
  EXPECT_EQ(peers_.size(), 3u);
}

TEST_F(HttpClientTest, IdleConnectionsAreClosed) {
  call("GET", "/");
  until_results(1);
  pass(29'900);
  turns(10);
  EXPECT_FALSE(peers_[0].is_closed());
  pass(200);
  until([&] { return peers_[0].is_closed(); });
  call("GET", "/");
  until_results(2);
  EXPECT_EQ(peers_.size(), 2u);
}

TEST_F(HttpClientTest, RequestsBeyondTheConnectionsWaitInOrder) {
  options_.max_connections = 2;
  std::vector<std::string> order;
  on_request_ = [&](Peer& peer, const std::string& request) {
    order.push_back(request.substr(4, 2));
    peer.answer(request.substr(4, 2));
  };
  for (const char* target : {"/a", "/b", "/c", "/d", "/e", "/f"}) call("GET", target);
  until_results(6);
  EXPECT_EQ(peers_.size(), 2u);
  EXPECT_EQ(order.size(), 6u);
  std::sort(results_.begin(), results_.end());
  EXPECT_EQ(results_, (std::vector<std::string>{"200 /a", "200 /b", "200 /c", "200 /d", "200 /e", "200 /f"}));
}

TEST_F(HttpClientTest, OneConnectionServesInOrder) {
  options_.max_connections = 1;
  on_request_ = [&](Peer& peer, const std::string& request) { peer.answer(request.substr(4, 2)); };
  for (const char* target : {"/a", "/b", "/c"}) call("GET", target);
  until_results(3);
  EXPECT_EQ(results_, (std::vector<std::string>{"200 /a", "200 /b", "200 /c"}));
  EXPECT_EQ(peers_.size(), 1u);
}

TEST_F(HttpClientTest, OneConnectionLostDoesNotStopTheQueue) {
  options_.max_connections = 1;
  on_request_ = [&](Peer& peer, const std::string& request) {
    if (request.starts_with("GET /bad")) return peer.hang_up();
    peer.answer("fine");
  };
  for (const char* target : {"/bad", "/good", "/bad", "/good"}) call("GET", target);
  until_results(4);
  EXPECT_EQ(std::count(results_.begin(), results_.end(), "200 fine"), 2);
}

TEST_F(HttpClientTest, TheQueueIsBounded) {
  options_.max_connections = 1;
  options_.max_queue = 2;
  on_request_ = [](Peer&, const std::string&) {};
  for (int i = 0; i < 5; ++i) call("GET", "/" + std::to_string(i));
  until_results(2);
  turns();
  EXPECT_EQ(results_.size(), 2u);
  for (const std::string& result : results_) EXPECT_THAT(result, HasSubstr("too many requests are waiting"));
}

TEST_F(HttpClientTest, WhatCannotBeSentFailsLater) {
  start({"GET", "gopher://a/", {}, ""});
  EXPECT_TRUE(results_.empty());
  turns(2);
  ASSERT_EQ(results_.size(), 1u);
  EXPECT_THAT(results_[0], HasSubstr("invalid URL"));
}

TEST_F(HttpClientTest, DestructionEndsWhatIsUnderWay) {
  options_.max_connections = 1;
  on_request_ = [](Peer&, const std::string&) {};
  call("GET", "/a");
  call("GET", "/b");
  start({"GET", "gopher://a/", {}, ""});
  client_.reset();
  EXPECT_EQ(results_.size(), 3u);
  for (const std::string& result : results_) EXPECT_THAT(result, HasSubstr("error"));
  turns();
  EXPECT_EQ(results_.size(), 3u);
}

TEST_F(HttpClientTest, DoneMayDestroyTheClient) {
  for (const char* address : {"good", "bad", "gone", "late"}) {
    const std::string target = std::string("/") + address;
    on_request_ = [](Peer& peer, const std::string& request) {
      if (request.starts_with("GET /late")) return;
      request.starts_with("GET /bad") ? peer.hang_up() : peer.answer("x");
    };
    int called = 0;
    const std::string whole = target == "/gone" ? "http://127.0.0.1:1/" : url(target);
    for (int i = 0; i < 3; ++i) {
      client().call({"GET", whole, {}, ""}, [&](const Result<HttpAnswer>&) {
        ++called;
        client_.reset();
      });
    }
    until([&] {
      pass(target == "/late" ? 1'000 : 1);
      return client_ == nullptr;
    });
    EXPECT_EQ(called, 3);
    turns();
  }
}

TEST_F(HttpClientTest, DoneMayCallAgain) {
  int left = 5;
  std::function<void()> again = [&] {
    client().call({"GET", url(), {}, ""}, [&](const Result<HttpAnswer>& answer) {
      EXPECT_TRUE(answer.ok());
      if (--left > 0) again();
    });
  };
  again();
  until([&] { return left == 0; });
  EXPECT_EQ(peers_.size(), 1u);
}

TEST_F(HttpClientTest, TlsIsVerifiedUnlessToldOtherwise) {
  const std::string base = testing::TempDir() + "http_client_test_" + std::to_string(::getpid());
  const std::string certificate = base + ".crt";
  const std::string key = base + ".key";
  ASSERT_TRUE(make_self_signed(certificate, key).ok());
  auto tls = TlsServerContext::load(certificate, key);
  ASSERT_TRUE(tls.ok()) << tls.error().message;
  listen(tls->get());
  const std::string target = "https://localhost:" + std::to_string(listener_->port()) + "/";

  start({"GET", target, {}, ""});
  until_results(1);
  EXPECT_THAT(results_[0], HasSubstr("error"));
  options_.ca_file = certificate;
  client_.reset();
  start({"GET", target, {}, ""});
  until_results(2);
  EXPECT_EQ(results_[1], "200 hello");
  options_ = {};
  options_.verify = false;
  client_.reset();
  start({"GET", target, {}, ""});
  start({"HEAD", target, {}, ""});
  until_results(4);
  EXPECT_EQ(results_[2].substr(0, 4), "200 ");
  client_.reset();
  peers_.clear();
  listener_.reset();
  turns();
  std::filesystem::remove(certificate);
  std::filesystem::remove(key);
}

}  // namespace
}  // namespace matchbus::net
