// Previews at the extras port: `PUT /createPreview` keeps a document for ten minutes, `GET /preview/CODE` shows it
// (spec section 9).
#pragma once

#include <string_view>

#include "base/clock.h"
#include "gateway/key_check.h"
#include "gateway/router.h"
#include "json/document.h"
#include "match/expiring_store.h"
#include "match/preview.h"

namespace matchbus::gateway {

class Previews {
 public:
  // Adds its routes to `router`, which must not outlive it. At most `limit` previews, 0: no limit; when there are more
  // the oldest goes. Borrows all.
  Previews(Router& router, const Clock& clock, const KeyCheck& keys, size_t limit);

  size_t size() const { return store_.size(); }

 private:
  void on_create(net::HttpRequest& request, std::unique_ptr<net::HttpReply> reply);
  void on_show(std::string_view code, net::HttpReply& reply) const;
  // Keeps it and tells its code.
  net::HttpResponse keep(const match::PreviewRequest& preview);

  const Clock& clock_;
  const KeyCheck& keys_;
  match::ExpiringStore store_;
  json::Document document_;
};

}  // namespace matchbus::gateway
