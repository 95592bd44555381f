// matchbus-load: many viewers and simulated observers against a server of the match protocol, or players of the
// realtime bus, and what that cost the server.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "bus/token_key.h"
#include "load/run.h"

namespace {

using matchbus::load::BusRoom;
using matchbus::load::CrowdOptions;
using matchbus::load::RunOptions;
using matchbus::load::ViewerKind;

struct Flags {
  bool json = false;
  bool plain = false;
  bool quiet = false;
  bool no_observers = false;
  std::string secret_env = "JWT_SECRET";
};

// Both ends' sockets are this process's or the server's: as many as the system gives.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void add_server_options(CLI::App& cli, RunOptions& options, Flags& flags) {
  auto& viewer = options.crowd.viewer;
  cli.add_option("--host", viewer.host, "Where viewers connect: a name or an address")->capture_default_str();
  cli.add_option("--port", viewer.port, "The server's output port")->capture_default_str();
  cli.add_option("--path", viewer.path, "What viewers ask for (of the bus: /api/v1/ws)")->capture_default_str();
  cli.add_option("--ingest", options.observer.url, "Where observers log on")->capture_default_str();
  cli.add_option("--key", options.observer.key, "Their access key")->envname("AUTH_KEY");
  cli.add_option("--pid", options.pid, "The server's process, for its CPU time and memory");
  cli.add_option("--rate", options.observer.events_per_second,
                 "Events a second of each match; of the bus: batches a second, 0 is as fast as they are answered")
      ->capture_default_str();
  cli.add_option("--marks", options.observer.marks_per_second, "Timed events a second besides, for the latency")
      ->capture_default_str();
  cli.add_flag("--no-observers", flags.no_observers, "Somebody else pushes the events");
}

void add_viewer_options(CLI::App& cli, CrowdOptions& crowd, Flags& flags) {
  static const std::map<std::string, ViewerKind> kinds = {{"overlay", ViewerKind::kOverlay},
                                                          {"idle", ViewerKind::kIdle},
                                                          {"websocket", ViewerKind::kWebSocket},
                                                          {"raw", ViewerKind::kRaw},
                                                          {"bus", ViewerKind::kBus}};
  cli.add_option("--viewers", crowd.viewers, "How many")->capture_default_str();
  cli.add_option("--matches", crowd.matches, "Over how many matches they are spread")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  cli.add_option("--kind", crowd.viewer.kind,
                 "overlay, idle (connect only), websocket (plain), raw (TCP), bus (players)")
      ->transform(CLI::CheckedTransformer(kinds));
  cli.add_option("--message-size", crowd.viewer.raw_message,
                 "For raw: bytes that count as a message; for bus: bytes of one");
  cli.add_flag("--diff", crowd.viewer.diff, "Viewers ask for patches");
  cli.add_flag("--plain", flags.plain, "Viewers offer no compression");
  cli.add_option("--polling", crowd.polling, "Of the viewers: so many use long polling");
  cli.add_option("--slow", crowd.slow, "Of the viewers: so many read 64 KiB a second at most while measuring");
  cli.add_option("--stalled", crowd.stalled, "Of the viewers: so many stop reading when the measuring begins");
}

void add_bus_options(CLI::App& cli, RunOptions& options, Flags& flags) {
  static const std::map<std::string, BusRoom> rooms = {
      {"team", BusRoom::kTeam}, {"sector", BusRoom::kSector}, {"player", BusRoom::kPlayer}};
  auto& publisher = options.publisher;
  cli.add_option("--secret-env", flags.secret_env, "For bus: the environment variable with what tokens are signed with")
      ->capture_default_str();
  cli.add_option("--api", publisher.url, "For bus: the server's extras port")->capture_default_str();
  cli.add_option("--api-key", publisher.key, "For bus: the key to publish with")->envname("BUS_API_KEY");
  cli.add_option("--to", publisher.to, "For bus: who a message is for: team (all), sector or player, in turn")
      ->transform(CLI::CheckedTransformer(rooms));
  cli.add_option("--batch", publisher.batch, "For bus: messages of a batch; 0: nothing is published")
      ->capture_default_str();
  cli.add_option("--topics", options.crowd.viewer.bus.topics, "For bus: topics that each player subscribes to");
  cli.add_option("--missed", options.crowd.viewer.bus.missed,
                 "For bus: events that each player misses before a storm, and gets in it");
}

