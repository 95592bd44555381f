#include "gateway/bus_endpoint.h"

#include <uv.h>

#include <algorithm>
#include <optional>
#include <string>

#include "gateway/http_answers.h"
#include "net/http_text.h"
#include "ws/utf8_validator.h"

namespace matchbus::gateway {
namespace {

constexpr const char* kPath = "/api/v1/ws";
constexpr size_t kMaxEarly = 16 * 1024;  // bytes that a client may send before it is let in
constexpr size_t kMaxDevice = 128;       // bytes of a device's id
constexpr size_t kMaxPosition = 32;      // characters of a last_event_id; more are no number

// Which of the doors below kPath a request is at.
std::optional<bus::Endpoint> endpoint_of(std::string_view path) {
  path.remove_prefix(std::string_view(kPath).size());
  if (path.ends_with('/')) path.remove_suffix(1);
  if (path.empty() || path == "/connect") return bus::Endpoint::kPlayer;
  return path == "/admin" ? std::optional(bus::Endpoint::kAdmin) : std::nullopt;
}

// Browsers cannot set headers, so the token may stand in the query, too.
std::string token_of(const net::HttpRequest& request) {
  constexpr std::string_view kScheme = "bearer ";
  const std::string_view value = request.header("authorization").value_or("");
  if (value.size() > kScheme.size() && net::http_equal(value.substr(0, kScheme.size()), kScheme))
    return std::string(net::http_trim(value.substr(kScheme.size())));
  return request.query("token").value_or("");
}

}  // namespace

// A client before its upgrade: its token waits to be checked, or its row to come.
struct BusEndpoint::Guest final : net::StreamHandler, net::Pacer::Client {
  Guest(BusEndpoint& endpoint, uint64_t the_number, net::HttpRequest& the_request, net::StreamPtr the_stream,
        std::span<char> bytes)
      : owner(endpoint),
        number(the_number),
        request(std::move(the_request)),
        stream(std::move(the_stream)),
        early(bytes.data(), bytes.size()) {
    stream->set_handler(this);
  }
  ~Guest() {
    if (in_line) owner.pacer_.forget(*this, request.peer);
  }
  void enter() {
    in_line = true;
    owner.pacer_.wait(*this, request.peer);
  }
  void on_turn() override {
    in_line = false;
    owner.check_token(*this);
  }
  void on_stream_data(std::span<char> data) override {
    early.append(data.data(), data.size());
    if (early.size() >= kMaxEarly) stream->pause_reading();
  }
  void on_stream_closed(net::CloseReason) override {
    ++owner.stats_.gone;
    const uint64_t mine = number;  // which goes with this object
    owner.guests_.erase(mine);
  }
  net::StreamPtr take_stream() {
    stream->set_handler(nullptr);
    if (early.size() >= kMaxEarly) stream->resume_reading();
    return std::move(stream);
  }

