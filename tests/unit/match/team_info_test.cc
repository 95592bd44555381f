#include "match/team_info.h"

#include <gmock/gmock.h>

#include "match_fixture.h"

namespace matchbus::match {
namespace {

using test::json_of;
using test::MatchFixture;

class TeamInfoTest : public MatchFixture {
 protected:
  // With these members of the left team that the server knows nothing of.
  void restart_with(std::string others) {
    ObserverLogon logon = test::make_logon();
    logon.left.others = std::move(others);
    match_ = Match::create(logon, {}, now_);
    ASSERT_NE(match_, nullptr);
  }
  std::string info() {
    BytesWriter out;
    write_team_info(out, *match_);
    return std::string(out.view());
  }
};

TEST_F(TeamInfoTest, OfAFinishedMatch) {
  restart("{'tournamentInfo':{'name':'Cup'},'sponsorInfo':{'enabled':true,'sponsors':['s']}}");
  expect_applied("score", "{'team_0':13,'team_1':11}");
  EXPECT_EQ(info(), json_of("{'leftTeam':{'name':'Alpha','tricode':'ALP','url':'https://example.org/a.webp',"
                            "'attackStart':true},'rightTeam':{'name':'Beta','tricode':'BET',"
                            "'url':'https://example.org/b.webp','attackStart':false},'higherScore':0,"
                            "'tournamentInfo':{'name':'Cup'},'sponsorInfo':{'enabled':true,'sponsors':['s']},"
                            "'isSupporter':true}"));
}

TEST_F(TeamInfoTest, HasWhatElseATeamHas) {
  restart_with(R"("colour":"#f00")");
  EXPECT_THAT(info(), ::testing::HasSubstr(R"("attackStart":true,"colour":"#f00"},"rightTeam")"));
}

TEST_F(TeamInfoTest, TeamsStandAsTheyStoodAtTheEnd) {
  expect_applied("score", "{'team_0':13,'team_1':11}");
  expect_applied("swap_left_right", "true");
  EXPECT_TRUE(info().starts_with(json_of("{'leftTeam':{'name':'Beta'")));
  EXPECT_NE(info().find(json_of("'higherScore':1")), std::string::npos);
}

TEST_F(TeamInfoTest, ATieIsOne) {
  restart("", false);
  expect_applied("score", "{'team_0':12,'team_1':12}");
  EXPECT_NE(info().find(json_of("'higherScore':1")), std::string::npos);
  EXPECT_NE(info().find(json_of("'isSupporter':false")), std::string::npos);
}

}  // namespace
}  // namespace matchbus::match
