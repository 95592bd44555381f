// matchbus-load: many viewers and simulated observers against a server of the match protocol, and what that cost it.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "base/clock.h"
#include "base/log.h"
#include "load/run.h"

namespace {

using matchbus::load::RunOptions;
using matchbus::load::ViewerKind;

// Both ends' sockets are this process's or the server's: as many as the system gives.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int run(int argc, char** argv) {
  RunOptions options;
  bool json = false;
  bool plain = false;
  bool quiet = false;
  bool no_observers = false;
  std::map<std::string, ViewerKind> kinds = {{"overlay", ViewerKind::kOverlay},
                                             {"idle", ViewerKind::kIdle},
                                             {"websocket", ViewerKind::kWebSocket},
                                             {"raw", ViewerKind::kRaw}};
  CLI::App cli("Load generator: viewers and simulated observers, bounded in number and time.");
  cli.add_option("--host", options.viewer.host, "Server of the viewers (a loopback address)")->capture_default_str();
  cli.add_option("--port", options.viewer.port, "Its output port")->capture_default_str();
  cli.add_option("--path", options.viewer.path, "Where viewers connect")->capture_default_str();
  cli.add_option("--kind", options.viewer.kind, "overlay, idle (connect only), websocket (plain), raw (TCP)")
      ->transform(CLI::CheckedTransformer(kinds));
  cli.add_option("--message-size", options.viewer.raw_message, "For raw: bytes that count as a message");
  cli.add_option("--ingest", options.observer.url, "Where observers log on")->capture_default_str();
  cli.add_option("--key", options.observer.key, "Their access key");
  cli.add_option("--rate", options.observer.events_per_second, "Events a second of each match")->capture_default_str();
  cli.add_flag("--no-observers", no_observers, "Somebody else pushes the events");
  cli.add_option("--viewers", options.viewers, "How many")->capture_default_str();
  cli.add_option("--matches", options.matches, "Over how many matches they are spread")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  cli.add_option("--stalled", options.stalled, "Of the viewers: so many stop reading when the measuring begins");
  cli.add_flag("--diff", options.viewer.diff, "Viewers ask for patches");
  cli.add_flag("--plain", plain, "Viewers offer no compression");
  cli.add_option("--connect-at-once", options.connect_at_once, "Handshakes under way at a time")->capture_default_str();
  cli.add_option("--connect-limit", options.connect_limit_s, "Seconds for all to connect")->capture_default_str();
  cli.add_option("--settle", options.settle_s, "Seconds between connecting and measuring")->capture_default_str();
  cli.add_option("--seconds", options.measure_s, "Seconds of measuring")->capture_default_str();
  cli.add_option("--pid", options.pid, "The server's process, for its CPU time and memory");
  cli.add_flag("--json", json, "Print the report as JSON");
  cli.add_flag("--quiet", quiet, "No progress");
  CLI11_PARSE(cli, argc, argv);
  options.viewer.deflate = !plain;
  options.progress = !quiet;
  options.observe = !no_observers && options.viewer.kind == ViewerKind::kOverlay;
  if (options.viewer.kind == ViewerKind::kRaw && options.viewer.raw_message == 0) {
    std::fputs("matchbus-load: raw viewers need --message-size\n", stderr);
    return 2;
  }

  raise_descriptor_limit();
  const matchbus::SystemClock clock;
  matchbus::Log log(clock, matchbus::LogLevel::kWarning);
  const matchbus::load::RunReport report = matchbus::load::Run(clock, log, options).execute();
  const std::string text =
      json ? matchbus::load::report_json(options, report) : matchbus::load::report_table(options, report);
  std::fputs(text.c_str(), stdout);
  const bool right = report.viewers.failed == 0 && report.viewers.lost <= options.stalled &&
                     report.viewers.backwards == 0 && report.unreadable == 0 && report.observers.refused == 0 &&
                     report.viewers.connected + report.viewers.lost == options.viewers;
  return right ? 0 : 1;
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
