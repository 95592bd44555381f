// The client's calls: which wait, which connection carries which, and what becomes of them.
//
// `done` may do anything, the client's destruction included, so calling it is always the last thing a function does.
#include "net/http_client.h"

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/timer_wheel.h"
#include "net/http_client_connection.h"
#include "net/http_exchange.h"

namespace matchbus::net {
namespace {

class PooledHttpClient final : public HttpClient, public HttpClientConnection::Owner {
 public:
  PooledHttpClient(Loop& loop, HttpClientOptions options) : loop_(loop), options_(std::move(options)) {}
  ~PooledHttpClient() override;
  PooledHttpClient(const PooledHttpClient&) = delete;
  PooledHttpClient& operator=(const PooledHttpClient&) = delete;
  void call(HttpCall request, Done done) override;

 private:
  struct Origin;
  struct Call final : Timer::Handler {
    Call(PooledHttpClient& owner, Done callback) : client(owner), done(std::move(callback)), timer(*this) {}
    void on_timer(Timer&) override { client.on_timeout(*this); }
    PooledHttpClient& client;
    Done done;
    HttpOutgoing request;
    Origin* origin = nullptr;
    Timer timer;
  };
  using CallPtr = std::unique_ptr<Call>;
  struct Slot {
    std::unique_ptr<HttpClientConnection> connection;
    CallPtr call;  // null: idle
  };
  struct Origin {
    std::deque<CallPtr> waiting;
    std::vector<Slot> slots;
  };
  struct Failure {
    Done done;
    Error error;
  };

  void on_exchange_end(HttpClientConnection& connection, HttpClientConnection::Outcome outcome) override;
  void on_idle_end(HttpClientConnection& connection) override;
  void on_timeout(Call& call);

  // Gives waiting calls to connections, as far as there are any.
  void pump(Origin& origin);
  void open(Origin& origin, CallPtr call);
  void drop_slot(Origin& origin, size_t index);
  void forget_if_empty(Origin& origin);
  std::pair<Origin*, size_t> find(const HttpClientConnection& connection);
  CallPtr take(Call& call);
  static void finish(CallPtr call, Result<HttpAnswer> result);
  static Error explain(const Call& call, const std::string& why);

  // Errors found inside `call` are told at the end of the turn.
  void fail_later(Done done, Error error);
  void tell_failures();
  void close_all(std::vector<CallPtr>& calls);

