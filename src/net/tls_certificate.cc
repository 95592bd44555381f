// The self-signed certificate that a server makes for itself when it is given none.
#include <fcntl.h>
#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>
#include <mbedtls/x509_crt.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "net/tls.h"
#include "net/tls_compat.h"

namespace matchbus::net {
namespace {

constexpr int64_t kDaySeconds = 86'400;

Error system_error(const std::string& what, const std::string& path) {
  return Error{"cannot " + what + " " + path + ": " + std::strerror(errno)};
}

// One DER element with a length of at most 65,535 (X.690 section 8.1.3).
std::string der(unsigned char tag, std::string_view content) {
  std::string out(1, static_cast<char>(tag));
  const size_t size = content.size();
  if (size >= 256) {
    out += {static_cast<char>(0x82), static_cast<char>(size >> 8), static_cast<char>(size & 0xff)};
  } else if (size >= 128) {
    out += {static_cast<char>(0x81), static_cast<char>(size)};
  } else {
    out += static_cast<char>(size);
  }
  return out.append(content);
}

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return {};
  return name.data();
}

// GeneralNames, RFC 5280 section 4.2.1.6.
std::string subject_names() {
  constexpr unsigned char kDnsName = 0x82;
  constexpr unsigned char kIpAddress = 0x87;
  std::string names = der(kDnsName, "localhost");
  names += der(kIpAddress, std::string_view("\x7f\0\0\1", 4));
  names += der(kIpAddress, std::string(15, '\0') + '\1');
  const std::string host = host_name();
  if (!host.empty() && host != "localhost") names += der(kDnsName, host);
  return der(0x30, names);
}

// ExtKeyUsageSyntax with id-kp-serverAuth, RFC 5280 section 4.2.1.12.
std::string server_usage() { return der(0x30, der(0x06, std::string_view("\x2b\x06\x01\x05\x05\x07\x03\x01", 8))); }

std::string x509_time(int64_t seconds) {
  const time_t when = static_cast<time_t>(seconds);
  tm parts{};
  gmtime_r(&when, &parts);
  std::array<char, 16> text{};
  std::strftime(text.data(), text.size(), "%Y%m%d%H%M%S", &parts);
  return text.data();
}

// A key and a certificate being made; throws nothing, collects the first error.
class Maker {
 public:
  Maker() {
    mbedtls_pk_init(&key_);
    mbedtls_x509write_crt_init(&certificate_);
  }
  ~Maker() {
    mbedtls_x509write_crt_free(&certificate_);
    mbedtls_pk_free(&key_);
  }
  Maker(const Maker&) = delete;
  Maker& operator=(const Maker&) = delete;

  int make(int days) {
    check(mbedtls_pk_setup(&key_, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)));
    if (error_ != 0) return error_;
    check(mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(key_), tls_compat::random, nullptr));
    mbedtls_x509write_crt_set_version(&certificate_, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(&certificate_, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(&certificate_, &key_);
    mbedtls_x509write_crt_set_issuer_key(&certificate_, &key_);
    check(mbedtls_x509write_crt_set_subject_name(&certificate_, "CN=matchbus"));
    check(mbedtls_x509write_crt_set_issuer_name(&certificate_, "CN=matchbus"));
    // Browsers refuse two certificates of one issuer with the same serial number.
    std::array<unsigned char, 16> serial{};
    tls_compat::random(nullptr, serial.data(), serial.size());
    serial[0] = static_cast<unsigned char>((serial[0] & 0x3f) | 0x40);
    check(tls_compat::set_serial(certificate_, serial));
    // From yesterday: not every clock in the house is right.
    const int64_t now = std::time(nullptr);
    check(mbedtls_x509write_crt_set_validity(&certificate_, x509_time(now - kDaySeconds).c_str(),
                                             x509_time(now + days * kDaySeconds).c_str()));
    check(mbedtls_x509write_crt_set_basic_constraints(&certificate_, 0, -1));
    check(mbedtls_x509write_crt_set_key_usage(&certificate_, MBEDTLS_X509_KU_DIGITAL_SIGNATURE));
    extension(std::string_view(MBEDTLS_OID_SUBJECT_ALT_NAME, sizeof(MBEDTLS_OID_SUBJECT_ALT_NAME) - 1),
              subject_names());
    extension(std::string_view(MBEDTLS_OID_EXTENDED_KEY_USAGE, sizeof(MBEDTLS_OID_EXTENDED_KEY_USAGE) - 1),
              server_usage());
    return error_;
  }

  std::string key_pem() {
    std::array<unsigned char, 4096> pem{};
    check(mbedtls_pk_write_key_pem(&key_, pem.data(), pem.size()));
    return reinterpret_cast<const char*>(pem.data());
  }
  std::string certificate_pem() {
    std::array<unsigned char, 8192> pem{};
    check(mbedtls_x509write_crt_pem(&certificate_, pem.data(), pem.size(), tls_compat::random, nullptr));
    return reinterpret_cast<const char*>(pem.data());
  }
  int error() const { return error_; }

 private:
  void check(int result) {
    if (error_ == 0) error_ = result;
  }
  void extension(std::string_view oid, const std::string& value) {
    check(mbedtls_x509write_crt_set_extension(&certificate_, oid.data(), oid.size(), 0,
                                              reinterpret_cast<const unsigned char*>(value.data()), value.size()));
  }

  mbedtls_pk_context key_;
  mbedtls_x509write_cert certificate_;
  int error_ = 0;
};

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

// Readers see the old file or the whole new one, and nobody without the right ever sees the new one: it is made with
// mode 0600 and opened up after.
Result<void> replace_file(const std::string& path, std::string_view text, mode_t mode) {
  std::string temporary = path + ".XXXXXX";
  const int file = mkostemp(temporary.data(), O_CLOEXEC);
  if (file < 0) return system_error("create", temporary);
  bool written = write_all(file, text) && fchmod(file, mode) == 0 && fsync(file) == 0;
  const int error = errno;
  written = ::close(file) == 0 && written;
  if (written && std::rename(temporary.c_str(), path.c_str()) == 0) return {};
  if (error != 0 && !written) errno = error;
  const Error failure = system_error("write", path);
  ::unlink(temporary.c_str());
  return failure;
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

Result<void> write_pair(const std::string& certificate_file, const std::string& key_file, int days) {
  if (!tls_compat::start_library()) return Error{"cannot start the TLS library"};
  Maker maker;
  maker.make(days);
  const std::string key = maker.key_pem();
  const std::string certificate = maker.certificate_pem();
  if (maker.error() != 0) return Error{"cannot make a certificate: " + tls_compat::describe(maker.error())};
  if (auto done = replace_file(key_file, key, 0600); !done) return done;
  return replace_file(certificate_file, certificate, 0644);
}

}  // namespace

Result<void> make_self_signed(const std::string& certificate_file, const std::string& key_file, int days) {
  if (exists(certificate_file) && exists(key_file)) return {};
  return write_pair(certificate_file, key_file, days);
}

Result<std::unique_ptr<TlsServerContext>> load_self_signed(const std::string& certificate_file,
                                                           const std::string& key_file, Log& log) {
  if (auto made = make_self_signed(certificate_file, key_file); !made) return made.error();
  auto loaded = TlsServerContext::load(certificate_file, key_file);
  if (loaded) return loaded;
  log.warning("the self-signed certificate is made anew: " + loaded.error().message);
  if (auto made = write_pair(certificate_file, key_file, kSelfSignedDays); !made) return made.error();
  return TlsServerContext::load(certificate_file, key_file);
}

}  // namespace matchbus::net
