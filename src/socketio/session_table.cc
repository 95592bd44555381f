#include "socketio/session_table.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "socketio/engine_session.h"

namespace matchbus::socketio {
namespace {

constexpr size_t kFirstBuckets = 16;

size_t hash(std::string_view id) {
  uint64_t word = 0;
  std::memcpy(&word, id.data(), std::min(id.size(), sizeof word));
  // Base64url characters share their upper bits; multiplying brings the others up.
  return static_cast<size_t>(word * 0x9e3779b97f4a7c15ULL >> 32);
}

}  // namespace

SessionTable::SessionTable() : buckets_(kFirstBuckets) {}
SessionTable::~SessionTable() = default;

std::unique_ptr<Session>& SessionTable::bucket(std::string_view id) {
  return buckets_[hash(id) & (buckets_.size() - 1)];
}

Session* SessionTable::find(std::string_view id) const {
  Session* session = buckets_[hash(id) & (buckets_.size() - 1)].get();
  while (session != nullptr && session->id() != id) session = session->next_.get();
  return session;
}

Session& SessionTable::insert(std::unique_ptr<Session> session) {
  if (size_ >= buckets_.size()) grow();
  ++size_;
  std::unique_ptr<Session>& place = bucket(session->id());
  session->next_ = std::move(place);
  place = std::move(session);
  return *place;
}

std::unique_ptr<Session> SessionTable::remove(Session& session) {
  for (std::unique_ptr<Session>* place = &bucket(session.id()); *place; place = &(*place)->next_) {
    if (place->get() != &session) continue;
    std::unique_ptr<Session> found = std::move(*place);
    *place = std::move(found->next_);
    --size_;
    return found;
  }
  return nullptr;
}

std::vector<Session*> SessionTable::all() const {
  std::vector<Session*> sessions;
  sessions.reserve(size_);
  for (const std::unique_ptr<Session>& first : buckets_) {
    for (Session* session = first.get(); session != nullptr; session = session->next_.get()) {
      sessions.push_back(session);
    }
  }
  return sessions;
}

void SessionTable::grow() {
  std::vector<std::unique_ptr<Session>> old(buckets_.size() * 2);
  std::swap(old, buckets_);
  for (std::unique_ptr<Session>& chain : old) {
    while (chain) {
      std::unique_ptr<Session> session = std::move(chain);
      chain = std::move(session->next_);
      std::unique_ptr<Session>& place = bucket(session->id());
      session->next_ = std::move(place);
      place = std::move(session);
    }
  }
}

}  // namespace matchbus::socketio
