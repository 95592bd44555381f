#include "gateway/ingest.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "json/writer.h"

namespace matchbus::gateway {
namespace {

constexpr std::string_view kObserverAnswer = "obs_logon_ack";

// Of a key that is not valid.
std::string_view reason_for(KeyStatus status) {
  if (status == KeyStatus::kInvalid) return match::kReasonInvalidKey;
  return status == KeyStatus::kExpired ? match::kReasonExpiredKey : match::kReasonUnknownError;
}

std::string_view cause_for(KeyStatus status) {
  if (status == KeyStatus::kInvalid) return "the key is none of this server's";
  return status == KeyStatus::kExpired ? "the key was good once" : "the key could not be checked";
}

constexpr std::string_view kObserverNote = "observer";
constexpr std::string_view kAuxiliaryNote = "auxiliary";

// What a sender brings back when it connects to a server that has been started again: an observer what admits it to its
// match, an auxiliary client what it said of itself.
constexpr char kNoteSeparator = '\n';

std::string note_of(std::string_view kind, std::string_view first, std::string_view second) {
  std::string note(kind);
  for (const std::string_view part : {first, second}) note.append(1, kNoteSeparator).append(part);
  return note;
}

// The part before the next separator, which is taken off `note`; all of it if there is none.
std::string_view take_part(std::string_view& note) {
  const std::string_view part = note.substr(0, note.find(kNoteSeparator));
  note.remove_prefix(std::min(note.size(), part.size() + 1));
  return part;
}

}  // namespace

// What the door knows of a socket that has asked to be let in.
struct Ingest::Sender final : socketio::SocketData {
  enum class State : uint8_t { kChecking, kObserver, kAuxiliary, kRefused };

  Sender(Ingest& the_door, socketio::Socket& the_socket) : door(the_door), socket(the_socket) {
    door.senders_.insert(this);
  }
  ~Sender() override { door.senders_.erase(this); }

  // Logged on.
  void become_observer(std::string group, std::string_view secret) {
    state = State::kObserver;
    group_code = std::move(group);
    socket.set_offset_note(note_of(kObserverNote, secret, group_code));
  }
  void become_auxiliary(std::string match, std::string player) {
    state = State::kAuxiliary;
    match_id = std::move(match);
    player_id = std::move(player);
    socket.set_offset_note(note_of(kAuxiliaryNote, match_id, player_id));
  }

