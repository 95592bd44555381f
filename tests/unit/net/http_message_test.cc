// Reading requests: path, query, headers.
#include "net/http_message.h"

#include <gtest/gtest.h>

#include <random>

namespace matchbus::net {
namespace {

HttpRequest to(std::string target) {
  HttpRequest request;
  request.target = std::move(target);
  return request;
}

TEST(HttpMessageTest, PathEndsAtTheQueryAndIsNotDecoded) {
  EXPECT_EQ(to("/a%20b/c?d=e?f").path(), "/a%20b/c");
  EXPECT_EQ(to("/a#b").path(), "/a");
  EXPECT_EQ(to("/").path(), "/");
  EXPECT_EQ(to("*").path(), "*");
}

TEST(HttpMessageTest, PathOfTheAbsoluteFormIsBehindTheHost) {
  EXPECT_EQ(to("http://host:80/a/b?x=http://c/d").path(), "/a/b");
  EXPECT_EQ(to("http://host").path(), "/");
  EXPECT_EQ(to("http://host?x").path(), "/");
}

TEST(HttpMessageTest, QueryValuesAreDecoded) {
  const HttpRequest request = to("/p?a=1&b=x+y%2Bz&c&d=&a=2&%65=f&g=%C3%A4#h=1");
  EXPECT_EQ(request.query("a"), "1");
  EXPECT_EQ(request.query("b"), "x y+z");
  EXPECT_EQ(request.query("c"), "");
  EXPECT_EQ(request.query("d"), "");
  EXPECT_EQ(request.query("e"), "f");
  EXPECT_EQ(request.query("g"), "\xC3\xA4");
  EXPECT_FALSE(request.query("h").has_value());
  EXPECT_FALSE(request.query("").has_value());
  EXPECT_FALSE(to("/p").query("a").has_value());
  EXPECT_FALSE(to("/p?").query("a").has_value());
}

TEST(HttpMessageTest, InvalidEscapesStayAsTheyAre) {
  EXPECT_EQ(to("/?a=%").query("a"), "%");
  EXPECT_EQ(to("/?a=100%&b=2").query("a"), "100%");
  EXPECT_EQ(to("/?a=%4").query("a"), "%4");
  EXPECT_EQ(to("/?a=%zz%41").query("a"), "%zzA");
  EXPECT_EQ(to("/?a=%%41").query("a"), "%A");
  EXPECT_EQ(to("/?a=%00").query("a"), std::string(1, '\0'));
}

TEST(HttpMessageTest, HeadersAreFoundByLowerCaseName) {
  HttpRequest request;
  request.headers = {{"x-a", "1"}, {"x-a", "2"}, {"connection", "Upgrade"}};
  EXPECT_EQ(request.header("x-a"), "1");
  EXPECT_FALSE(request.header("x-b").has_value());
  EXPECT_TRUE(request.header_has_token("connection", "upgrade"));
}

TEST(HttpMessageTest, ResponsesNameTheirType) {
  const HttpResponse text = HttpResponse::text(404, "nothing here");
  EXPECT_EQ(text.status, 404);
  EXPECT_EQ(text.body.view(), "nothing here");
  EXPECT_EQ(text.headers.at(0).second, "text/plain; charset=utf-8");
  EXPECT_EQ(HttpResponse::json(200, "{}").headers.at(0).second, "application/json");
}

// Whatever the target holds, reading it neither fails nor leaves its bounds (under sanitizers).
TEST(HttpMessageTest, ArbitraryTargetsAreRead) {
  std::mt19937 random(7);
  const std::string_view alphabet = "/?#&=%+a4:@";
  for (int i = 0; i < 20'000; ++i) {
    std::string target(random() % 24, ' ');
    for (char& c : target) c = alphabet[random() % alphabet.size()];
    const HttpRequest request = to(target);
    EXPECT_LE(request.path().size(), target.size() + 1);
    if (const auto value = request.query("a")) {
      EXPECT_LT(value->size(), target.size());
    }
  }
}

}  // namespace
}  // namespace matchbus::net
