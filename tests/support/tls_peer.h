// TLS for tests: a certificate in a directory of its own, and a client that speaks TLS over a test's Peer.
#pragma once

#include <ftw.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>

#include "net/tls.h"
#include "net/tls_config.h"
#include "net/tls_session.h"
#include "support/net_fixture.h"

namespace matchbus::test {

// Removed with all that is in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = "/tmp/matchbus-test-XXXXXX";
    if (mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~TemporaryDirectory() {
    nftw(
        path_.c_str(), [](const char* path, const struct stat*, int, FTW*) { return ::remove(path); }, 8, FTW_DEPTH);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

inline void write_file(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

// Whether the certificate is right does not matter to this client unless `ca_file` is given.
inline std::shared_ptr<net::TlsConfig> client_config(const std::string& ca_file = {}) {
  auto config = net::TlsConfig::client(ca_file, !ca_file.empty());
  EXPECT_TRUE(config.ok());
  return *config;
}

// A client in the test's thread, driven by `step` from `run_until`.
class TlsPeer {
 public:
  TlsPeer(uint16_t port, const std::shared_ptr<net::TlsConfig>& config, const net::TlsSession::Ticket* ticket = nullptr)
      : tcp(port), session(std::move(*net::TlsSession::client(config, "localhost"))) {
    if (ticket != nullptr) session->resume(*ticket);
  }
  // Carries bytes both ways; reads at most `limit` bytes of ciphertext.
  TlsPeer& step(size_t limit = SIZE_MAX) {
    tcp.received.clear();
    tcp.read(limit);
    ciphertext_received += tcp.received.size();
    session->feed(tcp.received);
    if (!established) {
      const auto result = session->handshake();
      established = result == net::TlsSession::Step::kDone;
      failed = failed || result == net::TlsSession::Step::kFailed;
      if (established) handshake_bytes = ciphertext_received;
    }
    std::string buffer(net::TlsSession::kMaxPlaintext, '\0');
    while (established && !failed && !notified) {
      size_t count = 0;
      const auto result = session->read(buffer, count);
      if (result == net::TlsSession::Step::kMore) break;
      if (result == net::TlsSession::Step::kDone) received.append(buffer, 0, count);
      notified = result == net::TlsSession::Step::kClosed;
      failed = result == net::TlsSession::Step::kFailed;
    }
    session->feed({});
    push();
    return *this;
  }
  // Encrypts and queues; `step` sends it.
  void send(std::string_view text) {
    while (!text.empty()) {
      size_t used = 0;
      ASSERT_EQ(session->write(text, used), net::TlsSession::Step::kDone);
      text.remove_prefix(used);
    }
    push();
  }
  // Sends what is due, at most `burst` bytes at a time if that is not 0.
  void push() {
    outgoing += session->take_output().view();
    const size_t sent = tcp.send(std::string_view(outgoing).substr(0, burst == 0 ? std::string::npos : burst));
    outgoing.erase(0, sent);
  }

  Peer tcp;
  std::unique_ptr<net::TlsSession> session;
  std::string received;  // plaintext
  std::string outgoing;
  size_t burst = 0;
  size_t ciphertext_received = 0;
  size_t handshake_bytes = 0;
  bool established = false;
  bool notified = false;  // the server said close_notify
  bool failed = false;
};

}  // namespace matchbus::test
