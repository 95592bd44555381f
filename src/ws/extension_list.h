// The value of `Sec-WebSocket-Extensions` as a list of extensions with parameters (RFC 6455 section 9.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace matchbus::ws {

struct ExtensionParameter {
  std::string name;
  std::optional<std::string> value;  // nothing: the name stood alone
};

struct Extension {
  std::string name;
  std::vector<ExtensionParameter> parameters;  // in order, duplicates kept
};

using ExtensionList = std::vector<Extension>;

// Parses one header value, or several joined by commas. Nothing if it does not follow the grammar, which must fail the
// handshake.
std::optional<ExtensionList> parse_extensions(std::string_view value);

}  // namespace matchbus::ws
