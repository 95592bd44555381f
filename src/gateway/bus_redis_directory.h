// Players' rows in Redis: the hash sw2102:player:<user_id> with the fields username, sector_id, team_id, region_id and
// role (realtime-bus section 1).
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/log.h"
#include "broker/redis_client.h"
#include "gateway/bus_directory.h"

namespace matchbus::gateway {

// What Redis says of a user; nothing if that is no player's hash whose fields can be used.
std::optional<DirectoryAnswer> read_player_hash(std::string_view user_id, const redisReply& reply);

class RedisDirectory final : public BusDirectory {
 public:
  // Borrows `log`.
  RedisDirectory(std::unique_ptr<broker::RedisClient> client, Log& log) : log_(log), client_(std::move(client)) {}
  // A user without a hash is refused; if there is no answer, or a field is no text of at most 256 bytes, the lookup
  // fails.
  void look_up(const bus::Token& token, Done done) override;

 private:
  DirectoryAnswer read(std::string_view user_id, const redisReply* reply);

  Log& log_;
  std::unique_ptr<broker::RedisClient> client_;
};

}  // namespace matchbus::gateway
