// Offers and answers share one reading of the parameters; what differs is which of them each side may use.
#include "ws/deflate_negotiation.h"

#include <utility>

namespace matchbus::ws {
namespace {

constexpr std::string_view kName = "permessage-deflate";
constexpr std::string_view kServerNoTakeover = "server_no_context_takeover";
constexpr std::string_view kClientNoTakeover = "client_no_context_takeover";
constexpr std::string_view kServerBits = "server_max_window_bits";
constexpr std::string_view kClientBits = "client_max_window_bits";

// All parameters of one permessage-deflate element.
struct Parameters {
  bool server_no_takeover = false;
  bool client_no_takeover = false;
  std::optional<uint8_t> server_bits;
  bool client_bits = false;  // its value only ever narrows what the client sends, and any window can be inflated
};

// A decimal 8 to 15 without leading zeros (RFC 7692 section 7.1.2).
std::optional<uint8_t> window_bits(const std::string& text) {
  if (text == "8" || text == "9") return static_cast<uint8_t>(text[0] - '0');
  if (text.size() == 2 && text[0] == '1' && text[1] >= '0' && text[1] <= '5') {
    return static_cast<uint8_t>(10 + text[1] - '0');
  }
  return std::nullopt;
}

// Sets a flag that may stand once and takes no value.
bool set_flag(bool& flag, const ExtensionParameter& parameter) {
  return !std::exchange(flag, true) && !parameter.value.has_value();
}

bool set_server_bits(std::optional<uint8_t>& bits, const ExtensionParameter& parameter) {
  if (bits.has_value() || !parameter.value.has_value()) return false;
  bits = window_bits(*parameter.value);
  return bits.has_value();
}

bool set_client_bits(bool& seen, const ExtensionParameter& parameter) {
  return !std::exchange(seen, true) && (!parameter.value.has_value() || window_bits(*parameter.value).has_value());
}

// Nothing if a parameter is unknown, stands twice, or has a bad value.
std::optional<Parameters> read_parameters(const Extension& extension) {
  Parameters result;
  for (const ExtensionParameter& parameter : extension.parameters) {
    bool good = false;
    if (parameter.name == kServerNoTakeover) good = set_flag(result.server_no_takeover, parameter);
    if (parameter.name == kClientNoTakeover) good = set_flag(result.client_no_takeover, parameter);
    if (parameter.name == kServerBits) good = set_server_bits(result.server_bits, parameter);
    if (parameter.name == kClientBits) good = set_client_bits(result.client_bits, parameter);
    if (!good) return std::nullopt;
  }
  return result;
}

}  // namespace

std::optional<DeflateParams> accept_deflate(const ExtensionList& offers, bool keep_history) {
  for (const Extension& offer : offers) {
    if (offer.name != kName) continue;
    const std::optional<Parameters> asked = read_parameters(offer);
    if (!asked) continue;
    return DeflateParams{.server_no_context_takeover = asked->server_no_takeover || !keep_history,
                         .client_no_context_takeover = true,
                         .server_max_window_bits = asked->server_bits};
  }
  return std::nullopt;
}

std::string deflate_answer(const DeflateParams& params) {
  std::string text(kName);
  if (params.server_no_context_takeover) text.append("; ").append(kServerNoTakeover);
  if (params.client_no_context_takeover) text.append("; ").append(kClientNoTakeover);
  if (params.server_max_window_bits) {
    text.append("; ").append(kServerBits).append("=").append(std::to_string(*params.server_max_window_bits));
  }
  return text;
}

std::string deflate_offer(bool server_may_keep_history) {
  return deflate_answer({.server_no_context_takeover = !server_may_keep_history,
                         .client_no_context_takeover = true,
                         .server_max_window_bits = {}});
}

Result<std::optional<DeflateParams>> check_deflate_answer(const ExtensionList& answer, bool server_may_keep_history) {
  if (answer.size() != 1 || answer.front().name != kName) return Error{"extension was not offered"};
  const std::optional<Parameters> given = read_parameters(answer.front());
  if (!given) return Error{"bad parameter of permessage-deflate"};
  if (given->client_bits) return Error{"client_max_window_bits was not offered"};
  if (!server_may_keep_history && !given->server_no_takeover) return Error{"server_no_context_takeover not granted"};
  return std::optional(DeflateParams{.server_no_context_takeover = given->server_no_takeover,
                                     .client_no_context_takeover = true,
                                     .server_max_window_bits = given->server_bits});
}

}  // namespace matchbus::ws
