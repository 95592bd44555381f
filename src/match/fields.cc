// The tables. Order is the order of keys in match_data.
#include "match/fields.h"

#include <algorithm>

namespace matchbus::match {
namespace {

// A string literal as a template argument.
template <size_t kSize>
struct Literal {
  char text[kSize]{};
  consteval Literal(const char (&literal)[kSize]) { std::copy_n(literal, kSize, text); }
  static constexpr size_t kLength = kSize - 1;
};

template <Literal kName>
struct KeyText {
  static constexpr auto kPlain = [] {
    std::array<char, kName.kLength + 4> out{};
    char* at = out.data();
    for (const char c : {',', '"'}) *at++ = c;
    at = std::copy_n(kName.text, kName.kLength, at);
    for (const char c : {'"', ':'}) *at++ = c;
    return out;
  }();
  static constexpr auto kEscaped = [] {
    std::array<char, kName.kLength + 6> out{};
    char* at = out.data();
    for (const char c : {',', '\\', '"'}) *at++ = c;
    at = std::copy_n(kName.text, kName.kLength, at);
    for (const char c : {'\\', '"', ':'}) *at++ = c;
    return out;
  }();
  static constexpr Key kKey{
      {kPlain.data() + 2, kName.kLength}, {kPlain.data(), kPlain.size()}, {kEscaped.data(), kEscaped.size()}};
};

template <Literal kName>
constexpr Field shown(Kind kind, size_t offset, size_t size, const Table* table = nullptr) {
  return {KeyText<kName>::kKey, kind, static_cast<uint32_t>(offset), static_cast<uint32_t>(size), table, 0, 0};
}
constexpr Field members(size_t offset, size_t size) {
  return {{}, Kind::kMembers, static_cast<uint32_t>(offset), static_cast<uint32_t>(size), nullptr, 0, 0};
}
constexpr Field hidden(size_t offset, size_t size) {
  return {{}, Kind::kPrivate, static_cast<uint32_t>(offset), static_cast<uint32_t>(size), nullptr, 0, 0};
}
constexpr Field hidden_text(size_t offset, size_t size) {
  return {{}, Kind::kPrivateText, static_cast<uint32_t>(offset), static_cast<uint32_t>(size), nullptr, 0, 0};
}

constexpr uint32_t width_of(Kind kind) {
  switch (kind) {
    case Kind::kBool:
      return sizeof(bool);
    case Kind::kOptionalFlag:
      return sizeof(OptionalFlag);
    case Kind::kInteger:
      return sizeof(int32_t);
    case Kind::kNumber:
      return sizeof(double);
    case Kind::kTime:
      return sizeof(Time);
    case Kind::kText:
    case Kind::kTextOrNull:
    case Kind::kTextOrAbsent:
    case Kind::kJson:
    case Kind::kMembers:
    case Kind::kPrivateText:
      return sizeof(TextId);
    default:
      return 0;  // any
  }
}

// Whether the fields lie side by side from the struct's first byte to its last, each as wide as its kind says.
constexpr bool accounts_for_all(const Table& table) {
  uint64_t sum = 0;
  for (const Field& field : table.fields) {
    const uint32_t width = width_of(field.kind);
    if ((width != 0 && width != field.size) || field.offset + field.size > table.size) return false;
    for (const Field& other : table.fields) {
      if (&other != &field && other.offset < field.offset + field.size && field.offset < other.offset + other.size)
        return false;
    }
    sum += field.size;
  }
  return sum == table.size;
}

#define AT(type, member) offsetof(type, member), sizeof(type::member)

constexpr std::array kAbilitiesFields{
    shown<"grenade">(Kind::kJson, AT(Abilities, grenade)),
    shown<"ability1">(Kind::kJson, AT(Abilities, ability1)),
    shown<"ability2">(Kind::kJson, AT(Abilities, ability2)),
};
constexpr Table kAbilitiesTable{kAbilitiesFields, sizeof(Abilities)};
static_assert(accounts_for_all(kAbilitiesTable), "a byte without a field, or one with two: adjust the padding");

constexpr std::array kAuxiliaryFields{
    shown<"health">(Kind::kBool, AT(AuxiliaryAvailable, health)),
    shown<"abilities">(Kind::kBool, AT(AuxiliaryAvailable, abilities)),
    shown<"scoreboard">(Kind::kBool, AT(AuxiliaryAvailable, scoreboard)),
};
constexpr Table kAuxiliaryTable{kAuxiliaryFields, sizeof(AuxiliaryAvailable)};
static_assert(accounts_for_all(kAuxiliaryTable), "a byte without a field, or one with two: adjust the padding");

constexpr std::array kPlayerFields{
    shown<"name">(Kind::kText, AT(Player, name)),
    shown<"tagline">(Kind::kText, AT(Player, tagline)),
    shown<"riotId">(Kind::kText, AT(Player, riot_id)),
    shown<"searchName">(Kind::kText, AT(Player, search_name)),
    shown<"fullName">(Kind::kText, AT(Player, full_name)),
    shown<"position">(Kind::kNumber, AT(Player, position)),
    shown<"locked">(Kind::kBool, AT(Player, locked)),
    shown<"agentInternal">(Kind::kText, AT(Player, agent_internal)),
    shown<"agentProper">(Kind::kText, AT(Player, agent_proper)),
    shown<"isAlive">(Kind::kBool, AT(Player, is_alive)),
    shown<"hasSpike">(Kind::kBool, AT(Player, has_spike)),
    shown<"isObserved">(Kind::kBool, AT(Player, is_observed)),
    shown<"health">(Kind::kNumber, AT(Player, health)),
    shown<"abilities">(Kind::kObject, AT(Player, abilities), &kAbilitiesTable),
    shown<"kills">(Kind::kNumber, AT(Player, kills)),
    shown<"deaths">(Kind::kNumber, AT(Player, deaths)),
    shown<"assists">(Kind::kNumber, AT(Player, assists)),
    shown<"kdRatio">(Kind::kNumber, AT(Player, kd_ratio)),
    shown<"killsThisRound">(Kind::kInteger, AT(Player, kills_this_round)),
    shown<"deathsThisRound">(Kind::kInteger, AT(Player, deaths_this_round)),
    shown<"killedPlayerNames">(Kind::kTexts, AT(Player, killed_names)),
    shown<"currUltPoints">(Kind::kNumber, AT(Player, ult_points)),
    shown<"maxUltPoints">(Kind::kNumber, AT(Player, max_ult_points)),
    shown<"ultReady">(Kind::kBool, AT(Player, ult_ready)),
    shown<"money">(Kind::kNumber, AT(Player, money)),
    shown<"moneySpent">(Kind::kNumber, AT(Player, money_spent)),
    shown<"spentMoneyThisRound">(Kind::kBool, AT(Player, spent_money)),
    shown<"armorName">(Kind::kTextOrAbsent, AT(Player, armor_name)),
    shown<"highestWeapon">(Kind::kTextOrAbsent, AT(Player, highest_weapon)),
    shown<"currentMMRTier">(Kind::kNumber, AT(Player, current_tier)),
    shown<"peakMMRTier">(Kind::kNumber, AT(Player, peak_tier)),
    shown<"teamKills">(Kind::kInteger, AT(Player, team_kills)),
    shown<"headshotKills">(Kind::kInteger, AT(Player, headshot_kills)),
    shown<"headshotRatio">(Kind::kNumber, AT(Player, headshot_ratio)),
    shown<"killsByWeaponsAndAbilities">(Kind::kCounters, AT(Player, kills_by_weapon)),
    shown<"killsOnEnemyPlayer">(Kind::kCounters, AT(Player, kills_on_enemy)),
    shown<"killsOnTeammatePlayer">(Kind::kCounters, AT(Player, kills_on_teammate)),
    shown<"assistsFromTeammate">(Kind::kEmptyObject, 0, 0),
    shown<"scoreboardAvailable">(Kind::kBool, AT(Player, scoreboard_available)),
    shown<"auxiliaryAvailable">(Kind::kObject, AT(Player, auxiliary), &kAuxiliaryTable),
    shown<"iconNameSuffix">(Kind::kText, AT(Player, icon_suffix)),
    hidden_text(AT(Player, ingame_name)),
    hidden(AT(Player, auxiliary_lost)),
    hidden(AT(Player, padding)),
};
constexpr Table kPlayerTable{kPlayerFields, sizeof(Player)};
static_assert(accounts_for_all(kPlayerTable), "a byte without a field, or one with two: adjust the padding");

// `fields` with `instead` in the place of the one that lies where it does.
template <size_t count>
constexpr std::array<Field, count> with(std::array<Field, count> fields, const Field& instead) {
  for (Field& field : fields) {
    if (field.offset == instead.offset && field.size == instead.size) field = instead;
  }
  return fields;
}

constexpr std::array kNamelessPlayerFields = with(kPlayerFields, hidden_text(AT(Player, riot_id)));
constexpr Table kNamelessPlayerTable{kNamelessPlayerFields, sizeof(Player)};
static_assert(accounts_for_all(kNamelessPlayerTable), "another field lies where riotId does");

constexpr Field players_field(const Table& table) {
  Field field = shown<"players">(Kind::kObjects, AT(Team, players), &table);
  field.count_offset = offsetof(Team, player_count);
  return field;
}
constexpr Field kPlayers = players_field(kPlayerTable);

constexpr std::array kTeamFields{
    shown<"teamName">(Kind::kText, AT(Team, name)),
    shown<"teamTricode">(Kind::kText, AT(Team, tricode)),
    shown<"teamUrl">(Kind::kText, AT(Team, url)),
    shown<"ingameTeamId">(Kind::kInteger, AT(Team, ingame_id)),
    shown<"isAttacking">(Kind::kBool, AT(Team, is_attacking)),
    shown<"hasHandledTeam">(Kind::kBool, AT(Team, has_handled)),
    shown<"roundsWon">(Kind::kNumber, AT(Team, rounds_won)),
    shown<"spentThisRound">(Kind::kNumber, AT(Team, spent_this_round)),
    shown<"roundRecord">(Kind::kRecords, AT(Team, records)),
    shown<"moneyRecord">(Kind::kJsonList, AT(Team, money_records)),
    shown<"removeTricode">(Kind::kBool, AT(Team, remove_tricode)),
    kPlayers,
    shown<"playerCount">(Kind::kInteger, AT(Team, player_count)),
    shown<"hasDuplicateAgents">(Kind::kBool, AT(Team, has_duplicate_agents)),
    members(AT(Team, others)),
    hidden(AT(Team, padding)),
};
constexpr Table kTeamTable{kTeamFields, sizeof(Team)};
static_assert(accounts_for_all(kTeamTable), "a byte without a field, or one with two: adjust the padding");

constexpr std::array kNamelessTeamFields = with(kTeamFields, players_field(kNamelessPlayerTable));
constexpr Table kNamelessTeamTable{kNamelessTeamFields, sizeof(Team)};

constexpr std::array kSpikeFields{
    shown<"planted">(Kind::kBool, AT(SpikeState, planted)),
    shown<"detonated">(Kind::kBool, AT(SpikeState, detonated)),
    shown<"defused">(Kind::kBool, AT(SpikeState, defused)),
};
constexpr Table kSpikeTable{kSpikeFields, sizeof(SpikeState)};
static_assert(accounts_for_all(kSpikeTable), "a byte without a field, or one with two: adjust the padding");

constexpr std::array kTimeoutFields{
    shown<"techPause">(Kind::kBool, AT(TimeoutState, tech_pause)),
    shown<"leftTeam">(Kind::kBool, AT(TimeoutState, left)),
    shown<"rightTeam">(Kind::kBool, AT(TimeoutState, right)),
    shown<"timeRemaining">(Kind::kNumber, AT(TimeoutState, remaining)),
    hidden(AT(TimeoutState, padding)),
};
constexpr Table kTimeoutTable{kTimeoutFields, sizeof(TimeoutState)};
static_assert(accounts_for_all(kTimeoutTable), "a byte without a field, or one with two: adjust the padding");

constexpr std::array kToastFields{
    shown<"active">(Kind::kBool, AT(Toast, active)),
    members(AT(Toast, members)),
    hidden(AT(Toast, padding)),
};
constexpr Table kToastTable{kToastFields, sizeof(Toast)};
static_assert(accounts_for_all(kToastTable), "a byte without a field, or one with two: adjust the padding");

constexpr std::array kTimeoutCounterFields{
    shown<"max">(Kind::kInteger, AT(TimeoutCounter, max)),
    shown<"left">(Kind::kInteger, AT(TimeoutCounter, left)),
    shown<"right">(Kind::kInteger, AT(TimeoutCounter, right)),
    members(AT(TimeoutCounter, others)),
};
constexpr Table kTimeoutCounterTable{kTimeoutCounterFields, sizeof(TimeoutCounter)};
static_assert(accounts_for_all(kTimeoutCounterTable), "a byte without a field, or one with two: adjust the padding");

constexpr std::array kPlayerCamsFields{
    members(AT(PlayerCams, others)),
    shown<"enabledPlayers">(Kind::kJson, AT(PlayerCams, enabled_players)),
};
constexpr Table kPlayerCamsTable{kPlayerCamsFields, sizeof(PlayerCams)};
static_assert(accounts_for_all(kPlayerCamsTable), "a byte without a field, or one with two: adjust the padding");

constexpr std::array kToolsFields{
    shown<"seriesInfo">(Kind::kJson, AT(Tools, series_info)),
    shown<"seedingInfo">(Kind::kJson, AT(Tools, seeding_info)),
    shown<"tournamentInfo">(Kind::kJson, AT(Tools, tournament_info)),
    shown<"timeoutDuration">(Kind::kNumber, AT(Tools, timeout_duration)),
    shown<"timeoutCounter">(Kind::kObject, AT(Tools, timeout_counter), &kTimeoutCounterTable),
    shown<"timeoutCancellationGracePeriod">(Kind::kNumber, AT(Tools, timeout_grace)),
    shown<"sponsorInfo">(Kind::kJson, AT(Tools, sponsor_info)),
    shown<"watermarkInfo">(Kind::kJson, AT(Tools, watermark_info)),
    shown<"playercamsInfo">(Kind::kObject, AT(Tools, player_cams), &kPlayerCamsTable),
    shown<"nameOverrides">(Kind::kJson, AT(Tools, name_overrides)),
    shown<"roundWinBox">(Kind::kJson, AT(Tools, round_win_box)),
    members(AT(Tools, others)),
};
constexpr Table kToolsTable{kToolsFields, sizeof(Tools)};
static_assert(accounts_for_all(kToolsTable), "a byte without a field, or one with two: adjust the padding");

constexpr std::array kHiddenFields{
    hidden(AT(Hidden, last_event)),        hidden(AT(Hidden, next_second)),         hidden(AT(Hidden, toast_end)),
    hidden(AT(Hidden, removal)),           hidden_text(AT(Hidden, cam_identifier)), hidden_text(AT(Hidden, cam_secret)),
    hidden_text(AT(Hidden, map_internal)), hidden(AT(Hidden, has_ended)),           hidden(AT(Hidden, is_abandoned)),
    hidden(AT(Hidden, sides_switched)),    hidden(AT(Hidden, ranks_asked)),         hidden(AT(Hidden, ranks_known)),
    hidden(AT(Hidden, padding)),
};
constexpr Table kHiddenTable{kHiddenFields, sizeof(Hidden)};
static_assert(accounts_for_all(kHiddenTable), "a byte without a field, or one with two: adjust the padding");

constexpr Field teams_field(const Table& table) {
  Field field = shown<"teams">(Kind::kObjects, AT(MatchState, teams), &table);
  field.count_offset = Field::kFixedCount;
  field.fixed_count = 2;
  return field;
}
constexpr Field kTeams = teams_field(kTeamTable);

// Not shown as a whole; the move to a fresh arena looks inside.
constexpr Field kHidden = [] {
  Field field = hidden(AT(MatchState, hidden));
  field.table = &kHiddenTable;
  return field;
}();

constexpr std::array kMatchFields{
    shown<"matchId">(Kind::kText, AT(MatchState, match_id)),
    shown<"matchType">(Kind::kTextOrNull, AT(MatchState, match_type)),
    shown<"switchRound">(Kind::kInteger, AT(MatchState, switch_round)),
    shown<"firstOtRound">(Kind::kInteger, AT(MatchState, first_ot_round)),
    shown<"groupCode">(Kind::kText, AT(MatchState, group_code)),
    shown<"isRunning">(Kind::kBool, AT(MatchState, is_running)),
    shown<"agentSelectStartTime">(Kind::kTime, AT(MatchState, agent_select_start)),
    shown<"agentSelectActive">(Kind::kOptionalFlag, AT(MatchState, agent_select_active)),
    shown<"roundNumber">(Kind::kInteger, AT(MatchState, round_number)),
    shown<"roundPhase">(Kind::kText, AT(MatchState, round_phase)),
    shown<"roundTimeoutTime">(Kind::kTime, AT(MatchState, round_timeout)),
    shown<"wasTimeout">(Kind::kBool, AT(MatchState, was_timeout)),
    shown<"spikeDetonationTime">(Kind::kTime, AT(MatchState, spike_detonation)),
    kTeams,
    shown<"map">(Kind::kText, AT(MatchState, map)),
    shown<"spikeState">(Kind::kObject, AT(MatchState, spike), &kSpikeTable),
    shown<"attackersWon">(Kind::kBool, AT(MatchState, attackers_won)),
    shown<"showAliveKDA">(Kind::kBool, AT(MatchState, show_alive_kda)),
    shown<"timeoutState">(Kind::kObject, AT(MatchState, timeout), &kTimeoutTable),
    shown<"timeoutGracePeriodPassed">(Kind::kBool, AT(MatchState, timeout_grace_passed)),
    shown<"toastInfo">(Kind::kObject, AT(MatchState, toast), &kToastTable),
    shown<"hasEnteredOvertime">(Kind::kBool, AT(MatchState, has_entered_overtime)),
    shown<"tools">(Kind::kObject, AT(MatchState, tools), &kToolsTable),
    shown<"organizationId">(Kind::kText, AT(MatchState, organization_id)),
    shown<"isRegistered">(Kind::kBool, AT(MatchState, is_registered)),
    shown<"orgIsSupporter">(Kind::kBool, AT(MatchState, org_is_supporter)),
    kHidden,
};

constexpr std::array kNamelessMatchFields = with(kMatchFields, teams_field(kNamelessTeamTable));

#undef AT

}  // namespace

constexpr Table kMatchTable{kMatchFields, sizeof(MatchState)};
static_assert(accounts_for_all(kMatchTable), "a byte without a field, or one with two: adjust the padding");

constexpr Table kNamelessMatchTable{kNamelessMatchFields, sizeof(MatchState)};

bool is_team_key(std::string_view name) {
  return std::any_of(kTeamFields.begin(), kTeamFields.end(),
                     [&](const Field& field) { return !field.key.name.empty() && field.key.name == name; });
}

std::string_view record_type(RoundResult result) {
  constexpr std::array<std::string_view, 7> kTypes{"", "upcoming", "lost", "kills", "detonated", "defused", "timeout"};
  return kTypes[static_cast<size_t>(result)];
}

}  // namespace matchbus::match
