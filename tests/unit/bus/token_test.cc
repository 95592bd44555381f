#include "bus/token.h"

#include <gtest/gtest.h>

#include "base/base64.h"
#include "bus/token_mint.h"
#include "unit/bus/token_vectors.h"

namespace matchbus::bus {
namespace {

constexpr int64_t kNow = 1'700'000'000;  // seconds
const std::string kSecret(32, 's');
const std::string kOtherSecret(32, 'o');

std::string part(std::string_view json) {
  std::string text;
  append_base64url(text, json);
  return text;
}

class TokenTest : public testing::Test {
 protected:
  // "" for a token that holds, else why not.
  std::string check(std::string_view token, int64_t now_ms = kNow * 1000) {
    const auto result = verifier().verify(token, now_ms);
    const TokenError* error = std::get_if<TokenError>(&result);
    return error == nullptr ? "" : std::string(describe(*error));
  }
  std::string check_claims(std::string_view json) { return check(mint_token(kSecret, json)); }

  TokenVerifier& verifier() {
    if (!made) {
      auto result = TokenVerifier::create(options);
      EXPECT_TRUE(result.ok()) << result.error().message;
      made.emplace(std::move(*result));
    }
    return *made;
  }

  TokenOptions options{.secret = kSecret,
                       .previous_secret = {},
                       .public_key = {},
                       .previous_public_key = {},
                       .issuer = {},
                       .audience = {},
                       .leeway_s = 0};
  std::optional<TokenVerifier> made;
  const std::string good = mint_token(kSecret, R"({"sub":"u1","exp":1700000060,"sector_id":7})");
};

TEST_F(TokenTest, TellsWhoItIsAndUntilWhen) {
  const auto result = verifier().verify(good, kNow * 1000);
  const Token& token = std::get<Token>(result);
  EXPECT_EQ(token.subject, "u1");
  EXPECT_EQ(token.expires_at_s, 1'700'000'060);
  EXPECT_EQ(token.claims["sector_id"].integer(0, 100), 7);
}

TEST_F(TokenTest, MissingIsNotMalformed) {
  EXPECT_EQ(check(""), "token missing");
  EXPECT_EQ(check("x"), "malformed");
}

TEST_F(TokenTest, TimesAreTakenExactly) {
  EXPECT_EQ(check(good, 1'700'000'059'999), "");
  EXPECT_EQ(check(good, 1'700'000'060'000), "expired");
  EXPECT_EQ(check(mint_token(kSecret, R"({"sub":"u","exp":1700000060.5})"), 1'700'000'060'400), "");
  const std::string later = mint_token(kSecret, R"({"sub":"u","exp":1700000099,"nbf":1700000010})");
  EXPECT_EQ(check(later, 1'700'000'009'999), "not yet valid");
  EXPECT_EQ(check(later, 1'700'000'010'000), "");
}

TEST_F(TokenTest, LeewayIsGivenAtBothEnds) {
  options.leeway_s = 5;
  EXPECT_EQ(check(good, 1'700'000'064'999), "");
  EXPECT_EQ(check(good, 1'700'000'065'000), "expired");
  const std::string later = mint_token(kSecret, R"({"sub":"u","exp":1700000099,"nbf":1700000010})");
  EXPECT_EQ(check(later, 1'700'000'004'999), "not yet valid");
  EXPECT_EQ(check(later, 1'700'000'005'000), "");
  const auto result = verifier().verify(good, kNow * 1000);
  EXPECT_EQ(std::get<Token>(result).expires_at_s, 1'700'000'065);
}

TEST_F(TokenTest, ClaimsOfTheWrongKindAreMalformed) {
  EXPECT_EQ(check_claims(R"({"sub":"u","exp":1700000060})"), "");
  for (const char* json : {
           R"({"sub":"u"})",
           R"({"exp":1700000060})",
           R"({"sub":"","exp":1700000060})",
           R"({"sub":5,"exp":1700000060})",
           R"({"sub":null,"exp":1700000060})",
           R"({"sub":["u"],"exp":1700000060})",
           R"({"sub":"u","exp":"1700000060"})",
           R"({"sub":"u","exp":null})",
           R"({"sub":"u","exp":true})",
           R"({"sub":"u","exp":[1700000060]})",
           R"({"sub":"u","exp":NaN})",
           R"({"sub":"u","exp":Infinity})",
           R"({"sub":"u","exp":1e999})",
           R"({"sub":"u","exp":1e300})",
           R"({"sub":"u","exp":99999999999999999999999999999999})",
           R"({"sub":"u","exp":1700000060000})",
           R"({"sub":"u","exp":-1})",
           R"({"sub":"u","exp":1700000060,"nbf":"1"})",
           R"({"sub":"u","exp":1700000060,"nbf":null})",
           R"({"sub":"u","exp":1700000060,"nbf":1e300})",
           R"({"sub":"u","exp":1700000060,"iat":"now"})",
           R"(["sub","exp"])",
           R"("sub")",
           R"(null)",
           R"()",
           R"({"sub":"u","exp":1700000060)",
           R"({"sub":"u","exp":1700000060}x)",
           R"({"sub":"u","exp":1700000060}{})",
           R"({'sub':'u','exp':1700000060})",
           "{\"sub\":\"u\xff\",\"exp\":1700000060}",
       })
    EXPECT_EQ(check_claims(json), "malformed") << json;
  EXPECT_EQ(check_claims(R"({"sub":")" + std::string(256, 'u') + R"(","exp":1700000060})"), "");
  EXPECT_EQ(check_claims(R"({"sub":")" + std::string(257, 'u') + R"(","exp":1700000060})"), "malformed");
}

TEST_F(TokenTest, NothingMayBeSaidTwice) {
  EXPECT_EQ(check_claims(R"({"sub":"u","exp":1700000060,"sub":"u"})"), "malformed");
  EXPECT_EQ(check_claims(R"({"sub":"u","exp":1,"exp":1700000060})"), "malformed");
  EXPECT_EQ(check_claims(R"({"sub":"u","exp":1700000060,"role":"player","ro\u006ce":"admin"})"), "malformed");
  EXPECT_EQ(check_claims(R"({"sub":"u","exp":1700000060,"Sub":"v"})"), "") << "names differ in case";
}

TEST_F(TokenTest, TheAlgorithmIsTheKeysNotTheTokens) {
  const std::string payload = part(R"({"sub":"u1","exp":1700000060})");
  const std::string signature = good.substr(good.rfind('.') + 1);
  for (const char* algorithm :
       {"none", "None", "NONE", "nOnE", "hs256", "HS384", "HS512", "RS256", "ES256", "PS256", ""}) {
    const std::string head = part(std::string(R"({"alg":")") + algorithm + R"(","typ":"JWT"})") + "." + payload + ".";
    EXPECT_EQ(check(head), "bad signature") << algorithm;
    EXPECT_EQ(check(head + signature), "bad signature") << algorithm;
  }
}

TEST_F(TokenTest, HeadersMustBeReadable) {
  const std::string rest = good.substr(good.find('.'));
  for (const char* header :
       {R"({})", R"({"alg":null})", R"({"alg":256})", R"({"alg":["HS256"]})", R"({"alg":"HS256","alg":"HS256"})",
        R"({"alg":"none","alg":"HS256"})", R"({"alg":"HS256","typ":"JWT","typ":"JWT"})",
        R"({"alg":"HS256","crit":["exp"]})", R"([])", R"(x)", R"({"alg":"HS256"}})", ""})
    EXPECT_EQ(check(part(header) + rest), "malformed") << header;
}

TEST_F(TokenTest, SignaturesMustBeWholeAndRight) {
  const std::string text = good.substr(0, good.rfind('.') + 1);
  const std::string signature = good.substr(text.size());
  ASSERT_EQ(signature.size(), 43u);
  EXPECT_EQ(check(text), "bad signature");
  EXPECT_EQ(check(text + signature.substr(0, 40)), "bad signature");
  EXPECT_EQ(check(text + signature.substr(0, 4)), "bad signature");
  EXPECT_EQ(check(text + "AAAA" + signature), "bad signature");
  EXPECT_EQ(check(text + std::string(43, 'A')), "bad signature");
  EXPECT_EQ(check(text + std::string(2000, 'A')), "bad signature");
  EXPECT_EQ(check(mint_token(kOtherSecret, R"({"sub":"u1","exp":1700000060})")), "bad signature");
  for (size_t i = 0; i < text.size() - 1; ++i) {
    std::string changed = good;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_NE(check(changed), "") << i;
  }
}

TEST_F(TokenTest, TheTextMustBeTheOnlyOne) {
  for (const std::string& token :
       {good + ".", good + ".x", good + "=", good + " ", good + "\n", " " + good, good + std::string(1, '\0'),
        "Bearer " + good, good.substr(0, good.rfind('.')), std::string("."), std::string(".."), std::string("..."),
        "." + good, good + "\xc3\xa4", std::string(8193, 'A'), good.substr(good.find('.'))})
    EXPECT_EQ(check(token), "malformed") << token;

  // The last character of each part has bits that mean nothing: they must be zero.
  std::string changed = good;
  changed.back() = static_cast<char>(changed.back() + 1);
  EXPECT_EQ(check(changed), "malformed");
  const std::string header = good.substr(0, good.find('.'));
  ASSERT_EQ(header.size() % 4, 0u);
  const std::string odd = mint_token(kSecret, R"({"sub":"u","exp":1700000060})");
  const size_t dot = odd.rfind('.');
  ASSERT_NE((dot - header.size() - 1) % 4, 0u);
  std::string other = odd;
  other[dot - 1] = static_cast<char>(other[dot - 1] + 1);
  EXPECT_EQ(check(other), "malformed");
  other = odd;
  other.insert(dot, "=");
  EXPECT_EQ(check(other), "malformed");
}

TEST_F(TokenTest, LongTokensAreRefusedUnread) {
  const auto with = [](size_t filler) {
    return mint_token(kSecret, R"({"sub":"u","exp":1700000060,"x":")" + std::string(filler, 'x') + "\"}");
  };
  EXPECT_EQ(check(with(5'900)), "");
  ASSERT_GT(with(6'200).size(), TokenVerifier::kMaxToken);
  EXPECT_EQ(check(with(6'200)), "malformed");
}

// Claims become rows, and rows are sent to others.
TEST_F(TokenTest, ClaimsAreUtf8) {
  EXPECT_EQ(check_claims("{\"sub\":\"u\",\"exp\":1700000100,\"username\":\"\xff\"}"), "malformed");
}

TEST_F(TokenTest, DeepClaimsAreRefused) {
  EXPECT_EQ(check_claims(R"({"sub":"u","exp":1700000060,"x":)" + std::string(1000, '[') + std::string(1000, ']') + "}"),
            "malformed");
}

TEST_F(TokenTest, IssuerAndAudienceAreCheckedIfConfigured) {
  EXPECT_EQ(check_claims(R"({"sub":"u","exp":1700000060,"iss":"a","aud":"b"})"), "");
  options.issuer = "game";
  options.audience = "bus";
  made.reset();
  EXPECT_EQ(check_claims(R"({"sub":"u","exp":1700000060,"iss":"game","aud":"bus"})"), "");
  EXPECT_EQ(check_claims(R"({"sub":"u","exp":1700000060,"iss":"game","aud":["web","bus"]})"), "");
  for (const char* json :
       {R"({"sub":"u","exp":1700000060})", R"({"sub":"u","exp":1700000060,"iss":"game"})",
        R"({"sub":"u","exp":1700000060,"aud":"bus"})", R"({"sub":"u","exp":1700000060,"iss":"other","aud":"bus"})",
        R"({"sub":"u","exp":1700000060,"iss":["game"],"aud":"bus"})",
        R"({"sub":"u","exp":1700000060,"iss":"game","aud":"BUS"})",
        R"({"sub":"u","exp":1700000060,"iss":"game","aud":["web",["bus"]]})",
        R"({"sub":"u","exp":1700000060,"iss":"game","aud":{"bus":true}})",
        R"({"sub":"u","exp":1700000060,"iss":"game","aud":[]})"})
    EXPECT_EQ(check_claims(json), "wrong audience") << json;
}

TEST_F(TokenTest, ThePreviousSecretIsStillGood) {
  const std::string old_token = mint_token(kOtherSecret, R"({"sub":"u1","exp":1700000060})");
  EXPECT_EQ(check(old_token), "bad signature");
  options.previous_secret = kOtherSecret;
  made.reset();
  EXPECT_EQ(check(old_token), "");
  EXPECT_EQ(check(good), "");
  options.previous_secret.clear();
  made.reset();
  EXPECT_EQ(check(old_token), "bad signature");
}

TEST_F(TokenTest, PublicKeysVerifyWhatTheyAreFor) {
  options = {.secret = {},
             .previous_secret = {},
             .public_key = std::string(vectors::kRs256Key),
             .previous_public_key = {},
             .issuer = {},
             .audience = {},
             .leeway_s = 0};
  EXPECT_EQ(check(vectors::kRs256Token), "");
  EXPECT_EQ(check(vectors::kEs256Token), "bad signature");
  options.previous_public_key = vectors::kEs256Key;
  made.reset();
  EXPECT_EQ(check(vectors::kRs256Token), "");
  EXPECT_EQ(check(vectors::kEs256Token), "");
  EXPECT_EQ(check(vectors::kEs256DerToken), "bad signature");
  EXPECT_EQ(check(good), "bad signature");
}

TEST_F(TokenTest, APublicKeyIsNoSecret) {
  // The classic: signed with HS256 and the public key, which everybody knows.
  options.secret.clear();
  for (const std::string_view pem : {vectors::kRs256Key, vectors::kEs256Key}) {
    options.public_key = pem;
    made.reset();
    EXPECT_EQ(check(mint_token(pem, R"({"sub":"u1","exp":1700000060})")), "bad signature");
    EXPECT_EQ(check(mint_token(pem.substr(0, pem.size() - 1), R"({"sub":"u1","exp":1700000060})")), "bad signature");
  }
}

TEST_F(TokenTest, WithoutKeysNothingHolds) {
  options.secret.clear();
  EXPECT_FALSE(verifier().configured());
  EXPECT_EQ(check(good), "bad signature");
}

TEST(TokenOptionsTest, MistakesAreToldByName) {
  const auto why = [](const TokenOptions& options) {
    const auto made = TokenVerifier::create(options);
    return made.ok() ? std::string() : made.error().message;
  };
  const std::string rsa(vectors::kRs256Key);
  TokenOptions options;
  EXPECT_EQ(why(options), "");
  options.secret = std::string(31, 'x');
  EXPECT_EQ(why(options), "JWT_SECRET: a secret needs 32 bytes or more");
  options.secret = kSecret;
  options.previous_secret = "short";
  EXPECT_EQ(why(options).substr(0, 20), "JWT_SECRET_PREVIOUS:");
  options = {};
  options.previous_secret = kSecret;
  EXPECT_EQ(why(options), "JWT_SECRET_PREVIOUS needs JWT_SECRET");
  options = {};
  options.public_key = "no key";
  EXPECT_EQ(why(options).substr(0, 15), "JWT_PUBLIC_KEY:");
  options.public_key = rsa;
  options.secret = kSecret;
  EXPECT_NE(why(options), "");
  options = {};
  options.secret = kSecret;
  options.previous_public_key = rsa;
  EXPECT_NE(why(options), "");
  options = {};
  options.previous_public_key = rsa;
  EXPECT_EQ(why(options), "JWT_PUBLIC_KEY_PREVIOUS needs JWT_PUBLIC_KEY");
}

}  // namespace
}  // namespace matchbus::bus
