#include "gateway/http_answers.h"

#include <gtest/gtest.h>

#include "support/net_fixture.h"

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

class RouterTest : public test::NetTest {};

TEST_F(RouterTest, RefusesBodiesThatNoRouteTakes) {
  Router router(loop);
  add_route(router, "PUT", "/made", [](net::HttpRequest&, std::unique_ptr<net::HttpReply>) {});
  add_segment_route(router, "POST", "/of", [](std::string_view, std::unique_ptr<net::HttpReply>) {});
  const auto status = [&](std::string method, std::string target) {
    net::HttpRequest head = asked(std::move(target));
    head.method = std::move(method);
    const auto refused = router.refuse_body(head);
    return refused ? refused->status : 200;
  };
  EXPECT_EQ(status("PUT", "/made"), 200);
  EXPECT_EQ(status("PUT", "/made/"), 200);
  EXPECT_EQ(status("POST", "/of/somebody"), 200);
  EXPECT_EQ(status("POST", "/made"), 404);
  EXPECT_EQ(status("PUT", "/made/x"), 404);
  EXPECT_EQ(status("POST", "/of"), 404);
  EXPECT_EQ(status("POST", "/"), 404);
  EXPECT_EQ(status("POST", "/madeup"), 404);
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
