#include "gateway/backend.h"

namespace matchbus::gateway {

using match::Effect;

namespace {

// Of a limit on calls, where 0 is none.
size_t half_of(size_t limit) { return limit / 2 + limit % 2; }

}  // namespace

Backend::Backend(net::Loop& loop, const Clock& clock, match::MatchRegistry& registry, const BackendOptions& options)
    : key_caller_(net::HttpClient::create(loop, options.http), loop.timers(), loop.log(), options.retry,
                  half_of(options.max_waiting)),
      caller_(net::HttpClient::create(loop, options.http), loop.timers(), loop.log(), options.retry,
              half_of(options.max_waiting)) {
  const size_t per_match = options.max_waiting_per_match;
  if (!options.url.empty()) {
    keys_ =
        std::make_unique<AccessKeys>(key_caller_, AccessKeyOptions{options.url, options.token, options.supporter_url});
    reports_ = std::make_unique<MatchReports>(caller_, registry, clock, loop.timers(),
                                              MatchReportOptions{options.url, options.token}, per_match);
  }
  if (!options.stats_url.empty()) {
    match_stats_ = std::make_unique<MatchStats>(caller_, registry, clock,
                                                MatchStatsOptions{options.stats_url, options.stats_token}, per_match);
  }
  if (!options.player_cam_url.empty())
    player_cams_ = std::make_unique<PlayerCams>(caller_, registry, clock, options.player_cam_url);
}

void Backend::on_effects(const match::Match& match, match::Effects effects) {
  if (reports_) {
    if (effects.has(Effect::kStarted)) reports_->on_started(match);
    if (effects.has(Effect::kUpdate)) reports_->on_round(match);
    if (effects.has(Effect::kEnded) || effects.has(Effect::kAbandoned)) reports_->on_ended(match);
  }
  if (match_stats_) {
    if (effects.has(Effect::kStarted)) match_stats_->on_started(match);
    if (effects.has(Effect::kPlayerJoined)) match_stats_->on_player_joined(match);
    if (effects.has(Effect::kFetchRanks)) match_stats_->fetch_ranks(match);
  }
  if (player_cams_ && effects.has(Effect::kFetchOverrides)) player_cams_->fetch(match);
}

void Backend::on_stats_due(std::string_view match_id) {
  if (match_stats_) match_stats_->fetch_match(match_id);
}

}  // namespace matchbus::gateway
