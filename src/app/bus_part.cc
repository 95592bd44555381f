#include "app/bus_part.h"

#include <array>
#include <utility>

#include "app/bus_metrics.h"
#include "app/key_rules.h"
#include "broker/redis_client.h"
#include "broker/redis_url.h"
#include "gateway/bus_redis_directory.h"
#include "net/http_client.h"
#include "net/http_url.h"

namespace matchbus::app {
namespace {

// Bytes of a message from a client that is about to be refused; nothing it says counts.
constexpr size_t kMaxOfStranger = 4 * 1024;

constexpr size_t kMaxAnswer = 256 * 1024;  // of commands and lookups
constexpr size_t kBackendConnections = 256;

bus::BusOptions bus_options(const Options& options) {
  constexpr int kMsPerSecond = 1'000;
  bus::BusOptions bus;
  bus.heartbeat_timeout_ms = options.heartbeat_timeout_ms;
  bus.presence_sweep_ms = options.presence_sweep_ms;
  bus.replay_ms = options.replay_seconds * kMsPerSecond;
  bus.replay_events = options.replay_events;
  bus.replay_bytes = options.replay_bytes;
  bus.max_departures = options.max_departures;
  bus.max_user_departures = options.max_user_departures;
  bus.max_queue_messages = options.max_queue_messages;
  bus.max_queue_bytes = options.max_queue_bytes;
  bus.stall_ms = options.stall_timeout_ms;
  bus.max_topics = options.max_topics;
  bus.max_messages_per_second = options.max_message_rate;
  bus.max_commands = options.max_commands;
  bus.max_command_bytes = options.max_command_bytes;
  bus.max_devices = options.max_devices;
  bus.max_chat = options.max_chat;
  bus.max_chats_per_second = options.max_chat_rate;
  bus.max_chat_burst = options.max_chat_burst;
  bus.deflate_threshold = options.deflate_threshold;
  bus.deflate_level = options.deflate_level;
  return bus;
}

ws::Options ws_options(const Options& options) {
  ws::Options ws;
  ws.max_message = options.max_message;
  ws.max_first = kMaxOfStranger;
  ws.deflate_threshold = options.deflate_threshold;
  ws.deflate_level = options.deflate_level;
  return ws;
}

std::unique_ptr<net::HttpClient> make_client(const Options& options, net::Loop& loop) {
  net::HttpClientOptions http;
  http.timeout_ms = options.command_timeout_ms;
  http.max_body_bytes = kMaxAnswer;
  http.max_connections = kBackendConnections;
  http.max_queue = options.max_lookups;
  http.ca_file = options.backend_ca;
  return net::HttpClient::create(loop, http);
}

std::unique_ptr<gateway::BusDirectory> make_redis_directory(const Options& options, net::Loop& loop) {
  broker::RedisOptions redis;
  redis.url = *broker::parse_redis_url(options.redis_url);  // which has been checked
  if (options.command_timeout_ms > 0) redis.timeout_ms = options.command_timeout_ms;
  redis.max_waiting = options.max_lookups;
  return std::make_unique<gateway::RedisDirectory>(std::make_unique<broker::RedisClient>(loop, redis), loop.log());
}

std::unique_ptr<gateway::BusDirectory> make_directory(const Options& options, net::Loop& loop) {
  if (options.directory == "redis") return make_redis_directory(options, loop);
  if (options.directory != "http") return std::make_unique<gateway::ClaimsDirectory>();
  return std::make_unique<gateway::HttpDirectory>(make_client(options, loop), loop.timers(), loop.log(),
                                                  options.directory_url, options.command_token, options.max_lookups);
}

Result<void> check_url(const char* flag, const std::string& url) {
  if (url.empty()) return {};
  if (const auto parsed = net::parse_http_url(url); !parsed)
    return Error{std::string(flag) + ": " + parsed.error().message};
  return {};
}

Result<void> check_services(const Options& options) {
  if (options.directory == "redis" && options.redis_url.empty())
    return Error{"--directory redis (DIRECTORY) needs --redis-url (REDIS_URL)"};
  if (!options.redis_url.empty()) {
    if (const auto url = broker::parse_redis_url(options.redis_url); !url)
      return Error{"--redis-url (REDIS_URL): " + url.error().message};
  }
  if (options.directory == "http" && options.directory_url.empty())
    return Error{"--directory http (DIRECTORY) needs --directory-url (DIRECTORY_URL)"};
  if (Result<void> checked = check_url("--directory-url", options.directory_url); !checked) return checked;
  if (Result<void> checked = check_url("--command-url", options.command_url); !checked) return checked;
  // The command's name is put behind it.
  if (options.command_url.find_first_of("?#") != std::string::npos)
    return Error{"--command-url: has a query or fragment"};
  return {};
}

// Zero would leave nothing to work with.
Result<void> check_bounds(const Options& options) {
  using Bound = std::pair<const char*, bool>;
  const std::array bounds = {Bound{"--heartbeat-timeout", options.heartbeat_timeout_ms > 0},
                             Bound{"--presence-sweep", options.presence_sweep_ms > 0},
                             Bound{"--max-queue-messages", options.max_queue_messages > 0},
                             Bound{"--max-queue-bytes", options.max_queue_bytes > 0},
                             Bound{"--max-message-rate", options.max_message_rate > 0},
                             Bound{"--max-chat-burst", options.max_chat_burst > 0}};
  for (const auto& [flag, is_good] : bounds) {
    if (!is_good) return Error{std::string(flag) + " must be 1 or more"};
  }
  constexpr int kLongestReplay = 86'400;
  if (options.replay_seconds > kLongestReplay) return Error{"--replay-seconds must be 86400 or less"};
  return {};
}

}  // namespace

Result<BusSettings> BusSettings::from(const Options& options) {
  if (Result<void> checked = check_services(options); !checked) return checked.error();
  if (Result<void> checked = check_bounds(options); !checked) return checked.error();
  BusKeys keys(options, ".env");
  auto verifier = keys.verifier();
  if (!verifier) return verifier.error();
  return BusSettings{std::move(keys), std::move(*verifier)};
}

BusPart::BusPart(const Options& options, BusSettings settings, const Places& places)
    : loop_(places.loop),
      keys_(std::move(settings.keys)),
      bus_(bus::Bus::create(places.loop, places.context, broker_, bus_options(options))),
      commands_(make_client(options, places.loop), places.loop.log(), {options.command_url, options.command_token}),
      directory_(make_directory(options, places.loop)),
      match_topic_(*bus_, places.output, places.registry),
      endpoint_(places.players, places.loop, places.context, *bus_, *directory_, std::move(settings.verifier),
                ws_options(options)),
      api_(places.services, places.loop, *bus_, places.guard,
           {keys_.api_key(), options.bus_api_rate, options.max_message}) {
  bus_->set_commands(&commands_);
  bus_->set_topic_source(&match_topic_);
}

// While the others, which it tells of its end, are there.
BusPart::~BusPart() { bus_.reset(); }

void BusPart::reload() {
  keys_.reload();
  auto verifier = keys_.verifier();
  if (!verifier) return loop_.log().error("kept the old keys for tokens: " + verifier.error().message);
  // A file that is being written anew may be read half: nobody turns the bus off by accident.
  if (!verifier->configured() && endpoint_.has_key())
    return loop_.log().error("kept the old keys for tokens: there would be none");
  endpoint_.set_verifier(std::move(*verifier));
  if (Result<void> checked = check_keys(keys_.options()); !checked)
    return loop_.log().error("kept the old key of services: " + checked.error().message);
  api_.set_key(keys_.api_key());
  loop_.log().info("read the keys of the bus again");
}

void BusPart::shut_down() {
  endpoint_.close();
  bus_->close_all();
}

void BusPart::add_metrics(MetricsText& out) const {
  add_bus_metrics(
      out, {bus_->stats(), endpoint_.stats(), endpoint_.waiting(), api_.stats(), api_.publisher(), commands_.stats()});
}

}  // namespace matchbus::app
