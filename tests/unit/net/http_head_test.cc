// Heads of messages, whole and byte by byte, good and hostile.
#include "net/http_head.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace matchbus::net {
namespace {

constexpr size_t kMax = 16 * 1024;
using Kind = HttpHeadParser::Kind;

// What a parser says of `text`, given in pieces of `piece` bytes: "400 why", or "ok <bytes of the head>".
std::string verdict(const std::string& text, size_t piece, Kind kind = Kind::kRequest) {
  HttpHeadParser parser(kind, kMax, 100);
  size_t taken = 0;
  while (taken < text.size() && !parser.complete() && !parser.failed()) {
    const size_t end = std::min(text.size(), taken + piece);
    // A copy of exact size, so that a sanitizer sees reads beyond it.
    const std::string bytes = text.substr(taken, end - taken);
    taken += parser.feed(bytes);
  }
  if (parser.failed()) return std::to_string(parser.error_status()) + " " + std::string(parser.error());
  return parser.complete() ? "ok " + std::to_string(taken) : "more";
}

// The same answer is expected however the bytes are cut.
void expect_verdict(const std::string& text, const std::string& expected, Kind kind = Kind::kRequest) {
  for (const size_t piece : {size_t{1}, size_t{2}, size_t{3}, size_t{7}, text.size() + 1}) {
    EXPECT_EQ(verdict(text, piece, kind), expected) << "in pieces of " << piece << ": " << text;
  }
}

void expect_refused(const std::string& text, int status) {
  for (const size_t piece : {size_t{1}, size_t{5}, text.size() + 1}) {
    EXPECT_EQ(verdict(text, piece).substr(0, 3), std::to_string(status)) << "in pieces of " << piece << ": " << text;
  }
}

std::string with(const std::string& lines) { return "GET / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n"; }

TEST(HttpHeadTest, ARequestIsRead) {
  const std::string text = "POST /a/b?c=d HTTP/1.1\r\nHost: x\r\nX-Empty:\r\nX-Padded: \t a b \t \r\n\r\nbody";
  HttpHeadParser parser(Kind::kRequest, kMax, 0);
  EXPECT_EQ(parser.feed(text), text.size() - 4);
  ASSERT_TRUE(parser.complete());
  EXPECT_EQ(parser.head().method, "POST");
  EXPECT_EQ(parser.head().target, "/a/b?c=d");
  EXPECT_EQ(parser.head().minor, 1);
  EXPECT_EQ(parser.head().headers, (HttpHeaders{{"host", "x"}, {"x-empty", ""}, {"x-padded", "a b"}}));
  EXPECT_EQ(parser.feed("more"), 0u);
}

TEST(HttpHeadTest, BytesMayComeOneAtATime) {
  const std::string text = "OPTIONS * HTTP/1.0\r\nHost: x\r\nX-Empty:\r\nX-PADDED: \t a b \t \r\nLast: y\r\n\r\n";
  HttpHeadParser parser(Kind::kRequest, kMax, 0);
  for (const char c : text) {
    ASSERT_FALSE(parser.complete());
    ASSERT_EQ(parser.feed(std::string(1, c)), 1u);
  }
  ASSERT_TRUE(parser.complete());
  EXPECT_EQ(parser.head().method, "OPTIONS");
  EXPECT_EQ(parser.head().target, "*");
  EXPECT_EQ(parser.head().minor, 0);
  EXPECT_EQ(parser.head().headers, (HttpHeaders{{"host", "x"}, {"x-empty", ""}, {"x-padded", "a b"}, {"last", "y"}}));
}

TEST(HttpHeadTest, TheHeadEndsAtTheEmptyLineWhateverTheMethod) {
  for (const char* start : {"GET / ", "POST / ", "HEAD / ", "CONNECT a:1 ", "DELETE /x "}) {
    const std::string head =
        std::string(start) + "HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 3\r\n\r\n";
    expect_verdict(head + "abc", "ok " + std::to_string(head.size()));
  }
}

TEST(HttpHeadTest, AResponseIsRead) {
  HttpHeadParser parser(Kind::kResponse, kMax, 0);
  const std::string text = "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nabc";
  EXPECT_EQ(parser.feed(text), text.size() - 3);
  ASSERT_TRUE(parser.complete());
  EXPECT_EQ(parser.head().status, 404);
  EXPECT_EQ(parser.head().headers, (HttpHeaders{{"content-length", "3"}}));
  expect_verdict("HTTP/1.0 200\r\n\r\n", "ok 16", Kind::kResponse);
  expect_verdict("HTTX/1.1 200 OK\r\n\r\n", "400 malformed first line", Kind::kResponse);
}

TEST(HttpHeadTest, LinesEndWithCrLfAndAreNotFolded) {
  expect_verdict(with("A: b\r\n c\r\n"), "400 folded header line");
  expect_verdict(with("A: b\r\n\tc\r\n"), "400 folded header line");
  expect_refused("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400);
  expect_verdict("GET / HTTP/1.1\nHost: a\r\n\r\n", "400 line feed without carriage return");
  expect_verdict(with("A: b\nB: c\r\n"), "400 line feed without carriage return");
  expect_verdict("GET / HTTP/1.1\r\nHost: a\r\n\n", "400 line feed without carriage return");
  expect_verdict(with("A: b\rB: c\r\n"), "400 carriage return without line feed");
  expect_verdict("GET / HTTP/1.1\r\nHost: a\r\n\rx", "400 carriage return without line feed");
}

TEST(HttpHeadTest, HeaderNamesAreTokens) {
  expect_refused(with("Transfer-Encoding : chunked\r\n"), 400);
  expect_refused(with("Content Length: 3\r\n"), 400);
  expect_refused(with(": b\r\n"), 400);
  expect_refused(with("A\r\n"), 400);
  expect_refused(with(std::string("A\0B: c\r\n", 8)), 400);
  expect_refused(with("A\x80: c\r\n"), 400);
  expect_refused(with("(A): c\r\n"), 400);
}

TEST(HttpHeadTest, ControlCharactersInValuesAreRefused) {
  expect_refused(with(std::string("A: b\0c\r\n", 8)), 400);
  expect_refused(with("A: b\x01\r\n"), 400);
  expect_refused(with("A: b\x7f\r\n"), 400);
  const std::string bytes_above_ascii = with("A: \xC3\xA4\r\n");
  expect_verdict(bytes_above_ascii, "ok " + std::to_string(bytes_above_ascii.size()));
}

TEST(HttpHeadTest, RequestLinesAreChecked) {
  expect_refused("\x16\x03\x01\x02", 400);  // a TLS hello
  expect_refused("GET\x01/ HTTP/1.1\r\n\r\n", 400);
  expect_refused(" GET / HTTP/1.1\r\n\r\n", 400);
  expect_refused("{\"a\":1}\r\n\r\n", 400);
  expect_refused("GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n", 400);
  expect_refused("GET /\xC3\xA4 HTTP/1.1\r\nHost: a\r\n\r\n", 400);
  expect_refused("GET /\ta HTTP/1.1\r\nHost: a\r\n\r\n", 400);
  expect_refused("GET x HTTP/1.1\r\nHost: a\r\n\r\n", 400);
  expect_refused("GET / HTTX/1.1\r\nHost: a\r\n\r\n", 400);
  expect_refused("GET / HTTP/1.1 x\r\nHost: a\r\n\r\n", 505);
  expect_refused("GET / HXXX/1.1\r\nHost: a\r\n\r\n", 400);
  expect_refused("GET / HTTPX1.1\r\nHost: a\r\n\r\n", 400);
  expect_refused("SOURCE / ICE/1.0\r\nHost: a\r\n\r\n", 400);
}

TEST(HttpHeadTest, UnknownMethodsAreNotImplemented) {
  expect_refused("FETCH / HTTP/1.1\r\nHost: a\r\n\r\n", 501);
  expect_refused("get / HTTP/1.1\r\nHost: a\r\n\r\n", 501);
  expect_refused("GETX / HTTP/1.1\r\nHost: a\r\n\r\n", 501);
}

TEST(HttpHeadTest, OnlyVersionOneIsSupported) {
  expect_refused("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505);
  expect_refused("GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505);
  expect_refused("GET / HTTP/11.1\r\nHost: a\r\n\r\n", 505);
  expect_refused("GET /\r\n", 400);  // HTTP/0.9
  expect_verdict("GET / HTTP/1.2\r\n\r\n", "ok 18");
}

TEST(HttpHeadTest, ContradictingLengthsAreRefused) {
  expect_refused(with("Content-Length: 3\r\nContent-Length: 4\r\n"), 400);
  expect_refused(with("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), 400);
  expect_refused(with("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"), 400);
  expect_refused(with("Content-Length: 3, 3\r\n"), 400);
  expect_refused(with("Content-Length: -3\r\n"), 400);
  expect_refused(with("Content-Length: 99999999999999999999\r\n"), 400);
}

TEST(HttpHeadTest, TheHeadIsBounded) {
  const std::string text = with("A: " + std::string(100, 'b') + "\r\n");
  HttpHeadParser exact(Kind::kRequest, text.size(), 0);
  EXPECT_EQ(exact.feed(text + "rest"), text.size());
  EXPECT_TRUE(exact.complete());

  for (const size_t limit : {text.size() - 1, text.size() - 50, size_t{1}}) {
    HttpHeadParser parser(Kind::kRequest, limit, 0);
    std::string_view rest = text;
    while (!rest.empty() && !parser.failed()) rest.remove_prefix(parser.feed(rest));
    EXPECT_EQ(parser.error_status(), 431) << limit;
  }

  HttpHeadParser boundless(Kind::kRequest, 0, 0);
  const std::string large = with("A: " + std::string(500'000, 'b') + "\r\n");
  EXPECT_EQ(boundless.feed(large), large.size());
  EXPECT_TRUE(boundless.complete());
}

TEST(HttpHeadTest, TheNumberOfFieldsIsBounded) {
  HttpHeadParser parser(Kind::kRequest, kMax, 3);
  const std::string text = with("A: 1\r\nB: 2\r\n");
  EXPECT_EQ(parser.feed(text), text.size());
  EXPECT_TRUE(parser.complete());
  HttpHeadParser fails(Kind::kRequest, kMax, 3);
  fails.feed(with("A: 1\r\nB: 2\r\nC: 3\r\n"));
  EXPECT_EQ(fails.error_status(), 431);
}

// However a head is cut into pieces, the verdict is the same; and no bytes make it hang or read beyond them.
TEST(HttpHeadTest, VerdictsDoNotDependOnTheCut) {
  std::mt19937 random(11);
  const std::string base = with("Content-Length: 12\r\nUpgrade: websocket\r\nX: y\r\n");
  const std::string_view spice("\r\n\t :\0,;AZ09%", 14);
  int accepted = 0;
  for (int i = 0; i < 5'000; ++i) {
    std::string text = base;
    for (size_t change = random() % 3; change != 0; --change) {
      const size_t at = random() % text.size();
      if (random() % 2 == 0) {
        text[at] = spice[random() % spice.size()];
      } else {
        text.insert(at, 1, spice[random() % spice.size()]);
      }
    }
    const std::string whole = verdict(text, text.size());
    EXPECT_EQ(verdict(text, 1), whole) << text;
    EXPECT_EQ(verdict(text, 1 + random() % 9), whole) << text;
    accepted += whole.starts_with("ok") ? 1 : 0;
  }
  EXPECT_GT(accepted, 1'000);
  EXPECT_LT(accepted, 4'500);
}

}  // namespace
}  // namespace matchbus::net
