// Events of the hot path and snapshots allocate nothing once they have been seen: counted by this program's own
// operator new.
#include <atomic>
#include <cstdlib>
#include <new>

#include "match/registry.h"
#include "match_fixture.h"

namespace {

std::atomic<uint64_t> allocations{0};

void* counted(size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  void* const room = std::malloc(size == 0 ? 1 : size);
  if (room == nullptr) throw std::bad_alloc();
  return room;
}

}  // namespace

void* operator new(size_t size) { return counted(size); }
void* operator new[](size_t size) { return counted(size); }
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(size == 0 ? 1 : size);
}
void* operator new[](size_t size, const std::nothrow_t& tag) noexcept { return operator new(size, tag); }
void operator delete(void* room) noexcept { std::free(room); }
void operator delete[](void* room) noexcept { std::free(room); }
void operator delete(void* room, size_t) noexcept { std::free(room); }
void operator delete[](void* room, size_t) noexcept { std::free(room); }

namespace matchbus::match {
namespace {

using test::json_of;
using test::kStart;
using test::make_logon;

class Allocations : public ::testing::Test {
 protected:
  Allocations() {
    registry_.admit(make_logon("G"), {}, kStart);
    for (int i = 0; i < 10; ++i) {
      send("{'obsName':'O','groupCode':'G','type':'roster','data':{'name':'" + id(i) + "','tagline':'T','startTeam':" +
           std::to_string(i / 5) + ",'agentInternal':'Clay','playerId':'" + id(i) + "','position':0,'locked':true}}");
    }
    send("{'obsName':'O','groupCode':'G','type':'match_start','data':'M'}");
  }
  static std::string id(int i) { return "a-player-with-a-long-id-" + std::to_string(i); }
  static std::string board(int i, int kills, std::string_view type) {
    return "{'obsName':'O','playerId':'" + id(i) + "','groupCode':'G','matchId':'M','type':'" + std::string(type) +
           "','data':{'name':'n','tagline':'t','playerId':'" + id(i) + "','startTeam':" + std::to_string(i / 5) +
           ",'agentInternal':'Clay','isAlive':true,'initialArmor':2,'scoreboardWeaponInternal':'TX_Hud_Volcano',"
           "'currUltPoints':1,'maxUltPoints':7,'hasSpike':false,'money':800,'kills':" +
           std::to_string(kills) + ",'deaths':3,'assists':0}}";
  }
  void send(std::string_view text, Writer writer = Writer::kObserver) {
    const std::string json = json_of(text);
    text_.assign(json);
    deliver(writer);
  }
  // As the gateway does, with a text that is there already.
  void deliver(Writer writer) {
    ASSERT_TRUE(document_.parse_in_place(text_).ok());
    const auto event = read_envelope(document_.root(), writer, ++now_);
    const Outcome outcome =
        writer == Writer::kObserver ? registry_.receive_observer("G", *event) : registry_.receive_auxiliary(*event);
    ASSERT_EQ(outcome.verdict, Verdict::kApplied) << outcome.reason;
  }
  // Allocations while each of `texts` is delivered many times, after a first round that may allocate.
  uint64_t count(const std::vector<std::string>& texts, Writer writer = Writer::kObserver) {
    std::vector<std::string> all;
    for (const std::string& text : texts) all.push_back(json_of(text));
    uint64_t before = 0;
    for (int i = 0; i < 100; ++i) {
      if (i == 1) before = allocations.load();
      for (const std::string& text : all) {
        text_.assign(text);
        deliver(writer);
      }
    }
    return allocations.load() - before;
  }

  MatchRegistry registry_{Names::built_in()};
  std::string text_;
  json::Document document_;
  int64_t now_ = kStart;
};

TEST_F(Allocations, CounterCounts) {
  const uint64_t before = allocations.load();
  delete new int(5);
  EXPECT_EQ(allocations.load(), before + 1);
}

TEST_F(Allocations, Scoreboards) {
  std::vector<std::string> texts;
  for (int i = 0; i < 10; ++i) texts.push_back(board(i, 3, "scoreboard"));
  for (int i = 0; i < 10; ++i) texts.push_back(board(i, 4, "scoreboard"));
  EXPECT_EQ(count(texts), 0U);
}

TEST_F(Allocations, AuxiliaryEvents) {
  EXPECT_EQ(count({board(1, 3, "aux_scoreboard"), board(2, 4, "aux_scoreboard"),
                   "{'playerId':'" + id(1) + "','matchId':'M','type':'aux_health','data':50}",
                   "{'playerId':'" + id(1) + "','matchId':'M','type':'aux_health','data':'63.5'}",
                   "{'playerId':'" + id(1) +
                       "','matchId':'M','type':'aux_abilities','data':{'grenade':true,'ability_1':2,'ability_2':'1'}}"},
                  Writer::kAuxiliary),
            0U);
}

TEST_F(Allocations, OtherFrequentEvents) {
  const auto event = [](const std::string& type, const std::string& data) {
    return "{'obsName':'O','groupCode':'G','type':'" + type + "','data':" + data + "}";
  };
  EXPECT_EQ(
      count({event("observing", "'" + id(3) + " #T'"), event("round_info", "{'roundPhase':'shopping','roundNumber':3}"),
             event("round_info", "{'roundPhase':'combat','roundNumber':3}"), event("spike_planted", "true"),
             event("killfeed", "{'attacker':'" + id(0) + "','victim':'" + id(7) +
                                   "','weaponKillfeedInternal':'TX_Hud_Volcano','headshotKill':true,"
                                   "'assists':['TX_Killfeed_Jett'],'isTeamkill':false}"),
             event("score", "{'team_0':1,'team_1':2}"), event("left_timeout", "true")}),
      0U);
}

TEST_F(Allocations, SnapshotsIntoRecycledBytes) {
  Match& match = *registry_.find_group("G");
  Bytes last;
  uint64_t before = 0;
  for (int i = 0; i < 50; ++i) {
    if (i == 5) before = allocations.load();
    BytesWriter out(std::move(last));
    write_snapshot_escaped(out, match);
    last = out.take();
  }
  // Bytes come from malloc or new; either way a block is written again, and the walk itself needs none.
  EXPECT_EQ(allocations.load(), before);
}

TEST_F(Allocations, Ticks) {
  Match& match = *registry_.find_group("G");
  const uint64_t before = allocations.load();
  for (int i = 0; i < 100; ++i) {
    registry_.advance(++now_);
    while (registry_.take_changed() != nullptr) match.mark_shown();
  }
  EXPECT_EQ(allocations.load(), before);
}

}  // namespace
}  // namespace matchbus::match
