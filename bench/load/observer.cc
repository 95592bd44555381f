#include "load/observer.h"

#include <cstdio>
#include <utility>

#include "base/printable.h"
#include "load/judge.h"
#include "load/viewer.h"

namespace matchbus::load {
namespace {

constexpr int64_t kStepMs = 5;

match::SimulationOptions simulation_of(const ObserverOptions& options, const std::string& group_code, uint64_t seed) {
  match::SimulationOptions simulated;
  simulated.seed = seed;
  simulated.group_code = group_code;
  simulated.key = options.key;
  return simulated;
}

}  // namespace

Observer::Observer(net::Loop& loop, ws::Context& ws, const ObserverOptions& options, std::string group_code,
                   uint64_t seed, ObserverTotals& totals)
    : loop_(loop),
      options_(options),
      group_code_(std::move(group_code)),
      totals_(totals),
      simulated_(simulation_of(options, group_code_, seed)),
      simulation_(simulated_),
      random_(static_cast<uint32_t>(seed)) {
  socketio::ClientOptions client;
  client.url = options.url;
  client.ws.deflate = false;
  auto made = socketio::Client::create(loop, ws, client, *this);
  if (made) {
    client_ = std::move(*made);
  } else {
    std::fprintf(stderr, "matchbus-load: %s\n", made.error().message.c_str());
    ++totals_.refused;
  }
}

void Observer::connect() {
  if (client_) client_->connect();
}

void Observer::on_client_connect(bool recovered) {
  if (!recovered) play_one();  // the logon
}

void Observer::on_client_event(const socketio::Event& event) {
  if (event.name != "obs_logon_ack" || logged_on_) return;
  if (event.text(0).value_or("").find("\"value\":true") == std::string_view::npos) {
    ++totals_.refused;
    return;
  }
  logged_on_ = true;
  ++totals_.logged_on;
  last_ms_ = loop_.clock().monotonic_ms();
  loop_.timers().set(timer_, kStepMs);
}

void Observer::on_client_disconnect(std::string_view /*reason*/, bool /*will_reconnect*/) {
  if (std::exchange(logged_on_, false)) --totals_.logged_on;
  timer_.cancel();
}

void Observer::on_client_error(const std::string& message, bool will_retry) {
  if (will_retry) return;
  std::fprintf(stderr, "matchbus-load: %s\n", matchbus::printable(message).c_str());
  ++totals_.refused;
}

void Observer::on_timer(Timer& timer) {
  const int64_t now = loop_.clock().monotonic_ms();
  due_ += static_cast<double>(now - last_ms_) / 1000 * options_.events_per_second;
  last_ms_ = now;
  for (; due_ >= 1; due_ -= 1) play_one();
  if (now >= mark_at_ms_) {
    mark();
    mark_at_ms_ = now + next_mark();
  }
  loop_.timers().set(timer, kStepMs);
}

void Observer::pause() { timer_.cancel(); }

void Observer::resume() {
  if (!logged_on_) return;
  last_ms_ = loop_.clock().monotonic_ms();
  loop_.timers().set(timer_, kStepMs);
}

int64_t Observer::next_mark() {
  constexpr int64_t kNever = int64_t{1} << 40;
  if (options_.marks_per_second <= 0) return kNever;
  const double mean = 1000 / options_.marks_per_second;
  return static_cast<int64_t>(std::uniform_real_distribution(0.75 * mean, 1.15 * mean)(random_));
}

void Observer::play_one() {
  std::optional<match::SimulatedEvent> event = simulation_.next();
  // The match goes on as long as the run: its end is left out.
  if (!event || event->text.find("game_end") != std::string::npos) {
    simulation_ = match::Simulation(simulated_);
    (void)simulation_.next();
    return;
  }
  client_->emit(event->name, event->text);
  ++totals_.events;
}

void Observer::mark() {
  const std::string data = std::string(kMarkerPrefix) + std::to_string(now_us());
  client_->emit("obs_data",
                R"({"obsName":"load","groupCode":")" + group_code_ + R"(","type":"game_mode","data":")" + data + "\"}");
  client_->flush();
  ++totals_.events;
}

}  // namespace matchbus::load
