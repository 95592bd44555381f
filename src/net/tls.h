// TLS on mbedTLS (2.28 and 3.x): the server's certificate and key, and one session's records as bytes in, bytes out.
#pragma once

#include <memory>
#include <string>

#include "base/log.h"
#include "base/result.h"

namespace matchbus::net {

class TlsConfig;  // net/tls_config.h

// Certificate chain, private key, session tickets and cache for all TLS ports of a process.
class TlsServerContext {
 public:
  // Reads PEM files. The pair is checked to belong together.
  static Result<std::unique_ptr<TlsServerContext>> load(const std::string& certificate_file,
                                                        const std::string& key_file);
  virtual ~TlsServerContext() = default;
  // Reads the files again (SIGHUP). On an error the old pair stays. Open sessions keep the old pair.
  virtual Result<void> reload() = 0;
  // What new sessions use.
  virtual std::shared_ptr<TlsConfig> current() const = 0;
};

constexpr int kSelfSignedDays = 3650;

// Makes a self-signed ECDSA P-256 certificate valid for `days` for localhost and this host's name, writes
// `certificate_file` and `key_file` (mode 0600) unless both exist already.
Result<void> make_self_signed(const std::string& certificate_file, const std::string& key_file,
                              int days = kSelfSignedDays);

// Loads the pair that make_self_signed makes: made if a file is missing, and made anew, with a warning, if they are of
// no use, as after a crash in the middle of the first start.
Result<std::unique_ptr<TlsServerContext>> load_self_signed(const std::string& certificate_file,
                                                           const std::string& key_file, Log& log);

}  // namespace matchbus::net
