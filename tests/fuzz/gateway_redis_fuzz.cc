// Whatever a Redis may answer to the lookup of a player, read by hiredis within the client's bounds: as a row, as
// nothing, or as the connection's end, and the same however the bytes are cut. The first byte says how.
#include <hiredis/hiredis.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/redis_bounds.h"
#include "gateway/bus_redis_directory.h"
#include "gateway/bus_row.h"

namespace {

using namespace matchbus;

constexpr broker::RedisLimits kLimits{.bytes = 5'000, .elements = 200};
constexpr size_t kQuestions = 5;

void require(bool holds) {
  if (!holds) std::abort();
}

size_t elements_of(const redisReply& reply) {
  size_t count = reply.elements;
  for (size_t i = 0; i < reply.elements; ++i) count += elements_of(*reply.element[i]);
  return count;
}

std::string row_of(const redisReply& reply) {
  require(elements_of(reply) <= kLimits.elements && reply.len <= kLimits.bytes);
  const auto answer = gateway::read_player_hash("user", reply);
  if (!answer) return "unusable";
  if (answer->kind != gateway::DirectoryAnswer::Kind::kRow) return std::string(answer->reason);
  const bus::PlayerRow& row = answer->row;
  require(row.user_id == "user" && !row.username.empty() && !row.role_name.empty());
  require((row.role == bus::Role::kAdmin) == (row.role_name == "admin"));
  std::string text;
  for (const std::string* part : {&row.username, &row.sector_id, &row.team_id, &row.region_id, &row.role_name}) {
    require(part->size() <= gateway::kMaxRowText);
    text += *part + "|";
  }
  return text;
}

// What the answers came to, until the connection's end.
std::vector<std::string> read(std::string_view bytes, size_t piece) {
  std::vector<std::string> rows;
  broker::RedisBounds bounds(kLimits, [&] { return rows.size() < kQuestions; });
  const std::unique_ptr<redisReader, void (*)(redisReader*)> reader(redisReaderCreate(), redisReaderFree);
  bounds.attach(*reader);
  while (!bytes.empty()) {
    const std::string part(bytes.substr(0, piece));
    bytes.remove_prefix(part.size());
    require(redisReaderFeed(reader.get(), part.data(), part.size()) == REDIS_OK);
    for (;;) {
      void* reply = nullptr;
      if (redisReaderGetReply(reader.get(), &reply) != REDIS_OK) return rows;
      if (reply == nullptr) break;
      rows.push_back(row_of(*static_cast<redisReply*>(reply)));
      freeReplyObject(reply);
      require(rows.size() <= kQuestions);
    }
    if (!bounds.is_within(*reader)) return rows;
  }
  return rows;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  // A line that is too long is noticed between two reads only.
  if (input.size() > kLimits.bytes) return 0;
  require(read(input, input.size()) == read(input, size_t{1} + data[0]));
  return 0;
}
