#include "load/crowd.h"

#include <algorithm>
#include <utility>

namespace matchbus::load {
namespace {

constexpr int64_t kSipMs = 1'000;

}  // namespace

Crowd::Crowd(net::Loop& loop, const CrowdOptions& options, std::vector<std::string> group_codes,
             std::vector<std::unique_ptr<Judge>>& judges, ViewerTotals& totals)
    : loop_(loop), options_(options), group_codes_(std::move(group_codes)), judges_(judges), totals_(totals) {
  viewers_.reserve(options_.viewers);
}

ViewerKind Crowd::kind_of(size_t index) const {
  const bool polls = index >= first_polling() && index < first_slow();
  return polls ? ViewerKind::kPolling : options_.viewer.kind;
}

void Crowd::connect_more() {
  while (viewers_.size() < options_.viewers && totals_.connecting < options_.connect_at_once) {
    const size_t index = viewers_.size();
    const size_t match = match_of(index);
    ViewerPlace place{group_codes_[match], index, 0};
    if (index < last_event_ids_.size()) place.last_event_id = last_event_ids_[index];
    viewers_.push_back(make_viewer(kind_of(index), loop_, options_.viewer, std::move(place), totals_, *judges_[match]));
    viewers_.back()->connect();
  }
}

bool Crowd::is_complete() const { return viewers_.size() == options_.viewers && totals_.connecting == 0; }

void Crowd::drop() {
  last_event_ids_.clear();
  for (const auto& viewer : viewers_) last_event_ids_.push_back(viewer->last_event_id());
  viewers_.clear();
  sips_.cancel();
}

void Crowd::begin_measuring() {
  for (size_t i = first_slow(); i < viewers_.size(); ++i) {
    if (!viewers_[i]->is_gone()) viewers_[i]->pause();
  }
  if (first_slow() != first_stalled()) loop_.timers().set(sips_, kSipMs);
  for (const auto& viewer : viewers_) messages_at_start_.push_back(viewer->messages());
  totals_.measuring = true;
}

void Crowd::on_timer(Timer& timer) {
  for (size_t i = first_slow(); i < std::min(first_stalled(), viewers_.size()); ++i) {
    if (!viewers_[i]->is_gone()) viewers_[i]->sip();
  }
  loop_.timers().set(timer, kSipMs);
}

void Crowd::hurry() {
  sips_.cancel();
  for (size_t i = first_slow(); i < readers(); ++i) {
    if (!viewers_[i]->is_gone()) viewers_[i]->resume();
  }
}

size_t Crowd::readers() const { return std::min(first_stalled(), viewers_.size()); }

CrowdSummary Crowd::summary() const {
  CrowdSummary summary;
  const size_t count = std::min(first_slow(), viewers_.size());
  if (count == 0) return summary;
  const auto got = [&](size_t i) { return viewers_[i]->messages() - messages_at_start_[i]; };
  std::vector<uint64_t> most(std::min(options_.matches, count));
  for (size_t i = 0; i < count; ++i) most[match_of(i)] = std::max(most[match_of(i)], got(i));
  summary.least_messages = UINT64_MAX;
  for (size_t i = 0; i < count; ++i) {
    summary.least_messages = std::min(summary.least_messages, got(i));
    summary.most_messages = std::max(summary.most_messages, got(i));
    if (got(i) + 1 < most[match_of(i)]) summary.skipped += most[match_of(i)] - got(i) - 1;
  }
  const int64_t now = now_us();
  for (size_t i = 0; i < count; ++i)
    summary.longest_silence_us = std::max(summary.longest_silence_us, viewers_[i]->silence_us(now));
  summary.fewest_of_match = *std::min_element(most.begin(), most.end());
  return summary;
}

}  // namespace matchbus::load
