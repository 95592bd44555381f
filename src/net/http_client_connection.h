// One connection of an HttpClient: connects, carries one exchange at a time, waits idle in between.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "base/result.h"
#include "base/timer_wheel.h"
#include "net/connector.h"
#include "net/http_client.h"
#include "net/http_exchange.h"
#include "net/loop.h"
#include "net/stream.h"

namespace matchbus::net {

class HttpClientConnection final : public Deferred, private StreamHandler, private Timer::Handler {
 public:
  // How an exchange ended.
  struct Outcome {
    Result<HttpAnswer> answer;
    bool reusable = false;  // the connection is idle now and takes another exchange; otherwise it is closed
    bool stale = false;     // it failed on a kept connection before any byte of the answer
  };
  class Owner {
   public:
    // Called once for each exchange, never inside `begin` or `connect`. May close the connection.
    virtual void on_exchange_end(HttpClientConnection& connection, Outcome outcome) = 0;
    // An idle connection has ended.
    virtual void on_idle_end(HttpClientConnection& connection) = 0;

   protected:
    ~Owner() = default;
  };

  // `owner` and `options` are borrowed until `close`. The owner hands a closed connection to Loop::defer.
  HttpClientConnection(Loop& loop, Owner& owner, const HttpClientOptions& options);

  // Connects to `request.url`, then carries out the exchange.
  void connect(const HttpOutgoing& request);
  // Carries out an exchange on an idle connection.
  void begin(const HttpOutgoing& request);
  bool is_idle() const { return stream_ != nullptr && !reader_; }
  // Drops everything; the owner hears no more.
  void close();

 private:
  void on_stream_data(std::span<char> data) override;
  void on_stream_closed(CloseReason reason) override;
  void on_timer(Timer& timer) override;
  void on_connected(Result<StreamPtr> stream);
  void take_result();
  void end_idle();
  void fail(std::string why, bool stale);

  Loop& loop_;
  Owner* owner_;
  const HttpClientOptions& options_;
  std::unique_ptr<Connector> connector_;
  StreamPtr stream_;
  HttpOutgoing first_;                      // while connecting
  std::optional<HttpAnswerReader> reader_;  // while an exchange is under way on the stream
  Timer idle_timer_{*this};
  bool kept_ = false;  // has carried an exchange before
};

}  // namespace matchbus::net
