#include "match/logon.h"

#include "match_fixture.h"

namespace matchbus::match {
namespace {

using test::json_of;
using test::Parsed;

const VersionRange& versions() {
  static const VersionRange range = *VersionRange::parse(VersionRange::kDefault);
  return range;
}

constexpr std::string_view kTeams =
    "'leftTeam':{'name':'A','tricode':'AAA','url':'u','attackStart':true},"
    "'rightTeam':{'name':'B','tricode':'','url':'','attackStart':false}";

// A logon with `more` members behind the good ones; of several with one name the last counts.
std::string logon(std::string_view more = {}) {
  return json_of("{'type':'authenticate','clientVersion':'0.3.20','obsName':'O','key':'k','groupCode':'G'," +
                 std::string(kTeams) + std::string(more) + "}");
}

Result<ObserverLogon> read(std::string text) { return read_observer_logon(Parsed(std::move(text)).root(), versions()); }
std::string reason(std::string text) {
  const auto result = read(std::move(text));
  return result.ok() ? "" : result.error().message;
}

TEST(ObserverLogon, Complete) {
  const auto result = read(logon(json_of(",'groupSecret':'S','toolsData':{'timeoutDuration':5}")));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->client_version, "0.3.20");
  EXPECT_EQ(result->observer_name, "O");
  EXPECT_EQ(result->key, "k");
  EXPECT_EQ(result->group_code, "G");
  EXPECT_EQ(result->group_secret, "S");
  EXPECT_EQ(result->left, (TeamSetup{"A", "AAA", "u", true}));
  EXPECT_EQ(result->right, (TeamSetup{"B", "", "", false}));
  EXPECT_EQ(result->tools, R"({"timeoutDuration":5})");
}

TEST(ObserverLogon, ToolsMayBeMissingOrNull) {
  EXPECT_EQ(read(logon())->tools, "");
  EXPECT_EQ(read(logon(json_of(",'toolsData':null")))->tools, "");
}

TEST(ObserverLogon, KeysOfAnotherTypeAreWrongKeys) {
  for (const char* key : {"null", "5", "{}", "['k']", "true"})
    EXPECT_EQ(read(logon(json_of(",'key':" + std::string(key))))->key, "") << key;
  EXPECT_EQ(read(logon(json_of(",'key':'" + std::string(2'000, 'k') + "'")))->key, "");
}

TEST(ObserverLogon, InvalidPackets) {
  const std::string long_text(3'000, 'x');
  for (const std::string& more :
       std::initializer_list<std::string>{",'type':'aux_authenticate'",
                                          ",'type':1",
                                          ",'type':null",
                                          ",'groupCode':''",
                                          ",'groupCode':5",
                                          ",'groupCode':null",
                                          ",'groupCode':['G']",
                                          ",'groupCode':'a\\u0000b'",
                                          ",'groupCode':'a\\nb'",
                                          ",'groupCode':'a\\u007fb'",
                                          ",'groupCode':'a\\u0085b'",
                                          ",'groupCode':'" + long_text + "'",
                                          ",'leftTeam':null",
                                          ",'leftTeam':{}",
                                          ",'leftTeam':'A'",
                                          ",'rightTeam':[]",
                                          ",'leftTeam':{'name':'','url':'','attackStart':true}",
                                          ",'leftTeam':{'tricode':'','url':'','attackStart':true}",
                                          ",'leftTeam':{'name':'','tricode':'','attackStart':true}",
                                          ",'rightTeam':{'name':'','tricode':'','url':''}"})
    EXPECT_EQ(reason(logon(json_of(more))), "Invalid packet.") << more.substr(0, 80);
  for (const char* text : {"null", "5", "[]", "\"x\"", "{}", "true"}) EXPECT_EQ(reason(text), "Invalid packet.");
}

// A field that is there costs nothing but itself.
TEST(ObserverLogon, FieldsAreReadAsFarAsTheyMakeSense) {
  const auto team = [](const std::string& name, const std::string& url, const std::string& attack_start) {
    const auto result = read(logon(json_of(",'leftTeam':{'name':" + name + ",'tricode':" + name + ",'url':" + url +
                                           ",'attackStart':" + attack_start + "}")));
    return result ? result->left : TeamSetup{"refused", {}, {}, false};
  };
  EXPECT_EQ(team("12", "3.50", "1"), (TeamSetup{"12", "12", "3.5", true}));
  EXPECT_EQ(team("null", "null", "'false'"), (TeamSetup{"", "", "", true}));
  EXPECT_EQ(team("{}", "[]", "null"), (TeamSetup{"", "", "", false}));
  EXPECT_EQ(team("true", "false", "''"), (TeamSetup{"", "", "", false}));
  std::string umlauts;
  for (int i = 0; i < 200; ++i) umlauts += "ä";
  EXPECT_EQ(team("'x" + umlauts + "'", "''", "0").name, "x" + umlauts.substr(0, 254)) << "cut between characters";
  EXPECT_EQ(team("''", "'" + std::string(32'768, 'x') + "'", "0").url.size(), 32'768U);
  EXPECT_EQ(team("''", "'" + std::string(32'769, 'x') + "'", "0").url, "") << "half a URL is none";
  for (const char* tools : {"5", "'{}'", "[]", "true"})
    EXPECT_EQ(read(logon(json_of(",'toolsData':" + std::string(tools))))->tools, "") << tools;
  EXPECT_EQ(read(logon(json_of(",'obsName':{}")))->observer_name, "");
  EXPECT_EQ(read(logon(json_of(",'obsName':'" + std::string(300, 'x') + "'")))->observer_name.size(), 256U);
  for (const char* secret : {"5", "null", "[]", "true"})
    EXPECT_EQ(read(logon(json_of(",'groupSecret':" + std::string(secret))))->group_secret, "") << secret;
  EXPECT_EQ(read(logon(json_of(",'groupSecret':'" + std::string(2'000, 'x') + "'")))->group_secret, "");
}

TEST(ObserverLogon, KeepsWhatElseATeamHas) {
  const auto others = [](const std::string& members) {
    const auto result =
        read(logon(json_of(",'leftTeam':{'name':'A'," + members + "'tricode':'A','url':'','attackStart':true}")));
    return result ? result->left.others : "refused";
  };
  EXPECT_EQ(others(""), "");
  EXPECT_EQ(others("'colour':'#f00','seed':1.50,'more':{'a':[1,null]},"),
            json_of("'colour':'#f00','seed':1.5,'more':{'a':[1,null]}"));
  // Never over what overlays have from the server.
  EXPECT_EQ(others("'teamName':'X','players':[],'roundsWon':13,'isAttacking':true,'x':1,"), json_of("'x':1"));
  EXPECT_EQ(others("'team\\u004eame':'X','\\u0070layers':[],'a\\u0022b':1,"), R"("a\"b":1)");
  EXPECT_EQ(others("'x':'" + std::string(4 * 1024 - 6, 'x') + "',").size(), 4U * 1024);
  EXPECT_EQ(others("'x':'" + std::string(4 * 1024 - 5, 'x') + "',"), "") << "too much";
  EXPECT_EQ(others("'a':1,'x':'" + std::string(5'000, 'x') + "','b':2,"), json_of("'a':1,'b':2"));
}

TEST(ObserverLogon, ASettingThatIsTooLargeCostsItself) {
  const auto tools = [](const std::string& members) {
    const auto result = read(logon(json_of(",'toolsData':{" + members + "}")));
    return result ? result->tools : "refused";
  };
  const std::string picture(70'000, 'A');
  EXPECT_EQ(tools("'timeoutDuration':5,'sponsorInfo':{'sponsors':['" + picture + "']},'x':1"),
            json_of("{'timeoutDuration':5,'x':1}"));
  EXPECT_EQ(tools("'x':'" + picture + "'"), "{}");
  EXPECT_EQ(tools("'x':'" + picture.substr(0, 60'000) + "'").size(), 60'008U);
}

TEST(ObserverLogon, TellsTheLogWhatItCountsWithout) {
  const auto cause = [](const std::string& text) {
    std::string_view why = "unset";
    EXPECT_TRUE(read_observer_logon(Parsed(text).root(), versions(), &why).ok());
    return std::string(why);
  };
  EXPECT_EQ(cause(logon()), "");
  EXPECT_EQ(cause(logon(json_of(",'toolsData':null"))), "");
  EXPECT_EQ(cause(logon(json_of(",'toolsData':5"))), "toolsData is no object");
  EXPECT_EQ(cause(logon(json_of(",'toolsData':{'x':'" + std::string(70'000, 'x') + "'}"))),
            "toolsData takes over 64 KiB: as many of its members as fit are taken");
  EXPECT_EQ(cause(logon(json_of(",'rightTeam':{'name':'','tricode':'','url':'" + std::string(32'769, 'x') +
                                "','attackStart':true}"))),
            "a team's url is over 32 KiB");
  EXPECT_EQ(cause(logon(json_of(",'rightTeam':{'name':'','tricode':'','url':'','attackStart':true,'x':'" +
                                std::string(5'000, 'x') + "'}"))),
            "a team's further members take over 4 KiB: as many as fit are taken");
}

TEST(ObserverLogon, TellsTheLogWhatIsWrong) {
  const auto cause = [](const std::string& text) {
    std::string_view why;
    EXPECT_FALSE(read_observer_logon(Parsed(text).root(), versions(), &why).ok());
    return std::string(why);
  };
  EXPECT_EQ(cause(logon(json_of(",'leftTeam':{'name':'A'}"))), "a team lacks its name, tricode, url or attackStart");
  EXPECT_EQ(cause(logon(json_of(",'groupCode':''"))), "groupCode is not 1 to 64 characters without control characters");
  EXPECT_EQ(cause(logon(json_of(",'clientVersion':'9.9.9'"))), "--client-versions says which may log on")
      << "nothing of the client's";
  EXPECT_EQ(cause("{}"), "no JSON object of the type that belongs to the event");
}

TEST(ObserverLogon, GroupCodesHaveSixtyFourCharacters) {
  const auto with = [](const std::string& code) { return reason(logon(json_of(",'groupCode':'" + code + "'"))); };
  EXPECT_EQ(with(std::string(64, 'g')), "");
  EXPECT_EQ(with(std::string(65, 'g')), "Invalid packet.");
  std::string umlauts;
  for (int i = 0; i < 64; ++i) umlauts += "ä";
  EXPECT_EQ(with(umlauts), "");
  EXPECT_EQ(with(umlauts + "ä"), "Invalid packet.");
  EXPECT_EQ(with("../../etc/passwd"), "");  // file names are made of escaped codes
}

TEST(ObserverLogon, ThingsAreCheckedInOrder) {
  const std::string old = "Client version 0.1.0 is not compatible with server version >=0.3.3 <0.3.25.";
  EXPECT_EQ(reason(json_of("{'type':'authenticate','clientVersion':'0.1.0'}")), old);
  EXPECT_EQ(reason(json_of("{'type':'x','clientVersion':'0.1.0'}")), "Invalid packet.");
  EXPECT_EQ(reason(json_of("{'type':'authenticate','clientVersion':'0.3.20'}")), "Invalid packet.");
}

TEST(ObserverLogon, VersionsComeAfterTheType) {
  const auto text = [](std::string_view version) {
    return "Client version " + std::string(version) + " is not compatible with server version >=0.3.3 <0.3.25.";
  };
  EXPECT_EQ(reason(logon(json_of(",'clientVersion':'0.3.25'"))), text("0.3.25"));
  EXPECT_EQ(reason(logon(json_of(",'clientVersion':''"))), text(""));
  EXPECT_EQ(reason(logon(json_of(",'clientVersion':null"))), text("null"));
  EXPECT_EQ(reason(logon(json_of(",'clientVersion':0.5"))), text("0.5"));
  EXPECT_EQ(reason(logon(json_of(",'clientVersion':true"))), text("true"));
  EXPECT_EQ(reason(logon(json_of(",'clientVersion':{}"))), text("[object Object]"));
  EXPECT_EQ(reason(json_of("{'type':'authenticate','groupCode':'G'," + std::string(kTeams) + "}")), text("undefined"));
  EXPECT_EQ(reason(logon(json_of(",'clientVersion':'0.3.25','groupCode':''"))), text("0.3.25"));
}

TEST(ObserverLogon, AnyVersionWillDo) {
  const VersionRange all = *VersionRange::parse("*");
  for (const char* version : {"'9.9.9'", "'beta'", "''", "null", "5", "{}"}) {
    const Parsed parsed(logon(json_of(",'clientVersion':" + std::string(version))));
    EXPECT_TRUE(read_observer_logon(parsed.root(), all).ok()) << version;
  }
  const Parsed without(json_of("{'type':'aux_authenticate','matchId':'M'}"));
  EXPECT_TRUE(read_auxiliary_logon(without.root(), all).ok());
  EXPECT_EQ(read_observer_logon(Parsed("{}").root(), all).error().message, "Invalid packet.");
}

TEST(ObserverLogon, ReasonsEchoOnlySoMuch) {
  std::string version;
  for (int i = 0; i < 2'000; ++i) version += "ä";
  const std::string said = reason(logon(json_of(",'clientVersion':'" + version + "'")));
  EXPECT_LT(said.size(), 300U);
  EXPECT_NE(said.find("ä is not"), std::string::npos);  // cut between characters
}

std::string aux(std::string_view more = {}) {
  return json_of("{'type':'aux_authenticate','clientVersion':'0.3.20','name':'N','matchId':'M','playerId':'P'" +
                 std::string(more) + "}");
}
Result<AuxiliaryLogon> read_aux(std::string text) {
  return read_auxiliary_logon(Parsed(std::move(text)).root(), versions());
}

TEST(AuxiliaryLogon, Complete) {
  const auto result = read_aux(aux());
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->name, "N");
  EXPECT_EQ(result->match_id, "M");
  EXPECT_EQ(result->match_id_text, "M");
  EXPECT_EQ(result->player_id, "P");
}

TEST(AuxiliaryLogon, MatchIdsThatAreNone) {
  EXPECT_EQ(read_aux(aux(",'matchId':null"))->match_id, "");
  EXPECT_EQ(read_aux(aux(",'matchId':null"))->match_id_text, "null");
  const auto missing = read_aux(json_of("{'type':'aux_authenticate','clientVersion':'0.3.20'}"));
  EXPECT_EQ(missing->match_id, "");
  EXPECT_EQ(missing->match_id_text, "undefined");
  EXPECT_EQ(missing->player_id, "");
  EXPECT_EQ(reason_no_match(missing->match_id_text), "Game with Match ID undefined not found.");
}

TEST(AuxiliaryLogon, FieldsAreReadAsFarAsTheyMakeSense) {
  EXPECT_EQ(read_aux(aux(",'playerId':5"))->player_id, "5");
  EXPECT_EQ(read_aux(aux(",'playerId':[]"))->player_id, "");
  EXPECT_EQ(read_aux(aux(",'playerId':'" + std::string(257, 'x') + "'"))->player_id, "") << "half an id is none";
  EXPECT_EQ(read_aux(aux(",'name':[]"))->name, "");
  EXPECT_EQ(read_aux(aux(",'name':'" + std::string(257, 'x') + "'"))->name.size(), 256U);
  EXPECT_EQ(read_aux(aux(",'matchId':17"))->match_id, "17");
}

TEST(AuxiliaryLogon, Refused) {
  EXPECT_EQ(read_aux(aux(",'type':'authenticate'")).error().message, "Invalid packet.");
  EXPECT_EQ(read_aux(aux(",'clientVersion':'0.3.25'")).error().message, reason_for_version("0.3.25", versions()));
  EXPECT_EQ(read_aux("null").error().message, "Invalid packet.");
}

TEST(Logon, OtherReasons) { EXPECT_EQ(reason_group_live("ABC"), "Game with Group Code ABC exists and is still live."); }

}  // namespace
}  // namespace matchbus::match
