#include "app/replay_options.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <vector>

namespace matchbus::app {
namespace {

std::vector<std::string> names_of_shapes() {
  std::vector<std::string> names;
  for (const match::EventShapes& shapes : match::kEventShapes) names.emplace_back(shapes.name);
  return names;
}

match::SimulationShapes shapes_named(const std::string& name) {
  size_t index = 0;
  while (match::kEventShapes[index].name != name) ++index;
  return static_cast<match::SimulationShapes>(index);
}

}  // namespace

ReplayOptions parse_replay_options(int argc, const char* const* argv) {
  ReplayOptions options;
  std::string info;
  std::string check;
  bool print = false;
  CLI::App cli("Plays a recorded or a simulated match into a server.", "matchbus-replay");
  cli.set_version_flag("--version", std::string("matchbus-replay " MATCHBUS_VERSION));

  CLI::Option* file = cli.add_option("journal", options.file, "Recorded match to play (Match_*.replay)");
  CLI::Option* simulate = cli.add_flag("--simulate", options.simulate, "Play a made-up match")->excludes(file);
  CLI::Option* about = cli.add_option("--info", info, "Print what a journal holds, and exit");
  about->excludes(file, simulate);
  CLI::Option* sound = cli.add_option("--check", check, "Print whether a journal is sound, and exit");
  sound->excludes(file, simulate, about);
  cli.add_flag("--print", print, "Print the match's events as lines of JSON instead of playing it")
      ->excludes(about, sound);
  cli.add_option("--seed", options.seed, "Which made-up match")->needs(simulate)->capture_default_str();
  cli.add_option("--rounds", options.rounds, "How many rounds it has; from 25 on there is overtime")
      ->needs(simulate)
      ->check(CLI::Range(1, 200))
      ->capture_default_str();
  std::string shapes(match::event_shapes(options.shapes).name);
  cli.add_option("--shapes", shapes, "What it is written like: as by new, by today's or by old clients")
      ->needs(simulate)
      ->check(CLI::IsMember(names_of_shapes()))
      ->capture_default_str();

  cli.add_option("--url", options.url, "The server's ingest port; wss:// for TLS")->capture_default_str();
  cli.add_flag("!--no-verify", options.verify, "Take any certificate, such as a self-signed one");
  cli.add_option("--ca", options.ca_file, "Certificates to trust, PEM")->check(CLI::ExistingFile);
  cli.add_option("--key", options.key, "The key to log on with")->envname("AUTH_KEY");
  cli.add_option("--group", options.group_code, "Group code to play under, instead of the match's own");
  cli.add_option("--client-version", options.client_version, "Client version to tell, instead of the match's own");

  CLI::Option* speed = cli.add_option("--speed", options.speed, "How many times faster than it was")
                           ->check(CLI::Range(0.001, 1'000'000.0))
                           ->capture_default_str();
  CLI::Option* instant = cli.add_flag("--instant", options.instant, "As fast as the server takes it");
  CLI::Option* delay =
      cli.add_option("--delay", options.delay_ms, "Milliseconds between two events")->check(CLI::Range(0, 3'600'000));
  CLI::Option* step = cli.add_flag("--step", options.step, "Event by event, at each press of Enter");
  instant->excludes(speed, delay, step);
  delay->excludes(speed, step);
  step->excludes(speed);
  cli.add_option("--events", options.max_events, "Stop after so many events")->check(CLI::PositiveNumber);
  cli.add_flag("--loop", options.loop, "Play again and again; made-up matches with the next seed each time");
  cli.add_flag("--verbose,-v", options.verbose, "Print each event");
  cli.add_flag("--quiet,-q", options.quiet, "Print errors only");

  try {
    cli.parse(argc, argv);
    options.shapes = shapes_named(shapes);
    if (!info.empty()) {
      options.command = ReplayCommand::kInfo;
      options.file = info;
    } else if (!check.empty()) {
      options.command = ReplayCommand::kCheck;
      options.file = check;
    } else if (options.file.empty() && !options.simulate) {
      throw CLI::RequiredError("a journal, --simulate, --info or --check");
    } else if (print) {
      options.command = ReplayCommand::kPrint;
    }
  } catch (const CLI::ParseError& error) {
    options.command = ReplayCommand::kExit;
    options.exit_code = cli.exit(error) == 0 ? 0 : 2;
  }
  return options;
}

}  // namespace matchbus::app
