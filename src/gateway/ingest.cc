// The sockets that come and go, and the data they send.
#include "gateway/ingest.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "gateway/ingest_sender.h"
#include "match/key_policy.h"
#include "match/known_members.h"

namespace matchbus::gateway {
namespace {

constexpr int64_t kObserverBurstS = 60;
constexpr int64_t kAuxiliaryBurstS = 4;
constexpr int64_t kAuxiliariesOfMatch = 4;  // that may send all they may

}  // namespace

Ingest::Ingest(const Clock& clock, TimerWheel& timers, Log& log, match::MatchRegistry& registry, const KeyCheck& keys,
               match::VersionRange versions)
    : clock_(clock),
      timers_(timers),
      log_(log),
      registry_(registry),
      keys_(keys),
      versions_(std::move(versions)),
      faults_(clock, timers, log),
      held_(clock, timers, log) {}

Ingest::Sender& Ingest::sender_of(socketio::Socket& socket) {
  if (socket.data == nullptr) socket.data = std::make_unique<Sender>(*this, socket);
  return *static_cast<Sender*>(socket.data.get());
}

json::Value Ingest::parse(std::string_view text) {
  text_.assign(text);
  return document_.parse_in_place(text_) ? document_.root() : json::Value();
}

void Ingest::tell(std::string_view topic, std::string_view text) {
  constexpr int kAtOnce = 20;
  log_.limited(LogLevel::kInfo, topic, text, kAtOnce);
}

// --- Coming and going ---

void Ingest::on_connect(socketio::Socket& socket, json::Value auth) {
  if (!restores_) return;
  std::string_view note = socketio::offset_note(auth);
  if (note.starts_with(kAuxiliaryNote)) return restore_auxiliary(socket, note);
  if (take_note_part(note) != kObserverNote) return;
  const std::string_view secret = take_note_part(note);
  restore_observer(socket, secret, note);
}

void Ingest::restore_observer(socketio::Socket& socket, std::string_view secret, std::string_view group_code) {
  const match::Match* match = registry_.find_group(group_code);
  if (match == nullptr) return;
  bool is_right = false;
  if (!try_secret(socket, [&] { return is_right = registry_.is_secret(*match, secret); }) || !is_right) return;
  sender_of(socket).become_observer(std::string(group_code), secret);
  ++stats_.restored;
  tell("observer back", "the observer of group '" + std::string(group_code) +
                            "' is back with what its offset says, from " + socket.peer_address());
}

void Ingest::restore_auxiliary(socketio::Socket& socket, std::string_view note) {
  const std::string_view kind = take_note_part(note);
  const bool needs_proof = auxiliary_auth_ != AuxiliaryAuth::kOpen;
  if (kind != (needs_proof ? kProvenNote : kAuxiliaryNote)) return;
  const std::string_view proof = needs_proof ? take_note_part(note) : std::string_view();
  const std::string_view match_id = take_note_part(note);
  const std::string_view player_id = note;
  const match::Match* match = nullptr;
  const auto find = [&] {
    match = registry_.find_match_id(match_id, [&](const match::Match& one) {
      return !needs_proof ||
             match::equal_constant_time(proof, auxiliary_proof(auxiliary_auth_, registry_.secret_of(one), match_id));
    });
    return match != nullptr;
  };
  // A match that has gone is no wrong secret.
  if (!registry_.has_match_id(match_id)) return;
  if (needs_proof ? !try_secret(socket, find) : !find()) return;
  if (match == nullptr) return;
  Sender& sender = sender_of(socket);
  const bool is_bound = auxiliary_auth_ == AuxiliaryAuth::kSecret;
  sender.become_auxiliary(std::string(match_id), std::string(player_id),
                          std::string(is_bound ? match->group_code() : ""));
  sender.is_restored = true;
  registry_.auxiliary_back(match_id, player_id, clock_.wall_ms(), sender.group_code);
  ++stats_.restored;
  tell("auxiliary client back", "an auxiliary client of match '" + std::string(match_id) +
                                    "' is back with what its offset says, from " + socket.peer_address());
}

size_t Ingest::count(SenderState state) const {
  return static_cast<size_t>(
      std::count_if(senders_.begin(), senders_.end(), [state](const Sender* one) { return one->state == state; }));
}

void Ingest::on_suspended(socketio::Socket& socket) {
  if (socket.data == nullptr) return;
  Sender& sender = sender_of(socket);
  sender.is_lost = true;
  // There is nothing to come back to, and places for lost sockets are few.
  if (sender.state == SenderState::kUnknown) socket.disconnect(false);
  if (sender.state == SenderState::kAuxiliary) show_gone(sender);
}

void Ingest::on_recovered(socketio::Socket& socket) {
  if (socket.data == nullptr) return;
  Sender& sender = sender_of(socket);
  sender.is_lost = false;
  // To its client this is a new connection, and what it says first on one counts.
  sender.has_logon = false;
  if (sender.state == SenderState::kAuxiliary)
    registry_.auxiliary_back(sender.match_id, sender.player_id, clock_.wall_ms(), sender.group_code);
}

void Ingest::on_disconnect(socketio::Socket& socket, std::string_view /*reason*/) {
  if (socket.data != nullptr) end_session(sender_of(socket), SenderState::kRefused);
}

// --- Data ---

void Ingest::on_event(socketio::Socket& socket, const socketio::Event& event) {
  const std::string_view text = event.text(0).value_or("");
  if (event.name == "obs_data") {
    take_data(socket, match::Writer::kObserver, text);
  } else if (event.name == "aux_data") {
    take_data(socket, match::Writer::kAuxiliary, text);
  } else if (event.name == "obs_logon") {
    sender_of(socket).patience.cancel();
    log_on_observer(sender_of(socket), text);
  } else if (event.name == "aux_logon") {
    sender_of(socket).patience.cancel();
    log_on_auxiliary(sender_of(socket), text);
  }
}

void Ingest::take_data(socketio::Socket& socket, match::Writer writer, std::string_view text) {
  Sender& sender = sender_of(socket);
  const SenderState needed = writer == match::Writer::kObserver ? SenderState::kObserver : SenderState::kAuxiliary;
  if (sender.state != needed) return take_early(sender, writer);
  if (!may_send(sender, writer, text.size())) return;
  texts_.clear();
  auto envelope = match::read_envelope(parse(text), writer, clock_.wall_ms(), &texts_);
  if (!envelope) {
    ++stats_.unreadable;
    return log_.limited(LogLevel::kWarning, "unreadable event",
                        "ignored an unreadable event from " + sender.socket.peer_address());
  }
  ++stats_.events;
  if (text.size() > match::kMaxWholeEvent) reduce(*envelope);
  match::Outcome outcome;
  if (writer == match::Writer::kObserver) {
    outcome = registry_.receive_observer(sender.group_code, *envelope);
  } else {
    if (sender.player_id.empty()) learn_player(sender, match::spoken_for(*envelope));
    // Whatever id the client still knows the match by.
    envelope->match_id = sender.match_id;
    outcome = registry_.receive_auxiliary(*envelope, sender.group_code);
  }
  faults_.note(writer == match::Writer::kObserver ? sender.group_code : sender.match_id, sender.player_id, *envelope,
               outcome);
}

bool Ingest::may_send(Sender& sender, match::Writer writer, size_t size) {
  if (bytes_per_second_ == 0) return true;
  const bool is_observer = writer == match::Writer::kObserver;
  const auto rate = static_cast<int64_t>(bytes_per_second_);
  const int64_t burst = rate * (is_observer ? kObserverBurstS : kAuxiliaryBurstS);
  const auto bytes = static_cast<int64_t>(size);
  const int64_t now = clock_.monotonic_ms();
  if (sender.bytes.take(now, rate, burst, bytes)) {
    if (is_observer) return true;
    bus::TokenBucket& all = auxiliary_bytes_[sender.match_id];
    if (all.take(now, kAuxiliariesOfMatch * rate, kAuxiliariesOfMatch * burst, bytes)) return true;
  }
  ++stats_.too_fast;
  log_.limited(LogLevel::kWarning, is_observer ? "observer too fast" : "auxiliary client too fast",
               "dropped an event of a sender that sends more than --max-sender-rate (MAX_SENDER_RATE), from " +
                   sender.socket.peer_address());
  return false;
}

void Ingest::reduce(match::Envelope& event) {
  ++stats_.reduced;
  BytesWriter known;
  match::write_known_members(known, event.type, event.data);
  reduced_text_.assign(known.view());
  event.data = reduced_document_.parse_in_place(reduced_text_) ? reduced_document_.root() : json::Value();
}

// Which player an auxiliary client speaks for that did not say so when it logged on.
void Ingest::learn_player(Sender& sender, std::string_view player_id) {
  if (player_id.empty()) return;
  sender.become_auxiliary(sender.match_id, std::string(player_id), sender.group_code);
  if (sender.is_restored)
    registry_.auxiliary_back(sender.match_id, sender.player_id, clock_.wall_ms(), sender.group_code);
}

void Ingest::take_early(Sender& sender, match::Writer writer) {
  ++stats_.before_logon;
  log_.limited(LogLevel::kWarning, "data before logon",
               "ignored data of a sender that is not logged on, from " + sender.socket.peer_address());
  // One whose logon is being checked has its answer coming; one that is logged on as the other kind is not mute.
  if (sender.state == SenderState::kUnknown) sender.expect_logon(writer);
}

void Ingest::turn_away(Sender& sender, match::Writer writer) {
  ++stats_.turned_away;
  log_.limited(LogLevel::kWarning, "turned away",
               "disconnected a sender that sends data and does not log on, from " + sender.socket.peer_address());
  answer(sender, writer == match::Writer::kObserver ? kObserverAnswer : kAuxiliaryAnswer, kObserverType, false,
         match::kReasonNotLoggedOn);
  sender.state = SenderState::kRefused;
  sender.socket.disconnect(true);
}

// --- What becomes of matches ---

void Ingest::on_match_id_changed(const match::Match& match, const std::string& before) {
  if (match.match_id().empty()) return;
  const bool is_other_left = registry_.has_match_id(before);
  if (!is_other_left) auxiliary_bytes_.erase(before);
  for (Sender* sender : senders_) {
    if (sender->assists(match, before) && (!sender->group_code.empty() || !is_other_left))
      sender->become_auxiliary(std::string(match.match_id()), sender->player_id, sender->group_code);
  }
}

void Ingest::on_match_removed(const match::Match& match) {
  bool id_lives_on = false;
  registry_.for_each(
      [&](match::Match& other) { id_lives_on |= &other != &match && other.match_id() == match.match_id(); });
  if (!id_lives_on) auxiliary_bytes_.erase(std::string(match.match_id()));
  for (Sender* sender : senders_) {
    const bool observer = sender->state == SenderState::kObserver && sender->group_code == match.group_code();
    const bool auxiliary = sender->assists(match, match.match_id()) && (!sender->group_code.empty() || !id_lives_on);
    if (observer || auxiliary) sender->socket.disconnect(true);  // ends at the end of the turn: the set stays as it is
  }
}

}  // namespace matchbus::gateway
