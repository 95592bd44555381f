// A text that is read and never changed, in as little memory as it can be: one pointer here, nothing at all if it is
// empty.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace matchbus::bus {

class CompactText {
 public:
  CompactText() = default;
  // Texts under 4 GiB.
  explicit CompactText(std::string_view text) {
    if (text.empty()) return;
    const auto size = static_cast<uint32_t>(text.size());
    block_ = std::make_unique_for_overwrite<char[]>(sizeof(size) + size);
    std::memcpy(block_.get(), &size, sizeof(size));
    std::memcpy(block_.get() + sizeof(size), text.data(), size);
  }

  // Valid as long as this text.
  std::string_view view() const {
    if (!block_) return {};
    uint32_t size = 0;
    std::memcpy(&size, block_.get(), sizeof(size));
    return {block_.get() + sizeof(size), size};
  }
  operator std::string_view() const { return view(); }

 private:
  std::unique_ptr<char[]> block_;  // the size and the text
};

}  // namespace matchbus::bus
