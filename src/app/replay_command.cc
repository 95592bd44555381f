#include "app/replay_command.h"

#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <memory>
#include <string>

#include "app/replay_check.h"
#include "app/replay_journal.h"
#include "app/replay_keys.h"
#include "app/replay_options.h"
#include "app/replay_player.h"
#include "app/replay_simulation.h"
#include "app/signals.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/printable.h"

namespace matchbus::app {
namespace {

constexpr int kProgressMs = 1'000;
constexpr size_t kShownText = 160;  // of an event
constexpr const char* kStepHelp = "Enter: next event. NUMBER: so many. r: to the next phase. q: end.";

int complain(const std::string& text) {
  std::fprintf(stderr, "matchbus-replay: %s\n", printable(text).c_str());
  return 1;
}

int inspect(const ReplayOptions& options) {
  const Result<std::string> text = read_whole_file(options.file);
  if (!text) return complain(text.error().message);
  const JournalReport report = examine_journal(*text);
  const bool check = options.command == ReplayCommand::kCheck;
  std::fputs((check ? judge_journal(report) : describe_journal(report)).c_str(), stdout);
  return report.problems.empty() ? 0 : 1;
}

Result<std::unique_ptr<ReplaySource>> open_source(const ReplayOptions& options) {
  if (options.simulate) {
    match::SimulationOptions simulation;
    simulation.seed = options.seed;
    simulation.rounds = options.rounds;
    simulation.shapes = options.shapes;
    simulation.key = options.key;
    if (!options.group_code.empty()) simulation.group_code = options.group_code;
    if (!options.client_version.empty()) simulation.client_version = options.client_version;
    return std::unique_ptr<ReplaySource>(std::make_unique<SimulationSource>(std::move(simulation)));
  }
  Result<std::string> text = read_whole_file(options.file);
  if (!text) return text.error();
  auto journal = JournalSource::open(std::move(*text), {options.group_code, options.key, options.client_version});
  if (!journal) return Error{options.file + ": " + journal.error().message};
  return std::unique_ptr<ReplaySource>(std::move(*journal));
}

int print(const ReplayOptions& options) {
  const Result<std::unique_ptr<ReplaySource>> source = open_source(options);
  if (!source) return complain(source.error().message);
  for (uint64_t count = 0; options.max_events == 0 || count < options.max_events; ++count) {
    const std::optional<ReplayEvent> event = (*source)->next();
    if (!event) break;
    std::string_view members = event->text;
    members.remove_suffix(1);
    std::printf("%s,\"timestamp\":%lld}\n", printable(members, PrintableAs::kJson).c_str(),
                static_cast<long long>(event->at_ms));
  }
  const std::string error = (*source)->error();
  return error.empty() ? 0 : complain(error);
}

ReplayPlayerOptions player_options(const ReplayOptions& options) {
  ReplayPlayerOptions player;
  player.client.url = options.url;
  player.client.verify_certificate = options.verify;
  player.client.ca_file = options.ca_file;
  player.speed = options.speed;
  player.max_events = options.max_events;
  player.loop = options.loop;
  if (options.instant) player.pace = ReplayPace::kInstant;
  if (options.step) player.pace = ReplayPace::kSteps;
  if (options.delay_ms >= 0) {
    player.pace = ReplayPace::kFixed;
    player.delay_ms = options.delay_ms;
  }
  return player;
}

std::string progress_text(const ReplayProgress& progress) {
  char text[160];
  const int64_t seconds = progress.at_ms / 1000;
  std::snprintf(text, sizeof text, "%d:%02d:%02d  %llu events  round %d %s  %d:%d", static_cast<int>(seconds / 3600),
                static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60),
                static_cast<unsigned long long>(progress.events), static_cast<int>(progress.round),
                progress.phase.empty() ? "lobby" : progress.phase.c_str(), static_cast<int>(progress.score[0]),
                static_cast<int>(progress.score[1]));
  return text;
}

// What the user sees while a match is played. A terminal has one line that changes; everything else is told in lines
// that stay.
class Display {
 public:
  Display(const ReplayOptions& options, const ReplayPlayer& player)
      : player_(player),
        quiet_(options.quiet),
        verbose_(options.verbose || options.step),
        live_(!options.quiet && !verbose_ && isatty(STDERR_FILENO) != 0) {}

