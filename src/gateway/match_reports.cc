#include "gateway/match_reports.h"

#include <utility>

#include "match/snapshot.h"
#include "net/percent_encoding.h"

namespace matchbus::gateway {
namespace {

constexpr std::string_view kRegister = "register";
constexpr std::string_view kUpdate = "update";
constexpr std::string_view kComplete = "complete";

constexpr int64_t kRetryMs = 1'000;  // of what was postponed

void ignore(const Result<net::HttpAnswer>&) {}

}  // namespace

MatchReports::MatchReports(ServiceCaller& caller, match::MatchRegistry& registry, const Clock& clock,
                           TimerWheel& timers, MatchReportOptions options, size_t max_waiting)
    : caller_(caller),
      timers_(timers),
      lanes_(caller, max_waiting),
      registry_(registry),
      clock_(clock),
      options_(std::move(options)) {}

ServiceCall MatchReports::call_for(const match::Match& match, std::string_view method, std::string_view verb) const {
  BytesWriter body;
  body.append(R"({"match":)");
  match::write_report(body, match);
  body.append('}');
  ServiceCall call{"backend", {}, {}};
  call.what = std::string(verb) + " of match '" + std::string(match.match_id()) + "'";
  call.http.method = method;
  call.http.url =
      join_url(options_.url, "system/match/" + net::percent_encode_segment(match.match_id()) + "/" + std::string(verb));
  call.http.headers = {{"Content-Type", "application/json"}};
  if (!options_.token.empty()) call.http.headers.emplace_back("X-User-Token", options_.token);
  call.http.body = body.view();
  return call;
}

void MatchReports::on_started(const match::Match& match) {
  const std::string group(match.group_code());
  const std::string match_id(match.match_id());
  if (!caller_.has_room()) {
    postponed_.push_back({group, match_id});
    if (!retry_.is_set()) timers_.set(retry_, kRetryMs);
    return;
  }
  lanes_.add(group, {kRegister, match_id}, call_for(match, "POST", kRegister),
             [this, group, match_id](const Result<net::HttpAnswer>& result) {
               if (is_accepted(result)) return on_registered(group, match_id);
               lanes_.discard(group, match_id);
             });
}

// A match that is gone or has got another id meanwhile need not be told of any more.
void MatchReports::on_timer(Timer& /*timer*/) {
  for (const Postponed& postponed : std::exchange(postponed_, {})) {
    const match::Match* const match = registry_.find_group(postponed.group);
    if (match == nullptr || match->match_id() != postponed.match_id || match->state().is_registered) continue;
    on_started(*match);
    if (match->state().hidden.has_ended) on_ended(*match);
  }
}

void MatchReports::on_registered(const std::string& group, const std::string& match_id) {
  // Meanwhile another match may have begun, or this one may be gone.
  match::Match* const match = registry_.find_group(group);
  if (match == nullptr || match->match_id() != match_id) return;
  registry_.receive_server(*match, match::EventType::kServerRegistered, "true", clock_.wall_ms());
}

void MatchReports::on_round(const match::Match& match) {
  lanes_.add_or_replace(match.group_code(), {kUpdate, std::string(match.match_id())}, call_for(match, "PUT", kUpdate),
                        ignore);
}

void MatchReports::on_ended(const match::Match& match) {
  const std::string match_id(match.match_id());
  if (!match.state().is_registered && !lanes_.holds(match.group_code(), {kRegister, match_id})) return;
  lanes_.add_or_replace(match.group_code(), {kComplete, match_id}, call_for(match, "PUT", kComplete), ignore);
}

}  // namespace matchbus::gateway
