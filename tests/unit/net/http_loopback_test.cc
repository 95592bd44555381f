// Server and client, or the server and raw bytes, over real sockets: what fakes cannot show, such as back-pressure,
// resets and the order of closing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "net/connector.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "net/listener.h"
#include "net/loop.h"

namespace matchbus::net {
namespace {

using testing::HasSubstr;

class Handler final : public HttpHandler {
 public:
  void on_request(HttpRequest& request, std::unique_ptr<HttpReply> reply) override {
    ++requests;
    if (request.path() == "/wait") {
      reply->on_gone([this] { ++gone; });
      held.push_back(std::move(reply));
      return;
    }
    HttpResponse response = HttpResponse::text(200, request.body);
    if (request.path() == "/large") response.body = large;
    reply->send(std::move(response));
  }
  void on_upgrade(HttpRequest&, StreamPtr, std::span<char>) override {}

  int requests = 0;
  int gone = 0;
  Bytes large = Bytes::copy(std::string(500'000, 'x'));
  std::vector<std::unique_ptr<HttpReply>> held;
};

// The raw end of a connection.
class Raw final : public StreamHandler {
 public:
  void on_stream_data(std::span<char> data) override { input.append(data.data(), data.size()); }
  void on_stream_closed(CloseReason reason) override {
    closed = true;
    why = reason;
  }
  void send(const std::string& bytes) {
    stream->write(Bytes::copy(bytes));
    stream->flush();
  }
  StreamPtr stream;
  std::string input;
  bool closed = false;
  CloseReason why = CloseReason::kLocal;
};

class HttpLoopbackTest : public testing::Test {
 protected:
  HttpLoopbackTest() {
    uv_timer_init(loop_.uv(), &wake_);
    uv_timer_start(
        &wake_, [](uv_timer_t*) {}, 5, 5);
    ListenOptions options;
    options.addresses = {"127.0.0.1"};
    options.tls = TlsMode::kOff;
    auto listener = Listener::open(loop_, options, nullptr, counter_,
                                   [this](StreamPtr stream) { server_.serve(std::move(stream)); });
    EXPECT_TRUE(listener.ok());
    listener_ = std::move(*listener);
  }

  std::string url(const std::string& target) {
    return "http://127.0.0.1:" + std::to_string(listener_->port()) + target;
  }
  void connect(Raw& raw) {
    ConnectOptions options;
    options.host = "127.0.0.1";
    options.port = listener_->port();
    const auto connector = Connector::connect(loop_, options, [&](Result<StreamPtr> stream) {
      ASSERT_TRUE(stream.ok());
      raw.stream = std::move(*stream);
      raw.stream->set_handler(&raw);
    });
    until([&] { return raw.stream != nullptr; });
  }
  void until(const std::function<bool()>& predicate) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!predicate()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "waited for nothing";
      uv_run(loop_.uv(), UV_RUN_ONCE);
    }
  }

  SystemClock clock_;
  Log log_{clock_, LogLevel::kOff};
  uv_timer_t wake_{};
  Loop loop_{clock_, log_};
  ConnectionCounter counter_{{}};
  Handler handler_;
  HttpServer server_{loop_, handler_, {}};
  std::unique_ptr<Listener> listener_;
};

TEST_F(HttpLoopbackTest, ClientAndServerUnderstandEachOther) {
  const auto client = HttpClient::create(loop_, {});
  size_t done = 0;
  for (const size_t size : {size_t{0}, size_t{1}, size_t{100'000}, size_t{900'000}}) {
    const std::string body(size, 'b');
    client->call({"POST", url("/echo"), {}, body}, [&, body](const Result<HttpAnswer>& answer) {
      ++done;
      ASSERT_TRUE(answer.ok()) << answer.error().message;
      EXPECT_EQ(answer->body, body);
    });
  }
  until([&] { return done == 4; });
}

TEST_F(HttpLoopbackTest, ARefusalReachesAClientThatIsStillSending) {
  for (int i = 0; i < 5; ++i) {
    Raw raw;
    connect(raw);
    raw.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n" + std::string(5'000'000, 'x'));
    until([&] { return raw.input.ends_with("too large\n"); });
    EXPECT_THAT(raw.input, HasSubstr("HTTP/1.1 413 "));
    raw.stream.reset();
  }
}

TEST_F(HttpLoopbackTest, AClientThatDoesNotReadIsServedWhenItDoes) {
  constexpr size_t kRequests = 40;
  Raw raw;
  connect(raw);
  raw.stream->pause_reading();
  std::string all;
  for (size_t i = 0; i < kRequests; ++i) all += "GET /large HTTP/1.1\r\nHost: a\r\n\r\n";
  raw.send(all);
  const auto started = std::chrono::steady_clock::now();
  until([&] { return std::chrono::steady_clock::now() - started > std::chrono::milliseconds(200); });
  EXPECT_LT(handler_.requests, static_cast<int>(kRequests)) << "answers pile up";
  raw.stream->resume_reading();
  until([&] { return raw.input.size() >= kRequests * 500'000; });
  EXPECT_EQ(handler_.requests, static_cast<int>(kRequests));
  raw.stream.reset();
}

TEST_F(HttpLoopbackTest, ADepartureIsNoticed) {
  Raw raw;
  connect(raw);
  raw.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  until([&] { return handler_.held.size() == 1; });
  raw.stream.reset();
  until([&] { return handler_.gone == 1; });
  EXPECT_FALSE(handler_.held[0]->is_open());
}

TEST_F(HttpLoopbackTest, TheLastAnswerIsFollowedByAnOrderlyEnd) {
  Raw raw;
  connect(raw);
  raw.send("GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /never HTTP/1.1\r\n");
  until([&] { return raw.closed; });
  EXPECT_EQ(raw.why, CloseReason::kPeer);
  EXPECT_GT(raw.input.size(), 500'000u);
  EXPECT_EQ(handler_.requests, 1);
}

TEST_F(HttpLoopbackTest, ShuttingDownLetsGoOfEverybody) {
  Raw idle, waiting;
  connect(idle);
  connect(waiting);
  waiting.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  until([&] { return handler_.held.size() == 1; });
  server_.shut_down();
  until([&] { return idle.closed; });
  EXPECT_FALSE(waiting.closed);
  handler_.held[0]->send(HttpResponse::text(200, "bye"));
  until([&] { return waiting.closed; });
  EXPECT_TRUE(waiting.input.ends_with("bye"));
  idle.stream.reset();
  waiting.stream.reset();
  until([&] { return counter_.stats().open == 0; });
}

}  // namespace
}  // namespace matchbus::net
