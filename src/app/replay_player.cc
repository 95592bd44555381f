#include "app/replay_player.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "json/writer.h"

namespace matchbus::app {
namespace {

constexpr size_t kMostPending = 256 * 1024;        // bytes the kernel has not taken; sending waits beyond
constexpr int64_t kLongestGapMs = 60 * 60 * 1000;  // of waiting for the next event as recorded
constexpr double kMostMs = 1e15;                   // any wait that is longer is as good as this
constexpr int kSlice = 256;                        // events sent in one turn of the loop at most

// The logon with the secret that continues a live match.
std::string with_secret(const std::string& logon, std::string_view secret) {
  if (secret.empty() || logon.empty()) return logon;
  BytesWriter out;
  out.append("{\"groupSecret\":");
  json::write_string(out, secret);
  out.append(',');
  out.append(std::string_view(logon).substr(1));
  return std::string(out.view());
}

}  // namespace

Result<std::unique_ptr<ReplayPlayer>> ReplayPlayer::create(net::Loop& loop, ws::Context& ws, ReplaySource& source,
                                                           ReplayPlayerOptions options, Done done) {
  std::unique_ptr<ReplayPlayer> player(new ReplayPlayer(loop, source, std::move(options), std::move(done)));
  auto client = socketio::Client::create(loop, ws, player->options_.client, *player);
  if (!client) return client.error();
  player->client_ = std::move(*client);
  return player;
}

ReplayPlayer::ReplayPlayer(net::Loop& loop, ReplaySource& source, ReplayPlayerOptions options, Done done)
    : loop_(loop),
      source_(source),
      options_(std::move(options)),
      done_(std::move(done)),
      more_(loop, [this] { pump(); }),
      timer_(*this),
      give_up_(*this) {}

void ReplayPlayer::on_client_connect(bool recovered) {
  give_up_.cancel();
  if (state_ == State::kLost && on_notice_) on_notice_(recovered ? "connected again" : "connected again, logging on");
  was_connected_ = true;
  if (recovered && logged_on_) return begin_playing();
  log_on();
}

void ReplayPlayer::log_on() {
  state_ = State::kLoggingOn;
  logged_on_ = false;
  client_->emit("obs_logon", with_secret(source_.logon(), progress_.group_secret));
  loop_.timers().set(timer_, options_.logon_timeout_ms);
}

void ReplayPlayer::on_client_event(const socketio::Event& event) {
  if (event.name == "obs_logon_ack" && state_ == State::kLoggingOn) on_logon_answer(event.text(0).value_or(""));
}

void ReplayPlayer::on_logon_answer(std::string_view text) {
  scratch_ = text;
  if (!document_.parse_in_place(scratch_)) return finish(ReplayEnd::kRefused, "the answer to the logon is no JSON");
  const std::string reason(document_.root()["reason"].string().value_or(""));
  if (document_.root()["value"].boolean() != true) return finish(ReplayEnd::kRefused, "logon refused: " + reason);
  logged_on_ = true;
  if (reason != "reconnected") {
    if (!progress_.group_secret.empty() && on_notice_)
      on_notice_("the server did not know the match any more; what it had is not sent again");
    progress_.group_secret = reason;
  }
  begin_playing();
}

void ReplayPlayer::begin_playing() {
  state_ = State::kPlaying;
  timer_.cancel();
  match_over_ = false;
  if (!started_ms_) started_ms_ = last_sent_ms_ = now();
  pump();
}

bool ReplayPlayer::is_due() {
  int64_t due = 0;
  switch (options_.pace) {
    case ReplayPace::kInstant:
      return true;
    case ReplayPace::kSteps:
      if (steps_ == 0 && step_to_.empty()) return false;
      if (steps_ > 0) --steps_;
      if (step_to_ == next_->type) step_to_.clear();
      return true;
    case ReplayPace::kFixed:
      due = last_sent_ms_ + options_.delay_ms;
      break;
    case ReplayPace::kTimestamps:
      shorten_gap();
      due = *started_ms_ + std::llround(static_cast<double>(next_->at_ms) / options_.speed);
      break;
  }
  const int64_t wait = due - now();
  if (wait <= 0) return true;
  loop_.timers().set(timer_, wait);
  return false;
}

void ReplayPlayer::shorten_gap() {
  const double gap = static_cast<double>(next_->at_ms) / options_.speed - static_cast<double>(now() - *started_ms_);
  if (gap <= static_cast<double>(kLongestGapMs)) return;
  *started_ms_ -= std::llround(std::min(gap, kMostMs)) - kLongestGapMs;
  if (on_notice_) {
    on_notice_("nothing is to be sent for " + std::to_string(std::llround(std::min(gap, kMostMs)) / kLongestGapMs) +
               " hours: going on in one");
  }
}

void ReplayPlayer::pump() {
  for (int sent = 0; state_ == State::kPlaying && client_->is_connected(); ++sent) {
    if (client_->pending() > kMostPending) client_->flush();
    if (client_->pending() > kMostPending) return;  // the kernel holds back: on_client_drained comes
    if (sent == kSlice) return more_.request();
    if (!next_) next_ = source_.next();
    if (!next_) return on_source_end();
    if (!is_due()) {
      if (steps_ended_ && options_.pace == ReplayPace::kSteps) leave();
      return;
    }
    send(*next_);
    next_.reset();
    if (options_.max_events != 0 && progress_.events >= options_.max_events) return leave();
  }
}

void ReplayPlayer::send(const ReplayEvent& event) {
  client_->emit("obs_data", event.text);
  // With a fixed delay the pace is kept even if a turn was late, but not made up for a lost connection.
  last_sent_ms_ = std::max(last_sent_ms_ + options_.delay_ms, now() - 100);
  ++progress_.events;
  ++round_events_;
  progress_.bytes += event.text.size();
  progress_.at_ms = event.at_ms;
  note(event);
  if (on_sent_) on_sent_(event);
}

// Keeps what progress is told by.
void ReplayPlayer::note(const ReplayEvent& event) {
  if (event.type != "round_info" && event.type != "score") return;
  scratch_ = event.text;
  if (!document_.parse_in_place(scratch_)) return;
  const json::Value data = document_.root()["data"];
  if (event.type == "score") {
    progress_.score[0] = data["team_0"].integer(0, 1'000).value_or(0);
    progress_.score[1] = data["team_1"].integer(0, 1'000).value_or(0);
    return;
  }
  progress_.round = data["roundNumber"].integer(0, 1'000).value_or(0);
  progress_.phase = data["roundPhase"].string().value_or("");
  match_over_ = progress_.phase == "game_end";
}

void ReplayPlayer::on_source_end() {
  if (const std::string error = source_.error(); !error.empty()) {
    early_end_ = ReplayEnd::kBadSource;
    early_message_ = error;
    return leave();
  }
  ++progress_.matches;
  if (!options_.loop || round_events_ == 0) return leave();
  play_again();
}

// A match that has not ended goes on; one that has needs a logon of its own, once the server has let it go.
void ReplayPlayer::play_again() {
  source_.restart(progress_.matches);
  round_events_ = 0;
  started_ms_.reset();
  if (!match_over_) {
    started_ms_ = last_sent_ms_ = now();
    return more_.request();
  }
  progress_.group_secret.clear();
  state_ = State::kBetween;
  loop_.timers().set(timer_, options_.between_loops_ms);
  client_->close();
}

void ReplayPlayer::stop() {
  stopped_ = true;
  if (state_ == State::kDone || state_ == State::kLeaving) return;
  if (client_->is_connected()) return leave();
  finish(ReplayEnd::kStopped);
}

void ReplayPlayer::step(uint64_t events) {
  if (steps_ended_) return;
  steps_ += events;
  pump();
}

void ReplayPlayer::step_to(std::string_view type) {
  if (steps_ended_) return;
  step_to_ = type;
  pump();
}

void ReplayPlayer::end_steps() {
  steps_ended_ = true;
  pump();
}

void ReplayPlayer::quit() {
  if (state_ == State::kLost) return stop();
  stopped_ = true;
  end_steps();
}

void ReplayPlayer::leave() {
  state_ = State::kLeaving;
  timer_.cancel();
  client_->close();  // which first sends everything
}

void ReplayPlayer::on_client_disconnect(std::string_view reason, bool will_reconnect) {
  if (state_ == State::kDone || state_ == State::kBetween) return;
  if (state_ == State::kConnecting) return client_->connect();  // its leave has taken longer than the pause
  timer_.cancel();
  if (state_ == State::kLeaving) {
    if (reason != "io client disconnect" && !match_over_) return finish(ReplayEnd::kLost, "connection lost at the end");
    return finish(stopped_ ? ReplayEnd::kStopped : early_end_, early_message_);
  }
  // A server drops the senders of a match that has ended.
  if (!will_reconnect && match_over_) return finish(ReplayEnd::kPlayed);
  if (!will_reconnect) return finish(ReplayEnd::kLost, "the server ended the connection");
  state_ = State::kLost;
  ++progress_.reconnects;
  if (on_notice_) on_notice_("connection lost (" + std::string(reason) + "), trying again");
  if (options_.give_up_ms > 0) loop_.timers().set(give_up_, options_.give_up_ms);
}

void ReplayPlayer::on_client_error(const std::string& message, bool will_retry) {
  if (state_ == State::kDone) return;
  if (!was_connected_) return finish(ReplayEnd::kNoConnection, message);
  if (!will_retry) return finish(ReplayEnd::kLost, message);
  if (options_.give_up_ms > 0 && !give_up_.is_set()) loop_.timers().set(give_up_, options_.give_up_ms);
}

void ReplayPlayer::on_timer(Timer& timer) {
  if (&timer == &give_up_) return finish(ReplayEnd::kLost, "the connection did not come back");
  switch (state_) {
    case State::kPlaying:
      return pump();
    case State::kLoggingOn:
      return finish(ReplayEnd::kRefused, "no answer to the logon");
    case State::kBetween:
      state_ = State::kConnecting;
      return client_->connect();
    default:
      return;
  }
}

void ReplayPlayer::finish(ReplayEnd end, std::string message) {
  if (state_ == State::kDone) return;
  state_ = State::kDone;
  timer_.cancel();
  give_up_.cancel();
  client_->close();
  done_({end, std::move(message)});
}

}  // namespace matchbus::app
