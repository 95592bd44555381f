#include "app/ctl_command.h"

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "app/env_file.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/printable.h"
#include "bus/token_key.h"
#include "bus/token_mint.h"
#include "gateway/service_caller.h"
#include "json/document.h"
#include "json/writer.h"
#include "net/loop.h"
#include "net/percent_encoding.h"

namespace matchbus::app {
namespace {

constexpr int kTimeoutMs = 10'000;
constexpr size_t kMaxAnswer = 64'000'000;

int complain(const std::string& text, int status = 1) {
  std::fprintf(stderr, "matchbus-ctl: %s\n", printable(text).c_str());
  return status;
}

std::string environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value != nullptr ? value : "";
}

void add_text(json::Writer& out, std::string_view name, const std::optional<std::string>& value) {
  if (value) out.key(name).string(*value);
}

std::string publish_body(const CtlOptions& options, const std::string& message) {
  BytesWriter text;
  json::Writer out(text);
  out.begin_object();
  add_text(out, "room", options.room);
  add_text(out, "topic", options.topic);
  add_text(out, "exclude", options.exclude);
  add_text(out, "class", options.message_class);
  // Taken as it is; the server tells what is wrong with it.
  out.key("message").raw(message).end_object();
  return std::string(text.view());
}

std::string user_body(const CtlOptions& options) {
  BytesWriter text;
  json::Writer out(text);
  out.begin_object().key("user_id").string(options.user);
  add_text(out, "sector_id", options.sector);
  add_text(out, "team_id", options.team);
  add_text(out, "region_id", options.region);
  add_text(out, "device_id", options.device);
  if (options.code) out.key("code").integer(*options.code);
  add_text(out, "reason", options.reason);
  out.end_object();
  return std::string(text.view());
}

int print_token(const CtlOptions& options) {
  const std::string secret = environment(options.secret_env);
  if (secret.empty()) return complain("the environment has no " + options.secret_env, 2);
  if (const auto key = bus::TokenKey::secret(secret); !key)
    return complain(options.secret_env + ": " + key.error().message, 2);
  constexpr int64_t kMsPerSecond = 1'000;
  const auto claims = token_claims(options, SystemClock().wall_ms() / kMsPerSecond);
  if (!claims) return complain(claims.error().message, 2);
  std::printf("%s\n", bus::mint_token(secret, *claims).c_str());
  return 0;
}

int print_answer(const Result<net::HttpAnswer>& answer) {
  if (!answer) return complain(answer.error().message);
  if (!gateway::is_accepted(answer)) {
    const std::string why = answer->status == 404 ? "404: no such API (has the server a BUS_API_KEY?)"
                                                  : std::to_string(answer->status) + ": " + answer->body;
    return complain(why);
  }
  std::printf("%s\n", printable(answer->body, PrintableAs::kJson).c_str());
  return 0;
}

int call(const CtlOptions& options, net::HttpCall request) {
  const SystemClock clock;
  Log log(clock, LogLevel::kOff);
  net::Loop loop(clock, log);
  net::HttpClientOptions http;
  http.timeout_ms = kTimeoutMs;
  http.max_body_bytes = kMaxAnswer;
  http.verify = options.verify;
  http.ca_file = options.ca_file;
  const auto client = net::HttpClient::create(loop, http);
  int status = 1;
  client->call(std::move(request), [&](const Result<net::HttpAnswer>& answer) {
    status = print_answer(answer);
    loop.stop();
  });
  loop.run();
  return status;
}

}  // namespace

Result<std::string> token_claims(const CtlOptions& options, int64_t now_s) {
  BytesWriter text;
  json::Writer out(text);
  out.begin_object()
      .key("sub")
      .string(options.subject)
      .key("iat")
      .integer(now_s)
      .key("exp")
      .integer(now_s + options.ttl_s);
  for (const std::string& claim : options.claims) {
    const size_t equals = claim.find('=');
    if (equals == 0 || equals == std::string::npos) return Error{"--claim " + claim + ": must be NAME=VALUE"};
    const std::string_view value = std::string_view(claim).substr(equals + 1);
    out.key(std::string_view(claim).substr(0, equals));
    std::string copy(value);
    json::Document document;
    document.parse_in_place(copy) ? out.value(document.root()) : out.string(value);
  }
  out.end_object();
  return std::string(text.view());
}

net::HttpCall ctl_request(const CtlOptions& options, const std::string& key, const std::string& message) {
  net::HttpCall request;
  request.headers = {{"Authorization", "Bearer " + key}};
  std::string path;
  switch (options.command) {
    case CtlCommand::kPublish:
      path = "publish";
      request.body = publish_body(options, message);
      break;
    case CtlCommand::kMove:
      path = "move";
      request.body = user_body(options);
      break;
    case CtlCommand::kDisconnect:
      path = "disconnect";
      request.body = user_body(options);
      break;
    case CtlCommand::kPresence:
      path = "presence?room=" + net::percent_encode_segment(options.room.value_or(""));
      break;
    default:
      path = "stats";
  }
  request.method = request.body.empty() ? "GET" : "POST";
  if (!request.body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  request.url = gateway::join_url(options.url, "api/v1/bus/" + path);
  return request;
}

int run_ctl(int argc, const char* const* argv) {
  load_env_file(".env");
  const CtlOptions options = parse_ctl_options(argc, argv);
  if (options.command == CtlCommand::kExit) return options.exit_code;
  if (options.command == CtlCommand::kToken) return print_token(options);
  const std::string key = environment(options.key_env);
  if (key.empty()) return complain("the environment has no " + options.key_env, 2);
  std::string message = options.message;
  if (message == "-") message.assign(std::istreambuf_iterator<char>(std::cin), {});
  return call(options, ctl_request(options, key, message));
}

}  // namespace matchbus::app
