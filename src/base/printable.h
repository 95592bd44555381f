// Text of others, fit for a log or a terminal.
//
// What a peer, a file or a server says must not forge another line, drive a terminal, or show in another order than it
// has. So nothing of these comes through as it is: C0 and C1 control characters and DEL, bytes that are no UTF-8 (a
// lone 0x9b begins a command for some terminals), the line and paragraph separators, and the marks, embeddings,
// overrides and isolates of bidirectional text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace matchbus {

enum class PrintableAs : uint8_t {
  kLine,   // bytes as \x1b, characters beyond ASCII as \u202e
  kLines,  // the same, but tabs and line feeds stay
  kJson,   // all as \u001b, which says the same within JSON's strings; tabs and line feeds stay
};

std::string printable(std::string_view text, PrintableAs as = PrintableAs::kLine);

}  // namespace matchbus
