// The order of checks: the form of all three parts, the algorithm, the signature, and only then what the token claims.
#include "bus/token.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "base/base64.h"
#include "ws/utf8_validator.h"

namespace matchbus::bus {
namespace {

constexpr double kLastTime = 253'402'300'799;  // the end of the year 9999, seconds since 1970

// A NumericDate (RFC 7519 section 2); nothing if the claim is something else or beyond all reason.
std::optional<double> read_time(json::Value claim) {
  const auto seconds = claim.number();
  if (!seconds || *seconds < 0 || *seconds > kLastTime) return std::nullopt;
  return seconds;
}

// Every third byte of four characters, and what is begun.
size_t decoded_room(std::string_view base64) { return base64.size() / 4 * 3 + 3; }

Result<void> add_key(std::vector<std::unique_ptr<TokenKey>>& keys, const char* name,
                     Result<std::unique_ptr<TokenKey>> key) {
  if (!key) return Error{std::string(name) + ": " + key.error().message};
  keys.push_back(std::move(*key));
  return {};
}

Result<void> check_family(const TokenOptions& options) {
  const bool has_secret = !options.secret.empty() || !options.previous_secret.empty();
  const bool has_public = !options.public_key.empty() || !options.previous_public_key.empty();
  if (has_secret && has_public)
    return Error{"JWT_SECRET and JWT_PUBLIC_KEY exclude each other: tokens have one family of algorithms"};
  if (options.secret.empty() && !options.previous_secret.empty()) return Error{"JWT_SECRET_PREVIOUS needs JWT_SECRET"};
  if (options.public_key.empty() && !options.previous_public_key.empty())
    return Error{"JWT_PUBLIC_KEY_PREVIOUS needs JWT_PUBLIC_KEY"};
  return {};
}

}  // namespace

struct TokenVerifier::Parts {
  std::string_view signed_text;  // header.payload
  std::string_view header;
  std::string_view payload;
  std::string_view signature;

