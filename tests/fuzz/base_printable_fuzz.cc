// Whatever others say, as a log or a terminal shows it: nothing that drives it or turns text round, and text without
// any of that as it was.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/printable.h"

namespace {

using namespace matchbus;

void require(bool holds) {
  if (!holds) std::abort();
}

// Of UTF-8.
bool has_harm(std::string_view text, bool lines) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = [&](size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U; };
    if (byte(i) < 0x20 && !(lines && (text[i] == '\n' || text[i] == '\t'))) return true;
    if (byte(i) == 0x7F || (byte(i) == 0xC2 && byte(i + 1) < 0xA0)) return true;
    if (byte(i) == 0xD8 && byte(i + 1) == 0x9C) return true;
    if (byte(i) != 0xE2) continue;
    const unsigned last = byte(i + 2);
    if (byte(i + 1) == 0x80 && (last == 0x8E || last == 0x8F || (last >= 0xA8 && last <= 0xAE))) return true;
    if (byte(i + 1) == 0x81 && last >= 0xA6 && last <= 0xA9) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const PrintableAs as : {PrintableAs::kLine, PrintableAs::kLines, PrintableAs::kJson}) {
    const std::string said = printable(text, as);
    require(!has_harm(said, as != PrintableAs::kLine));
    require(said.size() >= text.size());
    require(printable(said, as) == said);
  }
  return 0;
}
