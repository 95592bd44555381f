#include "gateway/bus_redis_directory.h"

#include <hiredis/hiredis.h>

#include <array>
#include <string>
#include <utility>

#include "gateway/bus_row.h"
#include "ws/utf8_validator.h"

namespace matchbus::gateway {
namespace {

constexpr std::string_view kKey = "sw2102:player:";

std::string_view text_of(const redisReply& reply) { return {reply.str, reply.len}; }

// Where a field of the hash belongs; null for those that the bus does not know.
std::string* field_of(bus::PlayerRow& row, std::string_view name) {
  const std::array<std::pair<std::string_view, std::string*>, 5> fields = {{{"username", &row.username},
                                                                            {"sector_id", &row.sector_id},
                                                                            {"team_id", &row.team_id},
                                                                            {"region_id", &row.region_id},
                                                                            {"role", &row.role_name}}};
  for (const auto& [known, field] : fields) {
    if (known == name) return field;
  }
  return nullptr;
}

// False if a field cannot be used.
bool read_hash(const redisReply& hash, bus::PlayerRow& row) {
  for (size_t i = 0; i + 1 < hash.elements; i += 2) {
    const redisReply& name = *hash.element[i];
    const redisReply& value = *hash.element[i + 1];
    if (name.type != REDIS_REPLY_STRING || value.type != REDIS_REPLY_STRING) return false;
    std::string* const field = field_of(row, text_of(name));
    if (field == nullptr) continue;
    if (value.len > kMaxRowText || !ws::is_utf8(text_of(value))) return false;
    *field = text_of(value);
  }
  return true;
}

}  // namespace

std::optional<DirectoryAnswer> read_player_hash(std::string_view user_id, const redisReply& reply) {
  using Kind = DirectoryAnswer::Kind;
  if (reply.type != REDIS_REPLY_ARRAY) return std::nullopt;
  if (reply.elements == 0) return DirectoryAnswer{.kind = Kind::kRefused, .reason = "unknown player"};
  bus::PlayerRow row;
  row.user_id = user_id;
  if (!read_hash(reply, row)) return std::nullopt;
  if (row.username.empty()) row.username = user_id;
  if (row.role_name.empty()) row.role_name = "player";
  if (row.role_name == "admin") row.role = bus::Role::kAdmin;
  return DirectoryAnswer{.kind = Kind::kRow, .row = std::move(row)};
}

void RedisDirectory::look_up(const bus::Token& token, Done done) {
  const std::string key = std::string(kKey).append(token.subject);
  const std::array<std::string_view, 2> words = {"HGETALL", key};
  client_->command(words, [this, user_id = std::string(token.subject),
                           done = std::move(done)](const redisReply* reply) { done(read(user_id, reply)); });
}

DirectoryAnswer RedisDirectory::read(std::string_view user_id, const redisReply* reply) {
  if (reply == nullptr) return {};  // the client has said why
  if (auto answer = read_player_hash(user_id, *reply)) return std::move(*answer);
  constexpr size_t kMostWords = 200;  // of what the other side says
  const std::string why =
      reply->type == REDIS_REPLY_ERROR ? std::string(text_of(*reply).substr(0, kMostWords)) : "not a player's hash";
  log_.limited(LogLevel::kWarning, "directory", "directory: cannot use the answer of Redis: " + why);
  return {};
}

}  // namespace matchbus::gateway
