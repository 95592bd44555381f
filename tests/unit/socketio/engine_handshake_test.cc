#include "socketio/engine_handshake.h"

#include <gtest/gtest.h>

#include <string>

#include "socketio/engine.h"

namespace matchbus::socketio {
namespace {

net::HttpRequest request(std::string method, const std::string& query) {
  net::HttpRequest request;
  request.method = std::move(method);
  request.target = "/engine.io/?" + query;
  return request;
}

TEST(EngineQuery, Handshakes) {
  const EngineQueryResult polling = read_query(request("GET", "EIO=4&transport=polling"), false);
  EXPECT_FALSE(polling.error);
  EXPECT_EQ(polling.query.transport, EngineTransport::kPolling);
  EXPECT_EQ(polling.query.sid, "");
  const EngineQueryResult websocket = read_query(request("GET", "transport=websocket&EIO=4&t=abc"), true);
  EXPECT_FALSE(websocket.error);
  EXPECT_EQ(websocket.query.transport, EngineTransport::kWebSocket);
}

TEST(EngineQuery, OfASession) {
  // The version was settled by the handshake.
  for (const char* query : {"EIO=4&transport=polling&sid=abc", "transport=polling&sid=abc"}) {
    for (const char* method : {"GET", "POST"}) {
      const EngineQueryResult result = read_query(request(method, query), false);
      EXPECT_FALSE(result.error);
      EXPECT_EQ(result.query.sid, "abc");
    }
  }
}

TEST(EngineQuery, Errors) {
  const struct {
    const char* method;
    const char* query;
    bool upgrade;
    EngineError error;
  } cases[] = {
      {"GET", "", false, EngineError::kUnknownTransport},
      {"GET", "EIO=4", false, EngineError::kUnknownTransport},
      {"GET", "EIO=4&transport=polling2", false, EngineError::kUnknownTransport},
      {"POST", "EIO=4&transport=x&sid=abc", false, EngineError::kUnknownTransport},
      {"GET", "transport=polling", false, EngineError::kUnsupportedVersion},
      {"GET", "EIO=3&transport=polling", false, EngineError::kUnsupportedVersion},
      {"GET", "EIO=44&transport=websocket", true, EngineError::kUnsupportedVersion},
      {"POST", "EIO=4&transport=polling", false, EngineError::kBadHandshakeMethod},
      {"PUT", "EIO=3&transport=polling", false, EngineError::kBadHandshakeMethod},
      {"GET", "EIO=4&transport=websocket", false, EngineError::kBadRequest},
      {"GET", "EIO=4&transport=websocket&sid=abc", false, EngineError::kBadRequest},
      {"GET", "EIO=4&transport=polling", true, EngineError::kBadRequest},
      {"GET", "EIO=4&transport=polling&sid=abc", true, EngineError::kBadRequest},
  };
  for (const auto& [method, query, upgrade, error] : cases) {
    EXPECT_EQ(read_query(request(method, query), upgrade).error, error) << method << " " << query;
  }
}

TEST(EngineError, Answers) {
  const auto body = [](EngineError error) { return std::string(error_response(error).body.view()); };
  EXPECT_EQ(body(EngineError::kUnknownTransport), R"({"code":0,"message":"Transport unknown"})");
  EXPECT_EQ(body(EngineError::kUnknownSession), R"({"code":1,"message":"Session ID unknown"})");
  EXPECT_EQ(body(EngineError::kBadHandshakeMethod), R"({"code":2,"message":"Bad handshake method"})");
  EXPECT_EQ(body(EngineError::kBadRequest), R"({"code":3,"message":"Bad request"})");
  EXPECT_EQ(body(EngineError::kForbidden), R"({"code":4,"message":"Forbidden"})");
  EXPECT_EQ(body(EngineError::kUnsupportedVersion), R"({"code":5,"message":"Unsupported protocol version"})");
  EXPECT_EQ(error_response(EngineError::kBadRequest).status, 400);
  EXPECT_EQ(error_response(EngineError::kForbidden).status, 403);
}

TEST(EngineOpen, Packet) {
  EngineOptions options;
  options.ping_interval_ms = 300;
  options.ping_timeout_ms = 200;
  options.max_payload = 1000;
  EXPECT_EQ(encode_open("abc", true, options).view(),
            R"(0{"sid":"abc","upgrades":["websocket"],"pingInterval":300,"pingTimeout":200,"maxPayload":1000})");
  EXPECT_EQ(encode_open("abc", false, options).view(),
            R"(0{"sid":"abc","upgrades":[],"pingInterval":300,"pingTimeout":200,"maxPayload":1000})");
}

}  // namespace
}  // namespace matchbus::socketio