  Loop& loop_;
  const HttpClientOptions options_;
  std::map<std::string, Origin> origins_;
  std::deque<Failure> failures_;
  // For posted tasks: null inside when the client is gone.
  std::shared_ptr<PooledHttpClient*> self_ = std::make_shared<PooledHttpClient*>(this);
  bool telling_ = false;  // a task is posted
  bool closing_ = false;
};

PooledHttpClient::~PooledHttpClient() {
  closing_ = true;
  *self_ = nullptr;
  std::vector<CallPtr> calls;
  close_all(calls);
  for (CallPtr& call : calls) finish(std::move(call), Error{"the client was closed"});
  while (!failures_.empty()) {
    Failure failure = std::move(failures_.front());
    failures_.pop_front();
    failure.done(std::move(failure.error));
  }
}

void PooledHttpClient::close_all(std::vector<CallPtr>& calls) {
  for (auto& [name, origin] : origins_) {
    for (Slot& slot : origin.slots) {
      if (slot.call != nullptr) calls.push_back(std::move(slot.call));
      slot.connection->close();
      loop_.defer(std::move(slot.connection));
    }
    for (CallPtr& call : origin.waiting) calls.push_back(std::move(call));
  }
  origins_.clear();
}

void PooledHttpClient::call(HttpCall request, Done done) {
  if (closing_) return;
  Result<HttpOutgoing> outgoing = HttpOutgoing::from(request);
  if (!outgoing.ok()) return fail_later(std::move(done), outgoing.error());
  Origin& origin = origins_[outgoing->url.origin()];
  auto call = std::make_unique<Call>(*this, std::move(done));
  call->request = std::move(*outgoing);
  call->origin = &origin;
  if (options_.timeout_ms > 0) loop_.timers().set(call->timer, options_.timeout_ms);
  origin.waiting.push_back(std::move(call));
  pump(origin);
  if (options_.max_queue == 0 || origin.waiting.size() <= options_.max_queue) return;
  CallPtr last = std::move(origin.waiting.back());
  origin.waiting.pop_back();
  Error error = explain(*last, "too many requests are waiting");
  fail_later(std::move(last->done), std::move(error));
}

void PooledHttpClient::pump(Origin& origin) {
  while (!origin.waiting.empty()) {
    const auto idle =
        std::find_if(origin.slots.begin(), origin.slots.end(), [](const Slot& slot) { return slot.call == nullptr; });
    const bool full = options_.max_connections != 0 && origin.slots.size() >= options_.max_connections;
    if (idle == origin.slots.end() && full) return;
    CallPtr call = std::move(origin.waiting.front());
    origin.waiting.pop_front();
    if (idle == origin.slots.end()) {
      open(origin, std::move(call));
    } else {
      idle->call = std::move(call);
      idle->connection->begin(idle->call->request);
    }
  }
}

void PooledHttpClient::open(Origin& origin, CallPtr call) {
  auto connection = std::make_unique<HttpClientConnection>(loop_, *this, options_);
  connection->connect(call->request);
  origin.slots.push_back({std::move(connection), std::move(call)});
}

void PooledHttpClient::on_exchange_end(HttpClientConnection& connection, HttpClientConnection::Outcome outcome) {
  const auto [origin, index] = find(connection);
  CallPtr call = std::move(origin->slots[index].call);
  if (!outcome.reusable) drop_slot(*origin, index);
  if (outcome.stale && call->request.idempotent) {
    // The peer gave up the idle connection just as it was used. Once more, and only once: a fresh connection is never
    // stale.
    return open(*origin, std::move(call));
  }
  pump(*origin);
  forget_if_empty(*origin);
  if (outcome.answer.ok()) return finish(std::move(call), std::move(outcome.answer));
  Error error = explain(*call, outcome.answer.error().message);
  finish(std::move(call), std::move(error));
}

void PooledHttpClient::on_idle_end(HttpClientConnection& connection) {
  const auto [origin, index] = find(connection);
  drop_slot(*origin, index);
  forget_if_empty(*origin);
}

void PooledHttpClient::on_timeout(Call& late) {
  CallPtr call = take(late);
  Error error = explain(*call, "no answer within " + std::to_string(options_.timeout_ms) + " ms");
  finish(std::move(call), std::move(error));
}

// Takes a call out of the queue, or off its connection, which is of no use any more.
PooledHttpClient::CallPtr PooledHttpClient::take(Call& call) {
  Origin& origin = *call.origin;
  CallPtr taken;
  const auto waiting = std::find_if(origin.waiting.begin(), origin.waiting.end(),
                                    [&](const CallPtr& other) { return other.get() == &call; });
  if (waiting != origin.waiting.end()) {
    taken = std::move(*waiting);
    origin.waiting.erase(waiting);
  } else {
    const auto slot = std::find_if(origin.slots.begin(), origin.slots.end(),
                                   [&](const Slot& other) { return other.call.get() == &call; });
    taken = std::move(slot->call);
    drop_slot(origin, static_cast<size_t>(slot - origin.slots.begin()));
    pump(origin);
  }
  forget_if_empty(origin);
  return taken;
}

void PooledHttpClient::drop_slot(Origin& origin, size_t index) {
  Slot slot = std::move(origin.slots[index]);
  origin.slots.erase(origin.slots.begin() + static_cast<std::ptrdiff_t>(index));
  slot.connection->close();
  loop_.defer(std::move(slot.connection));
}

void PooledHttpClient::forget_if_empty(Origin& origin) {
  if (!origin.waiting.empty() || !origin.slots.empty()) return;
  std::erase_if(origins_, [&](const auto& entry) { return &entry.second == &origin; });
}

std::pair<PooledHttpClient::Origin*, size_t> PooledHttpClient::find(const HttpClientConnection& connection) {
  for (auto& [name, origin] : origins_) {
    for (size_t i = 0; i < origin.slots.size(); ++i) {
      if (origin.slots[i].connection.get() == &connection) return {&origin, i};
    }
  }
  std::abort();  // a connection speaks to its owner only while it is in a slot
}

void PooledHttpClient::finish(CallPtr call, Result<HttpAnswer> result) {
  const Done done = std::move(call->done);
  call.reset();
  done(std::move(result));
}

Error PooledHttpClient::explain(const Call& call, const std::string& why) {
  return Error{(call.request.url.tls ? "https://" : "http://") + call.request.url.authority + ": " + why};
}

void PooledHttpClient::fail_later(Done done, Error error) {
  failures_.push_back({std::move(done), std::move(error)});
  if (std::exchange(telling_, true)) return;
  loop_.post([self = self_] {
    if (*self != nullptr) (*self)->tell_failures();
  });
}

void PooledHttpClient::tell_failures() {
  telling_ = false;
  const std::shared_ptr<PooledHttpClient*> self = self_;
  // What is called for from here on is told in the next turn.
  for (size_t count = failures_.size(); count != 0 && *self != nullptr && !failures_.empty(); --count) {
    Failure failure = std::move(failures_.front());
    failures_.pop_front();
    failure.done(std::move(failure.error));
  }
}

}  // namespace

std::unique_ptr<HttpClient> HttpClient::create(Loop& loop, HttpClientOptions options) {
  return std::make_unique<PooledHttpClient>(loop, std::move(options));
}

}  // namespace matchbus::net
