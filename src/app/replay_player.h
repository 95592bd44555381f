// Plays a match into a server as its observer would: logs on, sends the events at the wanted pace, logs on again with
// the group's secret if the connection was lost for too long, and takes its leave when everything is delivered.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "app/replay_source.h"
#include "base/result.h"
#include "base/timer_wheel.h"
#include "json/document.h"
#include "net/loop.h"
#include "socketio/client.h"
#include "socketio/end_of_turn.h"

namespace matchbus::app {

enum class ReplayPace : uint8_t {
  kTimestamps,  // as recorded, faster by `speed`
  kFixed,       // `delay_ms` between two events
  kInstant,     // as fast as the server takes them
  kSteps,       // when told to, see step()
};

struct ReplayPlayerOptions {
  socketio::ClientOptions client;
  ReplayPace pace = ReplayPace::kTimestamps;
  double speed = 1.0;  // over 0
  int delay_ms = 0;
  uint64_t max_events = 0;  // 0: all
  bool loop = false;        // from the beginning again, until stopped or max_events
  int logon_timeout_ms = 10'000;
  int give_up_ms = 60'000;       // without a connection that was there before
  int between_loops_ms = 6'000;  // for the server to let a finished match go
};

enum class ReplayEnd : uint8_t {
  kPlayed,
  kStopped,
  kNoConnection,  // the first attempt failed
  kRefused,       // the logon was
  kLost,          // the connection, for good
  kBadSource,     // it ended early, see the message
};

struct ReplayOutcome {
  ReplayEnd end = ReplayEnd::kPlayed;
  std::string message;  // for everything but kPlayed and kStopped
};

struct ReplayProgress {
  uint64_t events = 0;
  uint64_t bytes = 0;
  int64_t at_ms = 0;  // in the match, of the last event
  uint64_t reconnects = 0;
  uint64_t matches = 0;  // played to their end
  std::string group_secret;
  // As the last events told.
  int64_t round = 0;
  std::string phase;
  int64_t score[2] = {0, 0};
};

class ReplayPlayer final : private socketio::ClientHandler, private Timer::Handler {
 public:
  // Called once, at the end; not inside `start`.
  using Done = std::function<void(const ReplayOutcome&)>;
  // Borrows everything for its life. An error is one of the URL.
  static Result<std::unique_ptr<ReplayPlayer>> create(net::Loop& loop, ws::Context& ws, ReplaySource& source,
                                                      ReplayPlayerOptions options, Done done);

  void start() { client_->connect(); }
  // Takes its leave early.
  void stop();
  // kSteps: sends so many more events.
  void step(uint64_t events);
  // kSteps: sends everything up to and including the next event of this type.
  void step_to(std::string_view type);
  // kSteps: takes its leave once all that it was told to send is sent, be it that the connection is still being made.
  void end_steps();
  // The same, and counts as stopped. At once if the connection is lost.
  void quit();

  // As if the network had failed; for tests.
  void drop_connection() { client_->drop(); }

  const ReplayProgress& progress() const { return progress_; }
  // Called with each event that is sent.
  void set_on_sent(std::function<void(const ReplayEvent&)> on_sent) { on_sent_ = std::move(on_sent); }
  // Called when the connection is lost or back, with words for the user.
  void set_on_notice(std::function<void(const std::string&)> on_notice) { on_notice_ = std::move(on_notice); }

 private:
  enum class State : uint8_t {
    kConnecting,  // for the first time, or again in the next round of a loop
    kLoggingOn,
    kPlaying,
    kLost,     // until the client is back
    kLeaving,  // everything is sent, the connection is being closed
    kBetween,  // two rounds of a loop
    kDone,
  };

  ReplayPlayer(net::Loop& loop, ReplaySource& source, ReplayPlayerOptions options, Done done);

  void on_client_connect(bool recovered) override;
  void on_client_event(const socketio::Event& event) override;
  void on_client_drained() override { pump(); }
  void on_client_disconnect(std::string_view reason, bool will_reconnect) override;
  void on_client_error(const std::string& message, bool will_retry) override;
  void on_timer(Timer& timer) override;

  void log_on();
  void on_logon_answer(std::string_view text);
  void begin_playing();
  // Sends what is due, and arranges to be called when more is.
  void pump();
  bool is_due();
  // kTimestamps: the match's time goes on where nothing was recorded for very long.
  void shorten_gap();
  void send(const ReplayEvent& event);
  void note(const ReplayEvent& event);
  void on_source_end();
  void play_again();
  void leave();
  void finish(ReplayEnd end, std::string message = {});
  int64_t now() const { return loop_.clock().monotonic_ms(); }

  net::Loop& loop_;
  ReplaySource& source_;
  ReplayPlayerOptions options_;
  Done done_;
  std::function<void(const ReplayEvent&)> on_sent_;
  std::function<void(const std::string&)> on_notice_;
  std::unique_ptr<socketio::Client> client_;
  socketio::EndOfTurn more_;  // instant playing goes on in the next turn
  Timer timer_;
  Timer give_up_;

  State state_ = State::kConnecting;
  bool was_connected_ = false;
  bool logged_on_ = false;  // in this session
  bool stopped_ = false;
  bool match_over_ = false;  // game_end is sent
  std::optional<ReplayEvent> next_;
  std::optional<int64_t> started_ms_;  // the clock when the match's time was 0
  int64_t last_sent_ms_ = 0;
  uint64_t round_events_ = 0;  // in this round of a loop
  uint64_t steps_ = 0;
  std::string step_to_;
  bool steps_ended_ = false;
  ReplayEnd early_end_ = ReplayEnd::kPlayed;  // reported when the leave is taken
  std::string early_message_;
  ReplayProgress progress_;
  json::Document document_;
  std::string scratch_;
};

}  // namespace matchbus::app
