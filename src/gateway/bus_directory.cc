#include "gateway/bus_directory.h"

#include <utility>

#include "gateway/bus_row.h"
#include "gateway/http_json.h"
#include "json/writer.h"

namespace matchbus::gateway {
namespace {

constexpr std::string_view kService = "directory";

bool is_refusal(const Result<net::HttpAnswer>& result) {
  return result && result->status >= 400 && result->status < 500 && result->status != 408 && result->status != 429;
}

}  // namespace

void ClaimsDirectory::look_up(const bus::Token& token, Done done) {
  auto row = read_row(token.subject, token.claims);
  if (!row) return done({.kind = DirectoryAnswer::Kind::kRefused});
  done({.kind = DirectoryAnswer::Kind::kRow, .row = std::move(*row)});
}

// One try only: the player's client tries again by itself.
HttpDirectory::HttpDirectory(std::unique_ptr<net::HttpClient> client, TimerWheel& timers, Log& log, std::string url,
                             std::string token, size_t max_lookups)
    : caller_(std::move(client), timers, log, RetryPolicy{.retries = 0}, max_lookups),
      url_(std::move(url)),
      token_(std::move(token)) {}

void HttpDirectory::look_up(const bus::Token& token, Done done) {
  BytesWriter body;
  json::Writer(body).begin_object().key("user_id").string(token.subject).key("claims").exact(token.claims).end_object();
  ServiceCall call{kService, "lookup of a player", {"POST", url_, {{"Content-Type", "application/json"}}, {}}};
  call.http.body = body.view();
  if (!token_.empty()) call.http.headers.emplace_back("Authorization", "Bearer " + token_);
  caller_.call(std::move(call), [this, user_id = std::string(token.subject), done = std::move(done)](
                                    const Result<net::HttpAnswer>& result) { done(read(user_id, result)); });
}

DirectoryAnswer HttpDirectory::read(const std::string& user_id, const Result<net::HttpAnswer>& result) {
  if (is_refusal(result)) return {.kind = DirectoryAnswer::Kind::kRefused};
  if (!is_accepted(result)) return {};
  text_ = result->body;
  if (parse_http_json(document_, text_) && document_.root().is_object()) {
    // An answer about somebody else is no answer.
    const auto other_id = read_row_id(document_.root()["user_id"]);
    auto row = read_row(user_id, document_.root());
    if (row && other_id && (other_id->empty() || *other_id == user_id))
      return {.kind = DirectoryAnswer::Kind::kRow, .row = std::move(*row)};
  }
  caller_.count_unreadable(kService, "lookup of a player");
  return {};
}

}  // namespace matchbus::gateway
