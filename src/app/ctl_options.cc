#include "app/ctl_options.h"

#include <CLI/CLI.hpp>
#include <array>
#include <utility>

namespace matchbus::app {
namespace {

CLI::App* add_token(CLI::App& cli, CtlOptions& options) {
  CLI::App* token = cli.add_subcommand("token", "Print a player's token, signed with HS256");
  token->add_option("--secret-env", options.secret_env, "Name of the environment variable that has the secret")
      ->capture_default_str();
  token->add_option("--sub", options.subject, "The user's id")->required();
  token->add_option("--claim", options.claims, "NAME=VALUE, such as sector_id=7; JSON, or else a text")
      ->allow_extra_args(false);
  token->add_option("--ttl", options.ttl_s, "For how many seconds it holds")
      ->check(CLI::Range(1, 315'360'000))
      ->capture_default_str();
  return token;
}

CLI::App* add_publish(CLI::App& cli, CtlOptions& options) {
  CLI::App* publish = cli.add_subcommand("publish", "Send a message to a room or topic");
  CLI::Option* room = publish->add_option("--room", options.room, "global, admin, sector:ID, team:ID, region:ID, ...");
  publish->add_option("--topic", options.topic, "Such as market:ore")->excludes(room);
  publish->add_option("--exclude", options.exclude, "A user that does not get it");
  publish->add_option("--class", options.message_class, "normal, critical or cosmetic");
  publish->add_option("message", options.message, "The message, a JSON object; - reads it from standard input")
      ->required();
  return publish;
}

CLI::App* add_move(CLI::App& cli, CtlOptions& options) {
  CLI::App* move = cli.add_subcommand("move", "Take a user to another sector, team or region");
  move->add_option("--user", options.user, "The user's id")->required();
  move->add_option("--sector", options.sector, "An id; empty: none");
  move->add_option("--team", options.team, "The same");
  move->add_option("--region", options.region, "The same; closes the user's connections");
  move->require_option(2, 0);
  return move;
}

CLI::App* add_disconnect(CLI::App& cli, CtlOptions& options) {
  CLI::App* disconnect = cli.add_subcommand("disconnect", "Close a user's connections");
  disconnect->add_option("--user", options.user, "The user's id")->required();
  disconnect->add_option("--device", options.device, "Only this device; empty: the one without an id");
  disconnect->add_option("--code", options.code, "Close code: 1000, or 3000 to 4999");
  disconnect->add_option("--reason", options.reason, "What the client is told");
  return disconnect;
}

CLI::App* add_presence(CLI::App& cli, CtlOptions& options) {
  CLI::App* presence = cli.add_subcommand("presence", "List the users in a room");
  presence->add_option("room", options.room, "Such as sector:7")->required();
  return presence;
}

}  // namespace

CtlOptions parse_ctl_options(int argc, const char* const* argv) {
  CtlOptions options;
  CLI::App cli("Makes tokens for the realtime bus, and asks its server API.", "matchbus-ctl");
  cli.set_version_flag("--version", std::string("matchbus-ctl " MATCHBUS_VERSION));
  cli.add_option("--url", options.url, "The server's extras port")->capture_default_str();
  cli.add_option("--key-env", options.key_env, "Name of the environment variable that has the key of the API")
      ->capture_default_str();
  cli.add_flag("!--no-verify", options.verify, "Take any certificate, such as a self-signed one");
  cli.add_option("--ca", options.ca_file, "Certificates to trust, PEM")->check(CLI::ExistingFile);
  cli.require_subcommand(1);
  cli.fallthrough();
  using Command = std::pair<CLI::App*, CtlCommand>;
  const std::array commands = {
      Command{add_token(cli, options), CtlCommand::kToken},
      Command{add_publish(cli, options), CtlCommand::kPublish},
      Command{add_move(cli, options), CtlCommand::kMove},
      Command{add_disconnect(cli, options), CtlCommand::kDisconnect},
      Command{add_presence(cli, options), CtlCommand::kPresence},
      Command{cli.add_subcommand("stats", "Print the bus's figures"), CtlCommand::kStats},
  };
  try {
    cli.parse(argc, argv);
    for (const auto& [subcommand, command] : commands) {
      if (subcommand->parsed()) options.command = command;
    }
  } catch (const CLI::ParseError& error) {
    options.command = CtlCommand::kExit;
    options.exit_code = cli.exit(error) == 0 ? 0 : 2;
  }
  return options;
}

}  // namespace matchbus::app
