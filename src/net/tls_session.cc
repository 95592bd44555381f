#include "net/tls_session.h"

#include <arpa/inet.h>
#include <mbedtls/ssl.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <utility>

#include "net/tls_compat.h"
#include "net/tls_config.h"

namespace matchbus::net {
namespace {

class MbedTicket final : public TlsSession::Ticket {
 public:
  MbedTicket() { mbedtls_ssl_session_init(&session); }
  ~MbedTicket() override { mbedtls_ssl_session_free(&session); }
  MbedTicket(const MbedTicket&) = delete;
  MbedTicket& operator=(const MbedTicket&) = delete;
  mbedtls_ssl_session session;
};

// An address as it stands in a certificate (RFC 5280 section 4.2.1.6): 4 or 16 bytes; nothing if `host` is a name.
std::string address_bytes(const std::string& host) {
  std::array<char, sizeof(in6_addr)> bytes{};
  if (inet_pton(AF_INET, host.c_str(), bytes.data()) == 1) return {bytes.data(), sizeof(in_addr)};
  if (inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1) return {bytes.data(), sizeof(in6_addr)};
  return {};
}

// mbedTLS 2.28 compares names only.
bool certificate_is_for(const mbedtls_x509_crt& certificate, std::string_view address) {
  constexpr int kTagMask = 0x1f;
  constexpr int kIpAddress = 7;  // GeneralName, RFC 5280
  for (const mbedtls_x509_sequence* name = &certificate.subject_alt_names; name != nullptr; name = name->next) {
    if (name->buf.p == nullptr || (name->buf.tag & kTagMask) != kIpAddress) continue;
    if (name->buf.len == address.size() && std::memcmp(name->buf.p, address.data(), address.size()) == 0) return true;
  }
  return false;
}

class MbedSession final : public TlsSession {
 public:
  explicit MbedSession(std::shared_ptr<TlsConfig> config) : config_(std::move(config)) { mbedtls_ssl_init(&ssl_); }
  ~MbedSession() override { mbedtls_ssl_free(&ssl_); }
  MbedSession(const MbedSession&) = delete;
  MbedSession& operator=(const MbedSession&) = delete;

  Result<void> set_up() {
    if (const int error = mbedtls_ssl_setup(&ssl_, &config_->ssl()); error != 0) {
      return Error{"cannot begin a TLS session: " + tls_compat::describe(error)};
    }
    mbedtls_ssl_set_bio(&ssl_, this, send, receive, nullptr);
    return {};
  }

  Result<void> set_host(const std::string& host) {
    address_ = address_bytes(host);
    // Server names are never addresses (RFC 6066 section 3); the certificate's are compared after the handshake.
    const int error = mbedtls_ssl_set_hostname(&ssl_, address_.empty() ? host.c_str() : nullptr);
    if (error != 0) return Error{"cannot use host name " + host + " with TLS: " + tls_compat::describe(error)};
    return {};
  }

  void feed(std::span<const char> ciphertext) override { input_ = ciphertext; }
  std::span<const char> unread() const override { return input_; }

  Step handshake() override {
    const int result = insist([this] { return mbedtls_ssl_handshake(&ssl_); });
    if (result == MBEDTLS_ERR_SSL_WANT_READ) return Step::kMore;
    if (result != 0) return fail(result);
    if (config_->verifies() && !address_.empty()) {
      const mbedtls_x509_crt* certificate = mbedtls_ssl_get_peer_cert(&ssl_);
      if (certificate == nullptr || !certificate_is_for(*certificate, address_)) {
        mbedtls_ssl_send_alert_message(&ssl_, MBEDTLS_SSL_ALERT_LEVEL_FATAL, MBEDTLS_SSL_ALERT_MSG_BAD_CERT);
        error_ = "the certificate is for another address";
        return Step::kFailed;
      }
    }
    return Step::kDone;
  }

  Step read(std::span<char> plain, size_t& count) override {
    for (;;) {
      const int result =
          insist([&] { return mbedtls_ssl_read(&ssl_, reinterpret_cast<unsigned char*>(plain.data()), plain.size()); });
      if (result > 0) {
        count = static_cast<size_t>(result);
        return Step::kDone;
      }
      if (result == MBEDTLS_ERR_SSL_WANT_READ) return Step::kMore;
      if (result == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) return Step::kClosed;
      if (result != 0) return fail(result);
      // An empty record, or a handshake message that was dealt with.
    }
  }

