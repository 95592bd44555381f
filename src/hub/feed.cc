#include "hub/feed.h"

#include <algorithm>
#include <array>
#include <utility>

namespace matchbus::hub {
namespace {

constexpr size_t kMembersPerClockLook = 32;
constexpr int64_t kSweepMs = 1'000;

}  // namespace

FeedMember::~FeedMember() {
  if (feed_ != nullptr) feed_->leave(*this);
}

Feed::~Feed() {
  for (FeedMember* member : members_) {
    fan_out_.clear_late(*member);
    member->feed_ = nullptr;
  }
  if (active_) fan_out_.forget(*this);
}

void Feed::join(FeedMember& member, bool send_latest, bool follows_changes) {
  if (member.feed_ != nullptr) member.feed_->leave(member);
  member.feed_ = this;
  member.place_ = static_cast<uint32_t>(members_.size());
  member.version_ = send_latest && latest_ ? version_ - 1 : version_;
  member.has_it_ = false;
  member.follows_changes_ = follows_changes;
  members_.push_back(&member);
  if (send_latest) visit(member, member.feed_pending());
}

void Feed::leave(FeedMember& member) {
  if (member.feed_ != this) return;
  fan_out_.clear_late(member);
  fan_out_.stats_.conflated += version_ - member.version_;
  members_[member.place_] = members_.back();
  members_[member.place_]->place_ = member.place_;
  members_.pop_back();
  member.feed_ = nullptr;
  // The last member may have moved behind the cursor of a running pass: let the pass go round once more.
  if (remaining_ != 0) remaining_ = members_.size();
}

void Feed::publish(UpdatePtr update) {
  latest_ = std::move(update);
  ++version_;
  ++fan_out_.stats_.published;
  if (members_.empty()) return;
  remaining_ = members_.size();
  fan_out_.schedule(*this);
}

void Feed::drained(FeedMember& member) {
  if (member.feed_ != this) return;
  fan_out_.clear_late(member);
  visit(member, member.feed_pending());
}

void Feed::visit(FeedMember& member, size_t pending) {
  if (member.version_ == version_ || !latest_) return;
  if (pending != 0) {
    // It may be what another part of the connection has queued in this turn, such as a ping. Nobody has offered that to
    // the kernel yet, and nobody will tell when it is gone.
    member.feed_flush();
    if (member.feed_pending() != 0) return fan_out_.mark_late(member);
  }
  fan_out_.clear_late(member);
  const bool has_previous = member.has_it_ && member.version_ + 1 == version_;
  const Message* const message = latest_->message_for(member.follows_changes_, has_previous);
  if (message == nullptr) return;
  fan_out_.stats_.conflated += version_ - member.version_ - 1;
  member.version_ = version_;
  member.has_it_ = true;
  ++fan_out_.stats_.delivered;
  member.feed_send(*message);
}

// A member's state lies in half a dozen objects that point to each other and that no cache holds any more. Members are
// asked for it some at a time, before any of them is sent to, since the processor then fetches that of several at once:
// one after the other the waiting was 9% of a delivery.
bool Feed::step(size_t count) {
  constexpr size_t kGroup = 16;
  std::array<size_t, kGroup> pending;
  while (count != 0 && remaining_ != 0 && !members_.empty()) {
    if (cursor_ >= members_.size()) cursor_ = 0;  // others have left
    const size_t group = std::min({kGroup, count, remaining_, members_.size()});
    const auto member = [&](size_t i) -> FeedMember& {
      const size_t place = cursor_ + i;
      return *members_[place < members_.size() ? place : place - members_.size()];
    };
    for (size_t i = 0; i < group; ++i) pending[i] = member(i).feed_pending();
    for (size_t i = 0; i < group; ++i) visit(member(i), pending[i]);
    cursor_ = (cursor_ + group) % members_.size();
    count -= group;
    remaining_ -= group;
  }
  if (members_.empty()) remaining_ = 0;
  return remaining_ != 0;
}

FanOut::FanOut(net::Loop& loop, FanOutOptions options) : loop_(loop), options_(options) {
  if (options_.stall_ms > 0) loop_.timers().set(sweep_, kSweepMs);
}

void FanOut::schedule(Feed& feed) {
  if (!feed.active_) {
    feed.active_ = true;
    active_.push_back(&feed);
  }
  if (posted_) return;
  posted_ = true;
  loop_.post([this] { run_slice(); });
}

void FanOut::forget(Feed& feed) {
  const auto place = std::find(active_.begin(), active_.end(), &feed);
  if (static_cast<size_t>(place - active_.begin()) < turn_) --turn_;
  active_.erase(place);
  feed.active_ = false;
}

void FanOut::run_slice() {
  posted_ = false;
  const uint64_t end = uv_hrtime() + static_cast<uint64_t>(options_.slice_us) * 1000;
  while (!active_.empty()) {
    if (turn_ >= active_.size()) turn_ = 0;
    Feed& feed = *active_[turn_];
    if (feed.step(kMembersPerClockLook)) {
      ++turn_;
    } else {
      feed.active_ = false;
      active_.erase(active_.begin() + static_cast<ptrdiff_t>(turn_));
    }
    if (!active_.empty() && uv_hrtime() >= end) {
      ++stats_.slices;
      posted_ = true;
      loop_.post([this] { run_slice(); });
      return;
    }
  }
}

void FanOut::mark_late(FeedMember& member) {
  if (member.late_ != FeedMember::kNone) return;
  member.late_ = static_cast<uint32_t>(late_.size());
  late_.push_back({&member, member.feed_pending(), loop_.clock().monotonic_ms()});
}

void FanOut::clear_late(FeedMember& member) {
  if (member.late_ == FeedMember::kNone) return;
  late_[member.late_] = late_.back();
  late_[member.late_].member->late_ = member.late_;
  late_.pop_back();
  member.late_ = FeedMember::kNone;
}

void FanOut::on_timer(Timer& timer) {
  const int64_t now = loop_.clock().monotonic_ms();
  for (Late& entry : late_) {
    const size_t pending = entry.member->feed_pending();
    if (pending != entry.pending) {
      entry = {entry.member, pending, now};
    } else if (now - entry.since_ms >= options_.stall_ms) {
      ++stats_.stalled;
      entry.since_ms = now;
      entry.member->feed_stalled();
    }
  }
  loop_.timers().set(timer, kSweepMs);
}

}  // namespace matchbus::hub
