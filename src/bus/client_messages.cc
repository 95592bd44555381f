#include "bus/client_messages.h"

#include <algorithm>
#include <array>

#include "bus/server_messages.h"

namespace matchbus::bus {

// By type.
std::span<const ClientMessages::Entry> ClientMessages::table() {
  using M = ClientMessages;
  static constexpr std::array kTable = {
      Entry{"broadcast", &M::on_admin_broadcast, true},
      Entry{"chat_message", &M::on_chat_message},
      Entry{"command", &M::on_command},
      Entry{"heartbeat", &M::on_heartbeat},
      Entry{"request_sector_players", &M::on_request_sector_players},
      Entry{"request_stats", &M::on_request_stats, true},
      Entry{"request_team_players", &M::on_request_team_players},
      Entry{"subscribe", &M::on_subscribe},
      Entry{"subscribe_topic", &M::on_subscribe_topic},
      Entry{"unsubscribe", &M::on_unsubscribe},
      Entry{"unsubscribe_topic", &M::on_unsubscribe_topic},
  };
  return kTable;
}

void ClientMessages::handle(Session& session, ws::Opcode opcode, std::span<char> payload) {
  ++parts_.stats.messages;
  session.heard_ms = parts_.clock.monotonic_ms();
  if (!may_speak(session)) return;
  if (opcode != ws::Opcode::kText) return refuse(session, "bad_message", "not a text message");
  if (!document_.parse_in_place(payload)) return refuse(session, "bad_message", "not JSON");
  dispatch(session, document_.root());
}

// Whether the client still may say something, and says it slowly enough.
bool ClientMessages::may_speak(Session& session) {
  if (session.has_expired(parts_.clock.wall_ms())) {
    ++parts_.stats.expired;
    host_.close_session(session, kUnauthorized, "expired");
    return false;
  }
  switch (session.rate.count(session.heard_ms, parts_.options.max_messages_per_second)) {
    case RateLimit::Verdict::kPass:
      return true;
    case RateLimit::Verdict::kDrop:
      refuse(session, "rate_limited", "too many messages in a second");
      return false;
    case RateLimit::Verdict::kClose:
      break;
  }
  ++parts_.stats.flooding;
  host_.close_session(session, kRateLimited, "too many messages");
  return false;
}

void ClientMessages::dispatch(Session& session, json::Value message) {
  const std::optional<std::string_view> type = message["type"].string();
  if (!type) return refuse(session, "bad_message", "not an object with a type");
  const std::span<const Entry> entries = table();
  const auto entry = std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.type == *type; });
  if (entry == entries.end()) return refuse(session, "unknown_type", "no such type of message");
  if (entry->for_admins && !session.is_admin) return refuse(session, "forbidden", "for administrators only");
  (this->*entry->handler)(session, message);
}

void ClientMessages::refuse(Session& session, std::string_view code, std::string_view text) {
  ++parts_.stats.refused;
  parts_.broadcast.answer(session, [&](json::Writer& out) {
    out.key("type").string("error").key("code").string(code).key("message").string(text);
  });
}

void ClientMessages::on_heartbeat(Session& session, json::Value) {
  const int64_t now = parts_.clock.wall_ms();
  session.last_heartbeat_ms = now;
  parts_.broadcast.answer(session, [&](json::Writer& out) {
    out.key("type").string(session.is_admin_door ? "pong" : "heartbeat_ack");
    write_time(out, "server_time", now);
  });
}

void ClientMessages::on_request_stats(Session& session, json::Value) {
  parts_.broadcast.answer(session, [&](json::Writer& out) {
    out.key("type").string("system:stats").key("stats").begin_object();
    write_stats(out, host_.current_stats());
    out.end_object();
  });
}

void ClientMessages::on_admin_broadcast(Session& session, json::Value message) {
  const std::optional<std::string_view> target_type = message["target_type"].string();
  const std::optional<std::string_view> content = message["content"].string();
  if (!target_type || !content) return refuse(session, "bad_message", "target_type and content must be texts");
  // `target_id` may be left out only where the type alone is a room's name.
  std::string name(*target_type);
  if (const auto id = message["target_id"].string(); id && !id->empty()) name.append(1, ':').append(*id);
  const std::optional<Target> target = parse_room(name);
  if (!target) return refuse(session, "bad_message", "no such room");
  const std::array targets = {*target};
  const auto write = [&](json::Writer& out) {
    out.key("type").string("admin_broadcast").key("target_type").string(*target_type);
    write_id(out, "target_id", target->id);
    out.key("content").string(*content).key("priority").string(message["priority"].string().value_or("normal"));
    out.key("sender_name").string(session.user->row.username());
    write_time(out, "timestamp", parts_.clock.wall_ms());
  };
  parts_.broadcast.send(targets, write, MessageClass::kNormal);
}

}  // namespace matchbus::bus