  BusEndpoint& owner;
  uint64_t number;
  net::HttpRequest request;
  net::StreamPtr stream;
  std::string early;
  std::string user_id;
  bus::ConnectOptions options;
  bool in_line = false;  // of the pacer
};

BusEndpoint::BusEndpoint(Router& router, net::Loop& loop, ws::Context& context, bus::Bus& bus, BusDirectory& directory,
                         bus::TokenVerifier verifier, const ws::Options& options)
    : loop_(loop),
      context_(context),
      bus_(bus),
      directory_(directory),
      pacer_(net::Pacer::of_handshakes(loop)),
      verifier_(std::move(verifier)),
      options_(options) {
  router.add(
      kPath,
      [](net::HttpRequest& request, std::unique_ptr<net::HttpReply> reply) {
        if (!endpoint_of(request.path())) return reply->send(not_found_page());
        net::HttpResponse response = error_answer(426, "a WebSocket handshake is needed");
        response.headers.emplace_back("Upgrade", "websocket");  // RFC 9110 section 15.5.22
        reply->send(std::move(response));
      },
      [this](net::HttpRequest& request, net::StreamPtr stream, std::span<char> early) {
        on_upgrade(request, std::move(stream), early);
      });
}

BusEndpoint::~BusEndpoint() = default;

void BusEndpoint::close() {
  closing_ = true;
  guests_.clear();
}

void BusEndpoint::on_upgrade(net::HttpRequest& request, net::StreamPtr stream, std::span<char> early) {
  const auto endpoint = endpoint_of(request.path());
  if (!endpoint) return net::refuse_upgrade(std::move(stream), not_found_page(), loop_);
  if (closing_) return unavailable(std::move(stream), "the server is shutting down");
  if (!verifier_.configured())
    return unavailable(std::move(stream), "no key for tokens is configured (JWT_SECRET or JWT_PUBLIC_KEY)");

  const uint64_t number = next_guest_++;
  auto guest = std::make_unique<Guest>(*this, number, request, std::move(stream), early);
  Guest& entered = *guest;
  entered.options.endpoint = *endpoint;
  guests_.emplace(number, std::move(guest));
  entered.enter();
}

// A signature may cost a millisecond to check.
void BusEndpoint::check_token(Guest& guest) {
  const uint64_t begin = uv_hrtime();
  const auto verified = verifier_.verify(token_of(guest.request), loop_.clock().wall_ms());
  pacer_.spent(uv_hrtime() - begin);
  if (const auto* error = std::get_if<bus::TokenError>(&verified)) {
    ++stats_.refused_tokens[static_cast<size_t>(*error)];
    return turn_away(guest.number, bus::kUnauthorized, bus::describe(*error));
  }
  bus::ConnectOptions& options = guest.options;
  options.device_id = guest.request.query("device_id").value_or("");
  if (options.device_id.size() > kMaxDevice) return turn_away(guest.number, ws::kPolicy, "device_id is too long");
  if (!ws::is_utf8(options.device_id)) return turn_away(guest.number, ws::kPolicy, "device_id is no text");
  options.last_event_id = guest.request.query("last_event_id");
  if (options.last_event_id) options.last_event_id->resize(std::min(options.last_event_id->size(), kMaxPosition));
  const auto& token = std::get<bus::Token>(verified);
  options.expires_at_s = token.expires_at_s;

  supersede_guest(token.subject, options.device_id);
  guest.user_id = token.subject;
  const uint64_t number = guest.number;
  directory_.look_up(token, [this, number](DirectoryAnswer answer) { on_row(number, std::move(answer)); });
}

void BusEndpoint::turn_away(uint64_t number, uint16_t code, std::string_view reason) {
  const auto found = guests_.find(number);
  const std::unique_ptr<Guest> guest = std::move(found->second);
  guests_.erase(found);
  refuse(guest->request, guest->take_stream(), code, reason);
}

// The newer connection of a device wins, however long the older one's row takes to come.
void BusEndpoint::supersede_guest(std::string_view user_id, std::string_view device_id) {
  const auto found = std::find_if(guests_.begin(), guests_.end(), [&](const auto& entry) {
    return entry.second->user_id == user_id && entry.second->options.device_id == device_id;
  });
  if (found != guests_.end()) turn_away(found->first, bus::kSuperseded, "superseded");
}

void BusEndpoint::on_row(uint64_t number, DirectoryAnswer answer) {
  const auto found = guests_.find(number);
  if (found == guests_.end()) return;
  const std::unique_ptr<Guest> guest = std::move(found->second);
  guests_.erase(found);
  switch (answer.kind) {
    case DirectoryAnswer::Kind::kRow:
      return let_in(*guest, std::move(answer.row));
    case DirectoryAnswer::Kind::kRefused:
      ++stats_.refused_rows;
      return refuse(guest->request, guest->take_stream(), bus::kForbidden, answer.reason);
    case DirectoryAnswer::Kind::kFailed:
      ++stats_.failed_lookups;
      return refuse(guest->request, guest->take_stream(), ws::kTryAgainLater, "try again later");
  }
}

void BusEndpoint::let_in(Guest& guest, bus::PlayerRow row) {
  auto connection = ws::Connection::accept(context_, loop_, guest.request, guest.take_stream(), options_);
  if (!connection) return;
  connection->admit(net::Standing::kTrusted);
  guest.options.early = guest.early;
  bus_.connect(std::move(connection), std::move(row), guest.options);
}

void BusEndpoint::refuse(const net::HttpRequest& request, net::StreamPtr stream, uint16_t code,
                         std::string_view reason) {
  auto connection = ws::Connection::accept(context_, loop_, request, std::move(stream), options_);
  if (!connection) return;
  loop_.log().limited(LogLevel::kInfo, "bus client refused: " + std::to_string(code),
                      "bus: refused " + request.peer + " with " + std::to_string(code) + ": " + std::string(reason));
  bus_.refuse(std::move(connection), code, reason);
}

void BusEndpoint::unavailable(net::StreamPtr stream, std::string_view why) {
  ++stats_.unavailable;
  loop_.log().limited(LogLevel::kWarning, "bus unavailable", "bus: refused a client with 503: " + std::string(why));
  net::refuse_upgrade(std::move(stream), error_answer(503, "the bus is not available"), loop_);
}

}  // namespace matchbus::gateway
