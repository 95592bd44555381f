#include "match/simulation_cast.h"

#include <numeric>

namespace matchbus::match {
namespace {

constexpr std::array<SimulatedAgent, 28> kAgents = {{
    {"Clay", "TX_Killfeed_Raze", 8},         {"Pandemic", "TX_Killfeed_Viper", 9},
    {"Wraith", "TX_Killfeed_Omen", 7},       {"Hunter", "TX_Killfeed_Sova", 8},
    {"Thorne", "TX_Killfeed_Sage", 8},       {"Phoenix", "TX_Killfeed_Phoenix", 6},
    {"Wushu", "TX_Killfeed_Jett", 8},        {"Gumshoe", "TX_Killfeed_Cypher", 6},
    {"Sarge", "TX_Killfeed_Brimstone", 8},   {"Breach", "TX_Killfeed_Breach", 9},
    {"Vampire", "TX_Killfeed_Reyna", 6},     {"Killjoy", "TX_Killfeed_Killjoy", 9},
    {"Guide", "TX_Killfeed_Skye", 8},        {"Stealth", "TX_Killfeed_Yoru", 8},
    {"Rift", "TX_Killfeed_Astra", 7},        {"Grenadier", "TX_Killfeed_KAYO", 8},
    {"Deadeye", "TX_Killfeed_Chamber", 8},   {"Sprinter", "TX_Killfeed_Neon", 8},
    {"BountyHunter", "TX_Killfeed_Fade", 8}, {"Mage", "TX_Killfeed_Harbor", 7},
    {"Aggrobot", "TX_Killfeed_Gekko", 8},    {"Cable", "TX_Killfeed_Deadlock", 8},
    {"Sequoia", "TX_Killfeed_Iso", 7},       {"Smonk", "TX_Killfeed_Clove", 8},
    {"Nox", "TX_Killfeed_Vyse", 8},          {"Cashew", "TX_Killfeed_Tejo", 9},
    {"Terra", "TX_Killfeed_Waylay", 8},      {"Pine", "TX_Killfeed_Veto", 7},
}};

constexpr std::array<std::string_view, 12> kMaps = {"Infinityy", "Triad",  "Duality", "Bonsai", "Ascent",  "Port",
                                                    "Foxtrot",   "Canyon", "Pitt",    "Jam",    "Juliett", "Rook"};

constexpr std::array<SimulatedTeam, 12> kTeams = {{
    {"Harbour Lights", "HBL"},
    {"Copper Foxes", "CPF"},
    {"Night Ferry", "NFY"},
    {"Granite Bay", "GRB"},
    {"Paper Lanterns", "PPL"},
    {"Seven Bridges", "SVB"},
    {"Tidal Works", "TDW"},
    {"Équipe Nord", "EQN"},
    {"Red Kites", "RKT"},
    {"Silent Choir", "SLC"},
    {"Blue Hour", "BLH"},
    {"Ostwind", "OST"},
}};

// Some with letters of several bytes, as real ones have.
constexpr std::array<std::string_view, 30> kNames = {
    "marrow",  "Quillon",  "tessera", "Zoë",    "brightwater", "kelp",   "Ostrava", "novae",  "pinecone", "ルナ",
    "Havoc7",  "lintel",   "Saffron", "drift",  "ember fox",   "Jørgen", "mistral", "corvid", "ALTO",     "부엉이",
    "sundial", "Peregrin", "tarn",    "vesper", "gambit",      "İlker",  "nimbus",  "rook9",  "Willow",   "zephyr"};

std::string make_uuid(SimulationRandom& random) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text = "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx";
  for (char& c : text) {
    if (c == 'x') c = kHex[random.below(16)];
  }
  return text;
}

// `count` different numbers below `limit`.
std::vector<size_t> draw(SimulationRandom& random, size_t count, size_t limit) {
  std::vector<size_t> all(limit);
  std::iota(all.begin(), all.end(), size_t{0});
  random.shuffle(std::span(all));
  all.resize(count);
  return all;
}

}  // namespace

const std::array<SimulatedWeapon, 11> kSimulatedWeapons = {{
    {"TX_Hud_Pistol_Glock_S", "TX_Hud_Pistol_Classic", 0},
    {"TX_Hud_Pistol_Luger_S", "TX_Hud_Pistol_Luger", 500},
    {"TX_Hud_Pistol_Revolver_S", "TX_Hud_Pistol_Sheriff", 800},
    {"TX_Hud_Sniper_BoltAction_S", "TX_Hud_Sniper_Bolt", 950},
    {"TX_Hud_SMG_MP5_S", "TX_Hud_SMGs_Ninja", 1600},
    {"TX_Hud_Shotguns_Spas12_S", "TX_Hud_Shotguns_Persuader", 1850},
    {"TX_Hud_Burst", "TX_Hud_Rifles_Burst", 2050},
    {"TX_Hud_Rifles_DMR", "tx_hud_dmr", 2250},
    {"TX_Hud_Assault_AR10A2_S", "TX_Hud_Rifles_Ghost", 2900},
    {"TX_Hud_Rifles_Volcano", "TX_Hud_Volcano", 2900},
    {"TX_Hud_Sniper_Operater", "TX_Hud_Operator", 4700},
}};

SimulatedCast make_cast(SimulationRandom& random) {
  SimulatedCast cast;
  const std::vector<size_t> teams = draw(random, 2, kTeams.size());
  cast.teams = {kTeams[teams[0]], kTeams[teams[1]]};
  cast.map = kMaps[random.below(kMaps.size())];
  cast.match_id = make_uuid(random);

  const std::vector<size_t> names = draw(random, cast.players.size() + 1, kNames.size());
  std::vector<size_t> agents = draw(random, 5, kAgents.size());
  const std::vector<size_t> agents_of_others = draw(random, 5, kAgents.size());
  agents.insert(agents.end(), agents_of_others.begin(), agents_of_others.end());
  for (size_t i = 0; i < cast.players.size(); ++i) {
    SimulatedPlayer& player = cast.players[i];
    player.start_team = i < 5 ? 0 : 1;
    player.position = static_cast<int>(i);
    player.name = kNames[names[i]];
    player.tagline = std::string(cast.teams[i / 5].tricode) + std::to_string(random.between(1, 9));
    player.id = make_uuid(random);
    player.agent = &kAgents[agents[i]];
  }
  // Players choose their taglines; some look like numbers.
  cast.players[1].tagline = "0001" + std::to_string(random.between(1, 9));
  cast.players[8].tagline = std::to_string(random.between(1'000, 9'999));
  cast.sixth = cast.players[random.below(cast.players.size())];
  cast.sixth.position = static_cast<int>(cast.players.size());
  cast.sixth.name = kNames[names.back()];
  cast.sixth.tagline = "COACH";
  cast.sixth.id = make_uuid(random);
  return cast;
}

const SimulatedAgent& any_agent(SimulationRandom& random) { return kAgents[random.below(kAgents.size())]; }

}  // namespace matchbus::match
