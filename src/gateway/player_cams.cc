#include "gateway/player_cams.h"

#include <utility>

#include "gateway/http_json.h"
#include "json/writer.h"
#include "net/percent_encoding.h"

namespace matchbus::gateway {
namespace {

constexpr std::string_view kService = "player cams";
constexpr size_t kMaxWaiting = 1;  // of a match: the newest answer is all it needs

// A member of the answer; null is as good as missing.
json::Value member(json::Value root, std::string_view key) {
  const json::Value value = root[key];
  return value.is_null() ? json::Value() : value;
}

// {nameOverrides, enabledPlayers} as the service answers them. False unless each is of a type that overlays can use,
// and there is at least one.
bool write_overrides(BytesWriter& out, json::Value root) {
  const json::Value names = member(root, "nameOverrides");
  const json::Value players = member(root, "enabledPlayers");
  if (!names.exists() && !players.exists()) return false;
  if (names.exists() && !names.is_string() && !names.is_array() && !names.is_object()) return false;
  if (players.exists() && !players.is_array()) return false;
  json::Writer json(out);
  json.begin_object();
  if (names.exists()) json.key("nameOverrides").value(names);
  if (players.exists()) json.key("enabledPlayers").value(players);
  json.end_object();
  return true;
}

}  // namespace

PlayerCams::PlayerCams(ServiceCaller& caller, match::MatchRegistry& registry, const Clock& clock, std::string url)
    : lanes_(caller, kMaxWaiting), caller_(caller), registry_(registry), clock_(clock), url_(std::move(url)) {}

void PlayerCams::fetch(const match::Match& match) {
  const std::string group(match.group_code());
  const std::string identifier(match.text(match.state().hidden.cam_identifier));
  const std::string_view secret = match.text(match.state().hidden.cam_secret);
  if (identifier.empty() || secret.empty()) return;
  ServiceCall call{kService, "overrides of group '" + group + "'", {"GET", {}, {}, {}}};
  call.http.url = join_url(url_, "api/getNameOverridesAndPlayercams/" + net::percent_encode_segment(identifier) + "/" +
                                     net::percent_encode_segment(secret));
  lanes_.add_or_replace(group, {"overrides", identifier}, std::move(call),
                        [this, group, identifier](const Result<net::HttpAnswer>& result) {
                          if (is_accepted(result)) on_overrides(group, identifier, *result);
                        });
}

void PlayerCams::on_overrides(const std::string& group, const std::string& identifier, const net::HttpAnswer& answer) {
  match::Match* const match = registry_.find_group(group);
  if (match == nullptr || match->text(match->state().hidden.cam_identifier) != identifier) return;
  text_ = answer.body;
  BytesWriter data;
  const bool is_applied =
      parse_http_json(document_, text_) && write_overrides(data, document_.root()) &&
      registry_.receive_server(*match, match::EventType::kServerNameOverrides, data.view(), clock_.wall_ms()).verdict ==
          match::Verdict::kApplied;
  if (!is_applied) caller_.count_unreadable(kService, "overrides of group '" + group + "'");
}

}  // namespace matchbus::gateway