  void refresh() const {
    if (live_) std::fprintf(stderr, "\r%s\x1b[K", printable(progress_text(player_.progress())).c_str());
  }
  void event(const ReplayEvent& event) const {
    if (!verbose_) return;
    const std::string_view text = event.text.substr(0, kShownText);
    std::printf("%10.3f %s%s\n", static_cast<double>(event.at_ms) / 1000, printable(text).c_str(),
                text.size() < event.text.size() ? "..." : "");
    std::fflush(stdout);
  }
  void line(const std::string& text) const {
    if (live_) std::fputs("\r\x1b[K", stderr);
    if (!quiet_) std::fprintf(stderr, "%s\n", printable(text).c_str());
  }
  void summary(const ReplayOutcome& outcome, int64_t took_ms) const {
    const ReplayProgress& progress = player_.progress();
    std::string text = outcome.end == ReplayEnd::kStopped ? "stopped: " : "played: ";
    text += progress_text(progress) + ", in " + std::to_string(took_ms / 1000) + "." +
            std::to_string(took_ms / 100 % 10) + " s";
    if (progress.matches > 1) text += ", " + std::to_string(progress.matches) + " times";
    if (progress.reconnects != 0) text += ", connected again " + std::to_string(progress.reconnects) + " times";
    line(text);
  }

 private:
  const ReplayPlayer& player_;
  bool quiet_;
  bool verbose_;
  bool live_;
};

int exit_status(const ReplayOutcome& outcome) {
  switch (outcome.end) {
    case ReplayEnd::kPlayed:
    case ReplayEnd::kStopped:
      return 0;
    case ReplayEnd::kRefused:
      return 3;
    default:
      return 1;
  }
}

// What may help.
std::string hint(const ReplayOptions& options, const ReplayOutcome& outcome) {
  const bool about_certificate = outcome.message.find("certificate") != std::string::npos;
  return about_certificate && options.verify ? " (--no-verify takes any certificate)" : "";
}

// Enter is one event, a number so many, `r` the rest of the phase, `q` the end. False: the line is none of these.
bool obey(ReplayPlayer& player, std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line == "q") return player.quit(), true;
  if (line == "r") return player.step_to("round_info"), true;
  if (line.empty()) return player.step(1), true;
  uint64_t count = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), count);
  if (error != std::errc() || end != line.data() + line.size() || count == 0) return false;
  player.step(count);
  return true;
}

// The line of progress, once a second.
class Ticker final : private Timer::Handler {
 public:
  Ticker(net::Loop& loop, const Display& display) : loop_(loop), display_(display), timer_(*this) { on_timer(timer_); }

 private:
  void on_timer(Timer& /*timer*/) override {
    display_.refresh();
    loop_.timers().set(timer_, kProgressMs);
  }
  net::Loop& loop_;
  const Display& display_;
  Timer timer_;
};

int play(const ReplayOptions& options) {
  const Result<std::unique_ptr<ReplaySource>> source = open_source(options);
  if (!source) return complain(source.error().message);

  const SystemClock clock;
  Log log(clock, LogLevel::kWarning);
  net::Loop loop(clock, log);
  const std::unique_ptr<ws::Context> ws = ws::Context::create(loop);
  ReplayOutcome outcome;
  auto made = ReplayPlayer::create(loop, *ws, **source, player_options(options), [&](const ReplayOutcome& of) {
    outcome = of;
    loop.stop();
  });
  if (!made) {
    complain("--url: " + made.error().message);
    return 2;
  }
  ReplayPlayer& player = **made;
  const Display display(options, player);
  player.set_on_sent([&](const ReplayEvent& event) { display.event(event); });
  player.set_on_notice([&](const std::string& text) { display.line(text); });
  const Signals signals(
      loop, [&] { player.stop(); }, [] {});
  const Ticker ticker(loop, display);
  std::unique_ptr<ReplayKeys> keys;
  if (options.step) {
    auto opened = ReplayKeys::open(
        loop, STDIN_FILENO,
        [&](std::string_view line) {
          if (!obey(player, line)) complain("'" + std::string(line.substr(0, kShownText)) + "': " + kStepHelp);
        },
        [&] { player.end_steps(); });
    if (!opened) return complain(opened.error().message);
    keys = std::move(*opened);
    display.line(kStepHelp);
  }

  const int64_t started = clock.monotonic_ms();
  player.start();
  loop.run();
  if (player.progress().events > 0) display.summary(outcome, clock.monotonic_ms() - started);
  if (!outcome.message.empty()) complain(outcome.message + hint(options, outcome));
  return exit_status(outcome);
}

}  // namespace

int run_replay(int argc, const char* const* argv) {
  const ReplayOptions options = parse_replay_options(argc, argv);
  switch (options.command) {
    case ReplayCommand::kExit:
      return options.exit_code;
    case ReplayCommand::kInfo:
    case ReplayCommand::kCheck:
      return inspect(options);
    case ReplayCommand::kPlay:
      return play(options);
    case ReplayCommand::kPrint:
      return print(options);
  }
  return 2;
}

}  // namespace matchbus::app
