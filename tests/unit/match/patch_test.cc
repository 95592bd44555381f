// Patches against a naive model: JSON as a tree, and RFC 6902 applied to it to the letter.
#include "match/patch.h"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <vector>

#include "match/simulation.h"
#include "random_story.h"

namespace matchbus::match {
namespace {

using test::json_of;
using test::kStart;
using test::make_logon;
using test::MatchFixture;
using test::Parsed;

// A JSON value that can be changed.
struct Tree {
  json::Type type = json::Type::kNull;
  bool boolean = false;
  double number = 0;
  std::string text;
  std::vector<Tree> items;
  std::map<std::string, Tree> members;

  bool operator==(const Tree&) const = default;
};

Tree tree_of(json::Value value) {
  Tree tree;
  tree.type = value.type();
  tree.boolean = value.boolean().value_or(false);
  tree.number = value.number().value_or(0);
  tree.text = value.string().value_or("");
  if (value.is_array()) {
    for (json::Value it = value.first(); it.exists(); it = value.after(it)) tree.items.push_back(tree_of(it));
  } else if (value.is_object()) {
    for (json::Value key = value.first(); key.exists();) {
      const json::Value member = value.after(key);
      tree.members[std::string(*key.string())] = tree_of(member);
      key = value.after(member);
    }
  }
  return tree;
}

Tree parse(std::string_view text) { return tree_of(Parsed(std::string(text)).root()); }

// RFC 6901.
std::vector<std::string> steps_of(std::string_view pointer) {
  std::vector<std::string> steps;
  for (size_t i = 0; i < pointer.size(); ++i) {
    const char c = pointer[i];
    if (c == '/') {
      steps.emplace_back();
    } else if (c == '~') {
      steps.back() += pointer.at(++i) == '0' ? '~' : '/';
    } else {
      steps.back() += c;
    }
  }
  return steps;
}

// RFC 6902, with errors as exceptions.
class Patcher {
 public:
  explicit Patcher(Tree& root) : root_(root) {}

  void apply(const Tree& patch) {
    for (const Tree& operation : patch.items) {
      const std::string& name = operation.members.at("op").text;
      const std::string& path = operation.members.at("path").text;
      if (name == "move") {
        add(path, remove(operation.members.at("from").text));
      } else if (name == "remove") {
        remove(path);
      } else if (name == "add") {
        add(path, operation.members.at("value"));
      } else if (name == "replace") {
        *find(steps_of(path)) = operation.members.at("value");
      } else {
        throw std::runtime_error("unknown operation " + name);
      }
    }
  }

 private:
  Tree* find(const std::vector<std::string>& steps) {
    Tree* at = &root_;
    for (const std::string& step : steps) {
      at = at->type == json::Type::kArray ? &at->items.at(std::stoul(step)) : &at->members.at(step);
    }
    return at;
  }
  Tree* parent_of(std::vector<std::string>& steps, std::string& last) {
    last = steps.back();
    steps.pop_back();
    return find(steps);
  }
  void add(const std::string& path, Tree value) {
    std::vector<std::string> steps = steps_of(path);
    std::string last;
    Tree* const parent = parent_of(steps, last);
    if (parent->type != json::Type::kArray) {
      if (parent->type != json::Type::kObject) throw std::runtime_error("cannot add to " + path);
      if (!parent->members.emplace(last, std::move(value)).second) throw std::runtime_error("is there: " + path);
      return;
    }
    const size_t index = last == "-" ? parent->items.size() : std::stoul(last);
    if (index > parent->items.size()) throw std::runtime_error("beyond the end: " + path);
    parent->items.insert(parent->items.begin() + static_cast<ptrdiff_t>(index), std::move(value));
  }
  Tree remove(const std::string& path) {
    std::vector<std::string> steps = steps_of(path);
    std::string last;
    Tree* const parent = parent_of(steps, last);
    Tree gone;
    if (parent->type == json::Type::kArray) {
      gone = parent->items.at(std::stoul(last));
      parent->items.erase(parent->items.begin() + static_cast<ptrdiff_t>(std::stoul(last)));
    } else {
      gone = parent->members.at(last);
      parent->members.erase(last);
    }
    return gone;
  }

  Tree& root_;
};

template <void (*kWrite)(BytesWriter&, const Match&)>
std::string written(const Match& match) {
  BytesWriter out;
  kWrite(out, match);
  return std::string(out.view());
}

// What a viewer has, following patches.
class Follower {
 public:
  explicit Follower(const Match& match) : state_(parse(written<write_snapshot>(match))) {}

