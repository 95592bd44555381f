// Logons, the first of a connection and those that follow it.
//
// Other servers of the protocol have a fresh socket for every connection, so there a client that logs on whenever it
// connects is simply logged on again, by its group's secret. Here its session may have come over to the connection
// already, and the logon finds its own match live. So a logon for what the sender is logged on to says yes, whatever
// secret it has or lacks: it comes from the client that has been let in, and its key is not checked once more. Any
// other logon counts if it is the first that comes over its connection, and ends the session then, as a fresh socket
// would know of none. Beyond that a session that lives is never harmed by a logon: no is the answer, and it goes on.
//
// What a yes promises (the match, by its secret) outlives a crash: it is said when the journal has it (held_answers.h).
// The sender is logged on from before that, so that no data is lost meanwhile.
#include <algorithm>
#include <memory>
#include <utility>

#include "gateway/ingest.h"
#include "gateway/ingest_sender.h"
#include "json/writer.h"

namespace matchbus::gateway {
namespace {

constexpr std::string_view kLimitedCause = "too many wrong keys came before it";
constexpr std::string_view kLoggedOnCause = "logged on to something else";

// Of a key that is not valid.
std::string_view reason_for(KeyStatus status) {
  if (status == KeyStatus::kInvalid || status == KeyStatus::kLimited) return match::kReasonInvalidKey;
  return status == KeyStatus::kExpired ? match::kReasonExpiredKey : match::kReasonUnknownError;
}

std::string_view cause_for(KeyStatus status) {
  if (status == KeyStatus::kInvalid) return "the key is none of this server's";
  if (status == KeyStatus::kLimited) return kLimitedCause;
  return status == KeyStatus::kExpired ? "the key was good once" : "the key could not be checked";
}

}  // namespace

// --- Observers ---

void Ingest::log_on_observer(Sender& sender, std::string_view text) {
  // The answer to the logon that is being checked is this one's, too.
  if (sender.state == SenderState::kChecking) return;
  const bool keeps = std::exchange(sender.has_logon, true) && has_session(sender);
  std::string_view cause;
  const Result<match::ObserverLogon> logon = match::read_observer_logon(parse(text), versions_, &cause);
  if (!logon) return refuse(sender, keeps, kObserverAnswer, logon.error().message, cause);
  if (!cause.empty())
    log_.limited(LogLevel::kWarning, cause,
                 "a logon from " + sender.socket.peer_address() + " is taken without a part: " + std::string(cause));
  if (sender.state == SenderState::kObserver && sender.group_code == logon->group_code && has_session(sender)) {
    if (sender.self != nullptr) return;  // the answer under way is this one's, too
    return confirm(sender, kObserverAnswer, kObserverType, match::kReasonReconnected);
  }
  if (keeps) return refuse(sender, true, kObserverAnswer, match::kReasonLoggedOn, kLoggedOnCause);
  end_session(sender, SenderState::kChecking);
  sender.self = std::make_shared<Sender*>(&sender);
  keys_.check(logon->key, sender.socket.peer_address(),
              [this, self = std::weak_ptr(sender.self), logon = *logon](const KeyAnswer& checked) {
                if (const auto alive = self.lock()) on_key_checked(**alive, logon, checked);
              });
}

void Ingest::on_key_checked(Sender& sender, const match::ObserverLogon& logon, const KeyAnswer& checked) {
  sender.self.reset();
  if (checked.status != KeyStatus::kValid)
    return refuse(sender, false, kObserverAnswer, reason_for(checked.status), cause_for(checked.status));
  if (match::Match* const live = registry_.find_group(logon.group_code);
      live != nullptr && !logon.group_secret.empty()) {
    const auto tried = try_secret(sender.socket, [&] { return registry_.is_secret(*live, logon.group_secret); });
    if (!tried)
      return refuse(sender, false, kObserverAnswer, match::reason_group_live(logon.group_code), kLimitedCause);
  }
  const auto admission = registry_.admit(logon, checked.organization, clock_.wall_ms());
  if (admission.entry == match::MatchRegistry::Entry::kRefused)
    return refuse(sender, false, kObserverAnswer, admission.reason,
                  admission.reason == match::kReasonUnknownError ? "no room for its match" : "live group");
  const bool is_new = admission.entry == match::MatchRegistry::Entry::kCreated;
  sender.become_observer(logon.group_code, is_new ? admission.reason : logon.group_secret);
  ++stats_.logons;
  tell("observer", "observer '" + logon.observer_name + "' logged on to group '" + logon.group_code + "' from " +
                       sender.socket.peer_address() + (is_new ? "" : " again"));
  if (!is_new) return answer(sender, kObserverAnswer, kObserverType, true, admission.reason);
  welcome(sender, kObserverAnswer, kObserverType, admission.reason);
}

// --- Auxiliary clients ---

// Whoever is let in already is not asked for its key once more.
void Ingest::log_on_auxiliary(Sender& sender, std::string_view text) {
  const bool is_first = !std::exchange(sender.has_logon, true);
  const bool keeps = sender.state == SenderState::kChecking || (!is_first && has_session(sender));
  std::string_view cause;
  Result<match::AuxiliaryLogon> logon = match::read_auxiliary_logon(parse(text), versions_, &cause);
  if (!logon) return refuse(sender, keeps, kAuxiliaryAnswer, logon.error().message, cause);
  const bool is_same = sender.state == SenderState::kAuxiliary && sender.match_id == logon->match_id;
  if (auxiliary_auth_ != AuxiliaryAuth::kKey || keeps || is_same) return admit_auxiliary(sender, *logon, keeps);
  end_session(sender, SenderState::kChecking);
  sender.self = std::make_shared<Sender*>(&sender);
  const std::string key = logon->key;
  keys_.check(key, sender.socket.peer_address(),
              [this, self = std::weak_ptr(sender.self), logon = std::move(*logon)](const KeyAnswer& checked) {
                const auto alive = self.lock();
                if (!alive) return;
                Sender& checking = **alive;
                checking.self.reset();
                if (checked.status != KeyStatus::kValid)
                  return refuse(checking, false, kAuxiliaryAnswer, reason_for(checked.status),
                                cause_for(checked.status));
                checking.state = SenderState::kUnknown;
                admit_auxiliary(checking, logon, false);
              });
}

match::Match* Ingest::find_for_auxiliary(const match::AuxiliaryLogon& logon) {
  return registry_.find_match_id(logon.match_id, [&](const match::Match& match) {
    return auxiliary_auth_ != AuxiliaryAuth::kSecret || registry_.is_secret(match, logon.group_secret);
  });
}

void Ingest::admit_auxiliary(Sender& sender, const match::AuxiliaryLogon& logon, bool keeps) {
  if (!registry_.has_match_id(logon.match_id))
    return refuse(sender, keeps, kAuxiliaryAnswer, match::reason_no_match(logon.match_id_text), "no such match");
  const bool is_same = sender.state == SenderState::kAuxiliary && sender.match_id == logon.match_id;
  const bool is_player = logon.player_id.empty() || logon.player_id == sender.player_id;
  if (is_same && is_player) {
    if (sender.self != nullptr) return;  // the answer under way is this one's, too
    return confirm(sender, kAuxiliaryAnswer, kAuxiliaryType, {});
  }
  if (keeps && !is_same) return refuse(sender, true, kAuxiliaryAnswer, match::kReasonLoggedOn, kLoggedOnCause);
  const match::Match* match = nullptr;
  const auto find = [&] { return (match = find_for_auxiliary(logon)) != nullptr; };
  const bool is_guess = auxiliary_auth_ == AuxiliaryAuth::kSecret && !logon.group_secret.empty();
  if (is_guess && !try_secret(sender.socket, find))
    return refuse(sender, keeps, kAuxiliaryAnswer, match::kReasonInvalidKey, kLimitedCause);
  if (!is_guess) find();
  if (match == nullptr)
    return refuse(sender, keeps, kAuxiliaryAnswer, match::kReasonInvalidKey, "the secret is none of the match's");
  end_session(sender, SenderState::kUnknown);
  const bool is_bound = auxiliary_auth_ == AuxiliaryAuth::kSecret;
  sender.become_auxiliary(logon.match_id, logon.player_id, std::string(is_bound ? match->group_code() : ""));
  registry_.auxiliary_new(sender.match_id, sender.player_id, clock_.wall_ms(), sender.group_code);
  ++stats_.logons;
  tell("auxiliary client", "auxiliary client '" + logon.name + "' logged on to match '" + logon.match_id + "' from " +
                               sender.socket.peer_address());
  welcome(sender, kAuxiliaryAnswer, kAuxiliaryType, {});
}

// --- Both ---

bool Ingest::try_secret(const socketio::Socket& socket, const std::function<bool()>& is_right) {
  const std::string address = socket.peer_address();
  if (keys_.guard().refuse(address)) return false;
  is_right() ? keys_.guard().good(address) : keys_.guard().wrong(address, "secret of a group");
  return true;
}

bool Ingest::has_session(const Sender& sender) const {
  if (sender.state == SenderState::kAuxiliary && sender.group_code.empty())
    return registry_.has_match_id(sender.match_id);
  if (sender.state != SenderState::kAuxiliary && sender.state != SenderState::kObserver) return false;
  const match::Match* match = registry_.find_group(sender.group_code);
  return match != nullptr && !match->state().hidden.has_ended;
}

void Ingest::end_session(Sender& sender, SenderState next) {
  sender.self.reset();  // what it was going to be told
  // Of one that was lost it has been shown.
  if (std::exchange(sender.state, next) == SenderState::kAuxiliary && !sender.is_lost) show_gone(sender);
}

void Ingest::show_gone(const Sender& sender) {
  // The client may be back on another socket already, or another one speaks for the same player.
  const bool is_there = std::any_of(senders_.begin(), senders_.end(), [&](const Sender* other) {
    return other != &sender && other->state == SenderState::kAuxiliary && !other->is_lost &&
           other->match_id == sender.match_id && other->player_id == sender.player_id &&
           other->group_code == sender.group_code;
  });
  if (!is_there) registry_.auxiliary_gone(sender.match_id, sender.player_id, clock_.wall_ms(), sender.group_code);
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

void Ingest::welcome(Sender& sender, std::string_view event, std::string_view type, std::string reason) {
  sender.self = std::make_shared<Sender*>(&sender);
  // `event` and `type` are constants.
  held_.hold([this, self = std::weak_ptr(sender.self), event, type, reason = std::move(reason)] {
    const auto alive = self.lock();
    if (!alive) return;
    (*alive)->self.reset();
    answer(**alive, event, type, true, reason);
  });
}

void Ingest::confirm(Sender& sender, std::string_view event, std::string_view type, std::string_view reason) {
  ++stats_.repeated;
  log_.limited(LogLevel::kInfo, "repeated logon",
               "a sender that is logged on logged on again, from " + sender.socket.peer_address());
  answer(sender, event, type, true, reason);
}

void Ingest::refuse(Sender& sender, bool keeps, std::string_view event, std::string_view reason,
                    std::string_view cause) {
  ++stats_.refused_logons;
  log_.limited(LogLevel::kWarning, "logon refused: " + std::string(cause),
               "refused a logon from " + sender.socket.peer_address() + ": " + std::string(reason) + " (" +
                   std::string(cause) + ")");
  answer(sender, event, kObserverType, false, reason);
  if (keeps) return;
  end_session(sender, SenderState::kRefused);
  sender.socket.disconnect(true);
}

}  // namespace matchbus::gateway
