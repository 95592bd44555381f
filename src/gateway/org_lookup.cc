#include "gateway/org_lookup.h"

#include <utility>

#include "gateway/http_answers.h"
#include "json/writer.h"

namespace matchbus::gateway {
namespace {

net::HttpResponse describe(const KeyAnswer& answer) {
  if (answer.status == KeyStatus::kLimited) return retry_answer(answer.retry_after_s, "Too many wrong keys");
  const match::Organization& organization = answer.organization;
  if (answer.status != KeyStatus::kValid || organization.id.empty()) {
    net::HttpResponse refusal = net::HttpResponse::text(401, "401 Unauthorized");
    refusal.headers = {{"Content-Type", "text/html; charset=utf-8"}};
    return refusal;
  }
  BytesWriter out;
  json::Writer(out)
      .begin_object()
      .key("id")
      .string(organization.id)
      .key("name")
      .string(organization.name)
      .key("isSupporter")
      .boolean(organization.is_supporter)
      .end_object();
  return json_answer(200, out.view());
}

}  // namespace

OrgLookup::OrgLookup(Router& router, const KeyCheck& keys) : keys_(keys) {
  add_route(router, "GET", "/getOrgForKey", [this](net::HttpRequest& request, std::unique_ptr<net::HttpReply> reply) {
    on_request(request, std::move(reply));
  });
}

void OrgLookup::on_request(const net::HttpRequest& request, std::unique_ptr<net::HttpReply> reply) const {
  const auto key = only_query(request, "key");
  if (!key) return reply->send(error_answer(400, "Key is required"));
  // A function object has to be copyable, and a reply is not.
  keys_.check(*key, request.peer, [open = std::shared_ptr<net::HttpReply>(std::move(reply))](const KeyAnswer& answer) {
    open->send(describe(answer));
  });
}

}  // namespace matchbus::gateway
