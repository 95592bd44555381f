// HS256 is the fast path: the key's two padded blocks are hashed once, mbedTLS keeps them, and a token costs its own
// blocks and three more.
#include "bus/token_key.h"

#include <mbedtls/md.h>

#include <array>
#include <cstdint>

#include "net/tls_compat.h"

namespace matchbus::bus {
namespace {

constexpr size_t kLeastSecret = 32;  // bytes
constexpr size_t kLeastRsaBits = 2048;
constexpr size_t kP256Bytes = 32;  // of one coordinate
using Digest = std::array<unsigned char, 32>;

const unsigned char* as_unsigned(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

class SecretKey final : public TokenKey {
 public:
  SecretKey() { mbedtls_md_init(&md_); }
  ~SecretKey() override { mbedtls_md_free(&md_); }
  SecretKey(const SecretKey&) = delete;
  SecretKey& operator=(const SecretKey&) = delete;

  bool start(std::string_view secret) {
    return mbedtls_md_setup(&md_, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), 1) == 0 &&
           mbedtls_md_hmac_starts(&md_, as_unsigned(secret), secret.size()) == 0;
  }

  std::string_view algorithm() const override { return "HS256"; }
  bool verify(std::string_view text, std::string_view signature) override {
    Digest digest{};
    if (signature.size() != digest.size()) return false;
    if (mbedtls_md_hmac_reset(&md_) != 0 || mbedtls_md_hmac_update(&md_, as_unsigned(text), text.size()) != 0 ||
        mbedtls_md_hmac_finish(&md_, digest.data()) != 0)
      return false;
    volatile unsigned char difference = 0;  // looks at every byte, whatever the compiler thinks of it
    for (size_t i = 0; i < digest.size(); ++i)
      difference = static_cast<unsigned char>(difference | (digest[i] ^ as_unsigned(signature)[i]));
    return difference == 0;
  }

 private:
  mbedtls_md_context_t md_;
};

#if MBEDTLS_VERSION_NUMBER >= 0x03000000
mbedtls_ecp_group_id curve_of(const mbedtls_pk_context& key) { return mbedtls_pk_ec(key)->MBEDTLS_PRIVATE(grp).id; }
#else
mbedtls_ecp_group_id curve_of(const mbedtls_pk_context& key) { return mbedtls_pk_ec(key)->grp.id; }
#endif

// The signature r || s of RFC 7518 section 3.4 as the DER SEQUENCE that the library takes.
class DerSignature {
 public:
  explicit DerSignature(std::string_view raw) {
    put(0x30);
    put(0);  // the length, below
    append_integer(raw.substr(0, kP256Bytes));
    append_integer(raw.substr(kP256Bytes));
    bytes_[1] = static_cast<unsigned char>(size_ - 2);
  }
  const unsigned char* data() const { return bytes_.data(); }
  size_t size() const { return size_; }

 private:
  void put(unsigned char byte) { bytes_[size_++] = byte; }
  void append_integer(std::string_view big_endian) {
    while (big_endian.size() > 1 && big_endian.front() == 0) big_endian.remove_prefix(1);
    const bool looks_negative = (as_unsigned(big_endian)[0] & 0x80U) != 0;
    put(0x02);
    put(static_cast<unsigned char>(big_endian.size() + (looks_negative ? 1 : 0)));
    if (looks_negative) put(0);
    for (const char c : big_endian) put(static_cast<unsigned char>(c));
  }

  std::array<unsigned char, 2 + 2 * (2 + 1 + kP256Bytes)> bytes_{};
  size_t size_ = 0;
};

class PublicKey final : public TokenKey {
 public:
  PublicKey() { mbedtls_pk_init(&key_); }
  ~PublicKey() override { mbedtls_pk_free(&key_); }
  PublicKey(const PublicKey&) = delete;
  PublicKey& operator=(const PublicKey&) = delete;

  Result<void> read(const std::string& pem) {
    // The library wants the terminating zero counted.
    const int failed = mbedtls_pk_parse_public_key(&key_, as_unsigned(pem), pem.size() + 1);
    if (failed != 0) return Error{"no public key in PEM: " + net::tls_compat::describe(failed)};
    if (mbedtls_pk_can_do(&key_, MBEDTLS_PK_RSA) != 0) {
      if (mbedtls_pk_get_bitlen(&key_) < kLeastRsaBits) return Error{"an RSA key needs 2048 bits or more"};
      is_rsa_ = true;
      return {};
    }
    if (mbedtls_pk_can_do(&key_, MBEDTLS_PK_ECDSA) == 0 || curve_of(key_) != MBEDTLS_ECP_DP_SECP256R1)
      return Error{"neither an RSA key nor one on the curve P-256"};
    return {};
  }

  std::string_view algorithm() const override { return is_rsa_ ? "RS256" : "ES256"; }
  bool verify(std::string_view text, std::string_view signature) override {
    Digest digest{};
    const mbedtls_md_info_t* const sha256 = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);
    if (mbedtls_md(sha256, as_unsigned(text), text.size(), digest.data()) != 0) return false;
    if (is_rsa_) {
      return signature.size() == (mbedtls_pk_get_bitlen(&key_) + 7) / 8 &&
             check(digest, as_unsigned(signature), signature.size());
    }
    if (signature.size() != 2 * kP256Bytes) return false;
    const DerSignature der(signature);
    return check(digest, der.data(), der.size());
  }

 private:
  bool check(const Digest& digest, const unsigned char* signature, size_t size) {
    return mbedtls_pk_verify(&key_, MBEDTLS_MD_SHA256, digest.data(), digest.size(), signature, size) == 0;
  }

  mbedtls_pk_context key_;
  bool is_rsa_ = false;
};

}  // namespace

Result<std::unique_ptr<TokenKey>> TokenKey::secret(std::string_view secret) {
  if (secret.size() < kLeastSecret) return Error{"a secret needs 32 bytes or more"};
  if (secret.find("-----BEGIN ") != std::string_view::npos) return Error{"a key in PEM is no secret"};
  auto key = std::make_unique<SecretKey>();
  if (!key->start(secret)) return Error{"HMAC cannot be set up"};
  return std::unique_ptr<TokenKey>(std::move(key));
}

Result<std::unique_ptr<TokenKey>> TokenKey::public_key(const std::string& pem) {
  if (!net::tls_compat::start_library()) return Error{"the cryptographic library cannot be started"};
  auto key = std::make_unique<PublicKey>();
  if (Result<void> done = key->read(pem); !done) return done.error();
  return std::unique_ptr<TokenKey>(std::move(key));
}

}  // namespace matchbus::bus