  Step write(std::string_view plain, size_t& count) override {
    const int result = insist(
        [&] { return mbedtls_ssl_write(&ssl_, reinterpret_cast<const unsigned char*>(plain.data()), plain.size()); });
    if (result < 0) return fail(result);
    count = static_cast<size_t>(result);
    return Step::kDone;
  }

  void close_notify() override { mbedtls_ssl_close_notify(&ssl_); }

  size_t output_bytes() const override { return output_ ? output_->size() : 0; }
  Bytes take_output() override {
    if (!output_) return {};
    Bytes output = output_->take();
    output_.reset();
    return output;
  }
  void recycle(Bytes sent) override {
    if (sent.unique()) config_->spare() = std::move(sent);
  }

  const std::string& error() const override { return error_; }

  std::unique_ptr<Ticket> ticket() const override {
    auto ticket = std::make_unique<MbedTicket>();
    if (mbedtls_ssl_get_session(&ssl_, &ticket->session) != 0) return nullptr;
    return ticket;
  }
  void resume(const Ticket& ticket) override {
    mbedtls_ssl_set_session(&ssl_, &static_cast<const MbedTicket&>(ticket).session);
  }

 private:
  // Some results only mean "call again": a ticket has come, or (TLS 1.3) a message was taken in although there is more
  // to read. Only a read that found nothing really has to wait.
  template <typename Call>
  int insist(Call call) {
    for (;;) {
      starved_ = false;
      const int result = call();
      if (tls_compat::is_news(result) || (result == MBEDTLS_ERR_SSL_WANT_READ && !starved_)) continue;
      return result;
    }
  }

  static int send(void* self, const unsigned char* data, size_t size) {
    auto& session = *static_cast<MbedSession*>(self);
    if (!session.output_) session.output_.emplace(std::exchange(session.config_->spare(), {}));
    session.output_->append({reinterpret_cast<const char*>(data), size});
    return static_cast<int>(size);
  }

  static int receive(void* self, unsigned char* out, size_t size) {
    auto& session = *static_cast<MbedSession*>(self);
    std::span<const char>& input = session.input_;
    session.starved_ = input.empty();
    if (session.starved_) return MBEDTLS_ERR_SSL_WANT_READ;
    const size_t count = std::min(size, input.size());
    std::memcpy(out, input.data(), count);
    input = input.subspan(count);
    return static_cast<int>(count);
  }

  Step fail(int result) {
    error_ = tls_compat::describe(result);
    if (result == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED) {
      std::array<char, 512> details{};
      mbedtls_x509_crt_verify_info(details.data(), details.size(), "", mbedtls_ssl_get_verify_result(&ssl_));
      error_ = details.data();
      if (!error_.empty() && error_.back() == '\n') error_.pop_back();
      std::replace(error_.begin(), error_.end(), '\n', ';');
    }
    return Step::kFailed;
  }

  const std::shared_ptr<TlsConfig> config_;
  mbedtls_ssl_context ssl_;
  std::span<const char> input_;
  bool starved_ = false;  // the library asked for input when there was none
  std::optional<BytesWriter> output_;
  std::string address_;  // the peer's, to be found in its certificate
  std::string error_;
};

}  // namespace

Result<std::unique_ptr<TlsSession>> TlsSession::server(std::shared_ptr<TlsConfig> config) {
  auto session = std::make_unique<MbedSession>(std::move(config));
  if (auto done = session->set_up(); !done) return done.error();
  return std::unique_ptr<TlsSession>(std::move(session));
}

Result<std::unique_ptr<TlsSession>> TlsSession::client(std::shared_ptr<TlsConfig> config, const std::string& host) {
  auto session = std::make_unique<MbedSession>(std::move(config));
  if (auto done = session->set_up(); !done) return done.error();
  if (auto done = session->set_host(host); !done) return done.error();
  return std::unique_ptr<TlsSession>(std::move(session));
}

}  // namespace matchbus::net
