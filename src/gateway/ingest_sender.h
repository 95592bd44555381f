// What the ingest door knows of a socket that has asked to be let in, was let in by what it brought back, or sends data
// without either. For the door's own files only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/timer_wheel.h"
#include "gateway/ingest.h"

namespace matchbus::gateway {

// The socket's data. In the door's list for its life.
struct Ingest::Sender final : socketio::SocketData, private Timer::Handler {
  Sender(Ingest& the_door, socketio::Socket& the_socket) : door(the_door), socket(the_socket) {
    door.senders_.insert(this);
  }
  ~Sender() override { door.senders_.erase(this); }

  // An observer's place for a lost socket is nobody else's, and auxiliary clients share theirs with those of their
  // match.
  socketio::Standing standing() const override {
    using Kind = socketio::Standing::Kind;
    if (state == SenderState::kObserver) return {Kind::kKnown, group_code};
    if (state == SenderState::kAuxiliary) return {Kind::kGuest, match_id};
    return {Kind::kStranger, {}};
  }

  // Logged on. Either leaves with the socket what admits its client again, see Ingest::on_connect.
  void become_observer(std::string group, std::string_view secret);
  // `group`: the only one that it writes to, or "".
  void become_auxiliary(std::string match, std::string player, std::string group);
  // An auxiliary client of `match`, which has the id `id`.
  bool assists(const match::Match& match, std::string_view id) const {
    return state == SenderState::kAuxiliary && match_id == id &&
           (group_code.empty() || group_code == match.group_code());
  }

  // It sends data as `writer` before its logon, which has to come soon.
  void expect_logon(match::Writer writer) {
    expected_of = writer;
    if (!patience.is_set()) door.timers_.set(patience, kLogonPatienceMs);
  }
  void on_timer(Timer&) override { door.turn_away(*this, expected_of); }

  bool is_restored = false;  // an auxiliary client let in by what it brought back
  Ingest& door;
  socketio::Socket& socket;
  SenderState state = SenderState::kUnknown;
  bool has_logon = false;  // one has come over this connection
  bool is_lost = false;    // its connection is, and may come back
  // While a logon waits for its answer (kChecking: its key for a check): gone if the sender is.
  std::shared_ptr<Sender*> self;
  std::string group_code;  // observer; auxiliary: the only group that it writes to, or ""
  std::string match_id;    // auxiliary
  std::string player_id;   // auxiliary; learnt from its first scoreboard if it came without one
  bus::TokenBucket bytes;  // of events, see Ingest::limit_rate
  match::Writer expected_of = match::Writer::kObserver;
  Timer patience{*this};
};

// Answers: their events, and the types they have.
constexpr std::string_view kObserverAnswer = "obs_logon_ack";
constexpr std::string_view kAuxiliaryAnswer = "aux_logon_ack";
constexpr std::string_view kObserverType = "authenticate";  // that of every no, too
constexpr std::string_view kAuxiliaryType = "aux_authenticate";

// A note that a sender leaves with its socket, and brings back when it connects again (socketio::offset_note): an
// observer what admits it to its match, an auxiliary client what it said of itself.
constexpr std::string_view kObserverNote = "observer";
constexpr std::string_view kAuxiliaryNote = "auxiliary";
// The same where an auxiliary client has to know something: a proof that it did, and what it said of itself.
constexpr std::string_view kProvenNote = "auxiliary-proof";
constexpr char kNoteSeparator = '\n';

inline std::string note_of(std::string_view kind, std::string_view first, std::string_view second) {
  std::string note(kind);
  for (const std::string_view part : {first, second}) note.append(1, kNoteSeparator).append(part);
  return note;
}

// The part before the next separator, which is taken off `note`; all of it if there is none.
inline std::string_view take_note_part(std::string_view& note) {
  const std::string_view part = note.substr(0, note.find(kNoteSeparator));
  note.remove_prefix(std::min(note.size(), part.size() + 1));
  return part;
}

inline void Ingest::Sender::become_observer(std::string group, std::string_view secret) {
  state = SenderState::kObserver;
  group_code = std::move(group);
  socket.set_offset_note(note_of(kObserverNote, secret, group_code));
  socket.admit(net::Standing::kTrusted);
}

inline void Ingest::Sender::become_auxiliary(std::string match, std::string player, std::string group) {
  state = SenderState::kAuxiliary;
  match_id = std::move(match);
  player_id = std::move(player);
  group_code = std::move(group);
  socket.admit(net::Standing::kGuest);
  const std::string said = note_of(kAuxiliaryNote, match_id, player_id);
  if (door.auxiliary_auth_ == AuxiliaryAuth::kOpen) return socket.set_offset_note(said);
  const match::Match* const proving = door.registry_.find_match_id(
      match_id, [this](const match::Match& one) { return group_code.empty() || one.group_code() == group_code; });
  if (proving == nullptr) return socket.set_offset_note({});
  const std::string proof = auxiliary_proof(door.auxiliary_auth_, door.registry_.secret_of(*proving), match_id);
  socket.set_offset_note(note_of(kProvenNote, proof, said.substr(kAuxiliaryNote.size() + 1)));
}

}  // namespace matchbus::gateway
