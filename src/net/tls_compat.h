// Every difference between mbedTLS 2.28 and 3.x that matters here, in one place.
#pragma once

#include <mbedtls/error.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>

#if MBEDTLS_VERSION_NUMBER >= 0x03000000
#include <psa/crypto.h>
#endif

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/random.h"

namespace matchbus::net::tls_compat {

// The library's random source: the kernel's.
inline int random(void*, unsigned char* out, size_t size) {
  random_bytes({reinterpret_cast<char*>(out), size});
  return 0;
}

// What the library says about one of its negative results.
inline std::string describe(int error) {
  std::array<char, 160> text{};
  mbedtls_strerror(error, text.data(), text.size());
  return text.data();
}

#if MBEDTLS_VERSION_NUMBER >= 0x03000000

constexpr bool kTls13 =
#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
    true;
#else
    false;
#endif

// Before anything else; may be called again.
inline bool start_library() { return psa_crypto_init() == PSA_SUCCESS; }

inline void require_tls12(mbedtls_ssl_config& config) {
  mbedtls_ssl_conf_min_tls_version(&config, MBEDTLS_SSL_VERSION_TLS1_2);
}

inline int parse_key_file(mbedtls_pk_context& key, const char* path) {
  return mbedtls_pk_parse_keyfile(&key, path, nullptr, random, nullptr);
}

inline int check_pair(const mbedtls_x509_crt& certificate, const mbedtls_pk_context& key) {
  return mbedtls_pk_check_pair(&certificate.pk, &key, random, nullptr);
}

inline int set_serial(mbedtls_x509write_cert& certificate, std::span<unsigned char> serial) {
  return mbedtls_x509write_crt_set_serial_raw(&certificate, serial.data(), serial.size());
}

// P-256 first: it is the library's fastest.
inline void prefer_fast_groups(mbedtls_ssl_config& config) {
  static constexpr uint16_t kGroups[] = {MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1, MBEDTLS_SSL_IANA_TLS_GROUP_X25519,
                                         MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1, MBEDTLS_SSL_IANA_TLS_GROUP_NONE};
  mbedtls_ssl_conf_groups(&config, kGroups);
}

// TLS 1.3 hands tickets out after the handshake; the client wants to know.
inline void announce_tickets([[maybe_unused]] mbedtls_ssl_config& config) {
#if defined(MBEDTLS_SSL_SESSION_TICKETS) && defined(MBEDTLS_SSL_PROTO_TLS1_3) && MBEDTLS_VERSION_NUMBER >= 0x03060100
  mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(&config,
                                                           MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
#endif
}

// Results of a read that only mean "try again".
inline bool is_news(int result) {
#if defined(MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
  return result == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET;
#else
  (void)result;
  return false;
#endif
}

#define MATCHBUS_TLS13_SUITES \
  MBEDTLS_TLS1_3_AES_128_GCM_SHA256, MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256, MBEDTLS_TLS1_3_AES_256_GCM_SHA384,

#else

constexpr bool kTls13 = false;

inline bool start_library() { return true; }

inline void require_tls12(mbedtls_ssl_config& config) {
  mbedtls_ssl_conf_min_version(&config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
}

inline int parse_key_file(mbedtls_pk_context& key, const char* path) {
  return mbedtls_pk_parse_keyfile(&key, path, nullptr);
}

inline int check_pair(const mbedtls_x509_crt& certificate, const mbedtls_pk_context& key) {
  return mbedtls_pk_check_pair(&certificate.pk, &key);
}

inline int set_serial(mbedtls_x509write_cert& certificate, std::span<unsigned char> serial) {
  mbedtls_mpi number;
  mbedtls_mpi_init(&number);
  int result = mbedtls_mpi_read_binary(&number, serial.data(), serial.size());
  if (result == 0) result = mbedtls_x509write_crt_set_serial(&certificate, &number);
  mbedtls_mpi_free(&number);
  return result;
}

// P-256 first: it is the library's fastest.
inline void prefer_fast_groups(mbedtls_ssl_config& config) {
  static constexpr mbedtls_ecp_group_id kGroups[] = {MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_ECP_DP_CURVE25519,
                                                     MBEDTLS_ECP_DP_SECP384R1, MBEDTLS_ECP_DP_NONE};
  mbedtls_ssl_conf_curves(&config, kGroups);
}

inline void announce_tickets(mbedtls_ssl_config&) {}

inline bool is_news(int) { return false; }

#define MATCHBUS_TLS13_SUITES

#endif

// ECDHE with authenticated encryption only: no static RSA (timing attacks), no finite-field Diffie-Hellman (slow), no
// CBC. Every client of the last ten years has these.
inline const int* cipher_suites() {
  static constexpr int kSuites[] = {MATCHBUS_TLS13_SUITES MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                                    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
                                    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
                                    MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
                                    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
                                    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
                                    0};
  return kSuites;
}
#undef MATCHBUS_TLS13_SUITES

}  // namespace matchbus::net::tls_compat