  // One broadcast; returns the patch.
  std::string follow(Match& match) {
    const std::string snapshot = written<write_snapshot>(match);
    const Tree wanted = parse(snapshot);
    const std::string patch = written<write_patch>(match);
    expect_leads(patch, wanted);
    EXPECT_LE(patch.size(), snapshot.size() + 64);
    // The other form weighs by its own size what to replace as a whole, so it may take another way.
    const Parsed packet('"' + written<write_patch_escaped>(match) + '"');
    expect_leads(*packet.root().string(), wanted);
    state_ = wanted;
    match.mark_shown();
    return patch;
  }

 private:
  void expect_leads(std::string_view patch, const Tree& wanted) const {
    Tree state = state_;
    try {
      Patcher(state).apply(parse(patch));
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what() << " in " << patch;
    }
    EXPECT_TRUE(state == wanted) << "wrong: " << patch;
  }

  Tree state_;
};

class PatchTest : public MatchFixture {
 protected:
  // From here on.
  void show() {
    match_->mark_shown();
    follower_.emplace(*match_);
  }
  std::string patch() {
    if (!follower_) show();
    return follower_->follow(*match_);
  }
  std::optional<Follower> follower_;
};

TEST_F(PatchTest, NothingChanged) {
  show();
  EXPECT_EQ(patch(), "[]");
}

TEST_F(PatchTest, ValuesOfEveryKind) {
  add_player("P", 0);
  show();
  state().is_running = true;
  EXPECT_EQ(patch(), json_of("[{'op':'replace','path':'/isRunning','value':true}]"));
  state().round_number = 7;
  EXPECT_EQ(patch(), json_of("[{'op':'replace','path':'/roundNumber','value':7}]"));
  state().map = match_->texts().intern("A \"b\"\\\n");
  EXPECT_EQ(patch(), R"([{"op":"replace","path":"/map","value":"A \"b\"\\\n"}])");
  state().match_type = kNoText;
  EXPECT_EQ(patch(), json_of("[{'op':'replace','path':'/matchType','value':null}]"));
  player(0, 0).health = 62.5;
  EXPECT_EQ(patch(), json_of("[{'op':'replace','path':'/teams/0/players/0/health','value':62.5}]"));
  player(0, 0).health = kNotANumber;
  EXPECT_EQ(patch(), json_of("[{'op':'replace','path':'/teams/0/players/0/health','value':null}]"));
  player(0, 0).abilities.ability2 = match_->texts().intern("1");
  EXPECT_EQ(patch(), json_of("[{'op':'replace','path':'/teams/0/players/0/abilities/ability2','value':1}]"));
  state().tools.name_overrides = match_->texts().intern(R"({"overrides":"[\"x\"]"})");
  EXPECT_EQ(patch(), R"([{"op":"replace","path":"/tools/nameOverrides","value":{"overrides":"[\"x\"]"}}])");
}

TEST_F(PatchTest, WhatIsAbsentComesAndGoes) {
  add_player("P", 0);
  show();
  state().round_timeout = 5;
  EXPECT_EQ(patch(), json_of("[{'op':'add','path':'/roundTimeoutTime','value':5}]"));
  state().round_timeout = 6;
  EXPECT_EQ(patch(), json_of("[{'op':'replace','path':'/roundTimeoutTime','value':6}]"));
  state().round_timeout = kNever;
  EXPECT_EQ(patch(), json_of("[{'op':'remove','path':'/roundTimeoutTime'}]"));
  player(0, 0).armor_name = kNoText;
  EXPECT_EQ(patch(), json_of("[{'op':'remove','path':'/teams/0/players/0/armorName'}]"));
  player(0, 0).armor_name = kEmptyText;
  EXPECT_EQ(patch(), json_of("[{'op':'add','path':'/teams/0/players/0/armorName','value':''}]"));
}

TEST_F(PatchTest, MembersOfUnknownNamesReplaceTheirObject) {
  show();
  expect_applied("toast", "{'title':'t','duration':1000}");
  EXPECT_EQ(patch().find(json_of("[{'op':'replace','path':'/toastInfo','value':{")), 0U);
}