  Ingest& door;
  socketio::Socket& socket;
  State state = State::kChecking;
  bool has_logon = false;         // the first on this socket, which alone counts, has come
  std::shared_ptr<Sender*> self;  // while its key is checked: gone if the sender is
  std::string group_code;         // observer
  std::string match_id;           // auxiliary
  std::string player_id;          // auxiliary; learnt from its first scoreboard if it came without one
};

Ingest::Ingest(const Clock& clock, Log& log, match::MatchRegistry& registry, const KeyCheck& keys,
               match::VersionRange versions)
    : clock_(clock), log_(log), registry_(registry), keys_(keys), versions_(std::move(versions)) {}

Ingest::Sender& Ingest::add_sender(socketio::Socket& socket) {
  auto made = std::make_unique<Sender>(*this, socket);
  Sender& sender = *made;
  socket.data = std::move(made);
  return sender;
}

void Ingest::on_connect(socketio::Socket& socket, json::Value auth) {
  if (clock_.monotonic_ms() >= restore_until_ms_) return;
  std::string_view note = socketio::offset_note(auth);
  const std::string_view kind = take_part(note);
  const std::string_view first = take_part(note);
  if (kind == kObserverNote) {
    restore_observer(socket, first, note);
  } else if (kind == kAuxiliaryNote && registry_.has_match_id(first)) {
    Sender& sender = add_sender(socket);
    sender.become_auxiliary(std::string(first), std::string(note));
    ++stats_.restored;
    log_.info("an auxiliary client of match '" + sender.match_id + "' is back from before the start, from " +
              socket.peer_address());
  }
}

void Ingest::restore_observer(socketio::Socket& socket, std::string_view secret, std::string_view group_code) {
  const match::Match* match = registry_.find_group(group_code);
  if (match == nullptr || !registry_.is_secret(*match, secret)) return;
  add_sender(socket).become_observer(std::string(group_code), secret);
  ++stats_.restored;
  log_.info("the observer of group '" + std::string(group_code) + "' is back from before the start, from " +
            socket.peer_address());
}

void Ingest::on_event(socketio::Socket& socket, const socketio::Event& event) {
  const std::string_view text = event.text(0).value_or("");
  if (event.name == "obs_data") {
    take_data(socket, match::Writer::kObserver, text);
  } else if (event.name == "aux_data") {
    take_data(socket, match::Writer::kAuxiliary, text);
  } else if (event.name == "obs_logon" || event.name == "aux_logon") {
    Sender* sender = static_cast<Sender*>(socket.data.get());
    // Not before: the recovery of lost sockets keeps most of its places for those with data.
    if (sender == nullptr) sender = &add_sender(socket);
    if (std::exchange(sender->has_logon, true)) return;
    event.name == "obs_logon" ? log_on_observer(*sender, text) : log_on_auxiliary(*sender, text);
  }
}

json::Value Ingest::parse(std::string_view text) {
  text_.assign(text);
  return document_.parse_in_place(text_) ? document_.root() : json::Value();
}

void Ingest::log_on_observer(Sender& sender, std::string_view text) {
  std::string_view cause;
  const Result<match::ObserverLogon> logon = match::read_observer_logon(parse(text), versions_, &cause);
  if (!logon) return refuse(sender, kObserverAnswer, logon.error().message, cause);
  sender.self = std::make_shared<Sender*>(&sender);
  keys_.check(logon->key, [this, self = std::weak_ptr(sender.self), logon = *logon](const KeyAnswer& checked) {
    if (const auto alive = self.lock()) on_key_checked(**alive, logon, checked);
  });
}

void Ingest::on_key_checked(Sender& sender, const match::ObserverLogon& logon, const KeyAnswer& checked) {
  sender.self.reset();
  if (checked.status != KeyStatus::kValid)
    return refuse(sender, kObserverAnswer, reason_for(checked.status), cause_for(checked.status));
  const auto admission = registry_.admit(logon, checked.organization, clock_.wall_ms());
  if (admission.entry == match::MatchRegistry::Entry::kRefused)
    return refuse(sender, kObserverAnswer, admission.reason,
                  admission.reason == match::kReasonUnknownError ? "no room for its match" : "live group");
  const bool is_new = admission.entry == match::MatchRegistry::Entry::kCreated;
  sender.become_observer(logon.group_code, is_new ? admission.reason : logon.group_secret);
  ++stats_.logons;
  log_.info("observer '" + logon.observer_name + "' logged on to group '" + logon.group_code + "' from " +
            sender.socket.peer_address() + (is_new ? "" : " again"));
  answer(sender, kObserverAnswer, "authenticate", true, admission.reason);
}

void Ingest::log_on_auxiliary(Sender& sender, std::string_view text) {
  constexpr std::string_view kAnswer = "aux_logon_ack";
  std::string_view cause;
  const Result<match::AuxiliaryLogon> logon = match::read_auxiliary_logon(parse(text), versions_, &cause);
  if (!logon) return refuse(sender, kAnswer, logon.error().message, cause);
  if (!registry_.has_match_id(logon->match_id))
    return refuse(sender, kAnswer, match::reason_no_match(logon->match_id_text), "no such match");
  sender.become_auxiliary(logon->match_id, logon->player_id);
  ++stats_.logons;
  log_.info("auxiliary client '" + logon->name + "' logged on to match '" + logon->match_id + "' from " +
            sender.socket.peer_address());
  answer(sender, kAnswer, "aux_authenticate", true, {});
}

void Ingest::take_data(socketio::Socket& socket, match::Writer writer, std::string_view text) {
  Sender* known = static_cast<Sender*>(socket.data.get());
  const Sender::State needed =
      writer == match::Writer::kObserver ? Sender::State::kObserver : Sender::State::kAuxiliary;
  if (known == nullptr || known->state != needed) {
    ++stats_.before_logon;
    return log_.limited(LogLevel::kWarning, "data before logon",
                        "ignored data of a sender that is not logged on, from " + socket.peer_address());
  }
  Sender& sender = *known;
  const auto envelope = match::read_envelope(parse(text), writer, clock_.wall_ms());
  if (!envelope) {
    ++stats_.unreadable;
    return log_.limited(LogLevel::kWarning, "unreadable event",
                        "ignored an unreadable event from " + sender.socket.peer_address());
  }
  ++stats_.events;
  match::Outcome outcome;
  if (writer == match::Writer::kObserver) {
    outcome = registry_.receive_observer(sender.group_code, *envelope);
  } else {
    if (sender.player_id.empty()) sender.player_id = match::spoken_for(*envelope);
    outcome = registry_.receive_auxiliary(*envelope);
  }
  if (outcome.verdict == match::Verdict::kRefused) {
    log_.limited(LogLevel::kWarning, outcome.reason,
                 "refused '" + std::string(envelope->type_name) + "' from " + sender.socket.peer_address() + ": " +
                     std::string(outcome.reason));
  }
}

void Ingest::answer(Sender& sender, std::string_view event, std::string_view type, bool value,
                    std::string_view reason) {
  BytesWriter out;
  json::Writer writer(out);
  writer.begin_object().key("type").string(type).key("value").boolean(value);
  if (!reason.empty()) writer.key("reason").string(reason);
  writer.end_object();
  sender.socket.emit(event, out.view());
}

void Ingest::refuse(Sender& sender, std::string_view event, std::string_view reason, std::string_view cause) {
  ++stats_.refused_logons;
  sender.state = Sender::State::kRefused;
  log_.limited(LogLevel::kWarning, "logon refused: " + std::string(cause),
               "refused a logon from " + sender.socket.peer_address() + ": " + std::string(reason) + " (" +
                   std::string(cause) + ")");
  answer(sender, event, "authenticate", false, reason);
  sender.socket.disconnect(true);
}

void Ingest::on_disconnect(socketio::Socket& socket, std::string_view /*reason*/) {
  const Sender* sender = static_cast<const Sender*>(socket.data.get());
  if (sender == nullptr || sender->state != Sender::State::kAuxiliary) return;
  // The client may be back on another socket already, since this one was only lost.
  const bool is_back = std::any_of(senders_.begin(), senders_.end(), [&](const Sender* other) {
    return other != sender && other->state == Sender::State::kAuxiliary && other->match_id == sender->match_id &&
           other->player_id == sender->player_id;
  });
  if (!is_back) registry_.auxiliary_gone(sender->match_id, sender->player_id, clock_.wall_ms());
}

bool Ingest::speaks_for(std::string_view match_id, std::string_view player_id) const {
  return std::any_of(senders_.begin(), senders_.end(), [&](const Sender* sender) {
    return sender->state == Sender::State::kAuxiliary && sender->match_id == match_id &&
           (sender->player_id.empty() || sender->player_id == player_id);
  });
}

void Ingest::on_match_id_changed(const match::Match& match, const std::string& before) {
  if (match.match_id().empty() || registry_.has_match_id(before)) return;
  for (Sender* sender : senders_) {
    if (sender->state == Sender::State::kAuxiliary && sender->match_id == before)
      sender->become_auxiliary(std::string(match.match_id()), sender->player_id);
  }
}

void Ingest::on_match_removed(const match::Match& match) {
  bool id_lives_on = false;
  registry_.for_each(
      [&](match::Match& other) { id_lives_on |= &other != &match && other.match_id() == match.match_id(); });
  for (Sender* sender : senders_) {
    const bool observer = sender->state == Sender::State::kObserver && sender->group_code == match.group_code();
    const bool auxiliary =
        sender->state == Sender::State::kAuxiliary && sender->match_id == match.match_id() && !id_lives_on;
    if (observer || auxiliary) sender->socket.disconnect(true);  // ends at the end of the turn: the set stays as it is
  }
}

}  // namespace matchbus::gateway
