#include "gateway/access_keys.h"

#include <gtest/gtest.h>

#include <vector>

#include <utility>

#include <algorithm>

#include "support/net_fixture.h"
#include "unit/gateway/fake_http_client.h"

namespace matchbus::gateway {
namespace {

std::optional<match::Organization> organization_in(std::string text) {
  json::Document document;
  return document.parse_in_place(text) ? read_organization(document.root()) : std::nullopt;
}

TEST(ReadOrganization, TakesTextsAndWholeNumbers) {
  const auto named = organization_in(R"({"id":"abc","name":"Örg","more":1})");
  ASSERT_TRUE(named);
  EXPECT_EQ(named->id, "abc");
  EXPECT_EQ(named->name, "Örg");
  EXPECT_FALSE(named->is_supporter);
  EXPECT_EQ(organization_in(R"({"id":42,"name":null})")->id, "42");
  EXPECT_EQ(organization_in(R"({"id":0})")->id, "0");
}

TEST(ReadOrganization, RefusesEverythingElse) {
  const std::string long_text(257, 'x');
  for (const std::string& text :
       {std::string("{}"), std::string("[]"), std::string("null"), std::string(R"({"id":"","name":"x"})"),
        std::string(R"({"id":1.5})"), std::string(R"({"id":-1})"), std::string(R"({"id":true})"),
        std::string(R"({"id":"a","name":5})"), R"({"id":")" + long_text + R"("})",
        R"({"id":"a","name":")" + long_text + R"("})"}) {
    EXPECT_FALSE(organization_in(text)) << text;
  }
}

class AccessKeysTest : public testing::Test {
 protected:
  KeyAnswer check(const std::string& key, const std::vector<net::HttpAnswer>& answers) {
    std::optional<KeyAnswer> checked;
    keys.check_key(key, [&](const KeyAnswer& answer) { checked = answer; });
    urls.clear();
    for (const net::HttpAnswer& answer : answers) {
      if (calls.empty()) break;
      auto call = FakeHttpClient::take(calls);
      urls.push_back(call.request.url);
      headers = call.request.headers;
      call.done(answer);
    }
    EXPECT_TRUE(calls.empty());
    return checked.value_or(KeyAnswer{});
  }

