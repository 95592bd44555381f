// Who is here: a user has one row, however many sockets.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bus/row.h"
#include "bus/session.h"

namespace matchbus::bus {

struct User {
  PlayerRow row;
  std::vector<Session*> sessions;  // in the order of connecting; never empty for long

  Session* find_device(std::string_view device_id) const {
    const auto found =
        std::find_if(sessions.begin(), sessions.end(), [&](const Session* s) { return s->device_id == device_id; });
    return found == sessions.end() ? nullptr : *found;
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
    return found == users_.end() ? nullptr : found->second.get();
  }
  User& add(PlayerRow row) {
    auto user = std::make_unique<User>();
    user->row = std::move(row);
    User& added = *user;
    users_.emplace(added.row.user_id, std::move(user));
    return added;
  }
  void remove(const User& user) { users_.erase(users_.find(user.row.user_id)); }
  size_t size() const { return users_.size(); }

 private:
  std::unordered_map<std::string_view, std::unique_ptr<User>> users_;  // keys lie in the rows
};

}  // namespace matchbus::bus
