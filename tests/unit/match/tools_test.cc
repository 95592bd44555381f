#include "match/tools.h"

#include "match/state_writer.h"
#include "match_fixture.h"

namespace matchbus::match {
namespace {

using test::json_of;
using test::MatchFixture;
using test::Parsed;

class ToolsTest : public MatchFixture {
 protected:
  // `tools` as a viewer sees them, of a match with these settings;
  // one of them, if `key` is given.
  std::string shown(std::string tools, std::string_view key = {}, bool is_supporter = false) {
    restart(std::move(tools), is_supporter);
    const Parsed parsed(snapshot());
    BytesWriter out;
    json::write_value(out, key.empty() ? parsed["tools"] : parsed["tools"][key]);
    return std::string(out.view());
  }
};

constexpr std::string_view kDefaults =
    "{'seriesInfo':{'needed':1,'wonLeft':0,'wonRight':0,'mapInfo':[]},'seedingInfo':{'left':'','right':''},"
    "'tournamentInfo':{'name':'','logoUrl':'','backdropUrl':''},'timeoutDuration':60,"
    "'timeoutCounter':{'max':2,'left':2,'right':2},'timeoutCancellationGracePeriod':10,"
    "'sponsorInfo':{'enabled':false,'duration':5,'sponsors':[]},"
    "'watermarkInfo':{'spectraWatermark':true,'customTextEnabled':false,'customText':''},"
    "'playercamsInfo':{'enable':false,'removeTricodes':false,'identifier':'','enabledPlayers':[]},"
    "'nameOverrides':{'overrides':'[]'},'roundWinBox':{'type':'disabled','sponsors':[]}}";

TEST_F(ToolsTest, Defaults) {
  EXPECT_EQ(shown(""), json_of(kDefaults));
  EXPECT_EQ(shown("{}"), json_of(kDefaults));
}

TEST_F(ToolsTest, OverlayIsShallow) {
  EXPECT_EQ(shown("{'seriesInfo':{'needed':3}}", "seriesInfo"), json_of("{'needed':3}"));
  EXPECT_EQ(shown("{'seedingInfo':{'left':1.50,'x':null}}", "seedingInfo"), json_of("{'left':1.5,'x':null}"));
}

TEST_F(ToolsTest, UnknownKeysStay) {
  EXPECT_EQ(shown("{'later':{'a':[1,'\\u00e4']},'more':null}"),
            json_of(std::string(kDefaults.substr(0, kDefaults.size() - 1)) + ",'later':{'a':[1,'ä']},'more':null}"));
}

TEST_F(ToolsTest, TimeoutsStartFull) {
  EXPECT_EQ(shown("{'timeoutCounter':{'max':4,'left':1,'right':0,'note':'n'}}", "timeoutCounter"),
            json_of("{'max':4,'left':4,'right':4,'note':'n'}"));
  EXPECT_EQ(shown("{'timeoutCounter':{}}", "timeoutCounter"), json_of("{'max':2,'left':2,'right':2}"));
  EXPECT_EQ(shown("{'timeoutCounter':{'max':-1}}", "timeoutCounter"), json_of("{'max':2,'left':2,'right':2}"));
}

TEST_F(ToolsTest, NumbersMayStandInTexts) {
  for (const auto& [given, seconds] : {std::pair("'45'", "45"),
                                       {"' 7.5 '", "7.5"},
                                       {"'0'", "0"},
                                       {"'1e2'", "100"},
                                       {"''", "60"},
                                       {"'x'", "60"},
                                       {"'45 s'", "60"},
                                       {"'-1'", "60"},
                                       {"'1e9'", "86400"},
                                       {"'inf'", "60"},
                                       {"'nan'", "60"}})
    EXPECT_EQ(shown("{'timeoutDuration':" + std::string(given) + "}", "timeoutDuration"), seconds) << given;
  EXPECT_EQ(shown("{'timeoutCancellationGracePeriod':'5'}", "timeoutCancellationGracePeriod"), "5");
  EXPECT_EQ(shown("{'timeoutCounter':{'max':'4'}}", "timeoutCounter"), json_of("{'max':4,'left':4,'right':4}"));
  for (const char* max : {"'1.5'", "'x'", "1.5", "-1", "[]"})
    EXPECT_EQ(shown("{'timeoutCounter':{'max':" + std::string(max) + "}}", "timeoutCounter"),
              json_of("{'max':2,'left':2,'right':2}"))
        << max;
  for (const char* max : {"'1001'", "1e300"})
    EXPECT_EQ(shown("{'timeoutCounter':{'max':" + std::string(max) + "}}", "timeoutCounter"),
              json_of("{'max':1000,'left':1000,'right':1000}"))
        << max;
  BytesWriter preview;
  write_preview_tools(preview, json_of("{'timeoutDuration':'45','timeoutCancellationGracePeriod':-1}"));
  const Parsed parsed{std::string(preview.view())};
  EXPECT_EQ(parsed["timeoutDuration"].number(), 45);
  EXPECT_EQ(parsed["timeoutCancellationGracePeriod"].number(), 10);
}

// The server reads these, so what it cannot read is as if it were missing.
TEST_F(ToolsTest, KnownSettingsOfAnotherTypeCountAsMissing) {
  EXPECT_EQ(shown("{'timeoutDuration':[],'timeoutCounter':5,'timeoutCancellationGracePeriod':null,"
                  "'sponsorInfo':[],'watermarkInfo':'x','playercamsInfo':true,'nameOverrides':0,'roundWinBox':[],"
                  "'seriesInfo':null,'seedingInfo':1,'tournamentInfo':'t'}"),
            json_of(kDefaults));
  EXPECT_EQ(shown("{'timeoutDuration':-1}", "timeoutDuration"), "60");
  EXPECT_EQ(shown("{'timeoutDuration':1e9}", "timeoutDuration"), "86400");
  EXPECT_EQ(shown("{'timeoutDuration':45.5}", "timeoutDuration"), "45.5");
  EXPECT_EQ(shown("{'timeoutDuration':-0.0}", "timeoutDuration"), "0");
}

TEST_F(ToolsTest, SecretsOfPlayerCamsStayInside) {
  EXPECT_EQ(shown("{'playercamsInfo':{'enable':true,'secret':'TOP','endTime':5,'identifier':'i','secret':'TOP2'}}",
                  "playercamsInfo"),
            json_of("{'enable':true,'identifier':'i'}"));
  EXPECT_EQ(snapshot().find("TOP"), std::string::npos);
  EXPECT_EQ(text(state().hidden.cam_identifier), "i");
  EXPECT_EQ(text(state().hidden.cam_secret), "TOP2");
}

TEST_F(ToolsTest, RemoveTricodes) {
  restart("{'playercamsInfo':{'removeTricodes':true}}");
  EXPECT_TRUE(team(0).remove_tricode && team(1).remove_tricode);
  restart("{}");
  EXPECT_FALSE(team(0).remove_tricode || team(1).remove_tricode);
}

TEST_F(ToolsTest, SponsorsGetTheProductsLogo) {
  constexpr std::string_view kLogo = "'https://auto.valospectra.com/assets/misc/logo.webp'";
  const std::string logo = json_of(kLogo);
  EXPECT_EQ(shown("{'sponsorInfo':{'enabled':true,'duration':5,'sponsors':['a']}}", "sponsorInfo"),
            json_of("{'enabled':true,'duration':5,'sponsors':['a',") + logo + "]}");
  EXPECT_EQ(shown("{'sponsorInfo':{'enabled':1}}", "sponsorInfo"), json_of("{'enabled':1,'sponsors':[") + logo + "]}");
  EXPECT_EQ(shown("{'sponsorInfo':{'enabled':'yes','sponsors':'a'}}", "sponsorInfo"),
            json_of("{'enabled':'yes','sponsors':[") + logo + "]}");
  for (const char* off : {"{'enabled':false}", "{'enabled':0}", "{'enabled':''}", "{'enabled':null}", "{'a':1}"})
    EXPECT_EQ(shown("{'sponsorInfo':" + std::string(off) + "}", "sponsorInfo"), json_of(off));
  EXPECT_EQ(shown("{'sponsorInfo':{'enabled':true,'sponsors':[]}}", "sponsorInfo", true),
            json_of("{'enabled':true,'sponsors':[]}"));
}

TEST_F(ToolsTest, Watermark) {
  const auto mark = [&](const char* info, bool is_supporter = false) {
    return shown("{'watermarkInfo':" + std::string(info) + "}", "watermarkInfo", is_supporter);
  };
  EXPECT_EQ(mark("{}"), json_of("{'spectraWatermark':true}"));
  EXPECT_EQ(mark("{'customTextEnabled':true,'customText':'x'}"),
            json_of("{'customText':'x','spectraWatermark':true,'customTextEnabled':false}"));
  EXPECT_EQ(mark("{'spectraWatermark':1,'customTextEnabled':[]}"),
            json_of("{'spectraWatermark':1,'customTextEnabled':false}"));
  EXPECT_EQ(mark("{'spectraWatermark':'x','customTextEnabled':0}"),
            json_of("{'spectraWatermark':'x','customTextEnabled':0}"));
  EXPECT_EQ(mark("{'spectraWatermark':false,'customTextEnabled':true}", true),
            json_of("{'spectraWatermark':false,'customTextEnabled':true}"));
}

TEST_F(ToolsTest, RoundWinBoxHasOneSponsor) {
  const auto box = [&](const char* value, bool is_supporter = false) {
    return shown("{'roundWinBox':" + std::string(value) + "}", "roundWinBox", is_supporter);
  };
  EXPECT_EQ(box("{'type':'sponsors','sponsors':[{'wonTeam':'left','roundCeremony':['ace'],'i':1},{'i':2}],'z':1}"),
            json_of("{'type':'sponsors','z':1,'sponsors':[{'i':1,'wonTeam':'all','roundCeremony':['all']}]}"));
  EXPECT_EQ(box("{'type':'sponsors','sponsors':[1,2]}"), json_of("{'type':'sponsors','sponsors':[1]}"));
  for (const char* left : {"{'type':'sponsors','sponsors':[{'i':1}]}", "{'type':'sponsors','sponsors':[]}",
                           "{'type':'other','sponsors':[1,2]}", "{'type':'sponsors','sponsors':5}", "{}"})
    EXPECT_EQ(box(left), json_of(left));
  EXPECT_EQ(box("{'type':'sponsors','sponsors':[1,2]}", true), json_of("{'type':'sponsors','sponsors':[1,2]}"));
}

}  // namespace
}  // namespace matchbus::match
