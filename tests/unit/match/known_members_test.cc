// Events that were reduced do what the whole ones do, and are small.
#include "match/known_members.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "unit/match/match_fixture.h"
#include "unit/match/random_story.h"

namespace matchbus::match {
namespace {

using test::json_of;
using test::Parsed;

std::string reduced(EventType type, json::Value data) {
  BytesWriter out;
  write_known_members(out, type, data);
  return std::string(out.view());
}

// Two matches that hear the same, one of them reduced.
class Twins {
 public:
  void hear(std::string_view text, Writer writer, int64_t at) {
    const Parsed parsed{std::string(text)};
    auto event = read_envelope(parsed.root(), writer, at);
    if (writer == Writer::kServer && !event) return;
    ASSERT_TRUE(event);
    const Outcome whole = reducer_.apply(*whole_, *event);
    const Parsed data(reduced(event->type, event->data));
    event->data = data.root();
    const Outcome known = reducer_.apply(*known_, *event);
    EXPECT_EQ(whole.verdict, known.verdict) << text;
    EXPECT_EQ(snapshot(*whole_), snapshot(*known_)) << text;
  }
  static std::string snapshot(const Match& match) {
    BytesWriter out;
    write_snapshot(out, match);
    return std::string(out.view());
  }

 private:
  Reducer reducer_{Names::built_in(), {}};
  std::unique_ptr<Match> whole_ = Match::create(test::make_logon(), {"org", "Org", true}, test::kStart);
  std::unique_ptr<Match> known_ = Match::create(test::make_logon(), {"org", "Org", true}, test::kStart);
};

TEST(KnownMembers, HaveTheEffectOfTheWholeEvent) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    test::Story story(seed);
    Twins twins;
    for (int i = 0; i < 1'000 && !::testing::Test::HasFailure(); ++i) {
      const test::Sent sent = story.next();
      if (sent.writer != Writer::kServer) twins.hear(sent.text, sent.writer, sent.at);
    }
  }
}

TEST(KnownMembers, HaveTheEffectOfWhatRealClientsSent) {
  for (const std::string_view name : {"old", "new", "text"}) {
    std::ifstream file(std::string(MATCHBUS_SOURCE_DIR "/tests/recordings/") + std::string(name) + ".jsonl");
    Twins twins;
    std::string line;
    size_t count = 0;
    while (std::getline(file, line)) {
      ASSERT_LT(line.size(), kMaxWholeEvent) << "no event of a real client is to be reduced at all";
      twins.hear(line, line.find("\"type\":\"aux_") != std::string::npos ? Writer::kAuxiliary : Writer::kObserver,
                 test::kStart + static_cast<int64_t>(++count));
    }
    EXPECT_GT(count, 10U);
  }
}

TEST(KnownMembers, NothingElseIsKept) {
  const std::string large(1'000'000, 'x');
  const Parsed data(json_of("{'playerId':'P','spam':'" + large + "','kills':3,'playerId':'Q','more':[[{}]]}"));
  EXPECT_EQ(reduced(EventType::kScoreboard, data.root()), json_of("{'playerId':'Q','kills':3}"));
  EXPECT_LE(reduced(EventType::kSpikePlanted, Parsed("\"" + large + "\"").root()).size(), 600U);
  EXPECT_EQ(reduced(EventType::kSpikePlanted, Parsed(json_of("{'a':'" + large + "'}")).root()), "{}");
  EXPECT_LE(reduced(EventType::kMap, Parsed("\"" + large + "\"").root()).size(), 600U);
  const Parsed wide(json_of("{'name':'" + large + "','position':{'a':'" + large + "'},'assists':['" + large + "']}"));
  EXPECT_LE(reduced(EventType::kRoster, wide.root()).size(), 2'000U);
}

TEST(KnownMembers, ATeamIsOneWhetherItIsATextOrNot) {
  const Parsed list(json_of("[{'playerId':'P','spam':1},7]"));
  const Parsed text(R"("[{\"playerId\":\"P\",\"spam\":1},7]")");
  const std::string known = json_of("[{'playerId':'P'},null]");
  EXPECT_EQ(reduced(EventType::kAuxScoreboardTeam, list.root()), known);
  EXPECT_EQ(reduced(EventType::kAuxScoreboardTeam, text.root()), known);
  std::string many = "[0";
  for (int i = 0; i < 100'000; ++i) many += ",{}";
  EXPECT_LE(reduced(EventType::kAuxScoreboardTeam, Parsed(many + "]").root()).size(), 100U);
  EXPECT_EQ(reduced(EventType::kAuxScoreboardTeam, Parsed("\"no list\"").root()), "null");
}

// What a toast has besides is shown, as far as it fits.
TEST(KnownMembers, OfAToastTheOthersAreKeptIfTheyAreShown) {
  const Parsed shown(json_of("{'title':'t','colour':'red','active':false}"));
  EXPECT_EQ(reduced(EventType::kToast, shown.root()), json_of("{'title':'t','active':false,'colour':'red'}"));
  const Parsed large(json_of("{'title':'t','colour':'" + std::string(100'000, 'x') + "'}"));
  EXPECT_EQ(reduced(EventType::kToast, large.root()), json_of("{'title':'t'}"));
}

}  // namespace
}  // namespace matchbus::match
