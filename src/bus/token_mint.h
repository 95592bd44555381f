// Makes tokens, for operators and tests. The server itself only verifies.
#pragma once

#include <string>
#include <string_view>

namespace matchbus::bus {

// A token with these claims (a JSON object as text) in JWS compact form, signed with HS256.
std::string mint_token(std::string_view secret, std::string_view claims_json);

}  // namespace matchbus::bus
