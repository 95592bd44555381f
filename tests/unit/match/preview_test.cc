#include "match/preview.h"

#include "match_fixture.h"

namespace matchbus::match {
namespace {

using test::json_of;
using test::Parsed;

constexpr std::string_view kTeams =
    "'leftTeam':{'name':'A','tricode':'AAA','url':'u','attackStart':true},"
    "'rightTeam':{'name':'B','tricode':'BBB','url':'v','attackStart':false}";

Result<PreviewRequest> request(std::string_view more) {
  return read_preview_request(Parsed(json_of("{" + std::string(kTeams) + std::string(more) + "}")).root());
}
std::string document(const PreviewRequest& preview, std::string_view code) {
  BytesWriter out;
  write_preview(out, preview, code);
  return std::string(out.view());
}

TEST(Preview, Requests) {
  const auto full = request(",'key':'k','previewCode':'ABC123','toolsData':{'x':1}");
  ASSERT_TRUE(full.ok());
  EXPECT_EQ(full->key, "k");
  EXPECT_EQ(full->code, "ABC123");
  EXPECT_EQ(full->left.name, "A");
  EXPECT_EQ(full->tools, R"({"x":1})");
  EXPECT_EQ(request(",'previewCode':'GRÖẞE!'")->code, "GRÖẞE!") << "six characters";
  for (const char* code : {"'ABC'", "'ABCDEFG'", "'äöü'", "5", "null", "''"})
    EXPECT_EQ(request(",'previewCode':" + std::string(code))->code, "") << code;
  for (const char* key : {"5", "null", "''"}) EXPECT_EQ(request(",'key':" + std::string(key))->key, "") << key;
  EXPECT_FALSE(request(",'leftTeam':null").ok());
  EXPECT_EQ(request(",'toolsData':[]")->tools, "");
  EXPECT_FALSE(read_preview_request(Parsed("[]").root()).ok());
}

TEST(Preview, ShowsWhatElseATeamHas) {
  const auto preview = request(",'leftTeam':{'name':'A','tricode':'','url':'','attackStart':true,'colour':'#f00'}");
  const Parsed parsed(document(*preview, "ABCDEF"));
  EXPECT_EQ(parsed["teams"].at(0)["colour"].string(), "#f00");
  EXPECT_FALSE(parsed["teams"].at(1)["colour"].exists());
}

TEST(Preview, DependsOnTheCodeAlone) {
  const auto preview = request("");
  EXPECT_EQ(document(*preview, "ABCDEF"), document(*preview, "ABCDEF"));
  EXPECT_NE(document(*preview, "ABCDEF"), document(*preview, "ABCDEG"));
}

TEST(Preview, NumbersArePlausible) {
  const auto preview = request("");
  for (int i = 0; i < 100; ++i) {
    const Parsed parsed(document(*preview, std::to_string(i)));
    for (size_t team = 0; team < 2; ++team) {
      const json::Value players = parsed["teams"].at(team)["players"];
      ASSERT_EQ(players.size(), 5U);
      for (json::Value player = players.first(); player.exists(); player = players.after(player)) {
        for (const char* key : {"kills", "deaths", "assists"}) EXPECT_TRUE(player[key].integer(0, 20)) << key;
        const auto points = player["currUltPoints"].integer(2, 8);
        ASSERT_TRUE(points);
        EXPECT_EQ(player["ultReady"].boolean(), *points == 8);
        EXPECT_EQ(*player["money"].integer(0, 9'000) % 1'000, 0);
        EXPECT_EQ(*player["moneySpent"].integer(0, 2'000) % 1'000, 0);
      }
    }
  }
}

TEST(Preview, SecretsAreBlank) {
  const auto preview = request(
      ",'toolsData':{'playercamsInfo':{'secret':'TOP','endTime':77,'enable':true},"
      "'timeoutCounter':{'max':3,'left':0,'right':1},'own':[1]}");
  const std::string text = document(*preview, "ABCDEF");
  EXPECT_EQ(text.find("TOP"), std::string::npos);
  EXPECT_EQ(text.find("77"), std::string::npos);
  EXPECT_NE(text.find(json_of("'playercamsInfo':{'enable':true,'secret':'','endTime':0}")), std::string::npos);
  EXPECT_NE(text.find(json_of("'timeoutCounter':{'max':3,'left':3,'right':3}")), std::string::npos);
  EXPECT_NE(text.find(json_of("'own':[1]")), std::string::npos);
}

}  // namespace
}  // namespace matchbus::match
