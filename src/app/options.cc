#include "app/options.h"

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "app/env_file.h"
#include "app/journal_sync.h"
#include "app/memory_limit.h"
#include "app/option_value.h"
#include "app/secret_arguments.h"

namespace matchbus::app {
namespace {

// With no interval a server would do nothing but ping; the bound keeps sums of both in range.
constexpr int kLongestPingMs = 3'600'000;

std::string environment_or(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

// A value is checked as text first: what the library says of a wrong one is not for everybody.
void expect_number(CLI::Option& option, uint64_t least, uint64_t most) {
  option.transform(CLI::Validator([least, most](std::string& text) { return check_whole_number(text, least, most); },
                                  std::string()));
}

void add_entry(CLI::App& cli, Options& options, const OptionEntry& entry) {
  CLI::Option* option = std::visit(
      [&](auto member) -> CLI::Option* {
        using T = std::remove_reference_t<decltype(options.*member)>;
        constexpr bool is_list = std::is_same_v<T, std::vector<std::string>>;
        constexpr bool is_truth = std::is_same_v<T, bool>;
        CLI::Option* made = nullptr;
        if constexpr (is_truth) {
          if (*entry.value == '\0') made = cli.add_flag(entry.flag, options.*member, entry.help);
        }
        if (made == nullptr) made = cli.add_option(entry.flag, options.*member, entry.help);
        if constexpr (is_list) {
          made->delimiter(',')->allow_extra_args(false);
        } else {
          made->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
        }
        if constexpr (is_truth) made->transform(CLI::Validator(check_truth, std::string()));
        if constexpr (std::is_integral_v<T> && !is_truth) expect_number(*made, 0, std::numeric_limits<T>::max());
        return made;
      },
      entry.field);
  if (*entry.environment != '\0') option->envname(entry.environment);
  const std::string_view flag = entry.flag;
  if (flag.size() > 4 && flag.substr(flag.size() - 4) == "-tls")
    option->check(CLI::IsMember({"auto", "required", "off"}));
  if (flag == "--log-level") option->check(CLI::IsMember({"debug", "info", "warning", "error", "off"}));
  if (flag == "--aux-auth") option->check(CLI::IsMember({"key", "secret", "open"}));
  if (flag == "--tick-mode") option->check(CLI::IsMember({"fixed", "eager"}));
  if (flag == "--eager-delay") expect_number(*option, 0, 100);
  if (flag == "--directory") option->check(CLI::IsMember({"claims", "http", "redis"}));
  if (flag == "--jwt-leeway") expect_number(*option, 0, 60);
  if (flag == "--ping-interval" || flag == "--ping-timeout") expect_number(*option, 1, kLongestPingMs);
  if (flag == "--deflate-level") expect_number(*option, 1, 9);
  if (flag == "--max-memory") {
    option->check(
        [](const std::string& text) { return read_memory_limit(text) ? "" : "must be auto, or a number of bytes"; });
  }
  if (flag == "--journal-sync") {
    option->check([](const std::string& text) {
      return read_sync_policy(text) ? "" : "must be never, tick, or a number of seconds from 1 to 86400";
    });
  }
}

std::string named(const OptionEntry& entry) {
  std::string text = entry.flag;
  if (*entry.value != '\0') text += std::string(" ") + entry.value;
  return text;
}

std::string help_text() {
  std::string text =
      "matchbus: live match state and game events to everyone watching.\n\nUsage: matchbus [OPTIONS]\n\n"
      "Every option with a name in brackets is read from the environment and from a .env file, too.\n\n";
  for (const OptionEntry& entry : option_table()) {
    text += "  " + named(entry);
    if (*entry.environment != '\0') text += std::string("  [") + entry.environment + "]";
    text += std::string("\n        ") + entry.help;
    const std::string value = default_text(entry);
    if (!value.empty()) text += " (" + value + ")";
    text += "\n";
  }
  return text + "  --help, --version\n        Print this, or the version, and exit\n";
}

// The README's table; a test holds it to this text.
std::string markdown_table() {
  std::string text = "| option | environment | default | what it does |\n|---|---|---|---|\n";
  for (const OptionEntry& entry : option_table()) {
    const std::string environment = *entry.environment != '\0' ? std::string("`") + entry.environment + "`" : "";
    const std::string value = default_text(entry);
    text += "| `" + named(entry) + "` | " + environment + " | " + (value.empty() ? "" : "`" + value + "`") + " | " +
            entry.help + " |\n";
  }
  return text;
}

// The manual page's list, in mdoc.
std::string mdoc_list() {
  std::string text = ".Bl -tag -width Ds\n";
  for (const OptionEntry& entry : option_table()) {
    text += std::string(".It Fl Fl ") + (entry.flag + 2);
    if (*entry.value != '\0') text += std::string(" Ar ") + entry.value;
    text += std::string("\n") + entry.help + ".\n";
    const std::string value = default_text(entry);
    if (!value.empty()) text += "Default:\n.Ql " + value + " .\n";
    if (*entry.environment != '\0') text += std::string("Environment:\n.Ev ") + entry.environment + " .\n";
  }
  return text + ".El\n";
}

constexpr std::array<SecretFlag, 8> kSecrets = {{{"--auth-key", "AUTH_KEY"},
                                                 {"--backend-token", "BACKEND_TOKEN"},
                                                 {"--stats-backend-token", "STATS_BACKEND_TOKEN"},
                                                 {"--jwt-secret", "JWT_SECRET"},
                                                 {"--jwt-secret-previous", "JWT_SECRET_PREVIOUS"},
                                                 {"--redis-url", "REDIS_URL", true},
                                                 {"--bus-api-key", "BUS_API_KEY"},
                                                 {"--command-token", "COMMAND_TOKEN"}}};

ParsedOptions exit_after(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  ParsedOptions parsed;
  parsed.command = Command::kExit;
  return parsed;
}

}  // namespace

const std::vector<OptionEntry>& option_table() {
  using O = Options;
  static const std::vector<OptionEntry> table = {
      {"--bind", "BIND", "ADDR", "Address to listen on; may be given several times (0.0.0.0 and :: if not given)",
       &O::bind},
      {"--ingest-port", "INGEST_PORT", "PORT", "Port for observers and auxiliary clients; 0 takes any free one",
       &O::ingest_port},
      {"--output-port", "OUTPUT_PORT", "PORT", "Port for overlays; 0 takes any free one", &O::output_port},
      {"--extras-port", "EXTRAS_PORT", "PORT", "Port for status, metrics and HTTP extras; 0 takes any free one",
       &O::extras_port},
      {"--ports-file", "", "FILE", "Write the ports in use to this file as JSON once all listen; removed at the end",
       &O::ports_file},
      {"--insecure", "INSECURE", "", "No TLS on any port", &O::insecure},
      {"--cert", "SERVER_CERT", "FILE", "Certificate chain in PEM (made in the data directory if not given)",
       &O::certificate},
      {"--key", "SERVER_KEY", "FILE", "Private key in PEM, for --cert", &O::private_key},
      {"--ingest-tls", "INGEST_TLS", "MODE", "auto (TLS and plain, told apart by the first byte), required or off",
       &O::ingest_tls},
      {"--output-tls", "OUTPUT_TLS", "MODE", "The same for the output port", &O::output_tls},
      {"--extras-tls", "EXTRAS_TLS", "MODE", "The same for the extras port", &O::extras_tls},
      {"--require-auth-key", "REQUIRE_AUTH_KEY", "BOOL", "Whether observers need a valid key", &O::require_auth_key},
      {"--auth-key", "AUTH_KEY", "KEY", "The key that observers log on with", &O::auth_key},
      {"--allow-short-keys", "ALLOW_SHORT_KEYS", "",
       "Take an --auth-key or --bus-api-key of fewer than 16 characters, which can be guessed", &O::allow_short_keys},
      {"--max-wrong-keys", "MAX_WRONG_KEYS", "N",
       "Wrong keys and secrets of one address (IPv6: one /64; all behind a proxy share its) a minute; beyond, none of "
       "its is looked at; 0 is no limit",
       &O::max_wrong_keys},
      {"--max-wrong-keys-total", "MAX_WRONG_KEYS_TOTAL", "N",
       "The same for all addresses together; beyond, only those without a wrong key in the last minute are looked at; "
       "0 "
       "is no limit",
       &O::max_wrong_keys_total},
      {"--aux-auth", "AUX_AUTH", "HOW",
       "What auxiliary clients need besides a live match's id, which viewers are sent: key (as observers, where those "
       "need one), secret (of the match's group, the only one they then write to) or open (nothing: unmodified clients "
       "send neither)",
       &O::aux_auth},
      {"--hide-ids", "HIDE_IDS", "", "Leave players' riotIds, which identify people, out of what viewers are sent",
       &O::hide_ids},
      {"--client-versions", "CLIENT_VERSIONS", "RANGE",
       "Client versions that may log on; * is all, even unreadable ones", &O::client_versions},
      {"--use-backend", "USE_BACKEND", "BOOL",
       "Whether the backend is asked about keys other than --auth-key, and told of matches", &O::use_backend},
      {"--backend-url", "BACKEND_URL", "URL", "The backend, for --use-backend", &O::backend_url},
      {"--backend-token", "BACKEND_TOKEN", "TOKEN", "What the backend knows the server by", &O::backend_token},
      {"--supporter-check-url", "SUPPORTER_CHECK_URL", "URL",
       "Tells which of the backend's organisations are supporters; without it none is", &O::supporter_check_url},
      {"--stats-backend-url", "STATS_BACKEND_URL", "URL", "The stats service; without it there are no ranks",
       &O::stats_backend_url},
      {"--stats-backend-token", "STATS_BACKEND_TOKEN", "TOKEN", "What the stats service knows the server by",
       &O::stats_backend_token},
      {"--playercam-url", "PLAYERCAM_URL", "URL", "The player-cam service; without it names are not overridden",
       &O::playercam_url},
      {"--backend-ca", "BACKEND_CA", "FILE",
       "Certificates in PEM that https services are verified with, instead of the system's", &O::backend_ca},
      {"--backend-timeout", "BACKEND_TIMEOUT", "MS", "For one answer of any of these services; 0 is no limit",
       &O::backend_timeout_ms},
      {"--backend-retries", "BACKEND_RETRIES", "N", "How often a call is tried again when a service fails",
       &O::backend_retries},
      {"--max-backend-calls", "MAX_BACKEND_CALLS", "N",
       "Calls under way to these services; beyond, they are given up; 0 is no limit", &O::max_backend_calls},
      {"--data-dir", "DATA_DIR", "DIR", "Where files are kept ($STATE_DIRECTORY, else ./matchbus-data)", &O::data_dir},
      {"--names", "NAMES_FILE", "FILE",
       "Names of agents, weapons and maps instead of the built-in ones; read again on SIGHUP", &O::names_file},
      {"--journal", "JOURNAL", "BOOL",
       "Whether matches are recorded in the data directory, and brought back after a crash", &O::journal},
      {"--journal-sync", "JOURNAL_SYNC", "WHEN",
       "When records are forced onto the disk: never (left to the system), tick (before viewers see anything), or "
       "every so "
       "many seconds in the background",
       &O::journal_sync},
      {"--journal-buffer", "JOURNAL_BUFFER", "BYTES",
       "Events of all matches that wait in memory while the disk takes none; beyond, records are given up",
       &O::journal_buffer},
      {"--journal-match-bytes", "JOURNAL_MATCH_BYTES", "BYTES",
       "The record of one match; auxiliary clients' events are refused at three quarters of it, beyond it the record "
       "is "
       "given up; 0 is no limit",
       &O::journal_match_bytes},
      {"--journal-max-age", "JOURNAL_MAX_AGE", "DAYS", "Records of ended matches are deleted when they are older",
       &O::journal_max_age_days},
      {"--journal-max-bytes", "JOURNAL_MAX_BYTES", "BYTES",
       "The oldest records of ended matches are deleted when all take more", &O::journal_max_bytes},
      {"--log-level", "LOG_LEVEL", "LEVEL", "debug, info, warning, error or off", &O::log_level},
      {"--max-connections", "MAX_CONNECTIONS", "N",
       "Connections on all ports together, less where file descriptors are few; 0 is as many as these allow",
       &O::max_connections},
      {"--kept-ingest", "KEPT_INGEST", "N",
       "Of them, those that only the ingest port may take; never more than an eighth of all", &O::kept_ingest},
      {"--kept-output", "KEPT_OUTPUT", "N", "The same for the output port", &O::kept_output},
      {"--kept-extras", "KEPT_EXTRAS", "N", "The same for the extras port", &O::kept_extras},
      {"--max-connections-per-address", "MAX_CONNECTIONS_PER_ADDRESS", "N",
       "Connections from one address; 0 is no limit", &O::max_connections_per_address},
      {"--max-sessions", "MAX_SESSIONS", "N",
       "Socket.IO sessions on each port; beyond, new ones are refused with 503; 0 is no limit", &O::max_sessions},
      {"--max-unpolled", "MAX_UNPOLLED", "N",
       "Long-polling sessions of one address (IPv6: one /64) that no request waits for, on each port; beyond, new ones "
       "are refused with 503; 0 is no limit",
       &O::max_unpolled},
      {"--max-matches", "MAX_MATCHES", "N", "Live matches; 0 is no limit", &O::max_matches},
      {"--max-sender-rate", "MAX_SENDER_RATE", "BYTES",
       "Events of one observer or auxiliary client a second, over time, and four times as much of all auxiliary "
       "clients "
       "of a match; beyond, they are dropped; 0 is no limit",
       &O::max_sender_rate},
      {"--max-previews", "MAX_PREVIEWS", "N", "Previews kept; beyond, the oldest goes; 0 is no limit",
       &O::max_previews},
      {"--max-results", "MAX_RESULTS", "N", "Results of finished matches kept; beyond, the oldest goes; 0 is no limit",
       &O::max_results},
      {"--max-header", "MAX_HEADER", "BYTES", "Size of an HTTP request's head; 0 is no limit", &O::max_header},
      {"--max-message", "MAX_MESSAGE", "BYTES",
       "Size of one message or HTTP body from a client (an overlay's message never more than 4096, its body 65536); 0 "
       "is no limit",
       &O::max_message},
      {"--max-logon", "MAX_LOGON", "BYTES",
       "Size of one WebSocket message to the ingest port before its sender is logged on as an observer; 0 is "
       "--max-message",
       &O::max_logon},
      {"--max-inflate-rate", "MAX_INFLATE_RATE", "BYTES",
       "What compressed messages of one WebSocket may inflate to in a second; what is beyond waits; 0 is no limit",
       &O::max_inflate_rate},
      {"--max-inflate-ratio", "MAX_INFLATE_RATIO", "N",
       "How many times its compressed size a message of over 64 KiB may have, of a client that is not known; 0 is no "
       "limit",
       &O::max_inflate_ratio},
      {"--max-memory", "MAX_MEMORY", "BYTES",
       "What the process may take of memory; beyond, the clients that make it hold the most are ended, strangers "
       "first; auto is half of the machine's or the control group's, 0 is no limit",
       &O::max_memory},
      {"--max-unfinished", "MAX_UNFINISHED", "BYTES",
       "What all messages hold of which only a part has come; beyond, the oldest are given up, and their connections; "
       "0 is no limit",
       &O::max_unfinished},
      {"--max-pending", "MAX_PENDING", "BYTES", "Bytes waiting for one client before it is dropped; 0 is no limit",
       &O::max_pending},
      {"--first-byte-timeout", "FIRST_BYTE_TIMEOUT", "MS", "From connecting to the first byte; 0 is no limit",
       &O::first_byte_timeout_ms},
      {"--header-timeout", "HEADER_TIMEOUT", "MS", "From the first byte to the end of a head; 0 is no limit",
       &O::header_timeout_ms},
      {"--body-timeout", "BODY_TIMEOUT", "MS", "From the head to the end of a body; 0 is no limit",
       &O::body_timeout_ms},
      {"--message-timeout", "MESSAGE_TIMEOUT", "MS",
       "From the first byte of a WebSocket message to its last, and for the attachments of a packet; 0 is no limit",
       &O::message_timeout_ms},
      {"--idle-timeout", "IDLE_TIMEOUT", "MS", "Between two requests of a connection; 0 is no limit",
       &O::idle_timeout_ms},
      {"--stall-timeout", "STALL_TIMEOUT", "MS", "A viewer that takes nothing for so long is dropped; 0 is never",
       &O::stall_timeout_ms},
      {"--drain-timeout", "DRAIN_TIMEOUT", "MS", "For sending what is left to a connection that is being closed",
       &O::drain_timeout_ms},
      {"--jwt-secret", "JWT_SECRET", "SECRET",
       "What players' tokens are signed with (HS256), 32 bytes or more; without this or a public key the realtime bus "
       "is "
       "off",
       &O::jwt_secret},
      {"--jwt-secret-previous", "JWT_SECRET_PREVIOUS", "SECRET", "The secret before that one, still good",
       &O::jwt_secret_previous},
      {"--jwt-public-key", "JWT_PUBLIC_KEY", "FILE",
       "Public key in PEM that players' tokens are verified with (RS256 or ES256); read again on SIGHUP",
       &O::jwt_public_key},
      {"--jwt-public-key-previous", "JWT_PUBLIC_KEY_PREVIOUS", "FILE", "The public key before that one, still good",
       &O::jwt_public_key_previous},
      {"--jwt-issuer", "JWT_ISSUER", "TEXT", "What `iss` of a token must be; not checked if not given", &O::jwt_issuer},
      {"--jwt-audience", "JWT_AUDIENCE", "TEXT", "What `aud` of a token must be or hold; not checked if not given",
       &O::jwt_audience},
      {"--jwt-leeway", "JWT_LEEWAY", "SECONDS", "By how much the clock of whoever signs tokens may differ, 0 to 60",
       &O::jwt_leeway_s},
      {"--directory", "DIRECTORY", "SOURCE",
       "Where a player's row comes from: claims (of the token), http (--directory-url) or redis (--redis-url)",
       &O::directory},
      {"--directory-url", "DIRECTORY_URL", "URL", "Is asked for the row of each player that connects",
       &O::directory_url},
      {"--redis-url", "REDIS_URL", "URL",
       "redis://[user[:password]@]host[:port][/database]: where the hash of each player is read", &O::redis_url},
      {"--max-lookups", "MAX_LOOKUPS", "N",
       "Players whose rows are looked up at a time; beyond, they are to try again later; 0 is no limit",
       &O::max_lookups},
      {"--bus-api-key", "BUS_API_KEY", "KEY", "What services publish to the bus with; without it their API is off",
       &O::bus_api_key},
      {"--bus-api-rate", "BUS_API_RATE", "N", "Requests of services, and messages of them, a second; 0 is no limit",
       &O::bus_api_rate},
      {"--command-url", "COMMAND_URL", "URL", "Where players' commands are sent on to; without it there are none",
       &O::command_url},
      {"--command-token", "COMMAND_TOKEN", "TOKEN", "What that backend, and --directory-url, know the server by",
       &O::command_token},
      {"--command-timeout", "COMMAND_TIMEOUT", "MS", "For the answer to a command or a lookup; 0 is no limit",
       &O::command_timeout_ms},
      {"--heartbeat-timeout", "HEARTBEAT_TIMEOUT", "MS", "A player that says nothing for longer is dropped",
       &O::heartbeat_timeout_ms},
      {"--presence-sweep", "PRESENCE_SWEEP", "MS", "Between two looks for such players, and news of who is where",
       &O::presence_sweep_ms},
      {"--replay-seconds", "REPLAY_SECONDS", "SECONDS", "For how long a lost player can get what was missed",
       &O::replay_seconds},
      {"--replay-events", "REPLAY_EVENTS", "N", "Events kept for that", &O::replay_events},
      {"--replay-bytes", "REPLAY_BYTES", "BYTES", "Size of the events kept for that", &O::replay_bytes},
      {"--max-departures", "MAX_DEPARTURES", "N", "Lost connections remembered for that; 0 is no limit",
       &O::max_departures},
      {"--max-user-departures", "MAX_USER_DEPARTURES", "N", "Of them, those of one user; 0 is no limit",
       &O::max_user_departures},
      {"--max-queue-messages", "MAX_QUEUE_MESSAGES", "N", "Events waiting for one player; beyond, some are dropped",
       &O::max_queue_messages},
      {"--max-queue-bytes", "MAX_QUEUE_BYTES", "BYTES", "The same in bytes", &O::max_queue_bytes},
      {"--max-topics", "MAX_TOPICS", "N", "Topics that one connection may subscribe to", &O::max_topics},
      {"--max-message-rate", "MAX_MESSAGE_RATE", "N", "Messages of one player a second; beyond, they are dropped",
       &O::max_message_rate},
      {"--max-commands", "MAX_COMMANDS", "N", "Commands of one connection that wait for their answers",
       &O::max_commands},
      {"--max-command", "MAX_COMMAND", "BYTES", "Size of a command's arguments", &O::max_command_bytes},
      {"--max-devices", "MAX_DEVICES", "N",
       "Connections of one player; beyond, the oldest is closed with 4001; 0 is no limit", &O::max_devices},
      {"--max-chat", "MAX_CHAT", "N", "Characters of a chat message", &O::max_chat},
      {"--max-chat-rate", "MAX_CHAT_RATE", "N",
       "Chat messages of one player a second, over time; beyond, they are dropped; 0 is no limit", &O::max_chat_rate},
      {"--max-chat-burst", "MAX_CHAT_BURST", "N", "Of them, those at once after a silence", &O::max_chat_burst},
      {"--tick-mode", "TICK_MODE", "MODE",
       "When changes are sent: fixed (every 100 ms) or eager (at once, then at most every 100 ms for each match)",
       &O::tick_mode},
      {"--eager-delay", "EAGER_DELAY", "MS", "With --tick-mode eager: how long a change waits for others of its moment",
       &O::eager_delay_ms},
      {"--ping-interval", "PING_INTERVAL", "MS", "Between two heartbeats of a Socket.IO client, 1 or more",
       &O::ping_interval_ms},
      {"--ping-timeout", "PING_TIMEOUT", "MS", "For the answer to a heartbeat, 1 or more", &O::ping_timeout_ms},
      {"--connect-timeout", "CONNECT_TIMEOUT", "MS", "For a Socket.IO client to join a namespace",
       &O::connect_timeout_ms},
      {"--recovery-window", "RECOVERY_WINDOW", "MS",
       "How long a lost sender's session is kept; later its offset lets it in while its match lives; 0 is neither",
       &O::recovery_window_ms},
      {"--deflate-threshold", "DEFLATE_THRESHOLD", "BYTES", "Smaller WebSocket messages are sent uncompressed",
       &O::deflate_threshold},
      {"--deflate-level", "DEFLATE_LEVEL", "N", "Compression level, 1 to 9", &O::deflate_level},
  };
  return table;
}

std::string default_text(const OptionEntry& entry) {
  static const Options defaults;
  return std::visit(
      [](auto member) -> std::string {
        using T = std::remove_cvref_t<decltype(defaults.*member)>;
        if constexpr (std::is_same_v<T, std::string>) {
          return defaults.*member;
        } else if constexpr (std::is_same_v<T, bool>) {
          return defaults.*member ? "true" : "false";
        } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          return "";
        } else {
          return std::to_string(defaults.*member);
        }
      },
      entry.field);
}

ParsedOptions parse_options(int argc, char** argv) {
  const Arguments arguments = take_arguments(argc, argv, kSecrets);
  load_env_file(".env");
  ParsedOptions parsed;
  for (const SecretFlag& secret : arguments.secrets) parsed.warnings.push_back(advice_on(secret));
  CLI::App cli;
  cli.set_help_flag();
  bool help = false, version = false, markdown = false, mdoc = false;
  cli.add_flag("--help,-h", help);
  cli.add_flag("--version", version);
  cli.add_flag("--options-markdown", markdown);  // for the README
  cli.add_flag("--options-mdoc", mdoc);          // for the manual
  for (const OptionEntry& entry : option_table()) add_entry(cli, parsed.options, entry);
  try {
    cli.parse(argc, arguments.argv().data());
  } catch (const CLI::Error& error) {
    std::fprintf(stderr, "matchbus: %s\nTry 'matchbus --help'.\n", error.what());
    parsed.command = Command::kExit;
    parsed.exit_code = 2;
    return parsed;
  }
  if (help) return exit_after(help_text());
  if (version) return exit_after("matchbus " MATCHBUS_VERSION "\n");
  if (markdown) return exit_after(markdown_table());
  if (mdoc) return exit_after(mdoc_list());
  return parsed;
}

std::string data_directory(const Options& options) {
  if (!options.data_dir.empty()) return options.data_dir;
  return environment_or("STATE_DIRECTORY", "./matchbus-data");
}

net::TlsMode tls_mode(const Options& options, const std::string& text) {
  if (options.insecure || text == "off") return net::TlsMode::kOff;
  return text == "required" ? net::TlsMode::kRequired : net::TlsMode::kAuto;
}

}  // namespace matchbus::app