void add_run_options(CLI::App& cli, RunOptions& options, Flags& flags) {
  cli.add_option("--connect-at-once", options.crowd.connect_at_once, "Handshakes under way at a time")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  cli.add_option("--connect-limit", options.connect_limit_s, "Seconds for all to connect")->capture_default_str();
  cli.add_option("--settle", options.settle_s, "Seconds between connecting and measuring")->capture_default_str();
  cli.add_option("--seconds", options.measure_s, "Seconds of measuring")->capture_default_str();
  cli.add_option("--tick", options.tick_ms, "The server's interval of broadcasts, in ms")->capture_default_str();
  cli.add_option("--joins", options.joins, "Then so many more viewers join, to tell what a join costs");
  cli.add_option("--storm", options.storms, "Then so many times all viewers go at once and come back");
  cli.add_flag("--json", flags.json, "Print the report as JSON");
  cli.add_flag("-q,--quiet", flags.quiet, "No progress");
}

// False, with a complaint: the options make no sense together.
bool prepare_bus(const CLI::App& cli, RunOptions& options, const Flags& flags) {
  if (options.joins != 0) {
    std::fputs("matchbus-load: --joins is not for players of the bus\n", stderr);
    return false;
  }
  auto& viewer = options.crowd.viewer;
  if (cli.count("--path") == 0) viewer.path = "/api/v1/ws";
  const char* const secret = std::getenv(flags.secret_env.c_str());
  viewer.bus.secret = secret != nullptr ? secret : "";
  if (const auto key = matchbus::bus::TokenKey::secret(viewer.bus.secret); !key) {
    std::fprintf(stderr, "matchbus-load: %s: %s\n", flags.secret_env.c_str(), key.error().message.c_str());
    return false;
  }
  options.publisher.batches_per_second = options.observer.events_per_second;
  if (viewer.raw_message != 0) options.publisher.message_size = viewer.raw_message;
  return true;
}

int run(int argc, char** argv) {
  RunOptions options;
  Flags flags;
  CLI::App cli("Load generator: viewers and simulated observers, bounded in number and time.");
  add_server_options(cli, options, flags);
  add_viewer_options(cli, options.crowd, flags);
  add_bus_options(cli, options, flags);
  add_run_options(cli, options, flags);
  CLI11_PARSE(cli, argc, argv);
  const CrowdOptions& crowd = options.crowd;
  options.crowd.viewer.deflate = !flags.plain;
  options.progress = !flags.quiet;
  options.observe = !flags.no_observers && crowd.viewer.kind == ViewerKind::kOverlay;
  if (crowd.viewer.kind == ViewerKind::kRaw && crowd.viewer.raw_message == 0) {
    std::fputs("matchbus-load: raw viewers need --message-size\n", stderr);
    return 2;
  }
  if (crowd.polling + crowd.slow + crowd.stalled > crowd.viewers) {
    std::fputs("matchbus-load: more polling, slow and stalled viewers than viewers\n", stderr);
    return 2;
  }

  if (crowd.viewer.kind == ViewerKind::kBus && !prepare_bus(cli, options, flags)) return 2;

  raise_descriptor_limit();
  const matchbus::SystemClock clock;
  matchbus::Log log(clock, matchbus::LogLevel::kWarning);
  const matchbus::load::RunReport report = matchbus::load::Run(clock, log, options).execute();
  const std::string text =
      flags.json ? matchbus::load::report_json(options, report) : matchbus::load::report_table(options, report);
  std::fputs(text.c_str(), stdout);
  return matchbus::load::is_right(options, report) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "matchbus-load: %s\n", error.what());
    return 1;
  }
}
