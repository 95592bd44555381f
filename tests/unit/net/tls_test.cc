// Certificates, and sessions as pure bytes in, bytes out.
#include "net/tls.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <mbedtls/oid.h>
#include <mbedtls/x509_crt.h>
#include <sys/stat.h>

#include <random>

#include "support/tls_peer.h"

namespace matchbus::net {
namespace {

using test::read_file;
using test::TemporaryDirectory;
using test::write_file;
using Step = TlsSession::Step;

class TlsFileTest : public testing::Test {
 protected:
  Result<void> make(int days = 3650) { return make_self_signed(certificate, key, days); }
  int files() const {
    int count = 0;
    DIR* dir = opendir(directory.path().c_str());
    while (readdir(dir) != nullptr) ++count;
    closedir(dir);
    return count - 2;
  }
  static mode_t mode(const std::string& path) {
    struct stat info {};
    EXPECT_EQ(stat(path.c_str(), &info), 0);
    return info.st_mode & 0777;
  }

  TemporaryDirectory directory;
  std::string certificate = directory.file("cert.pem");
  std::string key = directory.file("key.pem");
};

TEST_F(TlsFileTest, MakesAPairThatLoads) {
  const mode_t old = umask(0);
  const auto made = make();
  umask(old);
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(mode(key), 0600u);
  EXPECT_EQ(mode(certificate), 0644u);
  EXPECT_EQ(files(), 2) << "no temporary file is left";
  EXPECT_TRUE(TlsServerContext::load(certificate, key).ok());
}

TEST_F(TlsFileTest, CertificateIsForThisHost) {
  ASSERT_TRUE(make(30).ok());
  mbedtls_x509_crt parsed;
  mbedtls_x509_crt_init(&parsed);
  ASSERT_EQ(mbedtls_x509_crt_parse_file(&parsed, certificate.c_str()), 0);
  EXPECT_EQ(mbedtls_pk_get_type(&parsed.pk), MBEDTLS_PK_ECKEY);
  EXPECT_EQ(mbedtls_pk_get_bitlen(&parsed.pk), 256u);
  std::vector<std::string> names;
  for (const mbedtls_x509_sequence* name = &parsed.subject_alt_names; name != nullptr; name = name->next) {
    const std::string value(reinterpret_cast<const char*>(name->buf.p), name->buf.len);
    names.push_back(((name->buf.tag & 0x1f) == 7 ? "ip:" : "dns:") + value);
  }
  const std::vector<std::string> wanted = {"dns:localhost", std::string("ip:\x7f\0\0\1", 7),
                                           "ip:" + std::string(15, '\0') + "\1"};
  ASSERT_GE(names.size(), wanted.size());
  EXPECT_EQ(std::vector<std::string>(names.begin(), names.begin() + 3), wanted);
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  if (std::string_view(host.data()) != "localhost") {
    ASSERT_EQ(names.size(), 4u);
    EXPECT_EQ(names[3], std::string("dns:") + host.data());
  }
  EXPECT_EQ(mbedtls_x509_time_is_past(&parsed.valid_to), 0);
  EXPECT_EQ(mbedtls_x509_time_is_future(&parsed.valid_from), 0);
  EXPECT_NE(parsed.valid_to.year, parsed.valid_from.year + 10) << "the number of days counts";
  EXPECT_EQ(
      mbedtls_x509_crt_check_extended_key_usage(&parsed, MBEDTLS_OID_SERVER_AUTH, sizeof(MBEDTLS_OID_SERVER_AUTH) - 1),
      0);
  mbedtls_x509_crt_free(&parsed);
}

TEST_F(TlsFileTest, KeepsAPairThatExists) {
  ASSERT_TRUE(make().ok());
  const std::string before = read_file(certificate) + read_file(key);
  ASSERT_TRUE(make().ok());
  EXPECT_EQ(read_file(certificate) + read_file(key), before);
  ::unlink(key.c_str());
  ASSERT_TRUE(make().ok());
  EXPECT_NE(read_file(certificate) + read_file(key), before);
  EXPECT_TRUE(TlsServerContext::load(certificate, key).ok()) << "both were made anew";
}

TEST_F(TlsFileTest, MakesABrokenPairOfItsOwnAnewWithAWarning) {
  const SystemClock clock;
  test::RecordingLog log(clock);
  ASSERT_TRUE(load_self_signed(certificate, key, log).ok());
  const std::string before = read_file(certificate) + read_file(key);
  ASSERT_TRUE(load_self_signed(certificate, key, log).ok());
  EXPECT_EQ(read_file(certificate) + read_file(key), before) << "a good pair is kept";
  EXPECT_TRUE(log.lines.empty());

  const std::string good = read_file(key);
  for (const auto& [file, text] :
       {std::pair{certificate, std::string()}, {key, std::string()}, {certificate, before.substr(0, 100)}}) {
    write_file(file, text);
    log.lines.clear();
    ASSERT_TRUE(load_self_signed(certificate, key, log).ok()) << file;
    ASSERT_EQ(log.lines.size(), 1u);
    EXPECT_NE(log.lines[0].find("made anew"), std::string::npos) << log.lines[0];
    EXPECT_TRUE(TlsServerContext::load(certificate, key).ok());
  }
  write_file(key, good);  // does not belong to the new certificate
  EXPECT_TRUE(load_self_signed(certificate, key, log).ok());
  EXPECT_EQ(files(), 2);
}

TEST_F(TlsFileTest, SaysWhatItCannotWrite) {
  const auto made = make_self_signed(directory.file("no/cert.pem"), directory.file("no/key.pem"));
  ASSERT_FALSE(made.ok());
  EXPECT_NE(made.error().message.find("no/key.pem"), std::string::npos);
  EXPECT_NE(made.error().message.find("No such file"), std::string::npos);
  ASSERT_EQ(mkdir(key.c_str(), 0700), 0);
  const auto onto_directory = make();
  ASSERT_FALSE(onto_directory.ok());
  EXPECT_EQ(files(), 1) << "what was begun is taken away";
}

TEST_F(TlsFileTest, RefusesWhatDoesNotWork) {
  EXPECT_FALSE(TlsServerContext::load(certificate, key).ok());
  ASSERT_TRUE(make().ok());
  const std::string good = read_file(certificate);
  write_file(certificate, "-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n");
  auto loaded = TlsServerContext::load(certificate, key);
  ASSERT_FALSE(loaded.ok());
  EXPECT_NE(loaded.error().message.find(certificate), std::string::npos);
  write_file(certificate, good + "-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n");
  EXPECT_FALSE(TlsServerContext::load(certificate, key).ok());
  write_file(certificate, good);
  write_file(key, "");
  loaded = TlsServerContext::load(certificate, key);
  ASSERT_FALSE(loaded.ok());
  EXPECT_NE(loaded.error().message.find(key), std::string::npos);
  const std::string other_key = directory.file("other.key");
  ASSERT_TRUE(make_self_signed(directory.file("other.pem"), other_key).ok());
  loaded = TlsServerContext::load(certificate, other_key);
  ASSERT_FALSE(loaded.ok());
  EXPECT_NE(loaded.error().message.find("do not belong together"), std::string::npos);
}

// Two sessions wired to each other.
class TlsSessionTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(make_self_signed(directory.file("cert.pem"), directory.file("key.pem")).ok());
    context = std::move(*TlsServerContext::load(directory.file("cert.pem"), directory.file("key.pem")));
    connect();
  }
  void connect(const std::shared_ptr<TlsConfig>& config = test::client_config(),
               const std::string& host = "localhost") {
    client = std::move(*TlsSession::client(config, host));
    server = std::move(*TlsSession::server(context->current()));
    to_client.clear();
    to_server.clear();
    client_done = server_done = failed = false;
    flight = 0;
  }
  // Moves up to `burst` bytes each way, until nothing moves any more.
  void shake_hands(size_t burst = SIZE_MAX) {
    for (bool moved = true; moved && !failed;) {
      if (!client_done) client_done = take(client->handshake());
      to_server += client->take_output().view();
      if (!server_done) server_done = take(server->handshake());
      const Bytes out = server->take_output();
      flight += out.size();
      to_client += out.view();
      const bool to_server_moved = deliver(*server, to_server, burst, server_done);
      const bool to_client_moved = deliver(*client, to_client, burst, client_done);
      moved = to_server_moved || to_client_moved;
    }
  }
  bool take(Step step) {
    failed = failed || step == Step::kFailed || step == Step::kClosed;
    return step == Step::kDone;
  }
  bool deliver(TlsSession& to, std::string& bytes, size_t burst, bool& done) {
    const std::string part = bytes.substr(0, burst);
    bytes.erase(0, part.size());
    to.feed(part);
    if (!done) done = take(to.handshake());
    if (done) read(to);
    to.feed({});
    return !part.empty();
  }
  // Decrypts all there is.
  Step read(TlsSession& from) {
    std::array<char, TlsSession::kMaxPlaintext> buffer;
    for (;;) {
      size_t count = 0;
      const Step step = from.read(buffer, count);
      if (step != Step::kDone) return step;
      plain.append(buffer.data(), count);
    }
  }
  bool established() const { return client_done && server_done && !failed; }
  static std::string encrypt(TlsSession& session, std::string_view text) {
    while (!text.empty()) {
      size_t used = 0;
      EXPECT_EQ(session.write(text, used), Step::kDone);
      text.remove_prefix(used);
    }
    return std::string(session.take_output().view());
  }

