// One key that tokens are verified with. The algorithm is the key's, never the token's choice (RFC 8725 section 3.1):
// a shared secret is for HS256, an RSA public key for RS256, one on P-256 for ES256 (RFC 7518 section 3).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace matchbus::bus {

class TokenKey {
 public:
  // At least 32 bytes (RFC 7518 section 3.2), and no key in PEM: a public key used as a secret would let anybody sign.
  static Result<std::unique_ptr<TokenKey>> secret(std::string_view secret);
  // A public key in PEM (SubjectPublicKeyInfo): RSA of 2048 bits or more, or P-256.
  static Result<std::unique_ptr<TokenKey>> public_key(const std::string& pem);
  virtual ~TokenKey() = default;

  // "HS256", "RS256" or "ES256".
  virtual std::string_view algorithm() const = 0;
  // Whether `signature` (raw bytes) is this key's of `text`. Takes the same time for every wrong signature of the right
  // length.
  virtual bool verify(std::string_view text, std::string_view signature) = 0;
};

}  // namespace matchbus::bus
