#include "bus/token_key.h"

#include <gtest/gtest.h>

#include "base/base64.h"
#include "unit/bus/token_vectors.h"

namespace matchbus::bus {
namespace {

std::string bytes_of(std::string_view base64) {
  std::string out(base64.size() / 4 * 3 + 3, '\0');
  out.resize(decode_base64url(base64, out).value());
  return out;
}

std::string signed_text(std::string_view header) {
  return std::string(header) + "." + std::string(vectors::kRfcPayload);
}

// Holds for exactly the right signature.
void check_vector(TokenKey& key, std::string_view header, std::string_view signature) {
  const std::string text = signed_text(header);
  const std::string good = bytes_of(signature);
  EXPECT_TRUE(key.verify(text, good));
  EXPECT_FALSE(key.verify(text + "x", good));
  EXPECT_FALSE(key.verify(text.substr(1), good));
  EXPECT_FALSE(key.verify(text, {}));
  EXPECT_FALSE(key.verify(text, good.substr(1)));
  EXPECT_FALSE(key.verify(text, good.substr(0, good.size() - 1)));
  EXPECT_FALSE(key.verify(text, good + '\0'));
  EXPECT_FALSE(key.verify(text, good + good));
  EXPECT_FALSE(key.verify(text, std::string(good.size(), '\0')));
  EXPECT_FALSE(key.verify(text, std::string(good.size(), '\xff')));
  for (size_t i = 0; i < good.size(); i += 7) {
    std::string wrong = good;
    wrong[i] = static_cast<char>(wrong[i] ^ 1);
    EXPECT_FALSE(key.verify(text, wrong)) << "byte " << i;
  }
  EXPECT_TRUE(key.verify(text, good)) << "failures leave nothing behind";
}

TEST(TokenKey, VerifiesTheHs256ExampleOfTheStandard) {
  const auto key = TokenKey::secret(bytes_of(vectors::kRfcHs256Key));
  ASSERT_TRUE(key.ok());
  EXPECT_EQ((*key)->algorithm(), "HS256");
  check_vector(**key, vectors::kRfcHs256Header, vectors::kRfcHs256Signature);
}

TEST(TokenKey, VerifiesTheRs256ExampleOfTheStandard) {
  const auto key = TokenKey::public_key(std::string(vectors::kRfcRs256Key));
  ASSERT_TRUE(key.ok()) << key.error().message;
  EXPECT_EQ((*key)->algorithm(), "RS256");
  check_vector(**key, vectors::kRfcRs256Header, vectors::kRfcRs256Signature);
}

TEST(TokenKey, VerifiesTheEs256ExampleOfTheStandard) {
  const auto key = TokenKey::public_key(std::string(vectors::kRfcEs256Key));
  ASSERT_TRUE(key.ok()) << key.error().message;
  EXPECT_EQ((*key)->algorithm(), "ES256");
  check_vector(**key, vectors::kRfcEs256Header, vectors::kRfcEs256Signature);
}

TEST(TokenKey, RefusesWeakSecrets) {
  EXPECT_FALSE(TokenKey::secret("").ok());
  EXPECT_FALSE(TokenKey::secret(std::string(31, 'x')).ok());
  EXPECT_TRUE(TokenKey::secret(std::string(32, 'x')).ok());
  EXPECT_TRUE(TokenKey::secret(std::string(500, 'x')).ok());
  EXPECT_FALSE(TokenKey::secret(vectors::kRfcRs256Key).ok()) << "a public key is no secret";
}

TEST(TokenKey, RefusesKeysThatNoAlgorithmIsFor) {
  const std::string good(vectors::kEs256Key);
  EXPECT_TRUE(TokenKey::public_key(good).ok());
  for (const std::string& pem :
       {std::string(), std::string("secret"), std::string(vectors::kSecp256k1Key), std::string(vectors::kP384Key),
        std::string(vectors::kRsa1024Key), good.substr(0, good.size() / 2)}) {
    const auto key = TokenKey::public_key(pem);
    ASSERT_FALSE(key.ok()) << pem;
    EXPECT_FALSE(key.error().message.empty());
  }
}

}  // namespace
}  // namespace matchbus::bus
