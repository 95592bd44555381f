// Who is here: a user has one row, however many sockets.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "bus/packed_row.h"
#include "bus/session.h"

namespace matchbus::bus {

// A user's sockets in the order of connecting, linked through themselves.
class SessionList {
 public:
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = Session*;
    using difference_type = std::ptrdiff_t;
    using pointer = Session**;
    using reference = Session*;

    Iterator() = default;
    explicit Iterator(Session* at) : at_(at) {}
    Session* operator*() const { return at_; }
    Iterator& operator++() {
      at_ = at_->next_of_user;
      return *this;
    }
    Iterator operator++(int) { return std::exchange(*this, Iterator(at_->next_of_user)); }
    bool operator==(const Iterator&) const = default;

   private:
    Session* at_ = nullptr;
  };

  Iterator begin() const { return Iterator(first_); }
  Iterator end() const { return {}; }
  bool empty() const { return first_ == nullptr; }
  size_t size() const { return static_cast<size_t>(std::distance(begin(), end())); }

  void push_back(Session& session) { *link_to(nullptr) = &session; }
  // Of a session that is in the list.
  void remove(Session& session) { *link_to(&session) = std::exchange(session.next_of_user, nullptr); }

 private:
  Session** link_to(const Session* session) {
    Session** link = &first_;
    while (*link != session) link = &(*link)->next_of_user;
    return link;
  }

  Session* first_ = nullptr;
};

struct User {
  explicit User(const PlayerRow& player) : row(player) {}

  PackedRow row;
  SessionList sessions;  // never empty for long

  Session* find_device(std::string_view device_id) const {
    const auto found = std::find_if(sessions.begin(), sessions.end(),
                                    [&](const Session* s) { return s->device_id.view() == device_id; });
    return *found;
  }
  // Whether the user is in the world: an admin's console is not.
  bool is_present() const {
    return std::any_of(sessions.begin(), sessions.end(), [](const Session* s) { return !s->is_admin_door; });
  }
};

class UserTable {
 public:
  User* find(std::string_view user_id) const {
    const auto found = users_.find(user_id);
    return found == users_.end() ? nullptr : changeable(*found);
  }
  // Somebody who is not here yet.
  User& add(const PlayerRow& row) { return *changeable(*users_.emplace(row).first); }
  void remove(const User& user) { users_.erase(users_.find(user.row.user_id())); }
  size_t size() const { return users_.size(); }

 private:
  // A set's elements are const for the sake of their keys: here the id in the row, which stays the same.
  static User* changeable(const User& user) { return const_cast<User*>(&user); }
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view user_id) const noexcept { return std::hash<std::string_view>()(user_id); }
    size_t operator()(const User& user) const noexcept { return (*this)(user.row.user_id()); }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(std::string_view a, const User& b) const { return a == b.row.user_id(); }
    bool operator()(const User& a, std::string_view b) const { return a.row.user_id() == b; }
    bool operator()(const User& a, const User& b) const { return a.row.user_id() == b.row.user_id(); }
  };

  std::unordered_set<User, Hash, Equal> users_;
};

}  // namespace matchbus::bus
