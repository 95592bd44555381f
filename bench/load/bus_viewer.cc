#include "load/bus_viewer.h"

#include <time.h>
#include <unistd.h>

#include <charconv>
#include <optional>

#include "bus/token_mint.h"
#include "load/bus_publisher.h"

namespace matchbus::load {
namespace {

constexpr uint8_t kText = 1;
constexpr int64_t kTokenSeconds = 3'600;

struct EventHead {
  int64_t id = 0;
  std::string_view type;
};

// The server writes both first.
std::optional<EventHead> read_head(std::string_view text) {
  constexpr std::string_view kId = "{\"event_id\":";
  constexpr std::string_view kType = ",\"type\":\"";
  if (!text.starts_with(kId)) return std::nullopt;
  text.remove_prefix(kId.size());
  EventHead head;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), head.id);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  if (!text.starts_with(kType)) return std::nullopt;
  text.remove_prefix(kType.size());
  head.type = text.substr(0, text.find('"'));
  return head;
}

}  // namespace

std::string bus_team() { return "LOAD-" + std::to_string(getpid()); }
std::string bus_user(size_t number) { return "load-" + std::to_string(getpid()) + "-" + std::to_string(number); }

std::string BusViewer::target() const {
  if (!comes_back()) return options().path;
  return options().path + "?last_event_id=" + std::to_string(place_.last_event_id);
}

std::string BusViewer::more_headers() const {
  const std::string claims = R"({"sub":")" + bus_user(place_.number) + R"(","exp":)" +
                             std::to_string(time(nullptr) + kTokenSeconds) + R"(,"username":"Player )" +
                             std::to_string(place_.number) + R"(","sector_id":")" + place_.group_code +
                             R"(","team_id":")" + bus_team() + "\"}";
  return "Authorization: Bearer " + bus::mint_token(options().bus.secret, claims) + "\r\n";
}

void BusViewer::take_packet(const ScannedFrame& frame) {
  const BroadcastPtr broadcast = read(frame.payload, frame.compressed);
  take_message(broadcast, frame.compressed, frame.wire_bytes);
  const auto head = broadcast ? read_head(broadcast->start) : std::nullopt;
  if (!head) return fail();
  if (head->id <= last_id_) ++totals().bus.disorder;
  last_id_ = head->id;
  take_event(head->type);
}

void BusViewer::take_event(std::string_view type) {
  if (type == kBusType) {
    ++totals().bus.events;
    if (!is_ready() && ++caught_up_ == options().bus.missed) ready();
  } else if (type == "connected") {
    if (!comes_back() && options().bus.topics != 0) return subscribe();
    if (!comes_back() || options().bus.missed == 0) ready();
  } else if (type == "subscribed") {
    if (!is_ready()) ready();
  } else if (type == "state_resync") {
    ++totals().bus.resyncs;
    if (!is_ready()) ready();
  } else if (type == "error" || type == "subscription_rejected") {
    fail();
  }
}

void BusViewer::subscribe() {
  std::string text = R"({"type":"subscribe","topics":[)";
  for (size_t i = 0; i < options().bus.topics; ++i) {
    if (i != 0) text += ',';
    text += "\"market:load-" + std::to_string(i) + '"';
  }
  send_frame(text + "]}", kText);
}

}  // namespace matchbus::load
