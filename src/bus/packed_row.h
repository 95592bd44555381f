// A player's row as it is kept for everybody who is here: all its texts in one block.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bus/row.h"

namespace matchbus::bus {

class PackedRow {
 public:
  // Longer texts are cut. The doors take none of more than 256 bytes.
  static constexpr size_t kMaxText = 8'000;

  explicit PackedRow(const PlayerRow& row);

  // Valid until the row is assigned to or set.
  std::string_view user_id() const { return text(0); }
  std::string_view username() const { return text(1); }
  std::string_view sector_id() const { return text(2); }
  std::string_view team_id() const { return text(3); }
  std::string_view region_id() const { return text(4); }
  std::string_view role_name() const { return text(5); }
  Role role() const;

  PlayerRow unpack() const;
  void set(std::string PlayerRow::*field, std::string_view value);

 private:
  static constexpr size_t kTexts = 6;
  using Ends = std::array<uint16_t, kTexts>;

  std::string_view text(size_t index) const;

  std::unique_ptr<char[]> block_;  // where each text ends, the role, the texts
};

}  // namespace matchbus::bus
