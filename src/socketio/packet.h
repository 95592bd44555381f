// Socket.IO v5 packets as bytes, pure. What is written starts with the Engine.IO packet type '4', so that it can be
// sent (and shared) as it is; what is read comes without it.
// https://socket.io/docs/v4/socket-io-protocol/#packet-encoding
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "json/document.h"

namespace matchbus::socketio {

enum class PacketType : uint8_t {
  kConnect,
  kDisconnect,
  kEvent,
  kAck,
  kConnectError,
  kBinaryEvent,
  kBinaryAck,
};

// Everything in front of a packet's JSON payload, borrowed from the text.
struct PacketHead {
  PacketType type = PacketType::kConnect;
  size_t attachments = 0;           // binary packets: how many binary messages follow
  std::string_view namespace_name;  // "/" if the packet names none
  std::optional<uint64_t> ack_id;   // at most 2^53 - 1, so that ECMAScript clients keep it exact
  std::span<char> payload;          // JSON text, possibly empty

  bool is_event() const { return type == PacketType::kEvent || type == PacketType::kBinaryEvent; }
  bool is_ack() const { return type == PacketType::kAck || type == PacketType::kBinaryAck; }
  bool is_binary() const { return type == PacketType::kBinaryEvent || type == PacketType::kBinaryAck; }
};

// `<type>[<attachments>-][<namespace>,][<ack id>][payload]`. Nothing: malformed.
std::optional<PacketHead> parse_head(std::span<char> text);

// True if `payload` (missing if the packet has none) is what a packet of this type carries: an object or nothing to
// connect, an array for acks, an array that starts with an event's name (not a reserved one) for events; and if, in
// binary packets, every placeholder stands for an attachment.
bool is_valid_payload(const PacketHead& head, json::Value payload);

// `{"_placeholder":true,"num":n}`: n.
std::optional<size_t> placeholder(json::Value value);

// What is common to written event and ack packets.
struct PacketTarget {
  std::string_view namespace_name = "/";
  std::optional<uint64_t> ack_id = std::nullopt;
  size_t attachments = 0;  // not 0: a binary packet, whose payload holds as many placeholders
};

// `args_json`: JSON texts separated by commas, possibly none. `offset`: a recovery offset, appended as last argument if
// not empty.
void write_event(BytesWriter& out, const PacketTarget& target, std::string_view event, std::string_view args_json,
                 std::string_view offset = {});
// The same with one string argument.
void write_text_event(BytesWriter& out, const PacketTarget& target, std::string_view event, std::string_view text,
                      std::string_view offset = {});
void write_ack(BytesWriter& out, const PacketTarget& target, std::string_view args_json);
// `pid`: the recovery identifier, left out if empty.
void write_connect(BytesWriter& out, std::string_view namespace_name, std::string_view sid, std::string_view pid);
void write_connect_error(BytesWriter& out, std::string_view namespace_name, std::string_view message);
void write_disconnect(BytesWriter& out, std::string_view namespace_name);

}  // namespace matchbus::socketio
