// The client's opening handshake on a stream: sends the request, waits for the response, and makes the connection.
#include "ws/client.h"

#include <array>
#include <utility>

#include "base/base64.h"
#include "base/random.h"
#include "ws/client_handshake.h"
#include "ws/context.h"
#include "ws/handshake.h"
#include "ws/peer_connection.h"

namespace matchbus::ws {
namespace {

constexpr size_t kMaxResponse = 16 * 1024;
constexpr size_t kMaxFields = 100;

std::string random_key() {
  std::array<char, 16> bytes;
  random_bytes(bytes);
  return base64({bytes.data(), bytes.size()});
}

class Handshake final : public ClientHandshake, private net::StreamHandler, private Timer::Handler {
 public:
  Handshake(Context& context, net::Loop& loop, net::StreamPtr stream, ClientOptions options, Done done)
      : context_(LoopContext::of(context)),
        stream_(std::move(stream)),
        options_(std::move(options)),
        done_(std::move(done)),
        key_(random_key()),
        parser_(net::HttpHeadParser::Kind::kResponse, kMaxResponse, kMaxFields),
        timer_(*this) {
    stream_->set_handler(this);
    stream_->write(handshake_request(options_, key_));
    if (options_.timeout_ms > 0) loop.timers().set(timer_, options_.timeout_ms);
  }

 private:
  void on_stream_data(std::span<char> data) override {
    std::string_view rest(data.data(), data.size());
    while (!rest.empty() && !parser_.complete() && !parser_.failed()) rest.remove_prefix(parser_.feed(rest));
    if (parser_.failed()) return fail("bad response: " + std::string(parser_.error()));
    if (!parser_.complete()) return;
    Result<std::optional<DeflateParams>> deflate = check_response(parser_.head(), options_, key_);
    if (!deflate) return fail(deflate.error().message);
    auto connection =
        std::make_unique<PeerConnection>(context_, Role::kClient, std::move(stream_), options_.ws, *deflate);
    connection->hold(rest);
    ++context_.stats().handshakes;
    finish(std::unique_ptr<Connection>(std::move(connection)));
  }
  void on_stream_closed(net::CloseReason /*reason*/) override { fail("the connection was closed"); }
  void on_timer(Timer& /*timer*/) override { fail("no response in time"); }

  void fail(std::string why) {
    stream_.reset();
    finish(Error{std::move(why)});
  }
  // The callback may destroy this object: nothing of it is used afterwards.
  void finish(Result<std::unique_ptr<Connection>> result) {
    timer_.cancel();
    const Done done = std::move(done_);
    done(std::move(result));
  }

  LoopContext& context_;
  net::StreamPtr stream_;
  ClientOptions options_;
  Done done_;
  std::string key_;
  net::HttpHeadParser parser_;
  Timer timer_;
};

}  // namespace

std::unique_ptr<ClientHandshake> ClientHandshake::begin(Context& context, net::Loop& loop, net::StreamPtr stream,
                                                        ClientOptions options, Done done) {
  return std::make_unique<Handshake>(context, loop, std::move(stream), std::move(options), std::move(done));
}

}  // namespace matchbus::ws
