// Whatever an operator may give as a file of names: refused with a reason, or a table that answers every question.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "match/names.h"

namespace {

using namespace matchbus::match;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto names = Names::load(text);
  if (!names) {
    require(!names.error().message.empty());
    return 0;
  }
  for (const std::string_view name :
       {std::string_view("Clay"), std::string_view("Rift_PC_C"), std::string_view(), text}) {
    (void)names->agent(name);
    (void)names->weapon(name);
    (void)names->map(name);
    (void)names->icon_suffix(names->special(name));
  }
  for (const size_t armor : {size_t{0}, size_t{1}, size_t{2}, SIZE_MAX}) (void)names->armor(armor);
  // The same text is the same table.
  const auto again = Names::load(text);
  require(again.ok() && again->map("?") == names->map("?"));
  return 0;
}
