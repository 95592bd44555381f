// The ingest door (5100): observers and auxiliary clients log on and send events to their matches (spec section 1).
//
// A session is what a logon opened: an observer's group, an auxiliary client's match and player. It outlives its
// connection, in one of two ways. Within the recovery window the socket itself comes back. Later, or after a start of
// the server, the client's offset says what had been logged on (ingest_sender.h), and admits it while the match lives.
// Clients that never log on again so go on, and those that do are answered with the session they have: only the first
// logon of a connection can open another one. Nobody who sends data without a session is left connected.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "base/bytes.h"
#include "base/log.h"
#include "base/timer_wheel.h"
#include "bus/token_bucket.h"
#include "gateway/auxiliary_auth.h"
#include "gateway/event_faults.h"
#include "gateway/held_answers.h"
#include "gateway/key_check.h"
#include "json/document.h"
#include "match/logon.h"
#include "match/registry.h"
#include "match/version_range.h"
#include "socketio/server.h"

namespace matchbus::gateway {

struct IngestStats {
  uint64_t logons = 0;          // that opened a session, observers' and auxiliary clients'
  uint64_t repeated = 0;        // that were answered with the session the sender has
  uint64_t restored = 0;        // sessions given back for what a client's offset says
  uint64_t refused_logons = 0;  // answered with a reason
  uint64_t turned_away = 0;     // senders disconnected for data without a logon
  uint64_t events = 0;          // with a readable envelope, of senders that are logged on
  uint64_t unreadable = 0;      // no JSON, or no envelope
  uint64_t before_logon = 0;    // data of senders that are not logged on
  uint64_t too_fast = 0;        // events beyond the bytes a second of their sender
  uint64_t reduced = 0;         // events larger than any client's, of which only what is known was taken
};

class Ingest final : public socketio::SocketHandler {
 public:
  // A client that sends data before its logon has so long for that: what it wanted to send while it had no connection
  // comes before the logon that it sends when it has one.
  static constexpr int64_t kLogonPatienceMs = 2'000;

  // Borrows everything for its life.
  Ingest(const Clock& clock, TimerWheel& timers, Log& log, match::MatchRegistry& registry, const KeyCheck& keys,
         match::VersionRange versions);

  void on_connect(socketio::Socket& socket, json::Value auth) override;
  void on_event(socketio::Socket& socket, const socketio::Event& event) override;
  void on_suspended(socketio::Socket& socket) override;
  void on_recovered(socketio::Socket& socket) override;
  void on_disconnect(socketio::Socket& socket, std::string_view reason) override;

  // The yes to a logon is given when what it promises is recorded there. Null at first: at once.
  void set_gate(RecordGate* gate) { held_.set_gate(gate); }
  void on_recorded(uint64_t batch) { held_.on_recorded(batch); }

  // Whether a client's offset gives its session back (spec section 1.4). On at first.
  void restore_sessions(bool on) { restores_ = on; }
  // What auxiliary clients have to know. kOpen at first.
  void set_auxiliary_auth(AuxiliaryAuth auth) { auxiliary_auth_ = auth; }
  // Bytes of events that each sender may send a second, over time; 0, as at first: no limit. What it saved up it may
  // send at once: an observer's, which may have been without a connection, a minute's worth, an auxiliary client's,
  // which tells only of the moment, that of some seconds. All auxiliary clients of a match together, of whom there may
  // be any number, may send what four of them may.
  void limit_rate(size_t bytes_per_second) { bytes_per_second_ = bytes_per_second; }

  // `match` had the id `before`: the auxiliary clients that speak for no other match of that id stay with it.
  void on_match_id_changed(const match::Match& match, const std::string& before);
  // `match` leaves: its observers are disconnected, and the auxiliary clients that speak for no other live match.
  void on_match_removed(const match::Match& match);

  const IngestStats& stats() const { return stats_; }
  // What was wrong with events of senders that are logged on.
  const EventFaults& faults() const { return faults_; }
  size_t senders() const { return senders_.size(); }
  // Those that are logged on, and connected or waited for.
  size_t observers() const { return count(SenderState::kObserver); }
  size_t auxiliaries() const { return count(SenderState::kAuxiliary); }

