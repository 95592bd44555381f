// A simulated match as a source; played again it is another match, with the next seed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "app/replay_source.h"
#include "match/simulation.h"

namespace matchbus::app {

class SimulationSource final : public ReplaySource {
 public:
  explicit SimulationSource(match::SimulationOptions options) : options_(std::move(options)) { start(options_.seed); }

  const std::string& logon() const override { return logon_; }
  std::optional<ReplayEvent> next() override {
    auto event = simulation_->next();
    if (!event) return std::nullopt;
    current_ = std::move(*event);
    return ReplayEvent{current_.at_ms, current_.type, current_.text};
  }
  void restart(uint64_t round) override { start(options_.seed + round); }

 private:
  void start(uint64_t seed) {
    match::SimulationOptions options = options_;
    options.seed = seed;
    simulation_ = std::make_unique<match::Simulation>(std::move(options));
    logon_ = simulation_->next().value_or(match::SimulatedEvent{}).text;
  }

  match::SimulationOptions options_;
  std::unique_ptr<match::Simulation> simulation_;
  match::SimulatedEvent current_;
  std::string logon_;
};

}  // namespace matchbus::app
