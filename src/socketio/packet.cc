#include "socketio/packet.h"

#include <algorithm>
#include <array>

#include "json/writer.h"

namespace matchbus::socketio {
namespace {

constexpr uint64_t kMaxAckId = (uint64_t{1} << 53) - 1;
constexpr uint64_t kMaxAttachments = 1'000'000;  // of a well-formed packet; servers set their own limit

// Names that mean something to the client libraries themselves; an event may not bear them.
constexpr std::array<std::string_view, 6> kReservedEvents = {
    "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener",
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes the digits at the front of `rest`; nothing if there are none or they mean more than `limit`.
std::optional<uint64_t> take_number(std::span<char>& rest, uint64_t limit) {
  uint64_t value = 0;
  size_t digits = 0;
  for (; digits < rest.size() && is_digit(rest[digits]); ++digits) {
    value = value * 10 + static_cast<uint64_t>(rest[digits] - '0');
    if (value > limit) return std::nullopt;
  }
  if (digits == 0) return std::nullopt;
  rest = rest.subspan(digits);
  return value;
}

bool take_attachments(std::span<char>& rest, PacketHead& head) {
  const std::optional<uint64_t> count = take_number(rest, kMaxAttachments);
  if (!count || rest.empty() || rest[0] != '-') return false;
  rest = rest.subspan(1);
  head.attachments = static_cast<size_t>(*count);
  return true;
}

// A name ends at a comma, or with the packet.
void take_namespace(std::span<char>& rest, PacketHead& head) {
  head.namespace_name = "/";
  if (rest.empty() || rest[0] != '/') return;
  const auto comma = std::find(rest.begin(), rest.end(), ',');
  const auto size = static_cast<size_t>(comma - rest.begin());
  head.namespace_name = std::string_view(rest.data(), size);
  rest = rest.subspan(comma == rest.end() ? size : size + 1);
}

bool placeholders_fit(json::Value value, size_t attachments) {
  if (value.is_object() && value["_placeholder"].boolean() == true) {
    const std::optional<size_t> index = placeholder(value);
    return index && *index < attachments;
  }
  for (json::Value child = value.first(); child.exists(); child = value.after(child)) {
    if (!placeholders_fit(child, attachments)) return false;
  }
  return true;
}

bool is_valid_event(json::Value payload) {
  if (!payload.is_array()) return false;
  const std::optional<std::string_view> name = payload.at(0).string();
  return name && std::find(kReservedEvents.begin(), kReservedEvents.end(), *name) == kReservedEvents.end();
}

void write_head(BytesWriter& out, PacketType type, std::string_view namespace_name, size_t attachments = 0) {
  out.append('4');
  out.append(static_cast<char>('0' + static_cast<int>(type)));
  if (attachments != 0) {
    json::write_integer(out, static_cast<int64_t>(attachments));
    out.append('-');
  }
  if (namespace_name != "/") {
    out.append(namespace_name);
    out.append(',');
  }
}

void write_target(BytesWriter& out, PacketType plain, PacketType binary, const PacketTarget& target) {
  write_head(out, target.attachments == 0 ? plain : binary, target.namespace_name, target.attachments);
  if (target.ack_id) json::write_integer(out, static_cast<int64_t>(*target.ack_id));
}

void finish_event(BytesWriter& out, std::string_view offset) {
  if (!offset.empty()) {
    out.append(',');
    json::write_string(out, offset);
  }
  out.append(']');
}

}  // namespace

std::optional<PacketHead> parse_head(std::span<char> text) {
  if (text.empty() || text[0] < '0' || text[0] > '6') return std::nullopt;
  PacketHead head;
  head.type = static_cast<PacketType>(text[0] - '0');
  std::span<char> rest = text.subspan(1);
  if (head.is_binary() && !take_attachments(rest, head)) return std::nullopt;
  take_namespace(rest, head);
  if (!rest.empty() && is_digit(rest[0])) {
    if (!head.is_event() && !head.is_ack()) return std::nullopt;
    head.ack_id = take_number(rest, kMaxAckId);
    if (!head.ack_id) return std::nullopt;
  }
  if (head.is_ack() && !head.ack_id) return std::nullopt;
  head.payload = rest;
  return head;
}

std::optional<size_t> placeholder(json::Value value) {
  if (value["_placeholder"].boolean() != true) return std::nullopt;
  const std::optional<int64_t> index = value["num"].integer(0, static_cast<int64_t>(kMaxAttachments));
  if (!index) return std::nullopt;
  return static_cast<size_t>(*index);
}

bool is_valid_payload(const PacketHead& head, json::Value payload) {
  switch (head.type) {
    case PacketType::kConnect:
      return !payload.exists() || payload.is_object();
    case PacketType::kDisconnect:
      return !payload.exists();
    case PacketType::kConnectError:
      return payload.is_object() || payload.is_string();
    case PacketType::kEvent:
      return is_valid_event(payload);
    case PacketType::kBinaryEvent:
      return is_valid_event(payload) && placeholders_fit(payload, head.attachments);
    case PacketType::kAck:
      return payload.is_array();
    case PacketType::kBinaryAck:
      return payload.is_array() && placeholders_fit(payload, head.attachments);
  }
  return false;
}

void write_event(BytesWriter& out, const PacketTarget& target, std::string_view event, std::string_view args_json,
                 std::string_view offset) {
  write_target(out, PacketType::kEvent, PacketType::kBinaryEvent, target);
  out.append('[');
  json::write_string(out, event);
  if (!args_json.empty()) {
    out.append(',');
    out.append(args_json);
  }
  finish_event(out, offset);
}

void write_text_event(BytesWriter& out, const PacketTarget& target, std::string_view event, std::string_view text,
                      std::string_view offset) {
  write_target(out, PacketType::kEvent, PacketType::kBinaryEvent, target);
  out.append('[');
  json::write_string(out, event);
  out.append(',');
  json::write_string(out, text);
  finish_event(out, offset);
}

void write_ack(BytesWriter& out, const PacketTarget& target, std::string_view args_json) {
  write_target(out, PacketType::kAck, PacketType::kBinaryAck, target);
  out.append('[');
  out.append(args_json);
  out.append(']');
}

void write_connect(BytesWriter& out, std::string_view namespace_name, std::string_view sid, std::string_view pid) {
  write_head(out, PacketType::kConnect, namespace_name);
  json::Writer writer(out);
  writer.begin_object().key("sid").string(sid);
  if (!pid.empty()) writer.key("pid").string(pid);
  writer.end_object();
}

void write_connect_error(BytesWriter& out, std::string_view namespace_name, std::string_view message) {
  write_head(out, PacketType::kConnectError, namespace_name);
  json::Writer(out).begin_object().key("message").string(message).end_object();
}

void write_disconnect(BytesWriter& out, std::string_view namespace_name) {
  write_head(out, PacketType::kDisconnect, namespace_name);
}

}  // namespace matchbus::socketio
