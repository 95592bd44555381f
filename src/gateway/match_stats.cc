#include "gateway/match_stats.h"

#include <span>
#include <utility>

#include "gateway/http_json.h"
#include "json/writer.h"

namespace matchbus::gateway {
namespace {

constexpr std::string_view kService = "stats service";

void ignore(const Result<net::HttpAnswer>&) {}

// Calls `visit(puuid)` for every player, left team first.
template <typename Visit>
void each_puuid(const match::Match& match, Visit visit) {
  for (const match::Team& team : match.state().teams) {
    for (const match::Player& player : std::span(team.players).first(team.player_count))
      visit(match.text(player.riot_id));
  }
}

size_t player_count(const match::Match& match) {
  return size_t{match.state().teams[0].player_count} + match.state().teams[1].player_count;
}

std::string match_uuid_body(std::string_view match_id) {
  BytesWriter out;
  json::Writer(out).begin_object().key("matchUuid").string(match_id).end_object();
  return std::string(out.view());
}

}  // namespace

MatchStats::MatchStats(ServiceCaller& caller, match::MatchRegistry& registry, const Clock& clock,
                       MatchStatsOptions options, size_t max_waiting)
    : lanes_(caller, max_waiting), caller_(caller), registry_(registry), clock_(clock), options_(std::move(options)) {}

ServiceCall MatchStats::call_for(std::string_view verb, std::string_view match_id, std::string body) const {
  ServiceCall call{kService, std::string(verb) + " of match '" + std::string(match_id) + "'", {}};
  call.http.method = "POST";
  call.http.url = join_url(options_.url, verb);
  call.http.headers = {{"Content-Type", "application/json"}};
  if (!options_.token.empty()) call.http.headers.emplace_back("Authentication", options_.token);
  call.http.body = std::move(body);
  return call;
}

void MatchStats::on_started(const match::Match& match) {
  BytesWriter body;
  json::Writer(body)
      .begin_object()
      .key("code")
      .string(match.group_code())
      .key("matchUuid")
      .string(match.match_id())
      .end_object();
  lanes_.add(match.group_code(), {"addMatch", std::string(match.match_id())},
             call_for("addMatch", match.match_id(), std::string(body.view())), ignore);
  if (player_count(match) > 0) tell_region(match);
}

void MatchStats::on_player_joined(const match::Match& match) {
  if (!match.match_id().empty() && player_count(match) == 1) tell_region(match);
}

void MatchStats::tell_region(const match::Match& match) {
  std::string_view first;
  each_puuid(match, [&](std::string_view puuid) {
    if (first.empty()) first = puuid;
  });
  BytesWriter body;
  json::Writer(body)
      .begin_object()
      .key("matchUuid")
      .string(match.match_id())
      .key("accountPuuid")
      .string(first)
      .end_object();
  lanes_.add(match.group_code(), {"updateMatchRegion", std::string(match.match_id())},
             call_for("updateMatchRegion", match.match_id(), std::string(body.view())), ignore);
}

void MatchStats::fetch_ranks(const match::Match& match) {
  if (player_count(match) == 0) return;
  BytesWriter body;
  json::Writer json(body);
  json.begin_object().key("matchUuid").string(match.match_id()).key("accountPuuids").begin_array();
  each_puuid(match, [&](std::string_view puuid) { json.string(puuid); });
  json.end_array().end_object();
  const std::string group(match.group_code());
  const std::string match_id(match.match_id());
  lanes_.add(group, {"fetchPlayerMMR", match_id}, call_for("fetchPlayerMMR", match_id, std::string(body.view())),
             [this, group, match_id](const Result<net::HttpAnswer>& result) {
               if (is_accepted(result)) on_ranks(group, match_id, *result);
             });
}

void MatchStats::on_ranks(const std::string& group, const std::string& match_id, const net::HttpAnswer& answer) {
  match::Match* const match = registry_.find_group(group);
  if (match == nullptr || match->match_id() != match_id) return;
  text_ = answer.body;
  const json::Value results = parse_http_json(document_, text_) ? document_.root()["results"] : json::Value();
  // Only what the match wants to know, since its journal keeps it.
  BytesWriter data;
  json::Writer json(data);
  json.begin_array();
  for (json::Value item = results.is_array() ? results.first() : json::Value(); item.exists();
       item = results.after(item)) {
    json.begin_object();
    for (const std::string_view key : {"puuid", "currentMMRTier", "peakMMRTier"}) {
      if (item[key].exists()) json.key(key).value(item[key]);
    }
    json.end_object();
  }
  json.end_array();
  const bool is_applied =
      results.is_array() &&
      registry_.receive_server(*match, match::EventType::kServerRanks, data.view(), clock_.wall_ms()).verdict ==
          match::Verdict::kApplied;
  if (!is_applied) caller_.count_unreadable(kService, "fetchPlayerMMR of match '" + match_id + "'");
}

void MatchStats::fetch_match(std::string_view match_id) {
  // The group may be another match's by now, so this lane is the match's own.
  lanes_.add("match " + std::string(match_id), {"fetchMatchStats", std::string(match_id)},
             call_for("fetchMatchStats", match_id, match_uuid_body(match_id)), ignore);
}

}  // namespace matchbus::gateway
