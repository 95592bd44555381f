#include "socketio/client.h"

#include <algorithm>
#include <utility>

#include "json/writer.h"
#include "socketio/engine_packet.h"

namespace matchbus::socketio {
namespace {

constexpr size_t kMaxAttachments = 100;
constexpr int kMaxSilenceMs = 3'600'000;

// The URL with http in place of ws, which is all that the parser knows.
std::string as_http(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return "http://" + std::string(url);
  if (scheme < 2 || (url[0] | 0x20) != 'w' || (url[1] | 0x20) != 's') return std::string(url);
  return "http" + std::string(url.substr(2));
}

}  // namespace

Result<std::unique_ptr<Client>> Client::create(net::Loop& loop, ws::Context& ws, ClientOptions options,
                                               ClientHandler& handler) {
  Result<net::HttpUrl> url = net::parse_http_url(as_http(options.url));
  if (!url) return url.error();
  return std::unique_ptr<Client>(new Client(loop, ws, std::move(options), *url, handler));
}

Client::Client(net::Loop& loop, ws::Context& ws, ClientOptions options, net::HttpUrl url, ClientHandler& handler)
    : loop_(loop),
      ws_(ws),
      options_(std::move(options)),
      url_(std::move(url)),
      namespace_(url_.target.substr(0, url_.target.find('?'))),
      handler_(handler),
      timer_(*this),
      backoff_(options_.reconnect_ms, options_.reconnect_max_ms, options_.reconnect_jitter) {}

Client::~Client() { release(); }

void Client::connect() {
  if (state_ != State::kIdle && state_ != State::kWaiting) return;
  state_ = State::kConnecting;
  loop_.timers().set(timer_, options_.timeout_ms);
  net::ConnectOptions connect;
  connect.host = url_.host;
  connect.port = url_.port;
  connect.tls = url_.tls;
  connect.verify = options_.verify_certificate;
  connect.ca_file = options_.ca_file;
  connect.timeout_ms = options_.timeout_ms;
  connector_ = net::Connector::connect(loop_, std::move(connect),
                                       [this](Result<net::StreamPtr> stream) { on_stream(std::move(stream)); });
}

void Client::on_stream(Result<net::StreamPtr> stream) {
  const std::unique_ptr<net::Connector> done = std::move(connector_);
  if (!stream) return fail_attempt(stream.error().message, true);
  state_ = State::kUpgrading;
  ws::ClientOptions upgrade;
  upgrade.host = url_.authority;
  upgrade.target = options_.path + "?EIO=4&transport=websocket";
  if (const size_t query = url_.target.find('?'); query != std::string::npos) {
    upgrade.target += "&" + url_.target.substr(query + 1);
  }
  upgrade.ws = options_.ws;
  upgrade.timeout_ms = options_.timeout_ms;
  handshake_ = ws::ClientHandshake::begin(
      ws_, loop_, std::move(*stream), std::move(upgrade),
      [this](Result<std::unique_ptr<ws::Connection>> connection) { on_upgraded(std::move(connection)); });
}

void Client::on_upgraded(Result<std::unique_ptr<ws::Connection>> connection) {
  const std::unique_ptr<ws::ClientHandshake> done = std::move(handshake_);
  if (!connection) return fail_attempt("no WebSocket: " + connection.error().message, true);
  state_ = State::kOpening;
  connection_ = std::move(*connection);
  connection_->set_handler(this);
  connection_->start({});
}

void Client::on_ws_message(ws::Opcode opcode, std::span<char> payload) {
  if (opcode == ws::Opcode::kBinary) {
    if (!assembly_) return lose("parse error");
    assembly_->add({payload.data(), payload.size()});
    if (!assembly_->complete()) return;
    const std::unique_ptr<Assembly> whole = std::move(assembly_);
    const std::optional<PacketHead> head = parse_head(whole->text());
    const std::vector<std::string_view> attachments = whole->attachments();
    if (head) on_event(*head, attachments);
    return;
  }
  const std::optional<EnginePacket> packet = decode_packet(payload);
  if (!packet) return lose("parse error");
  switch (packet->type) {
    case EnginePacketType::kOpen:
      return on_open(packet->data);
    case EnginePacketType::kClose:
      return lose("transport close");
    case EnginePacketType::kPing:
      connection_->send(ws::Opcode::kText, "3");
      return expect_ping();
    case EnginePacketType::kMessage:
      return on_packet(packet->data);
    default:
      return;
  }
}

void Client::on_open(std::span<char> text) {
  if (state_ != State::kOpening || !document_.parse_in_place(text).ok()) return lose("parse error");
  const json::Value root = document_.root();
  const auto interval = root["pingInterval"].integer(1, kMaxSilenceMs);
  const auto timeout = root["pingTimeout"].integer(1, kMaxSilenceMs);
  if (!interval || !timeout) return lose("parse error");
  silence_ms_ = static_cast<int>(*interval + *timeout);
  state_ = State::kJoining;
  send_connect();
}

// `{...auth, pid, offset}`; a recovery identifier of an earlier connection asks the server to take that up again.
void Client::send_connect() {
  out_.truncate(0);
  out_.append("40");
  if (namespace_ != "/") {
    out_.append(namespace_);
    out_.append(',');
  }
  std::string auth = options_.auth;
  const bool has_auth = !auth.empty() && document_.parse_in_place(auth).ok() && document_.root().is_object();
  if (has_auth || !pid_.empty()) {
    json::Writer json(out_);
    json.begin_object();
    if (!pid_.empty()) {
      json.key("pid").string(pid_);
      if (!last_offset_.empty()) json.key("offset").string(last_offset_);
    }
    if (has_auth) {
      const json::Value root = document_.root();
      for (json::Value key = root.first(); key.exists();) {
        const json::Value value = root.after(key);
        json.key(*key.string()).value(value);
        key = root.after(value);
      }
    }
    json.end_object();
  }
  send_packet();
}

void Client::on_packet(std::span<char> text) {
  const std::optional<PacketHead> head = parse_head(text);
  if (!head || assembly_ || (state_ != State::kJoining && state_ != State::kConnected && state_ != State::kLeaving)) {
    return lose("parse error");
  }
  if (head->namespace_name != namespace_) return;
  if (head->is_binary() && head->attachments > 0) {
    if (head->attachments > kMaxAttachments) return lose("parse error");
    assembly_ = std::make_unique<Assembly>(std::string_view(text.data(), text.size()), head->attachments);
    return;
  }
  if (head->is_event()) return on_event(*head, {});
  if (head->type == PacketType::kDisconnect) return lose("io server disconnect");
  if (state_ != State::kJoining) return;
  const bool readable = !head->payload.empty() && document_.parse_in_place(head->payload).ok();
  if (head->type == PacketType::kConnect) {
    if (!readable) return lose("parse error");
    on_joined(document_.root());
  } else if (head->type == PacketType::kConnectError) {
    on_refused(readable ? document_.root() : json::Value());
  }
}

void Client::on_joined(json::Value payload) {
  const std::string pid(payload["pid"].string().value_or(""));
  const bool recovered = !pid.empty() && pid == pid_;
  id_ = payload["sid"].string().value_or("");
  pid_ = pid;
  if (!recovered) last_offset_.clear();
  state_ = State::kConnected;
  backoff_.reset();
  expect_ping();
  handler_.on_client_connect(recovered);
}

void Client::on_refused(json::Value payload) {
  const std::string why(payload["message"].string().value_or("no reason given"));
  fail_attempt("refused: " + why, false);
}

void Client::on_event(const PacketHead& head, std::span<const std::string_view> attachments) {
  if (!document_.parse_in_place(head.payload).ok() || !is_valid_payload(head, document_.root())) {
    return lose("parse error");
  }
  if (state_ != State::kConnected || !head.is_event()) return;
  Event event;
  event.args = document_.root();
  event.name = event.args.at(0).string().value_or("");
  event.attachments = attachments;
  event.wants_ack = head.ack_id.has_value();
  event.ack_id = head.ack_id.value_or(0);
  if (!pid_.empty() && event.size() > 0) {
    if (const auto offset = event.arg(event.size() - 1).string()) last_offset_ = *offset;
  }
  handler_.on_client_event(event);
}

bool Client::emit(std::string_view event, std::string_view text) {
  if (state_ != State::kConnected) return false;
  out_.truncate(0);
  write_text_event(out_, {.namespace_name = namespace_}, event, text);
  send_packet();
  return true;
}

bool Client::emit_raw(std::string_view event, std::string_view args_json) {
  if (state_ != State::kConnected) return false;
  out_.truncate(0);
  write_event(out_, {.namespace_name = namespace_}, event, args_json);
  send_packet();
  return true;
}

void Client::send_packet() { connection_->send(ws::Opcode::kText, out_.view()); }

void Client::expect_ping() {
  if (state_ == State::kConnected) loop_.timers().set(timer_, silence_ms_);
}

void Client::on_ws_drained() {
  if (state_ == State::kConnected) handler_.on_client_drained();
}

void Client::on_ws_closed(uint16_t code, std::string_view /*reason*/) {
  if (state_ == State::kLeaving) return lose("io client disconnect");
  lose(code == ws::kAbnormal ? "transport error" : "transport close");
}

void Client::on_timer(Timer& /*timer*/) {
  if (state_ == State::kWaiting) return connect();
  lose("ping timeout");
}

void Client::close() {
  switch (state_) {
    case State::kConnected:
      out_.truncate(0);
      write_disconnect(out_, namespace_);
      send_packet();
      connection_->close(ws::kNormal, "");
      state_ = State::kLeaving;
      timer_.cancel();
      return;
    case State::kLeaving:
      return;
    default:
      release();
      state_ = State::kIdle;
  }
}

void Client::drop() { lose("transport error"); }

void Client::lose(std::string_view reason) {
  if (state_ == State::kIdle || state_ == State::kWaiting) return;
  const bool was_connected = state_ == State::kConnected || state_ == State::kLeaving;
  if (!was_connected) {
    return fail_attempt(reason == "ping timeout" ? "no answer in time" : "connection lost: " + std::string(reason),
                        true);
  }
  const bool leaving = state_ == State::kLeaving;
  release();
  const bool again = options_.reconnect && !leaving && reason != "io server disconnect";
  if (again) {
    wait_for_next_attempt();
  } else {
    state_ = State::kIdle;
  }
  handler_.on_client_disconnect(leaving ? "io client disconnect" : reason, again);
}

void Client::fail_attempt(const std::string& message, bool may_retry) {
  release();
  const bool again = may_retry && options_.reconnect;
  if (again) {
    wait_for_next_attempt();
  } else {
    state_ = State::kIdle;
  }
  handler_.on_client_error(message, again);
}

void Client::wait_for_next_attempt() {
  state_ = State::kWaiting;
  loop_.timers().set(timer_, backoff_.next_ms());
}

void Client::release() {
  timer_.cancel();
  connector_.reset();
  handshake_.reset();
  connection_.reset();
  assembly_.reset();
  id_.clear();
}

}  // namespace matchbus::socketio
