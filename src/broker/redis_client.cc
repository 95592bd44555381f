#include "broker/redis_client.h"

#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <netdb.h>
#include <uv.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "base/random.h"

namespace matchbus::broker {
namespace {

// From half of it to all of it, so that many processes do not come back at once.
int with_jitter(int delay_ms) {
  std::array<char, sizeof(uint32_t)> bytes{};
  random_bytes(bytes);
  uint32_t draw = 0;
  std::memcpy(&draw, bytes.data(), sizeof(draw));
  return delay_ms / 2 + static_cast<int>(draw % static_cast<uint32_t>(delay_ms / 2 + 1));
}

// RESP: an array of bulk strings.
std::string encode(std::span<const std::string_view> words) {
  std::string text = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string_view word : words) {
    text.append("$").append(std::to_string(word.size())).append("\r\n").append(word).append("\r\n");
  }
  return text;
}

}  // namespace

// What hiredis wants of an event loop. Its own adapter for libuv passes over a descriptor's errors, so that a refused
// connection would never be noticed.
struct RedisClient::Events {
  uv_poll_t poll{};
  redisAsyncContext* context = nullptr;  // null once it is gone
  int wanted = 0;
  RedisBounds bounds;  // of the context's reader, which goes before this does

  Events(RedisLimits limits, redisAsyncContext& of)
      : bounds(limits, [&of] { return of.data != nullptr && !client_of(of).sent_.empty(); }) {}
  static RedisClient& client_of(const redisAsyncContext& context) { return *static_cast<RedisClient*>(context.data); }

  // `context.data` is the client.
  static bool attach(redisAsyncContext& context, uv_loop_t* loop) {
    auto events = std::make_unique<Events>(client_of(context).options_.limits, context);
    if (uv_poll_init(loop, &events->poll, context.c.fd) != 0) return false;
    events->bounds.attach(*context.c.reader);
    events->context = &context;
    events->poll.data = events.get();
    context.ev.addRead = [](void* data) { want(data, UV_READABLE, 0); };
    context.ev.delRead = [](void* data) { want(data, 0, UV_READABLE); };
    context.ev.addWrite = [](void* data) { want(data, UV_WRITABLE, 0); };
    context.ev.delWrite = [](void* data) { want(data, 0, UV_WRITABLE); };
    context.ev.cleanup = detach;
    context.ev.data = events.release();  // until `detach`
    return true;
  }
  static void detach(void* data) {
    auto* const events = static_cast<Events*>(data);
    events->context = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(&events->poll),
             [](uv_handle_t* handle) { const std::unique_ptr<Events> gone(static_cast<Events*>(handle->data)); });
  }
  static void want(void* data, int more, int less) {
    auto* const events = static_cast<Events*>(data);
    events->wanted = (events->wanted | more) & ~less;
    if (events->wanted == 0) {
      uv_poll_stop(&events->poll);
    } else {
      uv_poll_start(&events->poll, events->wanted, on_event);
    }
  }
  static void on_event(uv_poll_t* poll, int status, int happened) {
    const auto* const events = static_cast<Events*>(poll->data);
    // hiredis finds out itself what the error is.
    if (status != 0) happened = UV_READABLE | UV_WRITABLE;
    if (events->context != nullptr && (happened & UV_READABLE) != 0) redisAsyncHandleRead(events->context);
    if (events->context != nullptr && !events->bounds.is_within(*events->context->c.reader))
      return client_of(*events->context).fail("an answer is too large");
    if (events->context != nullptr && (happened & UV_WRITABLE) != 0) redisAsyncHandleWrite(events->context);
  }
};

// hiredis would resolve names while everybody waits.
struct RedisClient::Lookup {
  uv_getaddrinfo_t request{};
  std::shared_ptr<RedisClient*> client;

  static void on_done(uv_getaddrinfo_t* request, int status, addrinfo* found) {
    const std::unique_ptr<Lookup> lookup(static_cast<Lookup*>(request->data));
    std::array<char, NI_MAXHOST> address{};
    if (status == 0)
      getnameinfo(found->ai_addr, found->ai_addrlen, address.data(), address.size(), nullptr, 0, NI_NUMERICHOST);
    if (found != nullptr) uv_freeaddrinfo(found);
    if (RedisClient* const client = *lookup->client) client->on_address(address.data());
  }
};

RedisClient::RedisClient(net::Loop& loop, RedisOptions options)
    : loop_(loop),
      options_(std::move(options)),
      self_(std::make_shared<RedisClient*>(this)),
      delay_ms_(options_.first_delay_ms) {
  resolve();
}

RedisClient::~RedisClient() {
  *self_ = nullptr;
  drop_context();
}

// Connecting.

void RedisClient::resolve() {
  state_ = State::kResolving;
  loop_.timers().set(timer_, options_.timeout_ms);
  auto lookup = std::make_unique<Lookup>();
  lookup->client = self_;
  lookup->request.data = lookup.get();
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  if (uv_getaddrinfo(loop_.uv(), &lookup->request, Lookup::on_done, options_.url.host.c_str(), nullptr, &hints) != 0)
    return fail("cannot resolve its name");
  lookup.release();  // until `on_done`
}

