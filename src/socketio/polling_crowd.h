// Sessions on polling, counted by the address of their clients: how many of them no poll waits for. A session that has
// a poll is bounded by its connection; the others cost a client nothing, so the server bounds them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace matchbus::socketio {

class PollingCrowd {
 private:
  struct Client {
    size_t sessions = 0;
    size_t unpolled = 0;
  };
  using Clients = std::unordered_map<std::string, Client>;

 public:
  // `max_unpolled` sessions of one address, 0 = no limit. Counts those of all addresses in `unpolled` (borrowed).
  PollingCrowd(size_t max_unpolled, size_t& unpolled) : max_unpolled_(max_unpolled), unpolled_(unpolled) {}

  bool has_room(std::string_view address) const;

  // One session, from its beginning to its end on polling. At first no poll waits.
  class Member {
   public:
    // Borrows `crowd`.
    Member(PollingCrowd& crowd, std::string_view address);
    ~Member();
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;
    void set_polled(bool polled);

   private:
    PollingCrowd& crowd_;
    Clients::value_type& client_;
    bool polled_ = false;
  };

 private:
  Clients clients_;
  size_t max_unpolled_;
  size_t& unpolled_;
};

}  // namespace matchbus::socketio
