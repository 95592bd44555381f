// Conflated state for a room of viewers: newer replaces older, and nobody waits for anybody.
//
// A feed keeps one update, the latest. Publishing starts a pass over its members: each that has not got the latest
// yet, and whose connection has taken everything before, gets it. A member that is still busy is passed over and gets
// whatever is the latest once it has drained, so it costs at most one pending state. A publish in the middle of a pass
// simply makes the rest of the pass send the newer update. A member that follows changes gets the change if it has the
// update before it, else the whole state. Passes are sliced: the fan-out visits members for a few
// milliseconds per loop turn and goes on in the next, so that reads, accepts and pings stay live however large the room
// is. Joining and leaving are O(1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "hub/message.h"
#include "hub/update.h"
#include "net/loop.h"

namespace matchbus::hub {

class Feed;
class FanOut;

// A receiver in at most one feed. Leaves by itself when destroyed.
class FeedMember {
 public:
  FeedMember() = default;
  FeedMember(const FeedMember&) = delete;
  FeedMember& operator=(const FeedMember&) = delete;

 protected:
  virtual ~FeedMember();

  // Sends and flushes. Must not call back into the feed, nor end any of its members.
  virtual void feed_send(const Message& message) = 0;
  // Bytes of earlier messages that the receiver has not taken yet.
  virtual size_t feed_pending() const = 0;
  // Hands to the kernel what is queued. If something is pending then, Feed::drained is to be called once it is gone.
  virtual void feed_flush() = 0;
  // The receiver has taken nothing for the stall limit: end it (at the end of the turn, not at once).
  virtual void feed_stalled() = 0;

 private:
  friend class Feed;
  friend class FanOut;
  static constexpr uint32_t kNone = UINT32_MAX;
  Feed* feed_ = nullptr;
  uint32_t place_ = kNone;  // in Feed::members_
  uint32_t late_ = kNone;   // in FanOut::late_, while it is behind
  uint64_t version_ = 0;    // of the latest update when it was last looked at
  bool has_it_ = false;     // it was sent that update
  bool follows_changes_ = false;
};

struct FanOutOptions {
  int64_t slice_us = 1'000;   // of sending per loop turn
  int64_t stall_ms = 30'000;  // a receiver that takes nothing for so long is ended; 0 = never
};

struct FanOutStats {
  uint64_t published = 0;  // updates
  uint64_t delivered = 0;  // sends to members
  uint64_t conflated = 0;  // updates that members were spared, being busy or not reached in time; known with the next,
                           // or when they leave
  uint64_t stalled = 0;    // members ended by the stall limit
  uint64_t slices = 0;     // turns in which a pass had to stop and go on later
};

// Runs the passes of all feeds, one slice a turn, taking turns between feeds.
class FanOut final : private Timer::Handler {
 public:
  // Borrows `loop`.
  FanOut(net::Loop& loop, FanOutOptions options);
  const FanOutStats& stats() const { return stats_; }

 private:
  friend class Feed;
  friend class FeedMember;
  struct Late {
    FeedMember* member;
    size_t pending;  // at `since_ms`
    int64_t since_ms;
  };
  void schedule(Feed& feed);
  void forget(Feed& feed);
  void run_slice();
  void mark_late(FeedMember& member);
  void clear_late(FeedMember& member);
  void on_timer(Timer& timer) override;

  net::Loop& loop_;
  FanOutOptions options_;
  FanOutStats stats_;
  std::vector<Feed*> active_;
  size_t turn_ = 0;  // whose turn it is in active_
  bool posted_ = false;
  std::vector<Late> late_;
  Timer sweep_{*this};
};

class Feed {
 public:
  explicit Feed(FanOut& fan_out) : fan_out_(fan_out) {}
  ~Feed();
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  // Adds a member; it gets updates published from now on (and the latest too if `send_latest`, at once).
  // `follows_changes`: see Update::message_for.
  void join(FeedMember& member, bool send_latest, bool follows_changes = false);
  void leave(FeedMember& member);
  // Makes `update` the latest and starts a pass.
  void publish(UpdatePtr update);
  // The member has drained: it gets the latest if it lacks it.
  void drained(FeedMember& member);

  const UpdatePtr& latest() const { return latest_; }
  // Whether there are members that the latest has not been offered to yet.
  bool is_passing() const { return remaining_ != 0; }
  size_t size() const { return members_.size(); }

 private:
  friend class FanOut;
  friend class FeedMember;
  // Visits up to `count` members; false when the pass is complete.
  bool step(size_t count);
  // `pending`: of the member, right now.
  void visit(FeedMember& member, size_t pending);

  FanOut& fan_out_;
  std::vector<FeedMember*> members_;
  UpdatePtr latest_;
  uint64_t version_ = 0;
  size_t cursor_ = 0;     // next member of the pass
  size_t remaining_ = 0;  // members the pass still has to look at
  bool active_ = false;   // in FanOut::active_
};

}  // namespace matchbus::hub
