// When memory that is used again and again may be given back: something large may have needed it once.
#pragma once

#include <cstddef>

namespace matchbus {

// Of one buffer. Giving back at once what the next use grows again would cost more than the use itself.
class ShrinkRule {
 public:
  // `used` bytes of the `kept` ones were needed this time: whether to give them all back.
  bool is_unneeded(size_t used, size_t kept) {
    if (kept <= kFree || used >= kept / 4) {
      unneeded_ = 0;
      return false;
    }
    if (++unneeded_ < kUses) return false;
    unneeded_ = 0;
    return true;
  }

 private:
  static constexpr size_t kFree = 64 * 1024;  // bytes that may always be kept
  static constexpr unsigned kUses = 64;       // in a row that did not need it

  unsigned unneeded_ = 0;
};

}  // namespace matchbus
