// What operators are told of events that were refused, and of fields that said nothing: counted by type for /metrics,
// and in the log as one line a minute for each sender that has something to say of it, if they are not too many, such
// as
//
//     observer 'me' of group 'G': 10 roster events refused: startTeam is a text; locked is null in 3 roster events, of
//     which the rest was applied
//
// What a client leaves out all match long (clients of earlier generations do) is said once.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/timer_wheel.h"
#include "match/event.h"
#include "match/reducer.h"

namespace matchbus::gateway {

class EventFaults final : private Timer::Handler {
 public:
  static constexpr int64_t kFirstLineMs = 1'000;  // from a sender's first fault to its line: a burst is one line
  static constexpr int64_t kBetweenLinesMs = 60'000;
  static constexpr size_t kMaxSenders = 1'000;  // told in lines of their own; all are counted

  // By the event's type, and the field or the reason of the refusal; both texts of the program.
  using Counters = std::map<std::pair<std::string_view, std::string_view>, uint64_t>;

  // Borrows everything for its life.
  EventFaults(const Clock& clock, TimerWheel& timers, Log& log) : clock_(clock), timers_(timers), log_(log) {}

  // What became of an event of one sender, who is logged on to `group` (a group code, or an auxiliary client's match
  // id) and, an auxiliary client, speaks for `player`. Does nothing, at no cost, where there was no fault.
  void note(std::string_view group, std::string_view player, const match::Envelope& event,
            const match::Outcome& outcome) {
    if (outcome.verdict == match::Verdict::kRefused || !outcome.ignored.empty())
      note_faults(group, player, event, outcome);
  }

  const Counters& refused() const { return refused_; }
  const Counters& ignored() const { return ignored_; }

 private:
  // One thing that was wrong, and how often since the sender's last line.
  struct Fault {
    std::string_view type;
    std::string_view reason;
    std::optional<json::Type> found;
    match::Verdict verdict = match::Verdict::kApplied;  // on the events
    bool told = false;                                  // in an earlier line
    uint64_t count = 0;
  };
  struct Sender {
    std::string name;           // which lines begin with: an observer's as it first called itself
    std::vector<Fault> faults;  // few: types times fields
    int64_t line_at = 0;        // monotonic ms of the next line
    bool is_observer = false;
    bool has_news = false;
  };

  void note_faults(std::string_view group, std::string_view player, const match::Envelope& event,
                   const match::Outcome& outcome);
  Sender* sender_of(std::string_view group, std::string_view player, const match::Envelope& event);
  static void count(Sender& sender, const Fault& fault);
  void on_timer(Timer& timer) override;
  void write_line(Sender& sender);
  void arm();

  const Clock& clock_;
  TimerWheel& timers_;
  Log& log_;
  Counters refused_;
  Counters ignored_;
  // By what a sender is logged on as, and not by what it calls itself from event to event.
  std::map<std::string, Sender, std::less<>> senders_;
  int64_t next_sweep_ = INT64_MIN;  // of senders that have been silent for long
  std::string key_;                 // scratch
  int64_t next_line_ = INT64_MAX;   // monotonic ms that the timer is set to
  Timer timer_{*this};
};

}  // namespace matchbus::gateway
