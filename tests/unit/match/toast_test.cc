#include "match_fixture.h"

namespace matchbus::match {
namespace {

using test::json_of;
using test::MatchFixture;
using test::Parsed;

class ToastTest : public MatchFixture {
 protected:
  std::string shown() {
    const Parsed parsed(snapshot());
    BytesWriter out;
    json::write_value(out, parsed["toastInfo"]);
    return std::string(out.view());
  }
};

TEST_F(ToastTest, ShownUntilCalledOff) {
  expect_applied("toast", "{'active':false,'title':'T','message':'M','duration':null,'eventLogoEnabled':false}");
  EXPECT_EQ(shown(), json_of("{'active':true,'title':'T','message':'M','duration':null,'eventLogoEnabled':false}"));
  wait(3'600'000);
  EXPECT_TRUE(state().toast.active);
  expect_applied("toast", "{'title':'Other','duration':5}");
  EXPECT_EQ(shown(), json_of("{'active':false,'title':'T','message':'M','duration':null,'eventLogoEnabled':false}"));
}

TEST_F(ToastTest, EndsByItself) {
  expect_applied("toast", "{'title':'T','duration':1500.5}");
  wait(1'500);
  EXPECT_TRUE(state().toast.active);
  wait(1);
  EXPECT_FALSE(state().toast.active);
}

TEST_F(ToastTest, ATimerEndsItsOwnToastOnly) {
  expect_applied("toast", "{'duration':1000}");
  expect_applied("toast", "{}");
  now_ += 500;
  expect_applied("toast", "{'duration':1000}");
  wait(600);
  EXPECT_TRUE(state().toast.active);
  wait(400);
  EXPECT_FALSE(state().toast.active);
}

TEST_F(ToastTest, CombatCallsItOff) {
  expect_applied("toast", "{'duration':5000}");
  round(1, "combat");
  EXPECT_FALSE(state().toast.active);
  expect_applied("toast", "{}");
  wait(5'000);
  EXPECT_TRUE(state().toast.active);
}

TEST_F(ToastTest, KeepsWhatItDoesNotKnow) {
  expect_applied("toast", "{'selectedTeam':'left','sound':{'a':[1]}}");
  EXPECT_EQ(shown(), json_of("{'active':true,'selectedTeam':'left','sound':{'a':[1]}}"));
}

TEST_F(ToastTest, WhatIsTooLargeCostsItself) {
  const std::string large(kMaxToast, 'x');
  expect_applied("toast", "{'title':'T','selectedTeam':'left','image':'" + large + "','sound':1}");
  EXPECT_EQ(shown(), json_of("{'active':true,'title':'T','selectedTeam':'left','sound':1}"));
  expect_applied("toast", "null");
  expect_applied("toast", "{'title':'T','image':'" + large + "'}");
  EXPECT_EQ(shown(), json_of("{'active':true,'title':'T'}"));
  expect_applied("toast", "null");
  expect_applied("toast", "{'image':'" + large + "'}");
  EXPECT_EQ(shown(), json_of("{'active':true}"));
}

TEST_F(ToastTest, AnEmptyOneIsJustActive) {
  expect_applied("toast", "{'active':true}");
  EXPECT_EQ(shown(), json_of("{'active':true}"));
}

TEST_F(ToastTest, AnythingCallsItOff) {
  for (const char* data : {"null", "true", "'x'", "[]"}) {
    expect_applied("toast", "{'title':'T'}");
    expect_applied("toast", data);
    EXPECT_FALSE(state().toast.active) << data;
  }
}

TEST_F(ToastTest, WhatIsNoObjectIsRefused) {
  const std::string before = snapshot();
  for (const char* data : {"null", "5", "[]", "'x'"}) EXPECT_EQ(send("toast", data).verdict, Verdict::kRefused) << data;
  EXPECT_EQ(snapshot(), before);
}

TEST_F(ToastTest, ADurationAsText) {
  expect_applied("toast", "{'duration':'1500'}");
  EXPECT_EQ(shown(), json_of("{'active':true,'duration':1500}"));
  wait(1'500);
  EXPECT_FALSE(state().toast.active);
}

TEST_F(ToastTest, BoundsHold) {
  expect_applied(
      "toast", "{'title':'" + std::string(9'000, 't') + "','duration':1e30,'more':'" + std::string(9'000, 'm') + "'}");
  ASSERT_EQ(last_.ignored.size(), 1U);
  EXPECT_EQ(shown(), json_of("{'active':true,'title':'" + std::string(2'048, 't') + "','duration':86400000}"));
  expect_applied("toast", "{}");
  expect_applied("toast", "{'duration':-1}");
  wait(1);
  EXPECT_FALSE(state().toast.active);
}

}  // namespace
}  // namespace matchbus::match