  TemporaryDirectory directory;
  std::unique_ptr<TlsServerContext> context;
  std::unique_ptr<TlsSession> client;
  std::unique_ptr<TlsSession> server;
  std::string to_client;
  std::string to_server;
  std::string plain;  // what either side decrypted
  bool client_done = false;
  bool server_done = false;
  bool failed = false;
  size_t flight = 0;  // bytes the server sent in the handshake
};

TEST_F(TlsSessionTest, HandshakeAndDataInAnyPieces) {
  for (const size_t burst : {size_t{1}, size_t{7}, SIZE_MAX}) {
    connect();
    shake_hands(burst);
    ASSERT_TRUE(established()) << client->error() << server->error();
    plain.clear();
    std::string text(100'000, '\0');
    for (size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * i);
    to_server = encrypt(*client, text);
    while (deliver(*server, to_server, burst, server_done)) {
    }
    EXPECT_TRUE(plain == text);
  }
}

TEST_F(TlsSessionTest, CloseNotifyIsSeen) {
  shake_hands();
  ASSERT_TRUE(established());
  server->close_notify();
  const Bytes alert = server->take_output();
  client->feed({alert.data(), alert.size()});
  EXPECT_EQ(read(*client), Step::kClosed);
}

TEST_F(TlsSessionTest, ChangedRecordFails) {
  shake_hands();
  ASSERT_TRUE(established());
  std::string record = encrypt(*client, "secret");
  record.back() = static_cast<char>(record.back() ^ 1);
  server->feed(record);
  plain.clear();
  EXPECT_EQ(read(*server), Step::kFailed);
  EXPECT_FALSE(server->error().empty());
  EXPECT_EQ(plain, "");
}

TEST_F(TlsSessionTest, CiphertextBlocksAreUsedAgain) {
  shake_hands();
  ASSERT_TRUE(established());
  size_t used = 0;
  ASSERT_EQ(server->write("one", used), Step::kDone);
  Bytes first = server->take_output();
  const char* place = first.data();
  server->recycle(std::move(first));
  ASSERT_EQ(server->write("two", used), Step::kDone);
  const Bytes second = server->take_output();
  EXPECT_EQ(second.data(), place);
  server->recycle(second);  // still held here
  ASSERT_EQ(server->write("three", used), Step::kDone);
  EXPECT_NE(server->take_output().data(), place);
}

// An abbreviated handshake carries no certificate, so that the server's part is much shorter.
TEST_F(TlsSessionTest, TicketResumesASession) {
  const auto config = test::client_config();
  connect(config);
  shake_hands();
  ASSERT_TRUE(established());
  const size_t full = flight;
  const auto ticket = client->ticket();
  ASSERT_NE(ticket, nullptr);
  connect(config);
  client->resume(*ticket);
  shake_hands();
  ASSERT_TRUE(established());
  EXPECT_LT(flight, full - 300);
  // A reload makes new ticket keys; old tickets then mean a full handshake, not a failure.
  ASSERT_TRUE(context->reload().ok());
  connect(config);
  client->resume(*ticket);
  shake_hands();
  ASSERT_TRUE(established());
  EXPECT_GT(flight, full - 100);
}

TEST_F(TlsSessionTest, CacheResumesASessionWithoutTickets) {
  const auto config = test::client_config();
  auto& settings = const_cast<mbedtls_ssl_config&>(config->ssl());
  mbedtls_ssl_conf_session_tickets(&settings, MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
  mbedtls_ssl_conf_max_tls_version(&settings, MBEDTLS_SSL_VERSION_TLS1_2);  // 1.3 has tickets only
#endif
  connect(config);
  shake_hands();
  ASSERT_TRUE(established());
  const size_t full = flight;
  const auto id = client->ticket();
  ASSERT_NE(id, nullptr);
  connect(config);
  client->resume(*id);
  shake_hands();
  ASSERT_TRUE(established());
  EXPECT_LT(flight, full - 300);
}

TEST_F(TlsSessionTest, AgreesOnHttp11) {
  shake_hands();
  ASSERT_TRUE(established());
  // A client that wants something else only is refused (RFC 7301 section 3.2).
  const auto config = test::client_config();
  static std::array<const char*, 2> other = {"h2", nullptr};
  mbedtls_ssl_conf_alpn_protocols(&const_cast<mbedtls_ssl_config&>(config->ssl()), other.data());
  connect(config);
  shake_hands();
  EXPECT_TRUE(failed);
}

TEST_F(TlsSessionTest, OldVersionsAndWeakSuitesAreRefused) {
  const auto config = test::client_config();
  static constexpr int kStaticRsaAndCbc[] = {MBEDTLS_TLS_RSA_WITH_AES_128_GCM_SHA256,
                                             MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, 0};
  mbedtls_ssl_conf_ciphersuites(&const_cast<mbedtls_ssl_config&>(config->ssl()), kStaticRsaAndCbc);
  connect(config);
  shake_hands();
  EXPECT_TRUE(failed);
#if defined(MBEDTLS_SSL_PROTO_TLS1_1)
  const auto old = test::client_config();
  auto& settings = const_cast<mbedtls_ssl_config&>(old->ssl());
  mbedtls_ssl_conf_min_version(&settings, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_2);
  mbedtls_ssl_conf_max_version(&settings, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_2);
  connect(old);
  shake_hands();
  EXPECT_TRUE(failed);
#endif
}

TEST_F(TlsSessionTest, ClientChecksChainAndName) {
  const std::string own = directory.file("cert.pem");
  for (const char* host : {"localhost", "127.0.0.1", "::1"}) {
    connect(test::client_config(own), host);
    shake_hands();
    EXPECT_TRUE(established()) << host << ": " << client->error();
  }
  for (const char* host : {"example.org", "127.0.0.2", "::2"}) {
    connect(test::client_config(own), host);
    shake_hands();
    EXPECT_TRUE(failed) << host;
    EXPECT_FALSE(client_done) << host;
    EXPECT_FALSE(client->error().empty()) << host;
  }
  ASSERT_TRUE(make_self_signed(directory.file("other.pem"), directory.file("other.key")).ok());
  connect(test::client_config(directory.file("other.pem")));
  shake_hands();
  EXPECT_TRUE(failed);
  EXPECT_NE(client->error().find("not correctly signed"), std::string::npos) << client->error();
}

TEST_F(TlsSessionTest, ClientNeedsItsTrustedCertificates) {
  const auto config = TlsConfig::client(directory.file("none.pem"), true);
  ASSERT_FALSE(config.ok());
  EXPECT_NE(config.error().message.find("none.pem"), std::string::npos);
  EXPECT_TRUE(TlsConfig::client(directory.file("none.pem"), false).ok());
}

TEST_F(TlsSessionTest, ReloadServesTheNewPairAndKeepsTheOldOnError) {
  const std::string certificate = directory.file("cert.pem");
  const std::string key = directory.file("key.pem");
  const auto trusting_old = test::client_config(certificate);
  shake_hands();
  ASSERT_TRUE(established());
  const auto old_client = std::move(client);
  const auto old_server = std::move(server);
  const std::string old_key = read_file(key);
  ::unlink(key.c_str());
  ASSERT_TRUE(make_self_signed(certificate, key).ok());
  const auto trusting_new = test::client_config(certificate);

  connect(trusting_old);
  shake_hands();
  EXPECT_TRUE(established()) << "nothing changes before the reload";
  ASSERT_TRUE(context->reload().ok());
  connect(trusting_old);
  shake_hands();
  EXPECT_TRUE(failed);
  connect(trusting_new);
  shake_hands();
  EXPECT_TRUE(established());

  const std::string record = encrypt(*old_client, "old session");
  old_server->feed(record);
  plain.clear();
  EXPECT_EQ(read(*old_server), Step::kMore);
  EXPECT_EQ(plain, "old session");

  write_file(key, old_key);
  const auto failed_reload = context->reload();
  ASSERT_FALSE(failed_reload.ok());
  EXPECT_NE(failed_reload.error().message.find("do not belong together"), std::string::npos);
  connect(trusting_new);
  shake_hands();
  EXPECT_TRUE(established()) << "the pair that was loaded stays";
}

// Whatever a peer sends: an error at worst.
TEST_F(TlsSessionTest, DamagedHandshakesFailCleanly) {
  std::mt19937 random(11);
  int failures = 0;
  for (int round = 0; round < 300; ++round) {
    connect();
    client->handshake();
    std::string hello(client->take_output().view());
    for (int change = 0; change < 3; ++change) {
      const size_t at = random() % hello.size();
      switch (random() % 3) {
        case 0:
          hello[at] = static_cast<char>(random());
          break;
        case 1:
          hello.erase(at, random() % 20);
          break;
        default:
          hello.insert(at, std::string(random() % 20, static_cast<char>(random())));
      }
      if (hello.empty()) hello = "\x16";
    }
    server->feed(hello);
    const Step step = server->handshake();
    EXPECT_NE(step, Step::kDone);
    if (step == Step::kFailed) {
      ++failures;
      EXPECT_FALSE(server->error().empty());
    }
  }
  EXPECT_GT(failures, 100);
}

}  // namespace
}  // namespace matchbus::net
