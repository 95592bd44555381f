// A client whose answers a test gives by hand.
#pragma once

#include <deque>
#include <string>
#include <utility>

#include "net/http_client.h"

namespace matchbus::gateway {

class FakeHttpClient final : public net::HttpClient {
 public:
  struct Call {
    net::HttpCall request;
    Done done;
  };

  explicit FakeHttpClient(std::deque<Call>& calls) : calls_(calls) {}
  ~FakeHttpClient() override {
    while (!calls_.empty()) take(calls_).done(Error{"the client was closed"});
  }
  void call(net::HttpCall request, Done done) override { calls_.push_back({std::move(request), std::move(done)}); }

  static Call take(std::deque<Call>& calls) {
    Call first = std::move(calls.front());
    calls.pop_front();
    return first;
  }

 private:
  std::deque<Call>& calls_;  // under way, oldest first
};

}  // namespace matchbus::gateway
