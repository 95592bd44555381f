// Negotiation of permessage-deflate (RFC 7692 section 7.1), both sides, as pure functions.
//
// The server never keeps an inflater for a connection, so it always asks for `client_no_context_takeover`. It keeps no
// deflater either and says so with `server_no_context_takeover`, except on endpoints with shared history.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "ws/extension_list.h"

namespace matchbus::ws {

inline constexpr uint8_t kFullWindowBits = 15;

// What both sides agreed on.
struct DeflateParams {
  bool server_no_context_takeover = false;
  bool client_no_context_takeover = false;
  // Window of the server's compressor, 8 to 15; named in the answer only if the client asked.
  std::optional<uint8_t> server_max_window_bits;

  uint8_t server_window_bits() const { return server_max_window_bits.value_or(kFullWindowBits); }
};

// The server's side: the first offer that can be accepted. An offer with an unknown, duplicate or invalid parameter is
// declined. `keep_history`: the server does not promise `server_no_context_takeover` unless the client asks for it.
std::optional<DeflateParams> accept_deflate(const ExtensionList& offers, bool keep_history);
// The extension as the server answers it.
std::string deflate_answer(const DeflateParams& params);

// The client's side: the extension as it is offered.
std::string deflate_offer(bool server_may_keep_history);
// Checks the extensions the server answered to that offer; an error must fail the connection. Nothing: no compression.
Result<std::optional<DeflateParams>> check_deflate_answer(const ExtensionList& answer, bool server_may_keep_history);

}  // namespace matchbus::ws
