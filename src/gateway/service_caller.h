// Calls to other services over HTTP, with bounded patience: time limits, a few retries with jitter, figures, log lines.
//
// A call is tried again when the service could not be reached, did not answer in time or in HTTP, or answered 408, 429
// or 5xx; any other answer is final. Delays double from one try to the next and are drawn from their upper half, so
// that many servers do not come back to a service that recovers all at once.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/result.h"
#include "base/timer_wheel.h"
#include "net/http_client.h"

namespace matchbus::gateway {

struct RetryPolicy {
  int retries = 2;            // after the first try
  int first_delay_ms = 500;   // before the first retry
  int max_delay_ms = 10'000;  // no delay is longer
};

struct ServiceStats {
  uint64_t accepted = 0;    // calls answered with 2xx
  uint64_t refused = 0;     // calls answered with another final status
  uint64_t failed = 0;      // calls without a usable answer after all tries
  uint64_t unreadable = 0;  // of those accepted, answers that made no sense
  uint64_t dropped = 0;     // calls that were not made, since too many waited
  uint64_t retries = 0;     // tries after the first
  size_t waiting = 0;       // calls under way or waiting for a retry
};

// Those of both together.
ServiceStats operator+(const ServiceStats& a, const ServiceStats& b);

struct ServiceCall {
  std::string_view service;  // a fixed text, the topic of log lines
  std::string what;          // for a log line; no secrets
  net::HttpCall http;
};

class ServiceCaller final {
 public:
  using Done = std::function<void(const Result<net::HttpAnswer>&)>;

  // At most `max_waiting` calls at a time (0: no limit), further ones fail. Borrows `timers` and `log`.
  ServiceCaller(std::unique_ptr<net::HttpClient> client, TimerWheel& timers, Log& log, RetryPolicy policy,
                size_t max_waiting);
  // Forgets calls under way: their `done` is never called.
  ~ServiceCaller();
  ServiceCaller(const ServiceCaller&) = delete;
  ServiceCaller& operator=(const ServiceCaller&) = delete;

  // `done` is called once, later, with an answer of 2xx or a final refusal, or with an error. Whatever is not 2xx has
  // been logged and counted by then.
  void call(ServiceCall call, Done done);
  // Whether a call made now would not fail for want of room.
  bool has_room() const { return max_waiting_ == 0 || pending_.size() < max_waiting_; }
  // An answer of 2xx that makes no sense, or a call that its owner gave up: logged and counted.
  void count_unreadable(std::string_view service, std::string_view what);
  void count_dropped(std::string_view service, std::string_view what);

  const ServiceStats& stats() const { return stats_; }

 private:
  struct Pending;
  void attempt(Pending& pending);
  void on_answer(Pending& pending, const Result<net::HttpAnswer>& result);
  void finish(Pending& pending, const Result<net::HttpAnswer>& result);
  void complain(std::string_view service, std::string_view what, std::string_view why);

  TimerWheel& timers_;
  Log& log_;
  RetryPolicy policy_;
  size_t max_waiting_;
  ServiceStats stats_;
  bool closing_ = false;
  std::list<Pending> pending_;
  std::unique_ptr<net::HttpClient> client_;
};

// Whether the service accepted what was asked (2xx).
bool is_accepted(const Result<net::HttpAnswer>& result);

// The delay before retry number `retry` (from 0) where `draw` is uniform in 0 to 2^32 - 1.
int retry_delay_ms(const RetryPolicy& policy, int retry, uint32_t draw);

// `base` and `path` with exactly one slash between them.
std::string join_url(std::string_view base, std::string_view path);

}  // namespace matchbus::gateway
