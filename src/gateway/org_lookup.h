// Whose an access key is, at the extras port: `GET /getOrgForKey?key=` (spec section 9).
//
// Only the backend knows organisations: the server's own key belongs to none, and is answered as a wrong one.
#pragma once

#include <memory>

#include "gateway/key_check.h"
#include "gateway/router.h"

namespace matchbus::gateway {

class OrgLookup {
 public:
  // Adds its route to `router`, which must not outlive it. Borrows `keys`.
  OrgLookup(Router& router, const KeyCheck& keys);

 private:
  void on_request(const net::HttpRequest& request, std::unique_ptr<net::HttpReply> reply) const;

  const KeyCheck& keys_;
};

}  // namespace matchbus::gateway
