#include "ws/close_payload.h"

#include <gtest/gtest.h>

#include <string>

#include "unit/ws/wire.h"

namespace matchbus::ws {
namespace {

using test::close_body;

std::string written(uint16_t code, std::string_view reason = {}) {
  return std::string(ClosePayload(code, reason).view());
}

TEST(ClosePayload, ReadsNothingAsNoStatus) {
  const ParsedClose close = parse_close("");
  EXPECT_EQ(close.code, kNoStatus);
  EXPECT_EQ(close.reason, "");
  EXPECT_EQ(close.error, 0);
}

TEST(ClosePayload, ReadsCodeAndReason) {
  const std::string body = close_body(1000, "bye \xE2\x82\xAC");
  const ParsedClose close = parse_close(body);
  EXPECT_EQ(close.code, 1000);
  EXPECT_EQ(close.reason, "bye \xE2\x82\xAC");
  EXPECT_EQ(close.error, 0);
}

TEST(ClosePayload, KnowsEveryCodeThatMayBeSent) {
  for (uint32_t code = 0; code <= 0xFFFF; ++code) {
    const bool valid = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
                       (code >= 3000 && code <= 3999) || (code >= 4000 && code <= 4999);
    const ParsedClose close = parse_close(close_body(static_cast<uint16_t>(code)));
    ASSERT_EQ(close.error, valid ? 0 : 1002) << code;
    ASSERT_EQ(close.code, valid ? code : uint32_t{kNoStatus}) << code;
  }
}

TEST(ClosePayload, RefusesHalfACodeAndBadReasons) {
  EXPECT_EQ(parse_close("\x03").error, kProtocolError);
  EXPECT_EQ(parse_close(close_body(1000, "\xCE")).error, kInvalidPayload);
  EXPECT_EQ(parse_close(close_body(1000, "\xED\xA0\x80")).error, kInvalidPayload);
  EXPECT_EQ(parse_close(close_body(1005, "\xCE")).error, kProtocolError);
}

TEST(ClosePayload, WritesCodeAndReason) {
  EXPECT_EQ(written(1001, "away"), close_body(1001, "away"));
  EXPECT_EQ(written(4999), close_body(4999));
  // Codes that only ever stand for something that was not sent.
  EXPECT_EQ(written(kNoStatus, "ignored"), "");
  EXPECT_EQ(written(kAbnormal), "");
}

TEST(ClosePayload, CutsLongReasonsBetweenCharacters) {
  EXPECT_EQ(written(1000, std::string(123, 'a')).size(), 125u);
  EXPECT_EQ(written(1000, std::string(500, 'a')), close_body(1000, std::string(123, 'a')));
  for (size_t lead = 118; lead <= 123; ++lead) {
    const std::string body = written(1000, std::string(lead, 'a') + "\xF0\x9F\x98\x80\xF0\x9F\x98\x80");
    EXPECT_EQ(parse_close(body).error, 0) << lead;
    EXPECT_EQ(body.size(), lead <= 119 ? lead + 6 : lead + 2) << lead;
  }
}

}  // namespace
}  // namespace matchbus::ws
