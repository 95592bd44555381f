#include "load/bus_publisher.h"

#include <charconv>
#include <cstdio>
#include <utility>

#include "base/printable.h"
#include "load/judge.h"
#include "load/viewer.h"

namespace matchbus::load {
namespace {

constexpr int64_t kStepMs = 2;

net::HttpClientOptions client_options() {
  net::HttpClientOptions options;
  options.timeout_ms = 30'000;
  options.max_body_bytes = 0;
  return options;
}

// Calls `take` with the number behind each `key` of the text.
template <typename Take>
void each_number(std::string_view text, std::string_view key, Take&& take) {
  for (size_t at = text.find(key); at != std::string_view::npos; at = text.find(key, at)) {
    at += key.size();
    uint64_t value = 0;
    std::from_chars(text.data() + at, text.data() + text.size(), value);
    take(value);
  }
}

}  // namespace

BusPublisher::BusPublisher(net::Loop& loop, const BusPublisherOptions& options, Rooms rooms, BusPublished& totals)
    : loop_(loop),
      options_(options),
      rooms_(std::move(rooms)),
      totals_(totals),
      client_(net::HttpClient::create(loop, client_options())) {}

void BusPublisher::start() {
  if (options_.batch == 0) return;
  runs_ = true;
  if (options_.batches_per_second <= 0) return publish_batch();
  due_ = 1;
  last_ms_ = loop_.clock().monotonic_ms();
  on_timer(timer_);
}

void BusPublisher::pause() {
  runs_ = false;
  timer_.cancel();
}

void BusPublisher::on_timer(Timer& timer) {
  const int64_t now = loop_.clock().monotonic_ms();
  due_ += static_cast<double>(now - last_ms_) / 1000 * options_.batches_per_second;
  last_ms_ = now;
  for (; due_ >= 1; due_ -= 1) publish_batch();
  loop_.timers().set(timer, kStepMs);
}

const std::string& BusPublisher::next_room() {
  if (rooms_.in_turn.empty()) return rooms_.team;
  turn_ = (turn_ + 1) % rooms_.in_turn.size();
  return rooms_.in_turn[turn_];
}

void BusPublisher::publish_batch() {
  std::string body = "[";
  for (size_t i = 0; i < options_.batch; ++i) append_entry(body, next_room());
  post(std::move(body), options_.batch);
}

void BusPublisher::publish_to_all(size_t messages) {
  std::string body = "[";
  for (size_t i = 0; i < messages; ++i) append_entry(body, rooms_.team);
  post(std::move(body), messages);
}

void BusPublisher::append_entry(std::string& body, const std::string& room) const {
  if (body.size() > 1) body += ',';
  body.append(R"({"room":")").append(room).append(R"(","message":)");
  const size_t begin = body.size();
  body.append(R"({"type":")").append(kBusType).append(R"(","mark":")").append(kMarkerPrefix);
  body.append(std::to_string(now_us())).append(R"(","text":")");
  constexpr size_t kTail = 2;
  const size_t size = body.size() - begin + kTail;
  if (size < options_.message_size) body.append(options_.message_size - size, 'x');
  body.append(R"("}})");
}

void BusPublisher::post(std::string body, size_t messages) {
  body += ']';
  ++under_way_;
  net::HttpCall call{"POST", options_.url + "/api/v1/bus/publish", {{"Content-Type", "application/json"}}, {}};
  call.headers.emplace_back("Authorization", "Bearer " + options_.key);
  call.body = std::move(body);
  client_->call(std::move(call),
                [this, messages](const Result<net::HttpAnswer>& answer) { take_answer(answer, messages); });
}

void BusPublisher::take_answer(const Result<net::HttpAnswer>& answer, size_t messages) {
  --under_way_;
  if (!answer || answer->status != 200) {
    ++totals_.failed;
    std::fprintf(stderr, "matchbus-load: publishing: %s\n",
                 matchbus::printable(answer ? answer->body : answer.error().message).c_str());
    return pause();
  }
  size_t accepted = 0;
  each_number(answer->body, "\"receivers\":", [&](uint64_t receivers) {
    ++accepted;
    totals_.receivers += receivers;
  });
  totals_.messages += accepted;
  totals_.failed += messages - accepted;
  if (runs_ && options_.batches_per_second <= 0) publish_batch();
}

}  // namespace matchbus::load
