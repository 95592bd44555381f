#include "gateway/access_keys.h"

#include <utility>

#include "gateway/http_json.h"
#include "net/percent_encoding.h"

namespace matchbus::gateway {
namespace {

constexpr std::string_view kBackend = "backend";
constexpr std::string_view kSupporters = "supporter check";
constexpr size_t kMaxText = 256;  // bytes

KeyStatus status_of(const Result<net::HttpAnswer>& result) {
  if (is_accepted(result)) return KeyStatus::kValid;
  if (!result) return KeyStatus::kUnknown;
  if (result->status == 401) return KeyStatus::kInvalid;
  return result->status == 403 ? KeyStatus::kExpired : KeyStatus::kUnknown;
}

}  // namespace

std::optional<match::Organization> read_organization(json::Value root) {
  constexpr int64_t kMaxId = 9'007'199'254'740'991;
  match::Organization organization;
  if (const auto number = root["id"].integer(0, kMaxId)) {
    organization.id = std::to_string(*number);
  } else {
    organization.id = root["id"].string().value_or("");
  }
  const json::Value name = root["name"];
  if (name.exists() && !name.is_null() && !name.is_string()) return std::nullopt;
  organization.name = name.string().value_or("");
  if (organization.id.empty() || organization.id.size() > kMaxText || organization.name.size() > kMaxText)
    return std::nullopt;
  return organization;
}

AccessKeys::AccessKeys(ServiceCaller& caller, AccessKeyOptions options)
    : caller_(caller), options_(std::move(options)) {}

void AccessKeys::check_key(const std::string& key, OnKeyAnswer done) {
  // A step in a path, not a key.
  if (key == "." || key == "..") return done({KeyStatus::kInvalid, {}});
  ServiceCall call{kBackend, "check of an access key", {"GET", {}, {}, {}}};
  call.http.url = join_url(options_.url, "system/validateAccessKey/" + net::percent_encode_segment(key));
  if (!options_.token.empty()) call.http.headers.emplace_back("X-User-Token", options_.token);
  caller_.call(std::move(call),
               [this, done = std::move(done)](const Result<net::HttpAnswer>& result) { on_key(result, done); });
}

void AccessKeys::on_key(const Result<net::HttpAnswer>& result, const OnKeyAnswer& done) {
  const KeyStatus status = status_of(result);
  if (status != KeyStatus::kValid) return done({status, {}});
  text_ = result->body;
  auto organization = parse_http_json(document_, text_) ? read_organization(document_.root()) : std::nullopt;
  if (!organization) {
    caller_.count_unreadable(kBackend, "check of an access key");
    return done({KeyStatus::kUnknown, {}});
  }
  if (options_.supporter_url.empty()) return done({KeyStatus::kValid, std::move(*organization)});
  check_supporter(std::move(*organization), done);
}

void AccessKeys::check_supporter(match::Organization organization, const OnKeyAnswer& done) {
  ServiceCall call{kSupporters, "organisation '" + organization.id + "'", {"GET", {}, {}, {}}};
  call.http.url = join_url(options_.supporter_url, net::percent_encode_segment(organization.id));
  caller_.call(std::move(call), [this, organization, done](const Result<net::HttpAnswer>& result) {
    KeyAnswer answer{KeyStatus::kValid, organization};
    if (is_accepted(result)) answer.organization.is_supporter = read_supporter(*result).value_or(false);
    done(answer);
  });
}

std::optional<bool> AccessKeys::read_supporter(const net::HttpAnswer& answer) {
  text_ = answer.body;
  const auto is_supporter =
      parse_http_json(document_, text_) ? document_.root()["isSupporter"].boolean() : std::nullopt;
  if (!is_supporter) caller_.count_unreadable(kSupporters, "check of an organisation");
  return is_supporter;
}

}  // namespace matchbus::gateway
