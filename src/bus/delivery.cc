#include "bus/delivery.h"

#include <algorithm>
#include <utility>

namespace matchbus::bus {
namespace {

constexpr size_t kBatchBytes = 64 * 1024;  // given to a connection before its kernel is asked
constexpr size_t kSessionsPerClockLook = 16;
constexpr size_t kReplayBatches = 4;  // of a replay in one go
constexpr size_t kForgetDone = 4'096;
constexpr int64_t kStallLookMs = 1'000;

bool has_waiting(const Session& session) { return session.replay || !session.outbox.empty(); }

}  // namespace

Delivery::Delivery(net::Loop& loop, const BusOptions& options, BusStats& stats, Client& client)
    : loop_(loop), options_(options), stats_(stats), client_(client), ticket_(std::make_unique<Ticket>(Ticket{this})) {}

Delivery::~Delivery() {
  if (!is_requested_) return;
  ticket_->delivery = nullptr;
  // A task that runs after the one that looks at the ticket.
  loop_.post([keep = std::shared_ptr<Ticket>(std::move(ticket_))] {});
}

// Queuing.

void Delivery::push(Session& session, const EventRef& event) {
  ++stats_.deliveries;
  ++stats_.queued;
  session.last_queued_id = event->id();
  session.outbox.push(nodes_, event, true);
  if (is_over(session)) make_room(session);
  if (!is_held_back(session)) mark_dirty(session);
}

void Delivery::push_uncounted(Session& session, const EventRef& event) {
  ++stats_.deliveries;
  ++stats_.queued;
  session.last_queued_id = event->id();
  session.outbox.push(nodes_, event, false);
  if (!is_held_back(session)) mark_dirty(session);
}

// A single message is never too much, whatever its size: it could not be delivered at all otherwise.
bool Delivery::is_over(const Session& session) const {
  const Outbox& outbox = session.outbox;
  if (outbox.count() > options_.max_queue_messages) return true;
  const size_t pending = is_held_back(session) ? session.connection->pending() : 0;
  return outbox.bytes() + pending > options_.max_queue_bytes && (outbox.count() > 1 || pending != 0);
}

void Delivery::make_room(Session& session) {
  // Much may be sent in one turn: what has merely waited for its slice is not too much.
  if (!is_held_back(session)) send_waiting(session);
  if (!is_over(session)) return;
  const size_t pending = session.connection->pending();
  const size_t bytes = options_.max_queue_bytes - std::min(options_.max_queue_bytes, pending);
  const size_t dropped = session.outbox.drop_cosmetic(nodes_, options_.max_queue_messages, bytes);
  stats_.dropped += dropped;
  stats_.queued -= dropped;
  if (!is_over(session)) return;
  clear(session);
  ++stats_.overflows;
  client_.on_overflow(session);
}

void Delivery::clear(Session& session) {
  const size_t cleared = session.outbox.clear(nodes_);
  stats_.dropped += cleared;
  stats_.queued -= cleared;
  session.replay.reset();
}

// Sending.

void Delivery::send_waiting(Session& session) {
  ws::Connection& connection = *session.connection;
  // What another part of the connection has written is not held back before the kernel has been asked; only then will
  // the connection say that it has drained.
  if (connection.pending() != 0) connection.flush();
  for (size_t replayed = 0; connection.pending() == 0 && has_waiting(session);) {
    // A long replay takes its turns like everything else.
    if (session.replay && ++replayed > kReplayBatches) return mark_dirty(session);
    for (size_t bytes = 0; bytes < kBatchBytes;) {
      const EventRef event = take_next(session);
      if (!event) break;
      bytes += event->size();
      event->send(connection);
    }
    connection.flush();
  }
  if (connection.pending() != 0) mark_late(session);
}

EventRef Delivery::take_next(Session& session) {
  if (session.replay) {
    if (EventRef event = client_.next_missed(session)) return event;
    session.replay.reset();
  }
  if (session.outbox.empty()) return {};
  --stats_.queued;
  return session.outbox.pop(nodes_);
}

void Delivery::mark_dirty(Session& session) {
  if (session.dirty_place != Session::kNone) return;
  session.dirty_place = static_cast<uint32_t>(dirty_.size());
  dirty_.push_back(&session);
  request_slice();
}

void Delivery::request_slice() {
  if (std::exchange(is_requested_, true)) return;
  loop_.post([ticket = ticket_.get()] {
    if (ticket->delivery != nullptr) ticket->delivery->run_slice();
  });
}

void Delivery::run_slice() {
  is_requested_ = false;
  const uint64_t end = uv_hrtime() + static_cast<uint64_t>(options_.slice_us) * 1'000;
  for (size_t count = 1; next_ < dirty_.size(); ++count) {
    if (count % kSessionsPerClockLook == 1) touch_next(kSessionsPerClockLook);
    Session* const session = dirty_[next_++];
    if (session == nullptr) continue;
    session->dirty_place = Session::kNone;
    if (is_held_back(*session)) continue;
    send_waiting(*session);
    if (session->has_stale && !has_waiting(*session) && !is_held_back(*session)) client_.on_caught_up(*session);
    if (count % kSessionsPerClockLook != 0 || uv_hrtime() < end) continue;
    forget_done();
    if (dirty_.empty()) return;
    ++stats_.slices;
    return request_slice();
  }
  forget_done();
}

// Sessions and what they send through are in no cache any more: asking many before any is sent to lets the processor
// fetch several at once (see Feed::step).
void Delivery::touch_next(size_t count) const {
  const size_t end = std::min(dirty_.size(), next_ + count);
  for (size_t i = next_; i < end; ++i) {
    const Session* const session = dirty_[i];
    if (session != nullptr && session->connection) static_cast<void>(session->connection->pending());
  }
}

void Delivery::forget_done() {
  if (next_ < dirty_.size() && next_ < kForgetDone) return;
  dirty_.erase(dirty_.begin(), dirty_.begin() + static_cast<ptrdiff_t>(next_));
  next_ = 0;
  for (size_t i = 0; i < dirty_.size(); ++i) {
    if (dirty_[i] != nullptr) dirty_[i]->dirty_place = static_cast<uint32_t>(i);
  }
}

void Delivery::on_drained(Session& session) {
  clear_late(session);
  // Not here: other sockets have waited longer.
  if (has_waiting(session) || session.has_stale) mark_dirty(session);
}

void Delivery::end(Session& session) {
  if (session.connection && session.connection->is_open() && !is_held_back(session)) send_waiting(session);
  stats_.queued -= session.outbox.clear(nodes_);
  session.replay.reset();
  clear_late(session);
  if (session.dirty_place != Session::kNone) dirty_[session.dirty_place] = nullptr;
  session.dirty_place = Session::kNone;
}

// Peers that take nothing.

void Delivery::mark_late(Session& session) {
  if (session.late_place != Session::kNone) return;
  session.late_place = static_cast<uint32_t>(late_.size());
  late_.push_back({&session, session.connection->pending(), loop_.clock().monotonic_ms()});
  if (options_.stall_ms > 0 && !stall_timer_.is_set()) loop_.timers().set(stall_timer_, kStallLookMs);
}

void Delivery::clear_late(Session& session) {
  const uint32_t place = std::exchange(session.late_place, Session::kNone);
  if (place == Session::kNone) return;
  late_[place] = late_.back();
  late_.pop_back();
  if (place < late_.size()) late_[place].session->late_place = place;
}

void Delivery::on_timer(Timer& timer) {
  const int64_t now = loop_.clock().monotonic_ms();
  // From the end: a session that is ended here leaves the list, and the last one, which has been looked at, takes its
  // place.
  for (size_t i = late_.size(); i-- > 0;) {
    if (i >= late_.size()) continue;
    Late& entry = late_[i];
    const size_t pending = entry.session->connection->pending();
    if (pending < entry.pending) {
      entry.since_ms = now;
    } else if (now - entry.since_ms >= options_.stall_ms) {
      client_.on_stalled(*entry.session);
      continue;
    }
    entry.pending = pending;
  }
  if (!late_.empty()) loop_.timers().set(timer, kStallLookMs);
}

}  // namespace matchbus::bus
