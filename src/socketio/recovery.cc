#include "socketio/recovery.h"

#include <charconv>
#include <utility>

#include "base/random.h"
#include "socketio/socket.h"

namespace matchbus::socketio {
namespace {

constexpr char kNoteMark = '.';  // between an offset's number and its note

// The number at the start of an offset; nothing if it is none of ours.
std::optional<uint64_t> number_of(std::string_view offset) {
  constexpr uint64_t kMax = uint64_t{1} << 53;
  uint64_t number = 0;
  const char* end = offset.data() + offset.size();
  const auto [stop, error] = std::from_chars(offset.data(), end, number);
  if (error != std::errc() || (stop != end && *stop != kNoteMark) || number > kMax) return std::nullopt;
  return number;
}

}  // namespace

size_t KeptEvent::bytes() const {
  size_t size = packet.size();
  for (const Bytes& attachment : attachments) size += attachment.size();
  return size;
}

std::vector<std::string_view> KeptEvent::views() const {
  std::vector<std::string_view> views;
  for (const Bytes& attachment : attachments) views.push_back(attachment.view());
  return views;
}

std::string_view offset_note(json::Value auth) {
  const std::string_view offset = auth["offset"].string().value_or("");
  const size_t mark = offset.find(kNoteMark);
  return mark == std::string_view::npos || !number_of(offset) ? std::string_view() : offset.substr(mark + 1);
}

std::string EventLog::offset(uint64_t number) const {
  std::string text = std::to_string(number);
  if (!note_.empty()) text.append(1, kNoteMark).append(note_);
  return text;
}

void EventLog::continue_from(std::string_view offset) {
  if (const auto number = number_of(offset)) last_ = dropped_ = lost_at_ = *number;
}

void EventLog::keep(Bytes packet, std::span<const std::string_view> attachments, bool once) {
  KeptEvent event{++last_, std::move(packet), {}, once};
  for (const std::string_view attachment : attachments) event.attachments.push_back(Bytes::copy(attachment));
  bytes_ += event.bytes();
  events_.push_back(std::move(event));
  while (!events_.empty() && (events_.size() > max_events_ || bytes_ > max_bytes_)) {
    dropped_ = events_.front().number;
    bytes_ -= events_.front().bytes();
    events_.pop_front();
  }
}

std::optional<uint64_t> EventLog::find(std::optional<std::string_view> offset) const {
  const std::optional<uint64_t> number = offset ? number_of(*offset) : 0;
  if (!number || *number < dropped_ || *number > last_) return std::nullopt;
  return number;
}

void EventLog::drop_once() {
  std::erase_if(events_, [this](const KeptEvent& event) {
    if (event.once) bytes_ -= event.bytes();
    return event.once;
  });
}

Recovery::Recovery(ServerSocket& socket, size_t max_events, size_t max_bytes)
    : socket_(socket), pid_(random_id()), log_(max_events, max_bytes) {}

void Recovery::on_timer(Timer&) { socket_.leave(ServerSocket::Leave::kLost); }

RecoveryTable::RecoveryTable(size_t max_lost, size_t max_of_party) : max_lost_(max_lost), max_of_party_(max_of_party) {}
RecoveryTable::~RecoveryTable() = default;

void RecoveryTable::add(ServerSocket& socket) { by_pid_.emplace(socket.recovery()->pid(), &socket); }

void RecoveryTable::remove(ServerSocket& socket) { by_pid_.erase(socket.recovery()->pid()); }

ServerSocket* RecoveryTable::find(std::string_view pid) const {
  const auto found = by_pid_.find(pid);
  return found == by_pid_.end() ? nullptr : found->second;
}

Standing RecoveryTable::standing_of(const ServerSocket& socket) {
  return socket.data != nullptr ? socket.data->standing() : Standing{Kind::kStranger, {}};
}

bool RecoveryTable::has_room(const ServerSocket& socket) const {
  const Standing standing = standing_of(socket);
  const auto party = parties_.find({standing.kind, std::string(standing.party)});
  // The oldest of the party gives way.
  if (party != parties_.end() && party->second.size() >= max_of_party_) return true;
  const size_t known = count_of(Kind::kKnown);
  if (standing.kind == Kind::kKnown) return known < max_lost_ || (!standing.party.empty() && party == parties_.end());
  const size_t strangers = count_of(Kind::kStranger);
  if (strangers + count_of(Kind::kGuest) >= max_lost_) return false;
  return standing.kind == Kind::kGuest || strangers < max_lost_ / 10;
}

ServerSocket* RecoveryTable::keep_lost(std::unique_ptr<ServerSocket> socket) {
  const Standing standing = standing_of(*socket);
  Lost lost{nullptr, {standing.kind, std::string(standing.party)}};
  ServerSocket* crowded_out = nullptr;
  if (!standing.party.empty()) {
    std::deque<ServerSocket*>& party = parties_[lost.party];
    if (party.size() >= max_of_party_) {
      crowded_out = party.front();
      party.pop_front();
    }
    party.push_back(socket.get());
  }
  ++count_of(standing.kind);
  ServerSocket* const key = socket.get();
  lost.socket = std::move(socket);
  lost_.emplace(key, std::move(lost));
  return crowded_out;
}

void RecoveryTable::leave_party(const Party& party, ServerSocket& socket) {
  const auto found = parties_.find(party);
  if (found == parties_.end()) return;
  std::erase(found->second, &socket);
  if (found->second.empty()) parties_.erase(found);
}

std::unique_ptr<ServerSocket> RecoveryTable::take_lost(ServerSocket& socket) {
  const auto found = lost_.find(&socket);
  if (found == lost_.end()) return nullptr;
  --count_of(found->second.party.first);
  leave_party(found->second.party, socket);
  std::unique_ptr<ServerSocket> taken = std::move(found->second.socket);
  lost_.erase(found);
  return taken;
}

std::vector<ServerSocket*> RecoveryTable::all_lost() const {
  std::vector<ServerSocket*> sockets;
  sockets.reserve(lost_.size());
  for (const auto& [socket, lost] : lost_) sockets.push_back(socket);
  return sockets;
}

}  // namespace matchbus::socketio
