// The bus's door on the output port: GET /api/v1/ws (and /connect) for players, /admin for admins. Verifies the token,
// has the row looked up, and hands the socket to the bus (realtime-bus section 1).
//
// A browser cannot read the status of a refused upgrade. So what a client can do something about is told by a close
// code behind a completed upgrade: 4401 for its token, 4003 if it may not come in, 1013 to try again later. While a row
// is looked up the upgrade waits.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "bus/bus.h"
#include "bus/token.h"
#include "gateway/bus_directory.h"
#include "gateway/router.h"
#include "net/http_message.h"
#include "net/loop.h"
#include "net/pacer.h"
#include "net/stream.h"
#include "ws/connection.h"

namespace matchbus::gateway {

struct BusEndpointStats {
  std::array<uint64_t, 6> refused_tokens{};  // by bus::TokenError
  uint64_t refused_rows = 0;                 // by the directory
  uint64_t failed_lookups = 0;
  uint64_t gone = 0;         // clients that left during their lookup
  uint64_t unavailable = 0;  // refused with 503
};

class BusEndpoint {
 public:
  // Adds its routes to `router`. Borrows all but `verifier` and `options`.
  BusEndpoint(Router& router, net::Loop& loop, ws::Context& context, bus::Bus& bus, BusDirectory& directory,
              bus::TokenVerifier verifier, const ws::Options& options);
  ~BusEndpoint();
  BusEndpoint(const BusEndpoint&) = delete;
  BusEndpoint& operator=(const BusEndpoint&) = delete;

  // Tokens are verified with other keys from now on; who is in stays.
  void set_verifier(bus::TokenVerifier verifier) { verifier_ = std::move(verifier); }
  bool has_key() const { return verifier_.configured(); }
  // The process is about to end: nobody is let in any more.
  void close();

  const BusEndpointStats& stats() const { return stats_; }
  // Clients whose tokens wait to be checked, or whose rows are looked up.
  size_t waiting() const { return guests_.size(); }

 private:
  struct Guest;
  void on_upgrade(net::HttpRequest& request, net::StreamPtr stream, std::span<char> early);
  void check_token(Guest& guest);
  // Refuses the guest and forgets it.
  void turn_away(uint64_t number, uint16_t code, std::string_view reason);
  void supersede_guest(std::string_view user_id, std::string_view device_id);
  void on_row(uint64_t number, DirectoryAnswer answer);
  void let_in(Guest& guest, bus::PlayerRow row);
  // Completes the upgrade and closes.
  void refuse(const net::HttpRequest& request, net::StreamPtr stream, uint16_t code, std::string_view reason);
  void unavailable(net::StreamPtr stream, std::string_view why);

  net::Loop& loop_;
  ws::Context& context_;
  bus::Bus& bus_;
  BusDirectory& directory_;
  net::Pacer& pacer_;
  bus::TokenVerifier verifier_;
  ws::Options options_;
  BusEndpointStats stats_;
  bool closing_ = false;
  uint64_t next_guest_ = 0;
  std::unordered_map<uint64_t, std::unique_ptr<Guest>> guests_;
};

}  // namespace matchbus::gateway
