#include "gateway/bus_row.h"

#include <utility>

namespace matchbus::gateway {

std::optional<std::string> read_row_id(json::Value value) {
  constexpr int64_t kSafe = 9'007'199'254'740'991;  // beyond, digits would be lost
  if (!value.exists() || value.is_null()) return std::string();
  if (const auto number = value.integer(-kSafe, kSafe)) return std::to_string(*number);
  const auto text = value.string();
  if (!text || text->size() > kMaxRowText) return std::nullopt;
  return std::string(*text);
}

Result<bus::PlayerRow> read_row(std::string_view user_id, json::Value row) {
  bus::PlayerRow read;
  std::string role;
  const std::pair<const char*, std::string*> fields[] = {{"username", &read.username},
                                                         {"sector_id", &read.sector_id},
                                                         {"team_id", &read.team_id},
                                                         {"region_id", &read.region_id},
                                                         {"role", &role}};
  for (const auto& [name, field] : fields) {
    auto text = read_row_id(row[name]);
    if (!text) return Error{name};
    *field = std::move(*text);
  }
  read.user_id = user_id;
  if (read.username.empty()) read.username = user_id;
  if (!role.empty()) read.role_name = std::move(role);
  if (read.role_name == "admin") read.role = bus::Role::kAdmin;
  return read;
}

}  // namespace matchbus::gateway
