#include "match/logon_header.h"

#include "match_fixture.h"

namespace matchbus::match {
namespace {

using test::json_of;
using test::make_logon;
using test::Parsed;

std::string written(const ObserverLogon& logon) {
  BytesWriter out;
  write_logon_header(out, logon, "1.2.3", 1'700'000'000'123);
  return std::string(out.view());
}

TEST(LogonHeader, HasTheLogonWithoutSecrets) {
  ObserverLogon logon = make_logon("G\"1", "{'playercamsInfo':{'secret':'cam','identifier':'i'},'x':1}");
  logon.key = "the-key";
  logon.group_secret = "group-secret";
  EXPECT_EQ(written(logon),
            json_of("{'type':'authenticate','clientVersion':'0.3.20','obsName':'Observer','groupCode':'G\\'1',"
                    "'leftTeam':{'name':'Alpha','tricode':'ALP','url':'https://example.org/a.webp',"
                    "'attackStart':true},"
                    "'rightTeam':{'name':'Beta','tricode':'BET','url':'https://example.org/b.webp',"
                    "'attackStart':false},"
                    "'toolsData':{'x':1,'playercamsInfo':{'identifier':'i'}},"
                    "'serverVersion':'1.2.3','logStartTime':1700000000123}"));
}

TEST(LogonHeader, RoundTrip) {
  for (const char* tools :
       {"", "{}", "{'timeoutDuration':5,'playercamsInfo':{'secret':'cam'}}", "{'playercamsInfo':5}"}) {
    ObserverLogon logon = make_logon("Group", tools);
    logon.right.others = json_of("'colour':'#f00','more':{'a':[1]}");
    const auto header = read_logon_header(Parsed(written(logon)).root());
    ASSERT_TRUE(header.ok()) << tools;
    EXPECT_EQ(header->server_version, "1.2.3");
    EXPECT_EQ(header->log_start_time, 1'700'000'000'123);
    EXPECT_EQ(header->logon.group_code, "Group");
    EXPECT_EQ(header->logon.observer_name, "Observer");
    EXPECT_EQ(header->logon.client_version, "0.3.20");
    EXPECT_EQ(header->logon.left, logon.left);
    EXPECT_EQ(header->logon.right, logon.right);
    EXPECT_EQ(with_player_cam_secret(header->logon.tools, player_cam_secret(logon.tools)), logon.tools) << tools;
  }
}

TEST(LogonHeader, SecretOfPlayerCams) {
  EXPECT_EQ(player_cam_secret(""), "");
  EXPECT_EQ(player_cam_secret("{}"), "");
  EXPECT_EQ(player_cam_secret(json_of("{'playercamsInfo':{'secret':5}}")), "");
  EXPECT_EQ(player_cam_secret(json_of("{'playercamsInfo':{'secret':'s'}}")), "s");
  EXPECT_EQ(with_player_cam_secret("", "s"), "");
}

TEST(LogonHeader, RefusesWhatIsNone) {
  const std::string good = written(make_logon());
  for (const char* cut : {"groupCode", "leftTeam", "rightTeam", "logStartTime"}) {
    std::string text = good;
    text[text.find(cut)] = '?';
    EXPECT_FALSE(read_logon_header(Parsed(text).root()).ok()) << cut;
  }
  EXPECT_FALSE(read_logon_header(Parsed("[]").root()).ok());
}

}  // namespace
}  // namespace matchbus::match
