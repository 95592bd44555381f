// Tokens, lists and numbers of header fields.
#include "net/http_text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace matchbus::net {
namespace {

TEST(HttpTextTest, TokenCharactersAreThoseOfTheStandard) {
  std::string tokens;
  for (int c = 0; c < 256; ++c) {
    if (is_http_token_char(static_cast<char>(c))) tokens += static_cast<char>(c);
  }
  EXPECT_EQ(tokens, "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~");
  EXPECT_TRUE(is_http_token("X-Token"));
  EXPECT_FALSE(is_http_token(""));
  EXPECT_FALSE(is_http_token("a b"));
}

TEST(HttpTextTest, EqualityIgnoresAsciiCaseOnly) {
  EXPECT_TRUE(http_equal("WebSocket", "websocket"));
  EXPECT_FALSE(http_equal("websocket", "websockets"));
  EXPECT_FALSE(http_equal("[", "{"));  // a bit apart, as letters are
}

TEST(HttpTextTest, ListsAreCutAtCommasAndEmptyElementsAreSkipped) {
  std::string_view list = " , a,b ,\tc d\t,,";
  std::vector<std::string> elements;
  while (const auto element = http_next_element(list)) elements.emplace_back(*element);
  EXPECT_EQ(elements, (std::vector<std::string>{"a", "b", "c d"}));
}

TEST(HttpTextTest, TokensAreFoundInAnyLineOfAHeader) {
  const HttpHeaders headers = {{"connection", "keep-alive"}, {"x", "close"}, {"connection", "Foo , UPGRADE"}};
  EXPECT_TRUE(http_list_has(headers, "connection", "upgrade"));
  EXPECT_TRUE(http_list_has(headers, "connection", "Keep-Alive"));
  EXPECT_FALSE(http_list_has(headers, "connection", "close"));
  EXPECT_FALSE(http_list_has(headers, "connection", "keep"));
}

TEST(HttpTextTest, NumbersAreDigitsAndNothingElse) {
  EXPECT_EQ(http_number("0"), 0u);
  EXPECT_EQ(http_number("007"), 7u);
  EXPECT_EQ(http_number("18446744073709551615"), UINT64_MAX);
  for (const char* wrong : {"", "-0", "+1", " 1", "1 ", "1,1", "0x1", "1.0", "18446744073709551616"}) {
    EXPECT_FALSE(http_number(wrong).has_value()) << wrong;
  }
}

}  // namespace
}  // namespace matchbus::net
