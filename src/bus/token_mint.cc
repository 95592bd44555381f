#include "bus/token_mint.h"

#include <mbedtls/md.h>

#include <array>

#include "base/base64.h"

namespace matchbus::bus {

std::string mint_token(std::string_view secret, std::string_view claims_json) {
  const auto as_unsigned = [](std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); };
  std::string token;
  append_base64url(token, R"({"alg":"HS256","typ":"JWT"})");
  token += '.';
  append_base64url(token, claims_json);
  std::array<unsigned char, 32> digest{};
  mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), as_unsigned(secret), secret.size(), as_unsigned(token),
                  token.size(), digest.data());
  token += '.';
  append_base64url(token, {reinterpret_cast<const char*>(digest.data()), digest.size()});
  return token;
}

}  // namespace matchbus::bus
