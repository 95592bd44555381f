#include "gateway/bus_api.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "bus/iso_time.h"
#include "bus/stats.h"
#include "gateway/bus_row.h"
#include "gateway/http_answers.h"
#include "gateway/http_json.h"
#include "json/writer.h"
#include "match/key_policy.h"
#include "net/http_text.h"
#include "ws/connection.h"

namespace matchbus::gateway {
namespace {

constexpr std::string_view kPath = "/api/v1/bus";
constexpr size_t kMaxKey = 256;     // bytes of an Idempotency-Key
constexpr size_t kMaxReason = 123;  // bytes: RFC 6455 section 5.5, less the code

std::string error_text(const FieldError& error) {
  BytesWriter out;
  json::Writer(out).begin_object().key("error").string(error.problem).key("field").string(error.field).end_object();
  return std::string(out.view());
}

// Codes that a server may send (RFC 6455 section 7.4.2), of those that mean something here.
bool is_close_code(int64_t code) { return code == ws::kNormal || (code >= 3000 && code <= 4999); }

struct Disconnect {
  std::string user_id;
  std::optional<std::string> device_id;
  uint16_t code = ws::kNormal;
  std::string reason = "disconnected";
};

std::optional<FieldError> read_disconnect(json::Value request, Disconnect& read) {
  if (auto error = read_needed_id(request, "user_id", read.user_id)) return error;
  if (const json::Value device = request["device_id"]; device.exists() && !device.is_null()) {
    if (!device.is_string()) return FieldError{"device_id", "must be a text"};
    read.device_id = *device.string();
  }
  if (const json::Value code = request["code"]; code.exists() && !code.is_null()) {
    const auto number = code.integer(0, UINT16_MAX);
    if (!number || !is_close_code(*number)) return FieldError{"code", "must be 1000 or from 3000 to 4999"};
    read.code = static_cast<uint16_t>(*number);
  }
  if (const json::Value reason = request["reason"]; reason.exists() && !reason.is_null()) {
    const auto text = reason.string();
    if (!text || text->size() > kMaxReason) return FieldError{"reason", "must be a text of at most 123 bytes"};
    read.reason = *text;
  }
  return std::nullopt;
}

struct Move {
  std::string user_id;
  bus::MoveRow row;
};

// An id of null takes the player out of that kind of room.
std::optional<FieldError> read_move(json::Value request, Move& read) {
  if (auto error = read_needed_id(request, "user_id", read.user_id)) return error;
  bool is_any = false;
  for (const auto& [name, field] :
       {std::pair{"sector_id", &read.row.sector_id}, std::pair{"team_id", &read.row.team_id},
        std::pair{"region_id", &read.row.region_id}}) {
    if (!request[name].exists()) continue;
    *field = read_row_id(request[name]);
    if (!*field) return FieldError{name, "must be a text, a whole number or null"};
    is_any = true;
  }
  if (!is_any) return FieldError{"sector_id", "must be given, or team_id or region_id"};
  return std::nullopt;
}

}  // namespace

BusApi::BusApi(Router& router, net::Loop& loop, bus::Bus& bus, KeyGuard& guard, BusApiOptions options)
    : loop_(loop),
      bus_(bus),
      guard_(guard),
      options_(std::move(options)),
      publisher_(loop, bus),
      allowance_(static_cast<double>(options_.max_per_second)),
      allowance_ms_(loop.clock().monotonic_ms()) {
  router.add(std::string(kPath),
             [this](net::HttpRequest& request, Reply reply) { on_request(request, std::move(reply)); }, nullptr,
             {.limit = [this](const net::HttpRequest&) { return options_.max_body; },
              .refuse = [this](const net::HttpRequest& head) { return refusal(head); }});
}

struct BusApi::Route {
  std::string_view method;
  std::string_view path;  // below kPath
  Action action;          // null: reads only, see on_request
};

const BusApi::Route* BusApi::route_of(const net::HttpRequest& request) const {
  static constexpr std::array kRoutes = {Route{"POST", "/publish", &BusApi::publish},
                                         Route{"POST", "/move", &BusApi::move},
                                         Route{"POST", "/disconnect", &BusApi::disconnect},
                                         Route{"GET", "/presence", nullptr}, Route{"GET", "/stats", nullptr}};
  const std::string_view path = request.path().substr(kPath.size());
  const auto* const route = std::find_if(kRoutes.begin(), kRoutes.end(), [&](const Route& candidate) {
    return candidate.method == request.method && candidate.path == path;
  });
  return options_.key.empty() || route == kRoutes.end() ? nullptr : route;
}

std::optional<net::HttpResponse> BusApi::refusal(const net::HttpRequest& request) {
  if (route_of(request) == nullptr) return not_found_page();
  constexpr std::string_view kScheme = "bearer ";
  const std::string_view value = request.header("authorization").value_or("");
  if (net::http_equal(value.substr(0, kScheme.size()), kScheme)) {
    if (const auto wait = guard_.refuse(request.peer)) return retry_answer(*wait, "too many wrong keys");
    if (match::equal_constant_time(net::http_trim(value.substr(kScheme.size())), options_.key)) {
      guard_.good(request.peer);
      return std::nullopt;
    }
    guard_.wrong(request.peer, "key of the bus");
  }
  ++stats_.requests;
  ++stats_.unauthorized;
  net::HttpResponse response = error_answer(401, "the key is missing or wrong");
  response.headers.emplace_back("WWW-Authenticate", "Bearer");  // RFC 6750 section 3
  return response;
}

void BusApi::on_request(net::HttpRequest& request, Reply reply) {
  if (auto refused = refusal(request)) return reply->send(std::move(*refused));
  ++stats_.requests;
  if (!may_go_on()) {
    ++stats_.limited;
    return reply->send(retry_answer(1, "too many requests or messages"));
  }
  const Route& route = *route_of(request);
  if (route.action != nullptr) return run(route.action, request, std::move(reply));
  route.path == "/stats" ? show_stats(*reply) : presence(request, *reply);
}

// A second's worth may come at once. What a body holds is known only afterwards, so a large one is paid for by those
// that come next.
bool BusApi::may_go_on() {
  if (options_.max_per_second == 0) return true;
  const auto most = static_cast<double>(options_.max_per_second);
  const int64_t now = loop_.clock().monotonic_ms();
  allowance_ = std::min(most, allowance_ + most * static_cast<double>(now - allowance_ms_) / 1000);
  allowance_ms_ = now;
  if (allowance_ < 1) return false;
  allowance_ -= 1;
  return true;
}

void BusApi::run(Action action, net::HttpRequest& request, Reply reply) {
  const std::shared_ptr<net::HttpReply> shared = std::move(reply);
  const auto key = request.header("idempotency-key");
  if (!key) {
    const auto send = [shared](int status, std::string_view json) { shared->send(json_answer(status, json)); };
    return (this->*action)(std::move(request.body), send);
  }
  if (key->empty() || key->size() > kMaxKey)
    return shared->send(json_answer(400, error_text({"Idempotency-Key", "must have 1 to 256 bytes"})));
  using Verdict = IdempotencyStore::Verdict;
  const auto known = answers_.begin(*key, request.path(), request.body, loop_.clock().monotonic_ms());
  switch (known.verdict) {
    case Verdict::kNew:
      break;
    case Verdict::kKnown:
      ++stats_.repeated;
      return shared->send(json_answer(known.status, known.body));
    case Verdict::kRunning:
      return shared->send(error_answer(409, "the first request with this Idempotency-Key is not done yet"));
    case Verdict::kOther:
      return shared->send(json_answer(422, error_text({"Idempotency-Key", "was used for another request"})));
  }
  const auto keep = [this, shared, name = std::string(*key)](int status, std::string_view json) {
    answers_.keep(name, status, json);
    shared->send(json_answer(status, json));
  };
  (this->*action)(std::move(request.body), keep);
}

void BusApi::publish(std::string body, const Answer& answer) {
  const size_t messages = publisher_.publish(std::move(body), answer);
  if (options_.max_per_second != 0 && messages > 1) allowance_ -= static_cast<double>(messages - 1);
}

void BusApi::move(std::string body, const Answer& answer) {
  if (!parse_http_json(document_, body) || !document_.root().is_object())
    return answer(400, error_text({"", "the body is no JSON object"}));
  Move move;
  if (const auto error = read_move(document_.root(), move)) return answer(400, error_text(*error));
  answer(200, bus_.move(move.user_id, move.row) ? R"({"moved":true})" : R"({"moved":false})");
}

void BusApi::disconnect(std::string body, const Answer& answer) {
  if (!parse_http_json(document_, body) || !document_.root().is_object())
    return answer(400, error_text({"", "the body is no JSON object"}));
  Disconnect request;
  if (const auto error = read_disconnect(document_.root(), request)) return answer(400, error_text(*error));
  std::optional<std::string_view> device;
  if (request.device_id) device = *request.device_id;
  const size_t count = bus_.disconnect(request.user_id, device, request.code, request.reason);
  answer(200, "{\"disconnected\":" + std::to_string(count) + "}");
}

void BusApi::presence(const net::HttpRequest& request, net::HttpReply& reply) const {
  const std::string name = request.query("room").value_or("");
  const auto room = bus::parse_room(name);
  if (!room || !ws::is_utf8(name)) return reply.send(json_answer(400, error_text({"room", "is no room's name"})));
  BytesWriter text;
  json::Writer out(text);
  int64_t count = 0;
  out.begin_object().key("room").string(name).key("users").begin_array();
  bus_.presence(*room, [&](const bus::PresentUser& user) {
    ++count;
    out.begin_object().key("user_id").string(user.user_id).key("username").string(user.username);
    out.key("connected_at").string(bus::IsoTime(user.connected_at_ms).view());
    out.key("last_heartbeat").string(bus::IsoTime(user.last_heartbeat_ms).view()).end_object();
  });
  out.end_array().key("count").integer(count).end_object();
  reply.send(json_answer(200, text.view()));
}

void BusApi::show_stats(net::HttpReply& reply) const {
  BytesWriter text;
  json::Writer out(text);
  out.begin_object();
  bus::write_stats(out, bus_.stats());
  out.end_object();
  reply.send(json_answer(200, text.view()));
}

}  // namespace matchbus::gateway