  FakeClock clock;
  test::RecordingLog log{clock};
  TimerWheel timers{clock.monotonic_ms()};
  std::deque<FakeHttpClient::Call> calls;
  ServiceCaller caller{std::make_unique<FakeHttpClient>(calls), timers, log, {0, 0, 0}, 0};
  AccessKeys keys{caller, {"http://b/api/", "token", "http://s"}};
  std::vector<std::string> urls;
  net::HttpHeaders headers;
};

TEST_F(AccessKeysTest, StatusesHaveTheirMeaning) {
  EXPECT_EQ(check("k", {{401, {}, {}}}).status, KeyStatus::kInvalid);
  EXPECT_EQ(check("k", {{403, {}, {}}}).status, KeyStatus::kExpired);
  for (const int status : {302, 400, 404, 500}) EXPECT_EQ(check("k", {{status, {}, {}}}).status, KeyStatus::kUnknown);
  EXPECT_EQ(check("k", {{200, {}, "lies"}}).status, KeyStatus::kUnknown);
  EXPECT_EQ(headers, (net::HttpHeaders{{"X-User-Token", "token"}}));
}

TEST_F(AccessKeysTest, AsksWhetherTheOrganizationIsASupporter) {
  const net::HttpAnswer known{200, {}, R"({"id":"a/b","name":"n"})"};
  const KeyAnswer supporter = check("k?&", {known, {200, {}, R"({"isSupporter":true})"}});
  EXPECT_EQ(supporter.status, KeyStatus::kValid);
  EXPECT_EQ(supporter.organization.id, "a/b");
  EXPECT_TRUE(supporter.organization.is_supporter);
  EXPECT_EQ(urls, (std::vector<std::string>{"http://b/api/system/validateAccessKey/k%3F%26", "http://s/a%2Fb"}));
  EXPECT_TRUE(headers.empty()) << "the backend's token is the backend's";
  for (const char* body : {R"({"isSupporter":false})", R"({"isSupporter":1})", "{}", "lies"}) {
    const KeyAnswer answer = check("k", {known, {200, {}, body}});
    EXPECT_EQ(answer.status, KeyStatus::kValid);
    EXPECT_FALSE(answer.organization.is_supporter) << body;
  }
  EXPECT_EQ(check("k", {known, {500, {}, {}}}).status, KeyStatus::kValid);
}

TEST_F(AccessKeysTest, StepsInAPathAreNoKeys) {
  for (const char* key : {".", ".."}) EXPECT_EQ(check(key, {}).status, KeyStatus::kInvalid);
}

class RecordingAuthority final : public KeyAuthority {
 public:
  void check_key(const std::string& key, OnKeyAnswer done) override {
    asked.push_back(key);
    done({KeyStatus::kExpired, {}});
  }
  std::vector<std::string> asked;
};

TEST(KeyCheck, AsksOnlyAboutKeysThatAreNotTheServersOwn) {
  const FakeClock clock;
  Log log(clock, LogLevel::kOff);
  KeyGuard guard(clock, log, {});
  RecordingAuthority authority;
  const auto status = [](const KeyCheck& check, const std::string& key) {
    KeyStatus got = KeyStatus::kUnknown;
    check.check(key, "192.0.2.1", [&](const KeyAnswer& answer) { got = answer.status; });
    return got;
  };
  const KeyCheck with({.required = true, .auth_key = "own"}, &authority, guard);
  EXPECT_EQ(status(with, "own"), KeyStatus::kValid);
  EXPECT_EQ(status(with, ""), KeyStatus::kInvalid);
  EXPECT_TRUE(authority.asked.empty());
  EXPECT_EQ(status(with, "other"), KeyStatus::kExpired);
  EXPECT_EQ(authority.asked, std::vector<std::string>{"other"});
  const KeyCheck without({.required = true, .auth_key = "own"}, nullptr, guard);
  EXPECT_EQ(status(without, "other"), KeyStatus::kInvalid);
  const KeyCheck open({.required = false, .auth_key = ""}, &authority, guard);
  EXPECT_EQ(status(open, "anything"), KeyStatus::kValid);
  EXPECT_EQ(authority.asked.size(), 1u);
}

// A backend that answers later: tries under way count, so that nobody has many looked at at once.
class SilentAuthority final : public KeyAuthority {
 public:
  void check_key(const std::string&, OnKeyAnswer done) override { waiting.push_back(std::move(done)); }
  std::vector<OnKeyAnswer> waiting;
};

TEST(KeyCheck, BoundsWhatIsAskedAndForgetsWhatWasRight) {
  FakeClock clock;
  Log log(clock, LogLevel::kOff);
  KeyGuard guard(clock, log, {.of_address = 3, .total = 0});
  SilentAuthority authority;
  const KeyCheck check({.required = true, .auth_key = "own"}, &authority, guard);
  std::vector<KeyStatus> got;
  const auto ask = [&](const std::string& key) {
    check.check(key, "192.0.2.1", [&](const KeyAnswer& answer) { got.push_back(answer.status); });
  };
  for (int i = 0; i < 100; ++i) ask("guess " + std::to_string(i));
  EXPECT_EQ(authority.waiting.size(), 3u);
  EXPECT_EQ(std::count(got.begin(), got.end(), KeyStatus::kLimited), 97);
  for (const OnKeyAnswer& done : std::exchange(authority.waiting, {})) done({KeyStatus::kValid, {}});
  for (const KeyStatus status : {KeyStatus::kInvalid, KeyStatus::kExpired, KeyStatus::kUnknown}) {
    ask("another");
    ASSERT_EQ(authority.waiting.size(), 1u);
    std::exchange(authority.waiting, {}).front()({status, {}});
  }
  EXPECT_EQ(guard.wrongs().at("access key"), 1u) << "only one was wrong";
  got.clear();
  ask("own");
  EXPECT_EQ(got, std::vector{KeyStatus::kValid});
}

}  // namespace
}  // namespace matchbus::gateway
