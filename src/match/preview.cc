// Two teams of five whose names tell their place, on map Sunset, in the first round's combat.
#include "match/preview.h"

#include <array>
#include <cstdint>
#include <span>

#include "json/writer.h"
#include "match/tools.h"

namespace matchbus::match {
namespace {

struct PreviewPlayer {
  std::string_view name;
  std::string_view agent;
};

constexpr std::array<std::array<PreviewPlayer, 5>, 2> kPlayers{{
    {{{"Voodoo One", "Vampire"},
      {"Twoperator", "Killjoy"},
      {"ThreeOfLife", "Guide"},
      {"FourceField", "Stealth"},
      {"FIVEbyFIVE", "Smonk"}}},
    {{{"AlpacaHoarder", "Grenadier"},
      {"BeeSting", "Terra"},
      {"CowTipper", "Sprinter"},
      {"DodoDaniel", "BountyHunter"},
      {"Eeliminator", "Mage"}}},
}};

constexpr int kUltPoints = 8;

// SplitMix64, seeded with the code.
class Dice {
 public:
  explicit Dice(std::string_view code) {
    for (const char c : code) state_ = state_ * 1099511628211U + static_cast<unsigned char>(c);
  }
  // A whole number in [low, high].
  int64_t roll(int64_t low, int64_t high) {
    state_ += 0x9e3779b97f4a7c15U;
    uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
    mixed ^= mixed >> 31U;
    return low + static_cast<int64_t>(mixed % static_cast<uint64_t>(high - low + 1));
  }

 private:
  uint64_t state_ = 14695981039346656037U;
};

void write_player(BytesWriter& out, const PreviewPlayer& player, Dice& dice) {
  json::Writer json(out);
  json.begin_object().key("name").string(player.name).key("agentInternal").string(player.agent);
  json.key("isAlive").boolean(true).key("hasSpike").boolean(false).key("isObserved").boolean(false);
  json.key("health").integer(100);
  json.key("abilities").raw(R"({"grenade":0,"ability1":1,"ability2":1})");
  for (const std::string_view key : {"kills", "deaths", "assists"}) json.key(key).integer(dice.roll(0, 20));
  const int64_t points = dice.roll(2, kUltPoints);
  json.key("currUltPoints").integer(points).key("maxUltPoints").integer(kUltPoints);
  json.key("ultReady").boolean(points >= kUltPoints);
  json.key("money").integer(1000 * dice.roll(0, 9)).key("moneySpent").integer(1000 * dice.roll(0, 2));
  json.key("armorName").string("None").key("highestWeapon").string("Ghost");
  json.key("scoreboardAvailable").boolean(false);
  json.key("auxiliaryAvailable").raw(R"({"health":true,"abilities":true,"scoreboard":false})");
  json.key("iconNameSuffix").string("").end_object();
}

void write_team(BytesWriter& out, const TeamSetup& team, std::span<const PreviewPlayer> players, Dice& dice) {
  out.append(R"({"teamName":)");
  json::write_string(out, team.name);
  out.append(R"(,"teamTricode":)");
  json::write_string(out, team.tricode);
  out.append(R"(,"teamUrl":)");
  json::write_string(out, team.url);
  out.append(team.attack_start ? std::string_view(R"(,"isAttacking":true)") : R"(,"isAttacking":false)");
  out.append(R"(,"roundsWon":0,"spentThisRound":10350,"roundRecord":[],"players":[)");
  for (size_t i = 0; i < players.size(); ++i) {
    if (i > 0) out.append(',');
    write_player(out, players[i], dice);
  }
  out.append(R"(],"hasDuplicateAgents":false)");
  append_others(out, team.others);
  out.append('}');
}

}  // namespace

Result<PreviewRequest> read_preview_request(json::Value root) {
  constexpr size_t kMaxKey = 1024;
  PreviewRequest request;
  const std::string_view key = root["key"].string().value_or("");
  if (key.size() <= kMaxKey) request.key = key;
  const std::string_view code = root["previewCode"].string().value_or("");
  if (characters(code) == kPreviewCodeLength) request.code = code;
  if (!root.is_object()) return Error{"not a preview"};
  if (!read_setup(root, request.left, request.right, request.tools)) return Error{"teams or tools are not complete"};
  return request;
}

void write_preview(BytesWriter& out, const PreviewRequest& request, std::string_view code) {
  Dice dice(code);
  out.append(R"({"groupCode":"PREVIEW","isRunning":true,"map":"Sunset","ranksEnabled":false,"roundNumber":1,)");
  out.append(R"("roundPhase":"combat","spikeState":{"planted":false,"detonated":false,"defused":false},)");
  out.append(R"("switchRound":6,"teams":[)");
  write_team(out, request.left, kPlayers[0], dice);
  out.append(',');
  write_team(out, request.right, kPlayers[1], dice);
  out.append(R"(],"timeoutState":{"techPause":false,"leftTeam":false,"rightTeam":false,"timeRemaining":0},"tools":)");
  write_preview_tools(out, request.tools);
  out.append('}');
}

}  // namespace matchbus::match