 private:
  struct Sender;
  enum class SenderState : uint8_t { kUnknown, kChecking, kObserver, kAuxiliary, kRefused };

  // --- ingest.cc ---
  // Makes one if the socket has none. Not before it is needed: most connections of strangers never say anything.
  Sender& sender_of(socketio::Socket& socket);
  void restore_observer(socketio::Socket& socket, std::string_view secret, std::string_view group_code);
  void restore_auxiliary(socketio::Socket& socket, std::string_view note);
  size_t count(SenderState state) const;
  void take_data(socketio::Socket& socket, match::Writer writer, std::string_view text);
  // False, and said: it sends more than it may.
  bool may_send(Sender& sender, match::Writer writer, size_t size);
  // Leaves of the event's data what the server knows of, valid until the next call.
  void reduce(match::Envelope& event);
  // Data of a sender that is not logged on as `writer`.
  void take_early(Sender& sender, match::Writer writer);
  void learn_player(Sender& sender, std::string_view player_id);
  // Its logon did not come.
  void turn_away(Sender& sender, match::Writer writer);
  // The parsed root of `text`; missing if it is no JSON. Valid until the next call.
  json::Value parse(std::string_view text);
  // A line about a sender that came: some at once, as at the start of a tournament, and then one a second for each
  // topic.
  void tell(std::string_view topic, std::string_view text);

  // --- ingest_logon.cc ---
  void log_on_observer(Sender& sender, std::string_view text);
  // The key's check may have taken a while.
  void on_key_checked(Sender& sender, const match::ObserverLogon& logon, const KeyAnswer& checked);
  void log_on_auxiliary(Sender& sender, std::string_view text);
  // Everything but its key has yet to be found good; `keeps` as for `refuse`.
  void admit_auxiliary(Sender& sender, const match::AuxiliaryLogon& logon, bool keeps);
  // The match that a sender with this match id may write to and that nobody else has to be asked about: a live one
  // with the secret, or just a live one where none is needed. Null: none.
  match::Match* find_for_auxiliary(const match::AuxiliaryLogon& logon);
  // Compares a secret that came over `socket`; false: it may not be, since too many wrong ones came before.
  bool try_secret(const socketio::Socket& socket, const std::function<bool()>& is_right);
  // What viewers see of an auxiliary client while its connection is lost, and after its end.
  void show_gone(const Sender& sender);
  // Whether the sender is logged on to a match that lives.
  bool has_session(const Sender& sender) const;
  // Ends what a sender was logged on to, if it was: it is `next` now.
  void end_session(Sender& sender, SenderState next);
  void answer(Sender& sender, std::string_view event, std::string_view type, bool value, std::string_view reason);
  // Says yes when it is recorded, unless the session has ended by then.
  void welcome(Sender& sender, std::string_view event, std::string_view type, std::string reason);
  // A logon for the session that the sender has.
  void confirm(Sender& sender, std::string_view event, std::string_view type, std::string_view reason);
  // Says no, and disconnects: unless `keeps`, as a sender that was logged on already goes on as it was. `reason` is
  // what the client is told; `cause`, a fixed text, is for the log.
  void refuse(Sender& sender, bool keeps, std::string_view event, std::string_view reason, std::string_view cause);

  const Clock& clock_;
  TimerWheel& timers_;
  Log& log_;
  match::MatchRegistry& registry_;
  const KeyCheck& keys_;
  match::VersionRange versions_;
  bool restores_ = true;
  AuxiliaryAuth auxiliary_auth_ = AuxiliaryAuth::kOpen;
  size_t bytes_per_second_ = 0;
  std::unordered_map<std::string, bus::TokenBucket> auxiliary_bytes_;  // by the ids of live matches
  IngestStats stats_;
  EventFaults faults_;
  HeldAnswers held_;
  std::unordered_set<Sender*> senders_;
  // Scratch, used again for every event.
  std::string text_;
  json::Document document_;
  json::TextReader texts_;
  // The same for events that are reduced, which hardly any is.
  std::string reduced_text_;
  json::Document reduced_document_;
};

}  // namespace matchbus::gateway
