// Fuzzes the HTTP server: the input's first byte chooses how the rest is cut into pieces and how the handler behaves;
// the rest arrives on one connection.
//
// Checked, besides memory and undefined behaviour: every answer is a well-formed response; no request exceeds its
// limits; and the same bytes cut differently give the same requests.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "net/http_exchange.h"
#include "net/http_server.h"
#include "net/loop.h"
#include "support/fake_stream.h"

namespace matchbus::net {
namespace {

constexpr size_t kMaxBody = 1'000;
constexpr size_t kMaxHead = 2'000;

void check(bool truth) {
  if (!truth) std::abort();
}

enum class Manner : uint8_t { kAtOnce, kLater, kForgets, kDrops };

class Handler final : public HttpHandler {
 public:
  explicit Handler(Manner manner) : manner_(manner) {}

  void on_request(HttpRequest& request, std::unique_ptr<HttpReply> reply) override {
    check(request.body.size() <= kMaxBody);
    check(!request.method.empty() && !request.target.empty());
    std::string text = request.method + " " + request.target + "\n";
    for (const auto& [name, value] : request.headers) text += name + ": " + value + "\n";
    check(text.size() <= 2 * kMaxHead);
    seen.push_back(text + "\n" + request.body);
    (void)request.path();
    (void)request.query("a");
    if (manner_ == Manner::kAtOnce) reply->send(HttpResponse::text(200, request.method));
    if (manner_ == Manner::kLater) replies.push_back(std::move(reply));
    if (manner_ == Manner::kDrops && seen.size() % 3 == 0) reply->abort();
  }
  void on_upgrade(HttpRequest& request, StreamPtr stream, std::span<char>) override {
    seen.push_back("upgrade " + request.target);
    stream_ = std::move(stream);
  }
  // Answers what waits, as late answers come: outside of on_request.
  void answer_all() {
    std::vector<std::unique_ptr<HttpReply>> waiting;
    std::swap(waiting, replies);
    for (auto& reply : waiting) reply->send(HttpResponse::text(200, "later"));
  }

  std::vector<std::string> seen;
  std::vector<std::unique_ptr<HttpReply>> replies;

 private:
  Manner manner_;
  StreamPtr stream_;
};

// Everything that was written must be whole answers. (Those to HEAD have no body: told by the request.)
void check_answers(std::string_view bytes, const std::vector<std::string>& seen) {
  size_t index = 0;
  while (!bytes.empty()) {
    const bool to_head = index < seen.size() && seen[index].starts_with("HEAD ");
    const bool interim = bytes.starts_with("HTTP/1.1 100 ");
    HttpAnswerReader reader(to_head, 0, 0);
    bytes.remove_prefix(reader.feed(bytes));
    // The last answer may refuse a HEAD whose head alone has been seen: a length, and no body.
    if (bytes.empty() && index >= seen.size()) return;
    check(reader.state() == HttpAnswerReader::State::kDone || interim);
    ++index;
  }
}

struct Run {
  std::vector<std::string> seen;
  uint64_t refused;
};

Run run(std::string_view input, Manner manner, uint32_t seed, size_t max_piece) {
  static FakeClock clock;
  static Log log(clock, LogLevel::kOff);
  static Loop loop(clock, log);
  test::FakeStreamState state;
  Handler handler(manner);
  HttpServerOptions options;
  options.cors = false;
  options.limits.body_bytes = kMaxBody;
  options.limits.header_bytes = kMaxHead;
  options.limits.pipelined_bytes = 500;
  HttpServer server(loop, handler, options);
  server.serve(test::FakeStream::make(state));
  std::minstd_rand random(seed);
  while (!input.empty()) {
    const size_t size = std::min<size_t>(input.size(), 1 + random() % max_piece);
    state.feed(std::string(input.substr(0, size)));
    input.remove_prefix(size);
    if (random() % 4 == 0) handler.answer_all();
    if (random() % 4 == 0) uv_run(loop.uv(), UV_RUN_NOWAIT);
  }
  do {
    handler.answer_all();
    uv_run(loop.uv(), UV_RUN_NOWAIT);
  } while (!handler.replies.empty());
  check_answers(state.written, handler.seen);
  if (random() % 2 == 0) state.close();
  uv_run(loop.uv(), UV_RUN_NOWAIT);
  return {handler.seen, server.stats().bad_requests};
}

}  // namespace
}  // namespace matchbus::net

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using matchbus::net::Manner;
  if (size < 2) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto manner = static_cast<Manner>(data[0] % 4);
  const auto whole = matchbus::net::run(input, manner, 1, SIZE_MAX);
  const auto pieces = matchbus::net::run(input, manner, data[0], 1 + data[0] / 8);
  matchbus::net::check(whole.seen == pieces.seen);
  matchbus::net::check(whole.refused == pieces.refused);
  return 0;
}