  static std::optional<Parts> of(std::string_view token) {
    const size_t first = token.find('.');
    if (first == 0 || first == std::string_view::npos) return std::nullopt;
    const size_t second = token.find('.', first + 1);
    if (second == std::string_view::npos || second == first + 1) return std::nullopt;
    // A further dot is no character of base64url, and found there.
    return Parts{token.substr(0, second), token.substr(0, first), token.substr(first + 1, second - first - 1),
                 token.substr(second + 1)};
  }
};

std::string_view describe(TokenError error) {
  switch (error) {
    case TokenError::kMissing:
      return "token missing";
    case TokenError::kMalformed:
      return "malformed";
    case TokenError::kBadSignature:
      return "bad signature";
    case TokenError::kExpired:
      return "expired";
    case TokenError::kNotYetValid:
      return "not yet valid";
    case TokenError::kWrongAudience:
      return "wrong audience";
  }
  return "malformed";
}

Result<TokenVerifier> TokenVerifier::create(const TokenOptions& options) {
  if (Result<void> checked = check_family(options); !checked) return checked.error();
  TokenVerifier verifier;
  for (const auto& [name, secret] :
       {std::pair{"JWT_SECRET", &options.secret}, std::pair{"JWT_SECRET_PREVIOUS", &options.previous_secret}}) {
    if (secret->empty()) continue;
    if (Result<void> added = add_key(verifier.keys_, name, TokenKey::secret(*secret)); !added) return added.error();
  }
  for (const auto& [name, pem] : {std::pair{"JWT_PUBLIC_KEY", &options.public_key},
                                  std::pair{"JWT_PUBLIC_KEY_PREVIOUS", &options.previous_public_key}}) {
    if (pem->empty()) continue;
    if (Result<void> added = add_key(verifier.keys_, name, TokenKey::public_key(*pem)); !added) return added.error();
  }
  verifier.issuer_ = options.issuer;
  verifier.audience_ = options.audience;
  verifier.leeway_s_ = options.leeway_s;
  return verifier;
}

std::variant<Token, TokenError> TokenVerifier::verify(std::string_view token, int64_t now_ms) {
  if (token.empty()) return TokenError::kMissing;
  if (token.size() > kMaxToken) return TokenError::kMalformed;
  const auto parts = Parts::of(token);
  if (!parts || !read_header(parts->header)) return TokenError::kMalformed;
  signature_.resize(decoded_room(parts->signature));
  const auto size = decode_base64url(parts->signature, signature_);
  if (!size) return TokenError::kMalformed;
  signature_.resize(*size);
  // Before the signature is looked at: of a payload with two texts one could be a stranger's.
  scratch_.resize(decoded_room(parts->payload));
  if (!decode_base64url(parts->payload, scratch_)) return TokenError::kMalformed;
  if (!is_signed(*parts)) return TokenError::kBadSignature;
  if (!parse_object(parts->payload)) return TokenError::kMalformed;
  return read_claims(now_ms);
}

bool TokenVerifier::parse_object(std::string_view base64) {
  scratch_.resize(decoded_room(base64));
  const auto size = decode_base64url(base64, scratch_);
  if (!size) return false;
  scratch_.resize(*size);
  // Claims become rows, and rows are sent to others.
  if (!ws::is_utf8(scratch_)) return false;
  return document_.parse_in_place(scratch_).ok() && document_.root().is_object() && !has_duplicates(document_.root());
}

bool TokenVerifier::has_duplicates(json::Value object) {
  names_.clear();
  bool is_key = true;
  for (json::Value v = object.first(); v.exists(); v = object.after(v), is_key = !is_key) {
    if (is_key) names_.push_back(*v.string());
  }
  std::sort(names_.begin(), names_.end());
  return std::adjacent_find(names_.begin(), names_.end()) != names_.end();
}

bool TokenVerifier::read_header(std::string_view text) {
  if (!parse_object(text)) return false;
  const json::Value header = document_.root();
  const auto algorithm = header["alg"].string();
  // Extensions that must be understood (RFC 7515 section 4.1.11): we understand none.
  if (!algorithm || header["crit"].exists()) return false;
  algorithm_.assign(*algorithm);
  return true;
}

bool TokenVerifier::is_signed(const Parts& parts) const {
  for (const std::unique_ptr<TokenKey>& key : keys_) {
    if (key->algorithm() == algorithm_ && key->verify(parts.signed_text, signature_)) return true;
  }
  return false;
}

std::variant<Token, TokenError> TokenVerifier::read_claims(int64_t now_ms) {
  const json::Value claims = document_.root();
  const auto subject = claims["sub"].string();
  const auto expires = read_time(claims["exp"]);
  const json::Value not_before = claims["nbf"];
  const json::Value issued_at = claims["iat"];
  if (!subject || subject->empty() || subject->size() > kMaxSubject || !expires) return TokenError::kMalformed;
  if ((not_before.exists() && !read_time(not_before)) || (issued_at.exists() && !read_time(issued_at)))
    return TokenError::kMalformed;

  const double now_s = static_cast<double>(now_ms) / 1000;
  if (now_s >= *expires + leeway_s_) return TokenError::kExpired;
  if (not_before.exists() && now_s < *read_time(not_before) - leeway_s_) return TokenError::kNotYetValid;
  if (!is_for_us(claims)) return TokenError::kWrongAudience;
  return Token{*subject, static_cast<int64_t>(std::floor(*expires)) + leeway_s_, claims};
}

bool TokenVerifier::is_for_us(json::Value claims) const {
  if (!issuer_.empty() && claims["iss"].string() != issuer_) return false;
  if (audience_.empty()) return true;
  const json::Value audience = claims["aud"];
  if (audience.string() == audience_) return true;
  if (!audience.is_array()) return false;
  for (json::Value v = audience.first(); v.exists(); v = audience.after(v)) {
    if (v.string() == audience_) return true;
  }
  return false;
}

}  // namespace matchbus::bus
