#include "gateway/team_infos.h"

#include <cstdint>
#include <memory>
#include <string>

#include "gateway/http_answers.h"
#include "match/team_info.h"

namespace matchbus::gateway {

TeamInfos::TeamInfos(Router& router, const Clock& clock, size_t limit)
    : clock_(clock), store_(match::kTeamInfoLifetimeMs, limit == 0 ? SIZE_MAX : limit) {
  add_route(router, "GET", "/getTeamInfoForCode",
            [this](net::HttpRequest& request, std::unique_ptr<net::HttpReply> reply) { on_request(request, *reply); });
}

void TeamInfos::keep(const match::Match& match) {
  BytesWriter text;
  match::write_team_info(text, match);
  store_.put(match.group_code(), std::string(text.view()), clock_.monotonic_ms());
}

void TeamInfos::on_request(const net::HttpRequest& request, net::HttpReply& reply) const {
  const auto code = only_query(request, "groupCode");
  if (!code) return reply.send(error_answer(400, "Group code is required"));
  const std::string* const text = store_.find(*code, clock_.monotonic_ms());
  reply.send(text != nullptr ? json_answer(200, *text) : error_answer(404, "Team info not found"));
}

}  // namespace matchbus::gateway
