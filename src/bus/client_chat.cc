// Chat: to one's own sector, team, everybody, or one user.
#include <algorithm>
#include <array>

#include "bus/client_messages.h"
#include "bus/server_messages.h"

namespace matchbus::bus {
namespace {

// Of valid UTF-8: the bytes that begin one.
size_t count_characters(std::string_view utf8) {
  return static_cast<size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

void ClientMessages::on_chat_message(Session& session, json::Value message) {
  const std::optional<std::string_view> content = message["content"].string();
  const std::optional<std::string_view> channel = message["target_type"].string();
  if (!content || !channel) return refuse(session, "bad_message", "target_type and content must be texts");
  if (content->empty()) return;
  if (count_characters(*content) > parts_.options.max_chat) return refuse(session, "too_long", "too long");
  if (*channel == "private") return on_private_chat(session, message, *content);

  const PackedRow& row = session.user->row;
  Target target;
  if (*channel == "sector") {
    target = {RoomKind::kSector, row.sector_id()};
  } else if (*channel == "team") {
    target = {RoomKind::kTeam, row.team_id()};
  } else if (*channel != "global") {
    return refuse(session, "bad_message", "target_type must be sector, team, global or private");
  }
  // One speaks only where one is.
  const Room* const room = parts_.rooms.find(target);
  if (room == nullptr || session.membership_in(*room) == nullptr) {
    return refuse(session, "no_such_room", "you are in no such room");
  }
  const std::array targets = {target};
  send_chat(session, targets, *channel, *content, row.user_id());
}

// To the other one, and back to all devices of the sender.
void ClientMessages::on_private_chat(Session& session, json::Value message, std::string_view content) {
  const std::optional<std::string_view> target = message["target_user_id"].string();
  if (!target) return refuse(session, "bad_message", "target_user_id must be a text");
  if (parts_.users.find(*target) == nullptr) return refuse(session, "recipient_offline", "not online");
  const std::array targets = {Target{RoomKind::kPersonal, *target},
                              Target{RoomKind::kPersonal, session.user->row.user_id()}};
  send_chat(session, targets, "private", content, {});
}

// Each fact under two names: services' messages have the one, older clients read the other.
void ClientMessages::send_chat(Session& session, std::span<const Target> targets, std::string_view channel,
                               std::string_view content, std::string_view exclude_user) {
  const PackedRow& row = session.user->row;
  // What was refused for something else does not count.
  if (!chat_limit_.take(row.user_id(), parts_.clock.monotonic_ms()))
    return refuse(session, "rate_limited", "too much chat");
  const auto write = [&](json::Writer& out) {
    out.key("type").string("chat_message").key("from_user_id").string(row.user_id());
    out.key("from_username").string(row.username()).key("content").string(content);
    out.key("target_type").string(channel).key("channel").string(channel).key("sender_id").string(row.user_id());
    out.key("sender_name").string(row.username()).key("body").string(content);
    write_time(out, "timestamp", parts_.clock.wall_ms());
  };
  parts_.broadcast.send(targets, write, MessageClass::kCosmetic, exclude_user);
}

}  // namespace matchbus::bus
