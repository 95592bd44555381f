#include "match/names.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace matchbus::match {
namespace {

constexpr std::string_view kSmall = R"({
  "weapons_and_abilities": {"W": "Weapon"},
  "agents": {"A": "Agent"},
  "maps": {"M": "Map"},
  "armor": ["None", "Light"],
  "map_fallback": "Nowhere",
  "icon_name_suffixes": {
    "astra_targeting": "a", "clove_ultimate": "b", "cypher_cam": "c", "veto_ultimate": "d"
  },
  "newer": [1, 2]
})";

// `kSmall` with `from` replaced.
std::string changed(std::string_view from, std::string_view to) {
  std::string text(kSmall);
  text.replace(text.find(from), from.size(), to);
  return text;
}

std::string error_of(const std::string& text) {
  const auto names = Names::load(text);
  return names.ok() ? "" : names.error().message;
}

TEST(Names, BuiltIn) {
  const Names& names = Names::built_in();
  EXPECT_EQ(names.agent("Smonk_PC_C"), "Clove");
  EXPECT_EQ(names.agent("TX_Killfeed_Omen"), "Wraith");
  EXPECT_EQ(names.agent(""), "No Agent selected");
  EXPECT_EQ(names.agent("Nobody"), std::nullopt);
  EXPECT_EQ(names.weapon("TX_Hud_Volcano"), "Vandal");
  EXPECT_EQ(names.weapon("x"), std::nullopt);
  EXPECT_EQ(names.map("Infinityy"), "Abyss");
  EXPECT_EQ(names.map("Newest"), "Corrode");
  EXPECT_EQ(names.armor(4), "Regen");
  EXPECT_EQ(names.armor(5), std::nullopt);
  EXPECT_EQ(&names, &Names::built_in());
}

TEST(Names, Portraits) {
  const Names& names = Names::built_in();
  EXPECT_EQ(names.special("Rift"), SpecialAgent::kAstra);
  EXPECT_EQ(names.special("Smonk_PC_C"), SpecialAgent::kClove);
  EXPECT_EQ(names.special("Gumshoe"), SpecialAgent::kCypher);
  EXPECT_EQ(names.special("Pine_PC_C"), SpecialAgent::kVeto);
  EXPECT_EQ(names.special("Wushu"), SpecialAgent::kNone);
  EXPECT_EQ(names.special("Astra"), SpecialAgent::kNone);
  EXPECT_EQ(names.special("_PC_C"), SpecialAgent::kNone);
  EXPECT_EQ(names.special(""), SpecialAgent::kNone);
  EXPECT_EQ(names.icon_suffix(SpecialAgent::kNone), "");
  EXPECT_EQ(names.icon_suffix(SpecialAgent::kAstra), "Targeting");
  EXPECT_EQ(names.icon_suffix(SpecialAgent::kClove), "NotDeadYet");
  EXPECT_EQ(names.icon_suffix(SpecialAgent::kCypher), "Cam");
  EXPECT_EQ(names.icon_suffix(SpecialAgent::kVeto), "Evolution");
}

TEST(Names, LoadsAFile) {
  const auto names = Names::load(kSmall);
  ASSERT_TRUE(names.ok());
  EXPECT_EQ(names->agent("A"), "Agent");
  EXPECT_EQ(names->map("?"), "Nowhere");
  EXPECT_EQ(names->icon_suffix(SpecialAgent::kVeto), "d");
}

TEST(Names, ErrorsNameTheLine) {
  EXPECT_EQ(error_of(changed("\"Weapon\"", "5")), "line 2: \"W\" must be a text");
  EXPECT_EQ(error_of(changed("\"agents\"", "\"agent\"")), "line 1: \"agents\" must be an object");
  EXPECT_EQ(error_of(changed(R"({"M": "Map"})", "[]")), "line 4: \"maps\" must be an object");
  EXPECT_EQ(error_of(changed("\"Light\"", "null")), "line 5: \"armor\" must hold texts only");
  EXPECT_EQ(error_of(changed(R"(["None", "Light"])", "{}")), "line 5: \"armor\" must be an array");
  EXPECT_EQ(error_of(changed("\"Nowhere\"", "{}")), "line 6: \"map_fallback\" must be a text");
  EXPECT_EQ(error_of(changed("\"cypher_cam\": \"c\", ", "")), "line 1: \"cypher_cam\" must be a text");
  EXPECT_EQ(error_of("[]"), "line 1: must be an object");
  EXPECT_EQ(error_of("").substr(0, 8), "line 1: ");
  EXPECT_EQ(error_of(changed("\"agents\":", "\"agents\"")).substr(0, 8), "line 3: ");
}

TEST(Names, FileOfTheSourceTreeIsTheBuiltInOne) {
  std::ifstream file(MATCHBUS_SOURCE_DIR "/src/match/names.json");
  std::stringstream text;
  text << file.rdbuf();
  const auto names = Names::load(text.str());
  ASSERT_TRUE(names.ok()) << names.error().message;
  EXPECT_EQ(names->agent("Pine"), Names::built_in().agent("Pine"));
}

}  // namespace
}  // namespace matchbus::match