TEST_F(PatchTest, ArraysGrowAndShrink) {
  show();
  add_player("a", 0);
  const std::string grown = patch();
  EXPECT_NE(grown.find(json_of("{'op':'add','path':'/teams/0/players/-','value':{'name':'a'")), std::string::npos)
      << grown;
  add_player("b", 0);
  add_player("c", 0);
  patch();
  team(0).player_count = 1;
  EXPECT_NE(patch().find(json_of("{'op':'remove','path':'/teams/0/players/2'},"
                                 "{'op':'remove','path':'/teams/0/players/1'}")),
            std::string::npos);
  player(0, 0).killed_names = {1, {match_->texts().intern("x")}};
  EXPECT_EQ(patch(), json_of("[{'op':'add','path':'/teams/0/players/0/killedPlayerNames/-','value':'x'}]"));
  player(0, 0).killed_names.items[1] = match_->texts().intern("y");
  player(0, 0).killed_names.size = 2;
  EXPECT_EQ(patch(), json_of("[{'op':'add','path':'/teams/0/players/0/killedPlayerNames/-','value':'y'}]"));
  player(0, 0).killed_names = {};
  EXPECT_EQ(patch(), json_of("[{'op':'replace','path':'/teams/0/players/0/killedPlayerNames','value':[]}]"));
}

TEST_F(PatchTest, RoundRecordsWithGaps) {
  show();
  RoundRecords& records = team(1).records;
  records.items[2] = {RoundResult::kDefused, true};
  EXPECT_EQ(patch(), json_of("[{'op':'replace','path':'/teams/1/roundRecord/2',"
                             "'value':{'type':'defused','wasAttack':true,'round':3}}]"));
  records.items[records.size] = {RoundResult::kSkipped, false};
  records.items[records.size + 1U] = {RoundResult::kLost, false};
  records.size = static_cast<uint16_t>(records.size + 2);
  EXPECT_NE(patch().find(json_of("'/teams/1/roundRecord/-','value':null}")), std::string::npos);
  records.items[2] = {RoundResult::kSkipped, false};
  EXPECT_EQ(patch(), json_of("[{'op':'replace','path':'/teams/1/roundRecord/2','value':null}]"));
  records.size = 1;
  patch();
}

TEST_F(PatchTest, CountersAndTheirPointers) {
  add_player("P", 0);
  show();
  auto& counters = player(0, 0).kills_by_weapon;
  const auto count = [&](const char* name, uint32_t value) {
    counters.items[counters.size++] = {match_->texts().intern(name), value};
  };
  const std::string base = "/teams/0/players/0/killsByWeaponsAndAbilities/";
  count("Vandal", 1);
  EXPECT_EQ(patch(), json_of("[{'op':'add','path':'" + base + "Vandal','value':1}]"));
  counters.items[0].count = 2;
  EXPECT_EQ(patch(), json_of("[{'op':'replace','path':'" + base + "Vandal','value':2}]"));
  for (const char* name : {"a/b~c", "~1", "", "-", "0", "\"q\\", "\n\u2028", "/"}) {
    count(name, 3);
    // Many counters changed at once would be replaced as a whole.
    const std::string text = patch();
    EXPECT_NE(text.find(R"("op":"add")"), std::string::npos) << text;
  }
  counters.items[1].count = 9;
  EXPECT_EQ(patch(), json_of("[{'op':'replace','path':'" + base + "a~1b~0c','value':9}]"));
  counters.items[0] = counters.items[--counters.size];
  EXPECT_EQ(patch(), json_of("[{'op':'remove','path':'" + base + "Vandal'}]"));
  count("__proto__", 1);
  EXPECT_EQ(patch().find(json_of("[{'op':'replace','path':'/teams/0/players/0/killsByWeaponsAndAbilities',")), 0U);
  counters = {};
  EXPECT_EQ(patch(), json_of("[{'op':'replace','path':'/teams/0/players/0/killsByWeaponsAndAbilities','value':{}}]"));
}

