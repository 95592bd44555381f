// Everything that can be set from outside: one table gives flags, environment names, help, the manual's list and the
// README's.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "net/listener.h"

namespace matchbus::app {

struct Options {
  // Ports.
  std::vector<std::string> bind;  // empty: 0.0.0.0 and ::
  uint16_t ingest_port = 5100;
  uint16_t output_port = 5200;
  uint16_t extras_port = 5101;
  std::string ports_file;

  // TLS.
  bool insecure = false;
  std::string certificate;
  std::string private_key;
  std::string ingest_tls = "auto";
  std::string output_tls = "auto";
  std::string extras_tls = "auto";

  // Who may send.
  bool require_auth_key = true;
  std::string auth_key;
  std::string aux_auth = "open";
  bool hide_ids = false;
  bool allow_short_keys = false;
  size_t max_wrong_keys = 60;
  size_t max_wrong_keys_total = 1'000;
  std::string client_versions = ">=0.3.3 <0.3.25";

  // Services outside; see backend_options.
  bool use_backend = false;
  std::string backend_url;
  std::string backend_token;
  std::string supporter_check_url;
  std::string stats_backend_url;
  std::string stats_backend_token;
  std::string playercam_url;
  std::string backend_ca;
  int backend_timeout_ms = 5'000;
  int backend_retries = 2;
  size_t max_backend_calls = 1'000;

  // Files.
  std::string data_dir;  // empty: $STATE_DIRECTORY, else ./matchbus-data
  std::string names_file;
  std::string log_level = "info";

  // Journals; 0 is no limit here too.
  bool journal = true;
  std::string journal_sync = "1";  // see read_sync_policy
  size_t journal_buffer = 32'000'000;
  size_t journal_match_bytes = 256'000'000;
  int journal_max_age_days = 30;
  size_t journal_max_bytes = 1'000'000'000;

  // Limits; 0 is no limit everywhere.
  size_t max_connections = 50'000;
  size_t max_connections_per_address = 0;
  size_t kept_ingest = 1'000;
  size_t kept_output = 1'000;
  size_t kept_extras = 100;
  size_t max_sessions = 60'000;
  size_t max_unpolled = 5'000;
  size_t max_matches = 1'000;
  size_t max_sender_rate = 500'000;
  size_t max_previews = 500;
  size_t max_results = 1'000;
  size_t max_header = 16 * 1024;
  size_t max_message = 1'000'000;
  size_t max_logon = 128 * 1024;
  size_t max_inflate_rate = 8'000'000;
  size_t max_inflate_ratio = 250;
  std::string max_memory = "auto";  // see read_memory_limit
  size_t max_unfinished = 256'000'000;
  size_t max_pending = 4'000'000;
  int first_byte_timeout_ms = 10'000;
  int header_timeout_ms = 10'000;
  int body_timeout_ms = 30'000;
  int message_timeout_ms = 30'000;
  int idle_timeout_ms = 60'000;
  int stall_timeout_ms = 30'000;
  int drain_timeout_ms = 5'000;

  // Realtime bus: who comes in; see bus_keys.
  std::string jwt_secret;
  std::string jwt_secret_previous;
  std::string jwt_public_key;
  std::string jwt_public_key_previous;
  std::string jwt_issuer;
  std::string jwt_audience;
  int jwt_leeway_s = 0;
  std::string directory = "claims";
  std::string directory_url;
  std::string redis_url;
  size_t max_lookups = 1'000;

  // Realtime bus: services.
  std::string bus_api_key;
  size_t bus_api_rate = 0;  // 0 is no limit
  std::string command_url;
  std::string command_token;
  int command_timeout_ms = 5'000;

  // Realtime bus: times and bounds; see bus::BusOptions.
  int heartbeat_timeout_ms = 90'000;
  int presence_sweep_ms = 15'000;
  int replay_seconds = 60;
  size_t replay_events = 100'000;
  size_t replay_bytes = 64'000'000;
  size_t max_departures = 50'000;
  size_t max_user_departures = 16;
  size_t max_queue_messages = 256;
  size_t max_queue_bytes = 1'048'576;
  size_t max_topics = 50;
  int max_message_rate = 100;
  int max_commands = 16;
  size_t max_command_bytes = 64'000;
  size_t max_devices = 8;
  size_t max_chat = 2'000;
  int max_chat_rate = 10;
  int max_chat_burst = 100;

  // Broadcasts.
  std::string tick_mode = "fixed";
  int eager_delay_ms = 5;

  // Protocol.
  int ping_interval_ms = 25'000;
  int ping_timeout_ms = 20'000;
  int connect_timeout_ms = 45'000;
  int recovery_window_ms = 120'000;
  size_t deflate_threshold = 1'024;
  int deflate_level = 3;
};

// One entry of the table.
struct OptionEntry {
  using Field = std::variant<std::string Options::*, bool Options::*, int Options::*, size_t Options::*,
                             uint16_t Options::*, std::vector<std::string> Options::*>;
  const char* flag;         // "--ingest-port"
  const char* environment;  // "INGEST_PORT", or "" for none
  const char* value;        // what stands for its value in help, "" for a switch
  const char* help;
  Field field;
};

// The whole table, in the order of the manual.
const std::vector<OptionEntry>& option_table();

// The default of an entry as text; empty if it has none to show.
std::string default_text(const OptionEntry& entry);

// What the command line asks for.
enum class Command : uint8_t { kServe, kExit };

struct ParsedOptions {
  Options options;
  Command command = Command::kServe;
  int exit_code = 0;                       // for kExit
  std::vector<std::string> warnings = {};  // for the log
};

// Reads a `.env` file of the working directory (names already set in the environment win), the environment and the
// arguments (which win; of an option given more than once the last, but lists are joined). Prints help, version, tables
// or an error itself. Errors of values name the flag. Secrets are wiped from `argv` (secret_arguments.h).
ParsedOptions parse_options(int argc, char** argv);

// Where files live: --data-dir, else $STATE_DIRECTORY, else ./matchbus-data.
std::string data_directory(const Options& options);

// "off", "auto" or "required"; --insecure makes everything off.
net::TlsMode tls_mode(const Options& options, const std::string& text);

}  // namespace matchbus::app
