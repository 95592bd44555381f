#include "gateway/http_answers.h"

#include <gtest/gtest.h>

namespace matchbus::gateway {
namespace {

net::HttpRequest asked(std::string target) {
  net::HttpRequest request;
  request.method = "GET";
  request.target = std::move(target);
  return request;
}

TEST(OnlyQuery, WantsExactlyOne) {
  EXPECT_EQ(only_query(asked("/x?key=a"), "key"), "a");
  EXPECT_EQ(only_query(asked("/x?b=1&key=a%20b&c"), "key"), "a b");
  EXPECT_EQ(only_query(asked("/x?%6Bey=a"), "key"), "a");
  for (const char* target : {"/x", "/x?", "/x?key", "/x?key=", "/x?key=a&key=b", "/x?key=a&key", "/x?key=&key=a",
                             "/x?key[a]=b", "/x?keys=a", "/x?key=a&%6Bey=b"}) {
    EXPECT_FALSE(only_query(asked(target), "key")) << target;
  }
}

TEST(Segments, AreEncodedAsOneStepOfAPath) {
  EXPECT_EQ(encode_segment("AZaz09-._~"), "AZaz09-._~");
  EXPECT_EQ(encode_segment("a/b?c#d e%"), "a%2Fb%3Fc%23d%20e%25");
  EXPECT_EQ(encode_segment("\xC3\xA4\n"), "%C3%A4%0A");
  EXPECT_EQ(encode_segment(std::string_view("\0", 1)), "%00");
  EXPECT_EQ(encode_segment(".."), "%2E%2E");
  EXPECT_EQ(encode_segment("."), "%2E");
}

TEST(Segments, AreDecodedOrRefused) {
  EXPECT_EQ(decode_segment("a%2Fb%20+"), "a/b +");
  EXPECT_EQ(decode_segment(""), "");
  for (const char* text : {"%", "%2", "a%", "%2G", "%G2", "%-1", "%+1", "% 1", "%%41"}) {
    EXPECT_FALSE(decode_segment(text)) << text;
  }
}

TEST(Segments, AnyBytesComeBack) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(decode_segment(encode_segment(all)), all);
}

TEST(Answers, HaveTheTypesThatClientsCompareWith) {
  const auto type = [](const net::HttpResponse& response) { return response.headers.at(0).second; };
  EXPECT_EQ(type(json_answer(200, "{}")), "application/json; charset=utf-8");
  EXPECT_EQ(error_answer(400, "a \"b\"").body.view(), R"({"error":"a \"b\""})");
  EXPECT_EQ(type(not_found_page()), "text/html; charset=utf-8");
  EXPECT_TRUE(not_found_page().body.view().starts_with("<!DOCTYPE html>"));
  EXPECT_EQ(not_found_page().status, 404);
}

}  // namespace
}  // namespace matchbus::gateway