void RedisClient::on_address(const std::string& address) {
  if (state_ != State::kResolving) return;  // it took too long
  if (address.empty()) return fail("its name has no address");
  state_ = State::kConnecting;
  redisAsyncContext* const context = redisAsyncConnect(address.c_str(), options_.url.port);
  if (context == nullptr) return fail("no memory");
  context->data = this;
  if (context->err != 0 || !Events::attach(*context, loop_.uv())) {
    redisAsyncFree(context);
    return fail("cannot connect");
  }
  context_ = context;
  // In both hiredis frees the context afterwards, if it failed.
  redisAsyncSetDisconnectCallback(context_, [](const redisAsyncContext* lost, int) {
    auto* const client = static_cast<RedisClient*>(lost->data);
    if (client == nullptr) return;
    client->context_ = nullptr;
    const std::string_view refusal = static_cast<Events*>(lost->ev.data)->bounds.refusal();
    client->fail(refusal.empty() ? "connection lost" : refusal);
  });
  redisAsyncSetConnectCallback(context_, [](const redisAsyncContext* made, int status) {
    auto* const client = static_cast<RedisClient*>(made->data);
    if (client == nullptr) return;
    if (status == REDIS_OK) return client->on_connected();
    client->context_ = nullptr;
    client->fail("cannot connect");
  });
}

void RedisClient::on_connected() {
  log_in();
  // Answered last, so the connection is good.
  send({encode(std::array<std::string_view, 1>{"PING"}),
        [this](const redisReply* reply) {
          if (reply == nullptr) return;
          if (reply->type == REDIS_REPLY_ERROR) return fail(std::string_view(reply->str, reply->len));
          state_ = State::kReady;
          delay_ms_ = options_.first_delay_ms;
          ++stats_.connects;
          loop_.log().info("redis: connected to " + options_.url.host + ":" + std::to_string(options_.url.port));
          for (std::deque<Command> ready = std::exchange(waiting_, {}); !ready.empty(); ready.pop_front()) {
            send(std::move(ready.front()));
          }
        },
        loop_.clock().monotonic_ms() + options_.timeout_ms});
}

void RedisClient::log_in() {
  const int64_t deadline = loop_.clock().monotonic_ms() + options_.timeout_ms;
  const auto check = [this](const redisReply* reply) {
    if (reply != nullptr && reply->type == REDIS_REPLY_ERROR) fail(std::string_view(reply->str, reply->len));
  };
  const RedisUrl& url = options_.url;
  if (!url.password.empty()) {
    std::vector<std::string_view> words = {"AUTH"};
    if (!url.user.empty()) words.push_back(url.user);
    words.push_back(url.password);
    send({encode(words), check, deadline});
  }
  const std::string database = std::to_string(url.database);
  if (url.database != 0) send({encode(std::array<std::string_view, 2>{"SELECT", database}), check, deadline});
}

// Commands.

void RedisClient::command(std::span<const std::string_view> words, Done done) {
  ++stats_.commands;
  const bool is_full = options_.max_waiting != 0 && waiting_.size() + sent_.size() >= options_.max_waiting;
  if (state_ == State::kWaiting || is_full) {
    ++stats_.failed;
    return done(nullptr);
  }
  Command command{encode(words), std::move(done), loop_.clock().monotonic_ms() + options_.timeout_ms};
  if (state_ == State::kReady) return send(std::move(command));
  waiting_.push_back(std::move(command));
}

void RedisClient::send(Command command) {
  if (context_ == nullptr) {
    ++stats_.failed;
    return command.done(nullptr);
  }
  const auto on_answer = [](redisAsyncContext* context, void* reply, void*) {
    if (context->data != nullptr) static_cast<RedisClient*>(context->data)->on_reply(static_cast<redisReply*>(reply));
  };
  if (redisAsyncFormattedCommand(context_, on_answer, nullptr, command.text.data(), command.text.size()) != REDIS_OK) {
    ++stats_.failed;
    return command.done(nullptr);
  }
  command.text = {};
  sent_.push_back(std::move(command));
  watch_oldest();
}

void RedisClient::on_reply(const redisReply* reply) {
  if (reply == nullptr || sent_.empty()) return;  // of the connection's end, which is told by itself
  const Done done = std::move(sent_.front().done);
  sent_.pop_front();
  watch_oldest();
  done(reply);
}

void RedisClient::watch_oldest() {
  if (sent_.empty()) return timer_.cancel();
  loop_.timers().set(timer_, sent_.front().deadline_ms - loop_.clock().monotonic_ms());
}

void RedisClient::on_timer(Timer&) {
  if (state_ == State::kWaiting) return resolve();
  fail("no answer in time");
}

// Failing.

void RedisClient::fail(std::string_view why) {
  if (state_ == State::kWaiting) return;
  constexpr size_t kMostWords = 200;  // of what the other side says
  loop_.log().limited(LogLevel::kWarning, "redis",
                      "redis: " + options_.url.host + ":" + std::to_string(options_.url.port) + ": " +
                          std::string(why.substr(0, kMostWords)));
  ++stats_.failures;
  state_ = State::kWaiting;
  drop_context();
  loop_.timers().set(timer_, with_jitter(delay_ms_));
  delay_ms_ = std::min(2 * delay_ms_, options_.max_delay_ms);
  std::deque<Command> lost = std::exchange(sent_, {});
  for (Command& command : std::exchange(waiting_, {})) lost.push_back(std::move(command));
  const std::shared_ptr<RedisClient*> self = self_;
  for (const Command& command : lost) {
    if (*self == nullptr) return;
    ++stats_.failed;
    command.done(nullptr);
  }
}

void RedisClient::drop_context() {
  redisAsyncContext* const context = std::exchange(context_, nullptr);
  if (context == nullptr) return;
  context->data = nullptr;
  redisAsyncFree(context);
}

}  // namespace matchbus::broker
