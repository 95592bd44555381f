#include "gateway/event_faults.h"

#include <algorithm>
#include <utility>

#include "json/ecmascript.h"

namespace matchbus::gateway {
namespace {

constexpr size_t kMaxName = 64;           // bytes of a name in a line
constexpr size_t kMaxKindsInLine = 8;     // of faults
constexpr size_t kMaxKindsOfSender = 64;  // beyond, counted in the metrics only
constexpr int64_t kForgottenMs = 15 * 60 * 1000;

// "startTeam is a text"
std::string describe(std::string_view field, json::Type found) {
  const std::string name(field);
  switch (found) {
    case json::Type::kMissing:
      return name + " is missing";
    case json::Type::kNull:
      return name + " is null";
    case json::Type::kBool:
      return name + " is a boolean";
    case json::Type::kNumber:
      return name + " is a number that makes no sense there";
    case json::Type::kString:
      return name + " is a text";
    case json::Type::kArray:
      return name + " is a list";
    case json::Type::kObject:
      return name + " is an object";
  }
  return name;
}

std::string events(uint64_t count, std::string_view type) {
  return std::to_string(count) + " " + std::string(type) + (count == 1 ? " event" : " events");
}

// Clients of an earlier generation leave fields out all match long.
bool is_left_out(json::Type found) { return found == json::Type::kMissing || found == json::Type::kNull; }

}  // namespace

void EventFaults::note_faults(std::string_view group, std::string_view player, const match::Envelope& event,
                              const match::Outcome& outcome) {
  const std::string_view type = match::event_name(event.type);
  const bool is_refused = outcome.verdict == match::Verdict::kRefused;
  if (is_refused) ++refused_[{type, outcome.reason}];
  for (const match::FieldFault& fault : outcome.ignored) ++ignored_[{type, fault.field}];
  Sender* const sender = sender_of(group, player, event);
  if (sender == nullptr) return;
  if (is_refused) {
    count(*sender, {.type = type, .reason = outcome.reason, .found = outcome.found, .verdict = outcome.verdict});
  } else {
    for (const match::FieldFault& fault : outcome.ignored)
      count(*sender, {.type = type, .reason = fault.field, .found = fault.found, .verdict = outcome.verdict});
  }
  if (sender->has_news && (!timer_.is_set() || sender->line_at < next_line_)) arm();
}

EventFaults::Sender* EventFaults::sender_of(std::string_view group, std::string_view player,
                                            const match::Envelope& event) {
  const bool is_observer = event.writer == match::Writer::kObserver;
  key_.assign(is_observer ? "o" : "a").append(group);
  if (!is_observer) key_.append("\n").append(player);
  if (const auto found = senders_.find(key_); found != senders_.end()) return &found->second;
  const int64_t now = clock_.monotonic_ms();
  if (senders_.size() >= kMaxSenders && now >= next_sweep_) {
    next_sweep_ = now + kBetweenLinesMs;
    std::erase_if(senders_, [&](const auto& entry) { return entry.second.line_at + kForgottenMs < now; });
  }
  if (senders_.size() >= kMaxSenders) return nullptr;
  Sender& made = senders_[key_];
  made.name.assign(is_observer ? "observer '" : "auxiliary client '");
  made.name.append(json::clipped(is_observer ? event.observer : player, kMaxName));
  made.name.append(is_observer ? "' of group '" : "' of match '").append(group).append("'");
  made.is_observer = is_observer;
  made.line_at = now + kFirstLineMs;
  return &made;
}

void EventFaults::count(Sender& sender, const Fault& fault) {
  const auto same = [&](const Fault& other) {
    return other.type == fault.type && other.reason == fault.reason && other.found == fault.found &&
           other.verdict == fault.verdict;
  };
  auto known = std::find_if(sender.faults.begin(), sender.faults.end(), same);
  if (known == sender.faults.end()) {
    if (sender.faults.size() >= kMaxKindsOfSender) return;
    known = sender.faults.insert(known, fault);
  }
  ++known->count;
  const bool is_old_news =
      known->told && known->verdict == match::Verdict::kApplied && known->found && is_left_out(*known->found);
  sender.has_news = sender.has_news || !is_old_news;
}

void EventFaults::write_line(Sender& sender) {
  std::string refused;
  std::string ignored;
  size_t kinds = 0;
  size_t left_out = 0;
  for (Fault& fault : sender.faults) {
    const uint64_t times = std::exchange(fault.count, 0);
    if (times == 0) continue;
    if (++kinds > kMaxKindsInLine) {
      ++left_out;
      continue;
    }
    fault.told = true;
    const std::string what = fault.found ? describe(fault.reason, *fault.found) : std::string(fault.reason);
    const std::string those = events(times, fault.type);
    std::string& list = fault.verdict == match::Verdict::kRefused ? refused : ignored;
    if (!list.empty()) list += "; ";
    list += fault.verdict == match::Verdict::kRefused   ? those + " refused: " + what
            : fault.verdict == match::Verdict::kIgnored ? those + " ignored: " + what
                                                        : what + " in " + those + ", of which the rest was applied";
  }
  std::string line = sender.name + ": " + refused;
  if (!refused.empty() && !ignored.empty()) line += "; ";
  line += ignored;
  if (left_out != 0) line += "; and " + std::to_string(left_out) + " more (see /metrics)";
  // Observers' lines do not wait for those of auxiliary clients, who may be anybody.
  constexpr int kAtOnce = 20;
  log_.limited(LogLevel::kWarning, sender.is_observer ? "observers' events" : "auxiliary clients' events", line,
               kAtOnce);
}

void EventFaults::arm() {
  next_line_ = INT64_MAX;
  for (const auto& [key, sender] : senders_) {
    if (sender.has_news) next_line_ = std::min(next_line_, sender.line_at);
  }
  if (next_line_ != INT64_MAX) timers_.set(timer_, next_line_ - clock_.monotonic_ms());
}

void EventFaults::on_timer(Timer& /*timer*/) {
  const int64_t now = clock_.monotonic_ms();
  for (auto& [key, sender] : senders_) {
    if (!sender.has_news || sender.line_at > now) continue;
    write_line(sender);
    sender.has_news = false;
    sender.line_at = now + kBetweenLinesMs;
  }
  arm();
}

}  // namespace matchbus::gateway
