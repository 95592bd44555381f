// Who somebody is, by a signed token: JWT (RFC 7519) in JWS compact form (RFC 7515), as strict as RFC 8725 asks for.
//
// Whatever can be read in two ways is refused: other base64 texts for the same bytes, members given twice, times that
// are no times, anything behind the third part. Pure: the caller brings the time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "bus/token_key.h"
#include "json/document.h"

namespace matchbus::bus {

enum class TokenError : uint8_t { kMissing, kMalformed, kBadSignature, kExpired, kNotYetValid, kWrongAudience };

// The reason of close code 4401: "token missing", "malformed", "bad signature", "expired", "not yet valid" or "wrong
// audience" (which is said for the wrong issuer, too).
std::string_view describe(TokenError error);

// One family of algorithms: secrets, or public keys. The previous key is still good, so that keys can be exchanged
// while tokens of the old one are about.
struct TokenOptions {
  std::string secret;               // for HS256
  std::string previous_secret;      // "": none
  std::string public_key;           // PEM, for RS256 or ES256
  std::string previous_public_key;  // "": none
  std::string issuer;               // what `iss` must be; "": not checked
  std::string audience;             // what `aud` must be or hold; "": not checked
  int leeway_s = 0;                 // by how much clocks may differ, 0 to 60
};

// A token that holds. Views are valid until the verifier's next call.
struct Token {
  std::string_view subject;  // never empty
  int64_t expires_at_s = 0;  // when it stops to hold, seconds since 1970, leeway included
  json::Value claims;        // an object
};

class TokenVerifier {
 public:
  static constexpr size_t kMaxToken = 8 * 1024;  // bytes
  static constexpr size_t kMaxSubject = 256;     // bytes

  // Errors say which key is wrong and why. With no key at all the verifier is not `configured`.
  static Result<TokenVerifier> create(const TokenOptions& options);

  bool configured() const { return !keys_.empty(); }
  // `now_ms`: since 1970.
  std::variant<Token, TokenError> verify(std::string_view token, int64_t now_ms);

 private:
  struct Parts;
  TokenVerifier() = default;
  bool read_header(std::string_view text);
  bool is_signed(const Parts& parts) const;
  std::variant<Token, TokenError> read_claims(int64_t now_ms);
  bool is_for_us(json::Value claims) const;
  bool has_duplicates(json::Value object);
  // Decodes into `scratch_` and parses; false if it is no JSON object whose members all differ.
  bool parse_object(std::string_view base64);

  std::vector<std::unique_ptr<TokenKey>> keys_;
  std::string issuer_;
  std::string audience_;
  int leeway_s_ = 0;
  // Used again for every token.
  json::Document document_{16};
  std::string scratch_;
  std::string signature_;
  std::string algorithm_;
  std::vector<std::string_view> names_;
};

}  // namespace matchbus::bus
