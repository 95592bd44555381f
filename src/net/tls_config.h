// What all TLS sessions of one kind share: for a server certificate, key, tickets and session cache, for a client the
// trusted certificates. Not part of the public contract: the streams' and the connector's.
#pragma once

#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cache.h>
#include <mbedtls/ssl_ticket.h>
#include <mbedtls/x509_crt.h>

#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace matchbus::net {

// Sessions keep it alive; so it is never changed, a reload makes another one.
class TlsConfig {
 public:
  static Result<std::shared_ptr<TlsConfig>> server(const std::string& certificate_file, const std::string& key_file);
  // `ca_file` is read only if `verify`.
  static Result<std::shared_ptr<TlsConfig>> client(const std::string& ca_file, bool verify);
  ~TlsConfig();
  TlsConfig(const TlsConfig&) = delete;
  TlsConfig& operator=(const TlsConfig&) = delete;

  const mbedtls_ssl_config& ssl() const { return ssl_; }
  bool verifies() const { return verify_; }
  // A block for ciphertext, handed from session to session so that each write does not allocate one.
  Bytes& spare() { return spare_; }

 private:
  TlsConfig();
  Result<void> set_up(int endpoint);
  Result<void> set_up_server(const std::string& certificate_file, const std::string& key_file);
  Result<void> set_up_client(const std::string& ca_file);

  mbedtls_ssl_config ssl_;
  mbedtls_x509_crt certificates_;  // own chain, or trusted ones
  mbedtls_pk_context key_;
  mbedtls_ssl_ticket_context tickets_;
  mbedtls_ssl_cache_context cache_;
  bool verify_ = false;
  Bytes spare_;
};

}  // namespace matchbus::net
