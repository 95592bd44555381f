// Any bytes as an Engine.IO polling payload, and each text message in it as a Socket.IO packet. What was read, written
// again, reads the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "json/document.h"
#include "json/writer.h"
#include "socketio/engine_packet.h"
#include "socketio/packet.h"

namespace {

using namespace matchbus;

void require(bool condition) {
  if (!condition) std::abort();
}

std::string_view as_view(std::span<char> bytes) { return {bytes.data(), bytes.size()}; }

// The packet's arguments behind the event's name, as texts with commas.
std::string arguments(json::Value payload) {
  BytesWriter out;
  for (size_t i = 1; i < payload.size(); ++i) {
    if (i != 1) out.append(',');
    json::write_value(out, payload.at(i));
  }
  return std::string(out.view());
}

std::string rewrite(const socketio::PacketHead& head, json::Value payload) {
  BytesWriter out;
  const socketio::PacketTarget target{head.namespace_name, head.ack_id, head.attachments};
  if (head.is_event()) {
    write_event(out, target, payload.at(0).string().value(), arguments(payload));
  } else {
    BytesWriter elements;
    for (size_t i = 0; i < payload.size(); ++i) {
      if (i != 0) elements.append(',');
      json::write_value(elements, payload.at(i));
    }
    write_ack(out, target, elements.view());
  }
  return std::string(out.view().substr(1));
}

// Reads a packet, and an event or ack once more as it is written again.
void read(std::span<char> text, bool again) {
  const auto head = socketio::parse_head(text);
  if (!head) return;
  static json::Document documents[2];
  json::Document& document = documents[again ? 1 : 0];
  json::Value payload;
  if (!head->payload.empty()) {
    if (!document.parse_in_place(head->payload).ok()) return require(!again);
    payload = document.root();
  }
  const bool valid = is_valid_payload(*head, payload);
  require(valid || !again);
  if (!valid || again || !(head->is_event() || head->is_ack())) return;
  std::string written = rewrite(*head, payload);
  const std::string expected = written;
  const auto second = socketio::parse_head(written);
  require(second && second->namespace_name == head->namespace_name && second->ack_id == head->ack_id);
  require(second->attachments == head->attachments && second->is_ack() == head->is_ack());
  read(written, true);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string payload(reinterpret_cast<const char*>(data), size);
  BytesWriter out;
  socketio::PayloadWriter writer(out);
  std::string single(payload);
  read(single, false);
  socketio::PayloadReader reader(payload);
  while (const auto packet = reader.next()) {
    if (packet->binary) {
      writer.binary(as_view(packet->data));
      continue;
    }
    writer.text({packet->data.data() - 1, packet->data.size() + 1});
    if (packet->type == socketio::EnginePacketType::kMessage) {
      std::string text(as_view(packet->data));
      read(text, false);
    }
  }
  // Base64 may come with and without padding, so the written payload is compared with itself, read once more.
  std::string first(out.view());
  const std::string expected = first;
  BytesWriter once_more;
  socketio::PayloadWriter second(once_more);
  socketio::PayloadReader rereader(first);
  while (const auto packet = rereader.next()) {
    packet->binary ? second.binary(as_view(packet->data))
                   : second.text({packet->data.data() - 1, packet->data.size() + 1});
  }
  require(once_more.view() == expected);
  return 0;
}
