#include "gateway/call_lanes.h"

#include <algorithm>
#include <utility>

namespace matchbus::gateway {

void CallLanes::add(std::string_view name, Label label, ServiceCall call, ServiceCaller::Done done) {
  const auto [found, is_new] = lanes_.try_emplace(std::string(name));
  Lane& lane = found->second;
  Job job{std::move(label), std::move(call), std::move(done)};
  if (is_new) return run(found->first, lane, std::move(job));
  if (max_waiting_ != 0 && lane.waiting.size() >= max_waiting_)
    return caller_.count_dropped(job.call.service, job.call.what);
  lane.waiting.push_back(std::move(job));
}

void CallLanes::add_or_replace(std::string_view name, Label label, ServiceCall call, ServiceCaller::Done done) {
  if (const auto lane = lanes_.find(std::string(name)); lane != lanes_.end()) {
    for (Job& job : lane->second.waiting) {
      if (job.label != label) continue;
      job.call = std::move(call);
      job.done = std::move(done);
      return;
    }
  }
  add(name, std::move(label), std::move(call), std::move(done));
}

bool CallLanes::holds(std::string_view name, const Label& label) const {
  const auto found = lanes_.find(std::string(name));
  if (found == lanes_.end()) return false;
  const auto& [running, waiting] = found->second;
  return running == label ||
         std::any_of(waiting.begin(), waiting.end(), [&](const Job& job) { return job.label == label; });
}

void CallLanes::discard(std::string_view name, std::string_view subject) {
  const auto found = lanes_.find(std::string(name));
  if (found == lanes_.end()) return;
  std::erase_if(found->second.waiting, [&](const Job& job) { return job.label.subject == subject; });
}

void CallLanes::run(const std::string& name, Lane& lane, Job job) {
  lane.running = std::move(job.label);
  caller_.call(std::move(job.call), [this, name, done = std::move(job.done)](const Result<net::HttpAnswer>& result) {
    on_done(name, done, result);
  });
}

void CallLanes::on_done(const std::string& name, const ServiceCaller::Done& done,
                        const Result<net::HttpAnswer>& result) {
  // While `done` runs the lane still exists, so that what it adds waits behind what waits already.
  done(result);
  const auto found = lanes_.find(name);
  Lane& lane = found->second;
  if (lane.waiting.empty()) {
    lanes_.erase(found);
    return;
  }
  Job next = std::move(lane.waiting.front());
  lane.waiting.pop_front();
  run(name, lane, std::move(next));
}

}  // namespace matchbus::gateway
