#include "gateway/service_caller.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/random.h"

namespace matchbus::gateway {
namespace {

bool is_worth_retrying(const Result<net::HttpAnswer>& result) {
  return !result || result->status == 408 || result->status == 429 || result->status >= 500;
}

uint32_t draw() {
  uint32_t number = 0;
  random_bytes({reinterpret_cast<char*>(&number), sizeof number});
  return number;
}

}  // namespace

struct ServiceCaller::Pending final : Timer::Handler {
  Pending(ServiceCaller& the_caller, ServiceCall the_call, Done callback)
      : caller(the_caller), call(std::move(the_call)), done(std::move(callback)) {}
  void on_timer(Timer&) override {
    if (is_refused) return caller.finish(*this, Error{"too many calls are waiting"});
    caller.attempt(*this);
  }

  ServiceCaller& caller;
  ServiceCall call;
  Done done;
  std::list<Pending>::iterator self;
  Timer timer{*this};
  int retries = 0;
  bool is_refused = false;
};

ServiceStats operator+(const ServiceStats& a, const ServiceStats& b) {
  return {.accepted = a.accepted + b.accepted,
          .refused = a.refused + b.refused,
          .failed = a.failed + b.failed,
          .unreadable = a.unreadable + b.unreadable,
          .dropped = a.dropped + b.dropped,
          .retries = a.retries + b.retries,
          .waiting = a.waiting + b.waiting};
}

bool is_accepted(const Result<net::HttpAnswer>& result) {
  return result && result->status >= 200 && result->status < 300;
}

int retry_delay_ms(const RetryPolicy& policy, int retry, uint32_t draw) {
  int64_t delay = policy.first_delay_ms;
  for (int i = 0; i < retry && delay < policy.max_delay_ms; ++i) delay *= 2;
  delay = std::min<int64_t>(delay, policy.max_delay_ms);
  const int64_t half = delay / 2;
  return static_cast<int>(half + static_cast<int64_t>((static_cast<uint64_t>(delay - half) * draw) >> 32U));
}

std::string join_url(std::string_view base, std::string_view path) {
  while (base.ends_with('/')) base.remove_suffix(1);
  return std::string(base) + "/" + std::string(path);
}

ServiceCaller::ServiceCaller(std::unique_ptr<net::HttpClient> client, TimerWheel& timers, Log& log, RetryPolicy policy,
                             size_t max_waiting)
    : timers_(timers), log_(log), policy_(policy), max_waiting_(max_waiting), client_(std::move(client)) {}

ServiceCaller::~ServiceCaller() {
  closing_ = true;
  client_.reset();  // tells every call of its end, which nobody wants to hear
}

void ServiceCaller::call(ServiceCall call, Done done) {
  const bool fits = has_room();
  Pending& pending = pending_.emplace_back(*this, std::move(call), std::move(done));
  pending.self = std::prev(pending_.end());
  pending.is_refused = !fits;
  stats_.waiting = pending_.size();
  if (pending.is_refused) return timers_.set(pending.timer, 0);
  attempt(pending);
}

void ServiceCaller::attempt(Pending& pending) {
  client_->call(pending.call.http, [this, &pending](Result<net::HttpAnswer> result) {
    if (!closing_) on_answer(pending, result);
  });
}

void ServiceCaller::on_answer(Pending& pending, const Result<net::HttpAnswer>& result) {
  if (!is_worth_retrying(result) || pending.retries >= policy_.retries) return finish(pending, result);
  ++stats_.retries;
  timers_.set(pending.timer, retry_delay_ms(policy_, pending.retries++, draw()));
}

void ServiceCaller::finish(Pending& pending, const Result<net::HttpAnswer>& result) {
  const std::string_view service = pending.call.service;
  if (is_accepted(result)) {
    ++stats_.accepted;
  } else if (pending.is_refused) {
    count_dropped(service, pending.call.what);
  } else if (is_worth_retrying(result)) {
    ++stats_.failed;
    complain(service, pending.call.what, result ? "status " + std::to_string(result->status) : result.error().message);
  } else {
    ++stats_.refused;
    complain(service, pending.call.what, "refused with status " + std::to_string(result->status));
  }
  // `done` may make calls of its own.
  const Done done = std::move(pending.done);
  pending_.erase(pending.self);
  stats_.waiting = pending_.size();
  done(result);
}

void ServiceCaller::count_unreadable(std::string_view service, std::string_view what) {
  ++stats_.unreadable;
  complain(service, what, "an answer that makes no sense");
}

void ServiceCaller::count_dropped(std::string_view service, std::string_view what) {
  ++stats_.dropped;
  complain(service, what, "too many calls are waiting");
}

void ServiceCaller::complain(std::string_view service, std::string_view what, std::string_view why) {
  log_.limited(LogLevel::kWarning, service, std::string(service) + ": " + std::string(what) + ": " + std::string(why));
}

}  // namespace matchbus::gateway
