// Results of finished matches at the extras port: `GET /getTeamInfoForCode?groupCode=` (spec section 9).
#pragma once

#include "base/clock.h"
#include "gateway/router.h"
#include "match/expiring_store.h"
#include "match/match.h"

namespace matchbus::gateway {

class TeamInfos {
 public:
  // Adds its route to `router`, which must not outlive it. At most `limit` results, 0: no limit; when there are more
  // the oldest goes.
  TeamInfos(Router& router, const Clock& clock, size_t limit);

  // The match has ended: keeps its result for an hour.
  void keep(const match::Match& match);
  size_t size() const { return store_.size(); }

 private:
  void on_request(const net::HttpRequest& request, net::HttpReply& reply) const;

  const Clock& clock_;
  match::ExpiringStore store_;
};

}  // namespace matchbus::gateway
