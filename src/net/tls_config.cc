#include "net/tls_config.h"

#include <array>

#include "net/tls.h"
#include "net/tls_compat.h"

namespace matchbus::net {
namespace {

constexpr uint32_t kTicketLifetimeSeconds = 86'400;
constexpr int kCachedSessions = 256;  // the library searches them one by one
constexpr const char* kSystemCertificates = "/etc/ssl/certs/ca-certificates.crt";

Error failure(const std::string& what, int code) { return Error{what + ": " + tls_compat::describe(code)}; }

// What clients may ask for by ALPN (RFC 7301).
const char** protocols() {
  static std::array<const char*, 2> names = {"http/1.1", nullptr};
  return names.data();
}

class ServerContext final : public TlsServerContext {
 public:
  ServerContext(std::string certificate_file, std::string key_file, std::shared_ptr<TlsConfig> config)
      : certificate_file_(std::move(certificate_file)), key_file_(std::move(key_file)), config_(std::move(config)) {}

  Result<void> reload() override {
    auto config = TlsConfig::server(certificate_file_, key_file_);
    if (!config) return config.error();
    config_ = std::move(*config);
    return {};
  }
  std::shared_ptr<TlsConfig> current() const override { return config_; }

 private:
  const std::string certificate_file_;
  const std::string key_file_;
  std::shared_ptr<TlsConfig> config_;
};

}  // namespace

Result<std::unique_ptr<TlsServerContext>> TlsServerContext::load(const std::string& certificate_file,
                                                                 const std::string& key_file) {
  auto config = TlsConfig::server(certificate_file, key_file);
  if (!config) return config.error();
  return std::unique_ptr<TlsServerContext>(
      std::make_unique<ServerContext>(certificate_file, key_file, std::move(*config)));
}

TlsConfig::TlsConfig() {
  mbedtls_ssl_config_init(&ssl_);
  mbedtls_x509_crt_init(&certificates_);
  mbedtls_pk_init(&key_);
  mbedtls_ssl_ticket_init(&tickets_);
  mbedtls_ssl_cache_init(&cache_);
}

TlsConfig::~TlsConfig() {
  mbedtls_ssl_config_free(&ssl_);
  mbedtls_ssl_cache_free(&cache_);
  mbedtls_ssl_ticket_free(&tickets_);
  mbedtls_pk_free(&key_);
  mbedtls_x509_crt_free(&certificates_);
}

Result<std::shared_ptr<TlsConfig>> TlsConfig::server(const std::string& certificate_file, const std::string& key_file) {
  std::shared_ptr<TlsConfig> config(new TlsConfig);  // the constructor is private
  if (auto done = config->set_up_server(certificate_file, key_file); !done) return done.error();
  return config;
}

Result<std::shared_ptr<TlsConfig>> TlsConfig::client(const std::string& ca_file, bool verify) {
  std::shared_ptr<TlsConfig> config(new TlsConfig);  // the constructor is private
  config->verify_ = verify;
  if (auto done = config->set_up_client(ca_file); !done) return done.error();
  return config;
}

Result<void> TlsConfig::set_up(int endpoint) {
  if (!tls_compat::start_library()) return Error{"cannot start the TLS library"};
  const int error =
      mbedtls_ssl_config_defaults(&ssl_, endpoint, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
  if (error != 0) return failure("cannot set TLS up", error);
  tls_compat::require_tls12(ssl_);
  mbedtls_ssl_conf_rng(&ssl_, tls_compat::random, nullptr);
  mbedtls_ssl_conf_ciphersuites(&ssl_, tls_compat::cipher_suites());
  if (const int result = mbedtls_ssl_conf_alpn_protocols(&ssl_, protocols()); result != 0) {
    return failure("cannot set TLS up", result);
  }
  return {};
}

Result<void> TlsConfig::set_up_server(const std::string& certificate_file, const std::string& key_file) {
  if (auto done = set_up(MBEDTLS_SSL_IS_SERVER); !done) return done;
  tls_compat::prefer_fast_groups(ssl_);
  if (const int error = mbedtls_x509_crt_parse_file(&certificates_, certificate_file.c_str()); error != 0) {
    // A positive result counts certificates of the chain that are damaged.
    if (error > 0) return Error{"cannot use certificate " + certificate_file + ": part of the chain is damaged"};
    return failure("cannot use certificate " + certificate_file, error);
  }
  if (const int error = tls_compat::parse_key_file(key_, key_file.c_str()); error != 0) {
    return failure("cannot use key " + key_file, error);
  }
  if (tls_compat::check_pair(certificates_, key_) != 0) {
    return Error{"certificate " + certificate_file + " and key " + key_file + " do not belong together"};
  }
  if (const int error = mbedtls_ssl_conf_own_cert(&ssl_, &certificates_, &key_); error != 0) {
    return failure("cannot use certificate " + certificate_file, error);
  }
  if (const int error = mbedtls_ssl_ticket_setup(&tickets_, tls_compat::random, nullptr, MBEDTLS_CIPHER_AES_256_GCM,
                                                 kTicketLifetimeSeconds);
      error != 0) {
    return failure("cannot set TLS session tickets up", error);
  }
  mbedtls_ssl_conf_session_tickets_cb(&ssl_, mbedtls_ssl_ticket_write, mbedtls_ssl_ticket_parse, &tickets_);
  mbedtls_ssl_cache_set_max_entries(&cache_, kCachedSessions);
  mbedtls_ssl_conf_session_cache(&ssl_, &cache_, mbedtls_ssl_cache_get, mbedtls_ssl_cache_set);
  return {};
}

Result<void> TlsConfig::set_up_client(const std::string& ca_file) {
  if (auto done = set_up(MBEDTLS_SSL_IS_CLIENT); !done) return done;
  tls_compat::announce_tickets(ssl_);
  if (!verify_) {
    mbedtls_ssl_conf_authmode(&ssl_, MBEDTLS_SSL_VERIFY_NONE);
    return {};
  }
  const std::string file = ca_file.empty() ? kSystemCertificates : ca_file;
  const int error = mbedtls_x509_crt_parse_file(&certificates_, file.c_str());
  // A store may hold a few certificates that the library does not know how to read: a positive count.
  if (error < 0 || certificates_.version == 0) return failure("cannot use trusted certificates " + file, error);
  mbedtls_ssl_conf_ca_chain(&ssl_, &certificates_, nullptr);
  mbedtls_ssl_conf_authmode(&ssl_, MBEDTLS_SSL_VERIFY_REQUIRED);
  return {};
}

}  // namespace matchbus::net
