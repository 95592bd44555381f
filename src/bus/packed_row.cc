#include "bus/packed_row.h"

#include <cstring>

namespace matchbus::bus {

PackedRow::PackedRow(const PlayerRow& row) {
  const std::array<std::string_view, kTexts> texts = {row.user_id, row.username,  row.sector_id,
                                                      row.team_id, row.region_id, row.role_name};
  Ends ends{};
  size_t size = 0;
  for (size_t i = 0; i < kTexts; ++i) {
    size += texts[i].substr(0, kMaxText).size();
    ends[i] = static_cast<uint16_t>(size);
  }
  static_assert(kTexts * kMaxText <= UINT16_MAX);
  block_ = std::make_unique_for_overwrite<char[]>(sizeof(ends) + 1 + size);
  std::memcpy(block_.get(), ends.data(), sizeof(ends));
  char* to = block_.get() + sizeof(ends);
  *to++ = static_cast<char>(row.role);
  for (const std::string_view text : texts) to += text.copy(to, kMaxText);
}

std::string_view PackedRow::text(size_t index) const {
  Ends ends;
  std::memcpy(ends.data(), block_.get(), sizeof(ends));
  const size_t begin = index == 0 ? 0 : ends[index - 1];
  return {block_.get() + sizeof(ends) + 1 + begin, ends[index] - begin};
}

Role PackedRow::role() const { return static_cast<Role>(block_[sizeof(Ends)]); }

PlayerRow PackedRow::unpack() const {
  PlayerRow row;
  row.user_id = user_id();
  row.username = username();
  row.sector_id = sector_id();
  row.team_id = team_id();
  row.region_id = region_id();
  row.role_name = role_name();
  row.role = role();
  return row;
}

void PackedRow::set(std::string PlayerRow::*field, std::string_view value) {
  PlayerRow row = unpack();
  row.*field = value;
  *this = PackedRow(row);
}

}  // namespace matchbus::bus