TEST_F(PatchTest, TeamsThatChangePlacesMove) {
  // What else a team has goes along.
  team(0).others = match_->texts().intern(R"("colour":"#f00")");
  for (int i = 0; i < 5; ++i) {
    add_player("left" + std::to_string(i), 0);
    add_player("right" + std::to_string(i), 1);
  }
  show();
  std::swap(state().teams[0], state().teams[1]);
  EXPECT_EQ(patch(), json_of("[{'op':'move','path':'/teams/1','from':'/teams/0'}]"));
  std::swap(state().teams[0], state().teams[1]);
  player(0, 2).kills = 5;
  EXPECT_EQ(patch(), json_of("[{'op':'move','path':'/teams/1','from':'/teams/0'},"
                             "{'op':'replace','path':'/teams/0/players/2/kills','value':5}]"));
}

TEST_F(PatchTest, EverythingDifferentReplacesTheDocument) {
  show();
  for (int i = 0; i < 5; ++i) {
    add_player("left" + std::to_string(i), 0);
    add_player("right" + std::to_string(i), 1);
  }
  patch();
  state() = MatchState{};
  state().tools.others = match_->texts().intern(R"("x":1)");
  patch();
}

TEST_F(PatchTest, ManySmallChangesReplaceTheirObject) {
  add_player("P", 0);
  show();
  for (TextId* const id :
       {&player(0, 0).abilities.grenade, &player(0, 0).abilities.ability1, &player(0, 0).abilities.ability2})
    *id = match_->texts().intern("true");
  EXPECT_EQ(patch(), json_of("[{'op':'replace','path':'/teams/0/players/0/abilities',"
                             "'value':{'grenade':true,'ability1':true,'ability2':true}}]"));
}

TEST_F(PatchTest, NothingHiddenIsWritten) {
  restart("{'playercamsInfo':{'enable':true,'identifier':'cam','secret':'cam-s3cret','endTime':987654321}}");
  add_player("P", 0);
  show();
  state().hidden.cam_secret = match_->texts().intern("other-s3cret");
  player(0, 0).ingame_name = match_->texts().intern("hidden-name");
  EXPECT_EQ(patch(), "[]");
  state().tools.player_cams.others = match_->texts().intern(R"("enable":false)");
  EXPECT_EQ(patch().find("s3cret"), std::string::npos);
}

class RandomPatches : public ::testing::TestWithParam<unsigned> {};

TEST_P(RandomPatches, LeadToEverySnapshot) {
  Reducer reducer(Names::built_in());
  const auto match = Match::create(make_logon("G"), {"o", "Org", true}, kStart);
  if (GetParam() % 4 == 3) match->hide_ids();
  match->mark_shown();
  Follower follower(*match);
  std::mt19937 random(GetParam());
  test::Story story(GetParam());
  for (int i = 0; i < 1'500; ++i) {
    const test::Sent sent = story.next();
    reducer.advance(*match, sent.at);
    test::apply(reducer, *match, sent);
    if (random() % 3 == 0) follower.follow(*match);
    if (random() % 20 == 0) match->tidy();
    if (::testing::Test::HasFailure()) break;
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, RandomPatches, ::testing::Range(0U, 20U));

// Plays a simulated match with a broadcast every 100 ms; returns the sizes of all patches, each as a share of its
// snapshot.
std::vector<double> simulated_shares(uint64_t seed) {
  SimulationOptions options;
  options.seed = seed;
  Simulation simulation(options);
  Reducer reducer(Names::built_in());
  std::unique_ptr<Match> match;
  std::optional<Follower> follower;
  std::vector<double> shares;
  int64_t now = 0;
  while (const std::optional<SimulatedEvent> event = simulation.next()) {
    const Parsed parsed(event->text);
    if (!match) {
      const auto logon = read_observer_logon(parsed.root(), *VersionRange::parse(VersionRange::kDefault));
      match = Match::create(*logon, {}, kStart);
      match->mark_shown();
      follower.emplace(*match);
      continue;
    }
    for (; now + 100 <= event->at_ms; now += 100) {
      reducer.advance(*match, kStart + now);
      if (!match->has_news()) continue;
      const auto whole = static_cast<double>(written<write_snapshot>(*match).size());
      shares.push_back(static_cast<double>(follower->follow(*match).size()) / whole);
    }
    reducer.apply(*match, *read_envelope(parsed.root(), Writer::kObserver, kStart + event->at_ms));
  }
  return shares;
}

TEST(SimulatedPatches, AreSmall) {
  std::vector<double> shares = simulated_shares(1);
  ASSERT_GT(shares.size(), 1'000U);
  std::sort(shares.begin(), shares.end());
  EXPECT_LE(shares[shares.size() / 2], 0.05);
  RecordProperty("median", std::to_string(shares[shares.size() / 2]));
  std::printf("patches: %zu, of the snapshot: median %.4f, p90 %.4f, p99 %.4f, most %.4f\n", shares.size(),
              shares[shares.size() / 2], shares[shares.size() * 9 / 10], shares[shares.size() * 99 / 100],
              shares.back());
}

}  // namespace
}  // namespace matchbus::match
