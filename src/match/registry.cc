// Slots are owned by serial number, which is never used twice, so that a deadline of a match long gone finds nothing.
#include "match/registry.h"

#include <algorithm>
#include <limits>

#include "base/random.h"
#include "json/writer.h"
#include "match/key_policy.h"

namespace matchbus::match {
namespace {

constexpr size_t kSecretLength = 12;
constexpr std::string_view kSecretAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
constexpr int64_t kNotScheduled = std::numeric_limits<int64_t>::max();
constexpr size_t kMaxStatsDue = 10'000;

}  // namespace

struct MatchRegistry::Slot {
  uint64_t serial = 0;
  std::unique_ptr<Match> match;
  std::string group_code;
  std::string secret;
  std::string match_id;               // as indexed; "" if not
  int64_t scheduled = kNotScheduled;  // the earliest deadline in due_
  bool is_changed = false;            // in the list of changed ones
  Slot* previous = nullptr;
  Slot* next = nullptr;
};

MatchRegistry::MatchRegistry(const Names& names, RegistryLimits limits, RegistryTiming timing)
    : reducer_(names, timing.match), limits_(limits), timing_(timing) {}

MatchRegistry::~MatchRegistry() = default;

// --- Entering and leaving ---

MatchRegistry::Slot* MatchRegistry::make(const ObserverLogon& logon, const Organization& organization,
                                         std::string_view secret, int64_t now_ms) {
  if (limits_.matches != 0 && live_.size() >= limits_.matches) return nullptr;
  auto slot = std::make_unique<Slot>();
  slot->match = Match::create(logon, organization, now_ms, limits_.match_memory);
  if (slot->match == nullptr) return nullptr;
  if (hides_ids_) slot->match->hide_ids();
  slot->serial = next_serial_++;
  slot->group_code = logon.group_code;
  slot->secret = secret;
  slot->match->registry_serial_ = slot->serial;
  Slot* const made = slot.get();
  by_group_.emplace(made->group_code, made);
  live_.emplace(made->serial, std::move(slot));
  schedule(*made);
  return made;
}

MatchRegistry::Admission MatchRegistry::admit(const ObserverLogon& logon, const Organization& organization,
                                              int64_t now_ms) {
  if (const auto found = by_group_.find(logon.group_code); found != by_group_.end()) {
    Slot& slot = *found->second;
    if (!slot.match->state().hidden.has_ended) {
      if (!equal_constant_time(logon.group_secret, slot.secret))
        return {Entry::kRefused, reason_group_live(logon.group_code), nullptr};
      return {Entry::kReconnected, std::string(kReasonReconnected), slot.match.get()};
    }
    // The next map of a series starts under the same code.
    remove(slot);
  }
  const std::string secret = random_text(kSecretLength, kSecretAlphabet);
  Slot* const slot = make(logon, organization, secret, now_ms);
  if (slot == nullptr) return {Entry::kRefused, std::string(kReasonUnknownError), nullptr};
  ++stats_.created;
  if (sink_ != nullptr) sink_->on_created(*slot->match, logon, organization, secret, now_ms);
  mark_changed(*slot);
  return {Entry::kCreated, secret, slot->match.get()};
}

Match* MatchRegistry::restore(const ObserverLogon& logon, const Organization& organization, std::string_view secret,
                              int64_t created_ms) {
  if (find_group(logon.group_code) != nullptr) return nullptr;
  Slot* const slot = make(logon, organization, secret, created_ms);
  if (slot == nullptr) return nullptr;
  mark_changed(*slot);
  return slot->match.get();
}

Verdict MatchRegistry::replay(Match& match, const Envelope& event) {
  Slot& slot = *slot_of(match);
  const Outcome outcome = reducer_.apply(match, event);
  index_match_id(slot);
  schedule(slot);
  mark_changed(slot);
  return outcome.verdict;
}

void MatchRegistry::resume(int64_t now_ms) {
  for (const auto& [serial, slot] : live_) {
    const Hidden& hidden = slot->match->state().hidden;
    if (hidden.last_event > now_ms) set_clock(*slot, now_ms - hidden.last_event, now_ms);
    if (hidden.removal != kNever) expect_stats(*slot->match, hidden.removal - timing_.match.removal_ms);
  }
}

void MatchRegistry::remove(Slot& slot) {
  const auto found = live_.find(slot.serial);
  const std::unique_ptr<Slot> owned = std::move(found->second);
  live_.erase(found);
  by_group_.erase(owned->group_code);
  set_match_id(*owned, "");
  unlink(*owned);
  ++stats_.removed;
  if (owned->match->state().hidden.is_abandoned) ++stats_.abandoned;
  if (handler_ != nullptr) handler_->on_removed(*owned->match);
  if (sink_ != nullptr) sink_->on_removed(*owned->match);
}

void MatchRegistry::remove(Match& match) {
  if (Slot* const slot = slot_of(match)) remove(*slot);
}

// --- Finding ---

MatchRegistry::Slot* MatchRegistry::slot_of(const Match& match) {
  const auto found = live_.find(match.registry_serial_);
  return found == live_.end() ? nullptr : found->second.get();
}

Match* MatchRegistry::find_group(std::string_view group_code) {
  const auto found = by_group_.find(group_code);
  return found == by_group_.end() ? nullptr : found->second->match.get();
}

bool MatchRegistry::has_match_id(std::string_view match_id) const {
  const auto [first, last] = by_match_id_.equal_range(match_id);
  return std::any_of(first, last, [](const auto& entry) { return !entry.second->match->state().hidden.has_ended; });
}

Match* MatchRegistry::find_match_id(std::string_view match_id, const std::function<bool(const Match&)>& fits) {
  const Slot* oldest = nullptr;
  const auto [first, last] = by_match_id_.equal_range(match_id);
  for (auto it = first; it != last; ++it) {
    const Slot& slot = *it->second;
    if (oldest != nullptr && oldest->serial < slot.serial) continue;
    if (!slot.match->state().hidden.has_ended && fits(*slot.match)) oldest = &slot;
  }
  return oldest == nullptr ? nullptr : oldest->match.get();
}

void MatchRegistry::for_each(const std::function<void(Match&)>& visit) {
  for (const auto& [serial, slot] : live_) visit(*slot->match);
}

bool MatchRegistry::is_secret(const Match& match, std::string_view secret) const {
  const auto found = live_.find(match.registry_serial_);
  return found != live_.end() && equal_constant_time(secret, found->second->secret);
}

std::string_view MatchRegistry::secret_of(const Match& match) const {
  const auto found = live_.find(match.registry_serial_);
  return found == live_.end() ? std::string_view() : found->second->secret;
}

void MatchRegistry::set_match_id(Slot& slot, std::string_view match_id) {
  if (!slot.match_id.empty()) {
    const auto [first, last] = by_match_id_.equal_range(slot.match_id);
    by_match_id_.erase(std::find_if(first, last, [&](const auto& entry) { return entry.second == &slot; }));
  }
  slot.match_id = match_id;
  if (!match_id.empty()) by_match_id_.emplace(slot.match_id, &slot);
}

void MatchRegistry::index_match_id(Slot& slot) {
  const std::string_view match_id = slot.match->match_id();
  if (match_id == slot.match_id) return;
  const std::string before = slot.match_id;
  set_match_id(slot, match_id);
  if (!before.empty() && handler_ != nullptr) handler_->on_match_id_changed(*slot.match, before);
}

// --- Events ---

void MatchRegistry::count(const Outcome& outcome, EventType type) {
  switch (outcome.verdict) {
    case Verdict::kApplied:
      ++stats_.applied;
      break;
    case Verdict::kIgnored:
      ++stats_.ignored;
      if (type == EventType::kUnknown) ++stats_.unknown_types;
      break;
    case Verdict::kRefused:
      ++stats_.refused;
      break;
  }
}

Outcome MatchRegistry::deliver(Slot& slot, const Envelope& event) {
  Match& match = *slot.match;
  if (sink_ != nullptr && !sink_->has_room(match, event.writer)) {
    ++stats_.refused;
    return {Verdict::kRefused, "no room in the journal", {}};
  }
  const Outcome outcome = reducer_.apply(match, event);
  count(outcome, event.type);
  // Even an event that is refused lets time pass.
  mark_changed(slot);
  schedule(slot);
  if (outcome.verdict != Verdict::kApplied) return outcome;
  index_match_id(slot);
  if (sink_ != nullptr) sink_->on_event(match, event);
  if (outcome.effects.has(Effect::kEnded)) expect_stats(match, event.timestamp);
  if (handler_ != nullptr && !outcome.effects.empty()) handler_->on_effects(match, outcome.effects);
  return outcome;
}

Outcome MatchRegistry::receive_observer(std::string_view own_group, const Envelope& event) {
  const auto found = by_group_.find(own_group);
  if (found == by_group_.end()) {
    ++stats_.ignored;
    return {Verdict::kIgnored, "no such match", {}};
  }
  Slot& slot = *found->second;
  const bool is_own =
      event.group_code.empty() ? event.match_id == slot.match->match_id() : event.group_code == own_group;
  if (!is_own) {
    ++stats_.refused;
    ++stats_.foreign;
    return {Verdict::kRefused, "another group's match", {}};
  }
  return deliver(slot, event);
}

// In the order they came, whatever the table's order is.
void MatchRegistry::address(std::string_view match_id, std::string_view only_group) {
  addressed_.clear();
  const auto [first, last] = by_match_id_.equal_range(match_id);
  for (auto it = first; it != last; ++it) {
    if (only_group.empty() || it->second->group_code == only_group) addressed_.push_back(it->second);
  }
  std::sort(addressed_.begin(), addressed_.end(), [](const Slot* a, const Slot* b) { return a->serial < b->serial; });
}

Outcome MatchRegistry::receive_auxiliary(const Envelope& event, std::string_view only_group) {
  Outcome best{Verdict::kIgnored, "no such match", {}};
  address(event.match_id, only_group);
  if (addressed_.empty()) ++stats_.ignored;
  bool is_first = true;
  for (Slot* const slot : addressed_) {
    const Outcome outcome = deliver(*slot, event);
    if (is_first || outcome.verdict == Verdict::kApplied) best = outcome;
    is_first = false;
  }
  return best;
}

Outcome MatchRegistry::receive_server(Match& match, EventType type, std::string_view data, int64_t now_ms) {
  Slot* const slot = slot_of(match);
  if (slot == nullptr) return {Verdict::kIgnored, "no such match", {}};
  server_text_.assign(data);
  if (!server_document_.parse_in_place(server_text_)) return {Verdict::kRefused, "data", {}};
  Envelope event;
  event.writer = Writer::kServer;
  event.type = type;
  event.type_name = event_name(type);
  event.group_code = slot->group_code;
  event.data = server_document_.root();
  event.timestamp = now_ms;
  return deliver(*slot, event);
}

void MatchRegistry::auxiliary_gone(std::string_view match_id, std::string_view player_id, int64_t now_ms,
                                   std::string_view only_group) {
  tell_of_auxiliary(EventType::kServerAuxGone, match_id, player_id, now_ms, only_group);
}

void MatchRegistry::auxiliary_new(std::string_view match_id, std::string_view player_id, int64_t now_ms,
                                  std::string_view only_group) {
  tell_of_auxiliary(EventType::kServerAuxNew, match_id, player_id, now_ms, only_group);
}

void MatchRegistry::auxiliary_back(std::string_view match_id, std::string_view player_id, int64_t now_ms,
                                   std::string_view only_group) {
  tell_of_auxiliary(EventType::kServerAuxBack, match_id, player_id, now_ms, only_group);
}

void MatchRegistry::tell_of_auxiliary(EventType type, std::string_view match_id, std::string_view player_id,
                                      int64_t now_ms, std::string_view only_group) {
  if (match_id.empty() || player_id.empty()) return;
  BytesWriter data;
  json::write_string(data, player_id);
  address(match_id, only_group);
  for (Slot* const slot : addressed_) receive_server(*slot->match, type, data.view(), now_ms);
}

void MatchRegistry::names_changed(int64_t now_ms) {
  for (const auto& [serial, slot] : live_) receive_server(*slot->match, EventType::kServerNames, "true", now_ms);
}

// --- Time ---

void MatchRegistry::set_clock(Slot& slot, int64_t step_ms, int64_t now_ms) {
  receive_server(*slot.match, EventType::kServerClock, std::to_string(step_ms), now_ms);
}

void MatchRegistry::clock_set(int64_t step_ms, int64_t now_ms) {
  for (const auto& [serial, slot] : live_) set_clock(*slot, step_ms, now_ms);
  for (StatsDue& due : stats_due_) due.at += step_ms;
}

void MatchRegistry::schedule(Slot& slot) {
  // A later deadline is found when the earlier one comes.
  const int64_t next = reducer_.next_deadline(*slot.match);
  if (next >= slot.scheduled) return;
  slot.scheduled = next;
  due_.push_back({next, slot.serial});
  std::push_heap(due_.begin(), due_.end(), std::greater<>());
  // Entries that no longer hold go by themselves when their time comes, but not too many may wait for that.
  if (due_.size() > 64 + 8 * live_.size()) rebuild_due();
}

void MatchRegistry::rebuild_due() {
  due_.clear();
  for (const auto& [serial, slot] : live_) {
    if (slot->scheduled != kNotScheduled) due_.push_back({slot->scheduled, serial});
  }
  std::make_heap(due_.begin(), due_.end(), std::greater<>());
}

void MatchRegistry::advance(int64_t now_ms) {
  while (!due_.empty() && due_.front().at <= now_ms) {
    const Due due = due_.front();
    std::pop_heap(due_.begin(), due_.end(), std::greater<>());
    due_.pop_back();
    const auto found = live_.find(due.serial);
    if (found == live_.end() || found->second->scheduled != due.at) continue;
    Slot& slot = *found->second;
    slot.scheduled = kNotScheduled;
    advance(slot, now_ms);
  }
  advance_stats(now_ms);
}

void MatchRegistry::advance(Slot& slot, int64_t now_ms) {
  const Outcome outcome = reducer_.advance(*slot.match, now_ms);
  mark_changed(slot);
  Effects effects = outcome.effects;
  if (effects.has(Effect::kAbandoned) && handler_ != nullptr) {
    Effects abandoned;
    abandoned.add(Effect::kAbandoned);
    handler_->on_effects(*slot.match, abandoned);
  }
  if (effects.has(Effect::kRemove)) return remove(slot);
  schedule(slot);
}

void MatchRegistry::expect_stats(const Match& match, int64_t ended_ms) {
  if (!match.state().org_is_supporter || match.match_id().empty() || stats_due_.size() >= kMaxStatsDue) return;
  stats_due_.push_back({ended_ms + timing_.stats_ms, std::string(match.match_id())});
}

void MatchRegistry::advance_stats(int64_t now_ms) {
  size_t at = 0;
  while (at < stats_due_.size()) {
    if (stats_due_[at].at > now_ms) {
      ++at;
      continue;
    }
    const std::string match_id = std::move(stats_due_[at].match_id);
    stats_due_.erase(stats_due_.begin() + static_cast<ptrdiff_t>(at));
    if (handler_ != nullptr) handler_->on_stats_due(match_id);
  }
}

int64_t MatchRegistry::next_deadline() const {
  int64_t next = due_.empty() ? kNotScheduled : due_.front().at;
  for (const StatsDue& due : stats_due_) next = std::min(next, due.at);
  return next;
}

// --- Changed matches ---

// News is what differs from the state last sent. Once a match is in the list it stays, even if it changes back: the
// change was an event, and whoever counts broadcasts expects one.
void MatchRegistry::mark_changed(Slot& slot) {
  if (slot.is_changed || !slot.match->has_news()) return;
  slot.is_changed = true;
  slot.previous = changed_last_;
  slot.next = nullptr;
  (changed_last_ != nullptr ? changed_last_->next : changed_first_) = &slot;
  changed_last_ = &slot;
  if (on_changed_) on_changed_();
}

void MatchRegistry::unlink(Slot& slot) {
  if (!slot.is_changed) return;
  slot.is_changed = false;
  (slot.previous != nullptr ? slot.previous->next : changed_first_) = slot.next;
  (slot.next != nullptr ? slot.next->previous : changed_last_) = slot.previous;
}

Match* MatchRegistry::take_changed() {
  if (changed_first_ == nullptr) return nullptr;
  Slot& slot = *changed_first_;
  unlink(slot);
  return slot.match.get();
}

}  // namespace matchbus::match
