// The extension list and the negotiation on arbitrary header values: whatever is accepted is answered with what a
// client that offered it must take.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ws/deflate_negotiation.h"
#include "ws/extension_list.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace matchbus::ws;
  if (size == 0) return 0;
  const bool keep_history = (data[0] & 1) != 0;
  const std::optional<ExtensionList> offers = parse_extensions({reinterpret_cast<const char*>(data + 1), size - 1});
  if (!offers) return 0;
  const std::optional<DeflateParams> accepted = accept_deflate(*offers, keep_history);
  if (!accepted) return 0;
  const std::optional<ExtensionList> answer = parse_extensions(deflate_answer(*accepted));
  if (!answer || !check_deflate_answer(*answer, !accepted->server_no_context_takeover)) std::abort();
  if (accepted->server_window_bits() < 8 || accepted->server_window_bits() > 15) std::abort();
  return 0;
}
