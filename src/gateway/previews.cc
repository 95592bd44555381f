#include "gateway/previews.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/random.h"
#include "gateway/http_answers.h"
#include "gateway/http_json.h"
#include "json/writer.h"

namespace matchbus::gateway {

Previews::Previews(Router& router, const Clock& clock, const KeyCheck& keys, size_t limit)
    : clock_(clock), keys_(keys), store_(match::kPreviewLifetimeMs, limit == 0 ? SIZE_MAX : limit) {
  add_route(router, "PUT", "/createPreview", [this](net::HttpRequest& request, std::unique_ptr<net::HttpReply> reply) {
    on_create(request, std::move(reply));
  });
  add_segment_route(router, "GET", "/preview",
                    [this](std::string_view code, std::unique_ptr<net::HttpReply> reply) { on_show(code, *reply); });
}

void Previews::on_create(net::HttpRequest& request, std::unique_ptr<net::HttpReply> reply) {
  if (!request.body.empty() && !parse_http_json(document_, request.body))
    return reply->send(page_answer(400, "Bad Request"));
  const json::Value root = request.body.empty() ? json::Value() : document_.root();
  const std::string key(root["key"].string().value_or(""));
  if (key.empty()) return reply->send(error_answer(400, "Missing or invalid key in preview data"));
  const std::string peer = request.peer;
  // A function object has to be copyable, and a reply is not.
  auto answer = [this, preview = match::read_preview_request(root),
                 open = std::shared_ptr<net::HttpReply>(std::move(reply))](const KeyAnswer& checked) {
    if (checked.status == KeyStatus::kLimited)
      return open->send(retry_answer(checked.retry_after_s, "Too many wrong keys"));
    if (checked.status != KeyStatus::kValid) return open->send(error_answer(403, "Invalid or expired key"));
    open->send(preview ? keep(*preview) : error_answer(400, "Invalid preview data: " + preview.error().message));
  };
  keys_.check(key, peer, std::move(answer));
}

net::HttpResponse Previews::keep(const match::PreviewRequest& preview) {
  const std::string code =
      preview.code.empty() ? random_text(match::kPreviewCodeLength, match::kPreviewAlphabet) : preview.code;
  BytesWriter text;
  match::write_preview(text, preview, code);
  store_.put(code, std::string(text.view()), clock_.monotonic_ms());
  BytesWriter answer;
  json::Writer(answer).begin_object().key("previewCode").string(code).end_object();
  return json_answer(200, answer.view());
}

void Previews::on_show(std::string_view code, net::HttpReply& reply) const {
  if (match::characters(code) != match::kPreviewCodeLength)
    return reply.send(error_answer(400, "Invalid preview code format"));
  const std::string* const text = store_.find(code, clock_.monotonic_ms());
  reply.send(text != nullptr ? json_answer(200, *text) : error_answer(404, "Preview not found"));
}

}  // namespace matchbus::gateway
