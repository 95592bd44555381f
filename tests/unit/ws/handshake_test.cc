#include "ws/handshake.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace matchbus::ws {
namespace {

// The example of RFC 6455 section 1.3.
net::HttpRequest good_request() {
  net::HttpRequest request;
  request.method = "GET";
  request.target = "/chat";
  request.headers = {{"host", "server.example.com"},
                     {"upgrade", "websocket"},
                     {"connection", "Upgrade"},
                     {"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="},
                     {"sec-websocket-version", "13"}};
  return request;
}

net::HttpRequest with(std::string_view name, std::string value) {
  net::HttpRequest request = good_request();
  for (auto& [key, text] : request.headers) {
    if (key == name) {
      text = std::move(value);
      return request;
    }
  }
  request.headers.emplace_back(name, std::move(value));
  return request;
}

net::HttpRequest without(std::string_view name) {
  net::HttpRequest request = good_request();
  std::erase_if(request.headers, [name](const auto& field) { return field.first == name; });
  return request;
}

net::HttpRequest twice(std::string_view name) {
  net::HttpRequest request = good_request();
  request.headers.emplace_back(name, std::string(*request.header(name)));
  return request;
}

int status_of(const net::HttpRequest& request) { return decide_handshake(request, {}).status; }

TEST(Handshake, AnswersTheExampleOfTheStandard) {
  const HandshakeDecision decision = decide_handshake(good_request(), {});
  ASSERT_EQ(decision.status, 101);
  EXPECT_FALSE(decision.deflate);
  EXPECT_EQ(switching_protocols(decision).view(),
            "HTTP/1.1 101 Switching Protocols\r\n"
            "Upgrade: websocket\r\n"
            "Connection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
            "\r\n");
}

TEST(Handshake, ComputesTheAcceptKey) {
  EXPECT_EQ(accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(accept_key("x3JJHMbDL1EzLkh9GBhXDw=="), "HSmrc0sMlYUkAGmm5OPpG2HaGWk=");
}

TEST(Handshake, ReadsTokensInListsWhateverTheirCase) {
  EXPECT_EQ(status_of(with("upgrade", "WebSocket")), 101);
  EXPECT_EQ(status_of(with("upgrade", "h2c, websocket")), 101);
  EXPECT_EQ(status_of(with("connection", "keep-alive, Upgrade")), 101);
  EXPECT_EQ(status_of(with("connection", "keep-alive,uPGRADE")), 101);
}

TEST(Handshake, RefusesEveryMissingOrWrongPart) {
  net::HttpRequest post = good_request();
  post.method = "POST";
  EXPECT_EQ(status_of(post), 400);
  EXPECT_EQ(status_of(without("host")), 400);
  EXPECT_EQ(status_of(twice("host")), 400);
  EXPECT_EQ(status_of(without("upgrade")), 400);
  EXPECT_EQ(status_of(with("upgrade", "websockets")), 400);
  EXPECT_EQ(status_of(without("connection")), 400);
  EXPECT_EQ(status_of(with("connection", "keep-alive")), 400);
  EXPECT_EQ(status_of(with("connection", "Upgrade-Insecure-Requests")), 400);
  EXPECT_EQ(status_of(without("sec-websocket-key")), 400);
  EXPECT_EQ(status_of(twice("sec-websocket-key")), 400);
}

TEST(Handshake, NamesItsVersionToOthers) {
  for (const net::HttpRequest& request :
       {without("sec-websocket-version"), with("sec-websocket-version", "8"), with("sec-websocket-version", "013"),
        with("sec-websocket-version", "14"), with("sec-websocket-version", ""), twice("sec-websocket-version")}) {
    const HandshakeDecision decision = decide_handshake(request, {});
    ASSERT_EQ(decision.status, 426);
    const net::HttpResponse response = handshake_refusal(decision);
    EXPECT_EQ(response.status, 426);
    EXPECT_NE(std::find(response.headers.begin(), response.headers.end(),
                        std::pair<std::string, std::string>("Sec-WebSocket-Version", "13")),
              response.headers.end());
  }
}

TEST(Handshake, TakesOnlyKeysOfSixteenBytes) {
  EXPECT_TRUE(is_handshake_key("AAAAAAAAAAAAAAAAAAAAAA=="));
  EXPECT_TRUE(is_handshake_key("////////////++++++++/w=="));
  EXPECT_TRUE(is_handshake_key("dGhlIHNhbXBsZSBub25jZR==")) << "of 22 characters drawn at random";
  for (const char* key : {"", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ", "AAAAAAAAAAAAAAAAAAAAAAA=",
                          "AAAAAAAAAAAAAAAAAAAAAAAA", "AAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
                          "!!!!!!!!!!!!!!!!!!!!!!==", "AAAAAAAAAAA=AAAAAAAAAA==", "AAAAAAAAAA AAAAAAAAAAA=="}) {
    EXPECT_FALSE(is_handshake_key(key)) << key;
    EXPECT_EQ(status_of(with("sec-websocket-key", key)), 400) << key;
  }
}

TEST(Handshake, NegotiatesCompression) {
  const net::HttpRequest request = with("sec-websocket-extensions", "permessage-deflate; client_max_window_bits");
  const HandshakeDecision decision = decide_handshake(request, {});
  ASSERT_TRUE(decision.deflate);
  const std::string response(switching_protocols(decision).view());
  EXPECT_NE(response.find("\r\nSec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
                          "client_no_context_takeover\r\n\r\n"),
            std::string::npos)
      << response;

  Options off;
  off.deflate = false;
  EXPECT_FALSE(decide_handshake(request, off).deflate);
  Options shared;
  shared.shared_history = true;
  EXPECT_FALSE(decide_handshake(request, shared).deflate->server_no_context_takeover);
}

TEST(Handshake, ReadsExtensionsFromSeveralLines) {
  net::HttpRequest request = good_request();
  request.headers.emplace_back("sec-websocket-extensions", "permessage-deflate; server_max_window_bits=99");
  request.headers.emplace_back("sec-websocket-extensions", "permessage-deflate; server_max_window_bits=10");
  const HandshakeDecision decision = decide_handshake(request, {});
  ASSERT_TRUE(decision.deflate);
  EXPECT_EQ(decision.deflate->server_window_bits(), 10);
}

TEST(Handshake, FailsOnMalformedExtensions) {
  EXPECT_EQ(status_of(with("sec-websocket-extensions", "permessage-deflate; =")), 400);
  EXPECT_EQ(status_of(with("sec-websocket-extensions", "permessage-deflate; a=\"b")), 400);
  EXPECT_EQ(status_of(with("sec-websocket-extensions", "unknown-extension; a=1")), 101);
}

}  // namespace
}  // namespace matchbus::ws
