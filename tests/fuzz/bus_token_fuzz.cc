// Whatever may be shown as a token: never taken unless it is signed, and read the same way twice. The input is a token
// as it stands, the claims of one that is signed properly, and base64url.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/base64.h"
#include "bus/token.h"
#include "bus/token_mint.h"
#include "unit/bus/token_vectors.h"

namespace {

using namespace matchbus;
using namespace matchbus::bus;

constexpr int64_t kNowMs = 1'700'000'000'000;
constexpr std::string_view kSecret = "a secret of more than 32 bytes, for tests";

void require(bool holds) {
  if (!holds) std::abort();
}

TokenVerifier make_verifier(const TokenOptions& options) {
  auto made = TokenVerifier::create(options);
  require(made.ok());
  return std::move(*made);
}

void check_base64(std::string_view text) {
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  const auto size = decode_base64url(text, bytes);
  if (!size) return;
  bytes.resize(*size);
  std::string again;
  append_base64url(again, bytes);
  require(again == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  TokenOptions secret_options;
  secret_options.secret = kSecret;
  TokenOptions public_options;
  public_options.public_key = vectors::kRs256Key;
  public_options.previous_public_key = vectors::kEs256Key;
  static TokenVerifier by_secret = make_verifier(secret_options);
  static TokenVerifier by_public_key = make_verifier(public_options);

  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_base64(text);
  // Nobody finds a signature by chance.
  const auto raw = by_secret.verify(text, kNowMs);
  require(std::holds_alternative<TokenError>(raw));
  const auto known = by_public_key.verify(text, kNowMs);
  require(std::holds_alternative<TokenError>(known) || text == vectors::kRs256Token || text == vectors::kEs256Token);

  const std::string minted = mint_token(kSecret, text);
  const auto result = by_secret.verify(minted, kNowMs);
  if (const Token* token = std::get_if<Token>(&result)) {
    require(!token->subject.empty() && token->subject.size() <= TokenVerifier::kMaxSubject);
    require(token->expires_at_s >= kNowMs / 1000 && token->claims.is_object());
  } else {
    require(std::get<TokenError>(result) != TokenError::kBadSignature);
  }
  return 0;
}
