// The open Engine.IO sessions of a server, found by their id: a chained hash set that owns the sessions and finds each
// by the id inside it, so that a session costs one bucket pointer and no second copy of its id.
//
// Ids come from the kernel's random source, so their first bytes are the hash; what a client asks for cannot lengthen a
// chain.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace matchbus::socketio {

class Session;

class SessionTable {
 public:
  SessionTable();
  ~SessionTable();
  SessionTable(const SessionTable&) = delete;
  SessionTable& operator=(const SessionTable&) = delete;

  // The session with this id, or null.
  Session* find(std::string_view id) const;
  Session& insert(std::unique_ptr<Session> session);
  // Takes `session` out; null if it is not here.
  std::unique_ptr<Session> remove(Session& session);
  size_t size() const { return size_; }
  // A snapshot, for loops that may end sessions.
  std::vector<Session*> all() const;

 private:
  std::unique_ptr<Session>& bucket(std::string_view id);
  void grow();

  std::vector<std::unique_ptr<Session>> buckets_;  // a power of two
  size_t size_ = 0;
};

}  // namespace matchbus::socketio
