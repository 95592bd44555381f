// A naive model of a match: its state after any events, written from the protocol's page alone, for comparison with the
// server's. It knows what recordings hold: no countdowns, no overtime, none of the buttons of an observer but two. Times
// read 'time', and whatever is a matter of the clock (a round lost by time) does not come about.

import { readFileSync } from 'node:fs';

const names = JSON.parse(readFileSync(new URL('../../src/match/names.json', import.meta.url)));
const suffixes = { Clove: names.icon_name_suffixes.clove_ultimate, Veto: names.icon_name_suffixes.veto_ultimate };

// What ECMAScript's arithmetic makes of a value, unless it says nothing.
function number(value, known) {
  if (typeof value === 'string' && value.trim() === '') return known;
  if (!['string', 'number', 'boolean'].includes(typeof value)) return known;
  return Number.isFinite(Number(value)) ? Number(value) : known;
}
const flag = (value, known) => (value === undefined || value === null ? known : Boolean(value));
const ratio = (dividend, divisor) => (Number.isFinite(dividend / divisor) ? dividend / divisor : null);

function newTeam(setup) {
  const isAttacking = setup.attackStart;
  return {
    teamName: setup.name,
    teamTricode: setup.tricode,
    teamUrl: setup.url,
    ingameTeamId: isAttacking ? 0 : 1,
    isAttacking,
    hasHandledTeam: false,
    roundsWon: 0,
    spentThisRound: 0,
    roundRecord: Array.from({ length: 25 }, (_, i) => ({ type: 'upcoming', wasAttack: isAttacking, round: i + 1 })),
    removeTricode: false,
    players: [],
    playerCount: 0,
    hasDuplicateAgents: false,
  };
}

function newPlayer(riotId, position) {
  return {
    name: '',
    tagline: '',
    riotId,
    position,
    locked: false,
    agentInternal: '',
    agentProper: names.agents[''],
    isAlive: true,
    hasSpike: false,
    isObserved: false,
    health: 100,
    abilities: { grenade: 0, ability1: 0, ability2: 0 },
    ...{ kills: 0, deaths: 0, assists: 0, kdRatio: 0 },
    ...{ killsThisRound: 0, deathsThisRound: 0, killedPlayerNames: [] },
    ...{ currUltPoints: 0, maxUltPoints: 0, ultReady: false },
    ...{ money: 0, moneySpent: 0, spentMoneyThisRound: false },
    armorName: 'None',
    highestWeapon: 'Unknown',
    ...{ currentMMRTier: null, peakMMRTier: null },
    ...{ teamKills: 0, headshotKills: 0, headshotRatio: 0 },
    ...{ killsByWeaponsAndAbilities: {}, killsOnEnemyPlayer: {}, killsOnTeammatePlayer: {}, assistsFromTeammate: {} },
    scoreboardAvailable: false,
    auxiliaryAvailable: { health: false, abilities: false, scoreboard: false },
    iconNameSuffix: '',
  };
}

const tools = {
  seriesInfo: { needed: 1, wonLeft: 0, wonRight: 0, mapInfo: [] },
  seedingInfo: { left: '', right: '' },
  tournamentInfo: { name: '', logoUrl: '', backdropUrl: '' },
  timeoutDuration: 60,
  timeoutCounter: { max: 2, left: 2, right: 2 },
  timeoutCancellationGracePeriod: 10,
  sponsorInfo: { enabled: false, duration: 5, sponsors: [] },
  watermarkInfo: { spectraWatermark: true, customTextEnabled: false, customText: '' },
  playercamsInfo: { enable: false, removeTricodes: false, identifier: '', enabledPlayers: [] },
  nameOverrides: { overrides: '[]' },
  roundWinBox: { type: 'disabled', sponsors: [] },
};

export class MatchModel {
  constructor(leftTeam, rightTeam) {
    this.match = {
      matchId: '',
      matchType: 'bomb',
      ...{ switchRound: 13, firstOtRound: 25 },
      isRunning: false,
      ...{ roundNumber: 0, roundPhase: 'LOBBY' },
      wasTimeout: false,
      teams: [newTeam(leftTeam), newTeam(rightTeam)],
      map: 'Loading',
      spikeState: { planted: false, detonated: false, defused: false },
      attackersWon: false,
      showAliveKDA: false,
      timeoutState: { techPause: false, leftTeam: false, rightTeam: false, timeRemaining: 0 },
      timeoutGracePeriodPassed: false,
      toastInfo: { active: false, title: '', message: '', duration: null, eventLogoEnabled: true },
      hasEnteredOvertime: false,
      tools,
      ...{ organizationId: '', isRegistered: false, orgIsSupporter: false },
    };
  }

  // A copy, as a viewer would see it, but for the group code.
  state() {
    return JSON.parse(JSON.stringify(this.match));
  }

  // One event as it is sent. Types that are not known here: no server makes anything of `team_is_attacker`.
  apply({ type, data, playerId }) {
    const known = ['match_start', 'map', 'game_mode', 'roster', 'scoreboard', 'killfeed', 'round_info', 'score'];
    const more = ['observing', 'spike_planted', 'spike_detonated', 'spike_defused', 'tech_pause', 'switch_kda_credits'];
    if (type === 'aux_abilities' || type === 'aux_health') return this.auxiliary(type, data, playerId);
    if (known.includes(type) || more.includes(type)) return this[type](data);
    if (type !== 'team_is_attacker') throw new Error(`the model does not know ${type}`);
  }

  // --- Finding ---

  teamOf(startTeam) {
    return this.match.teams.find((team) => team.ingameTeamId === number(startTeam));
  }
  get players() {
    return this.match.teams.flatMap((team) => team.players);
  }

  // --- What is played ---

  match_start(data) {
    if (typeof data === 'string') this.match.matchId = data;
    this.match.isRunning = true;
  }
  map(data) {
    this.match.map = names.maps[data] ?? names.map_fallback;
  }
  game_mode(data) {
    this.match.matchType = data;
    const isSwift = data === 'swift';
    Object.assign(this.match, { switchRound: isSwift ? 5 : 13, firstOtRound: isSwift ? 99 : 25 });
  }

  // --- Who plays ---

  roster(data) {
    const team = this.teamOf(data.startTeam);
    if (team === undefined || !data.playerId || data.name === '' || data.tagline === '') return;
    let player = team.players.find(({ riotId }) => riotId === data.playerId);
    if (player === undefined) {
      if (team.players.length === 5) return;
      player = newPlayer(data.playerId, number(data.position, 0));
      team.players.push(player);
      team.playerCount = team.players.length;
    }
    player.name = data.name ?? player.name;
    player.tagline = data.tagline ?? player.tagline;
    const joined = (between) => (player.tagline === '' ? player.name : player.name + between + player.tagline);
    player.searchName ??= joined(' #');
    player.fullName ??= joined('#');
    this.setAgent(player, data.agentInternal);
    player.locked = flag(data.locked, player.locked);
    this.match.agentSelectStartTime = 'time';
  }

  setAgent(player, internal) {
    if (internal === undefined) return;
    player.agentInternal = internal;
    player.agentProper = names.agents[internal] ?? internal;
  }

  observing(data) {
    for (const player of this.players) player.isObserved = player.searchName === data;
  }

  // --- How they stand ---

  scoreboard(data) {
    const team = this.teamOf(data.startTeam);
    const player = team?.players.find(({ riotId }) => riotId === data.playerId);
    if (player === undefined) return;
    const money = number(data.money, player.money);
    if (money - player.money === 300) this.plant();

    this.setAgent(player, data.agentInternal);
    this.takeScore(player, data);
    const spent = player.money - money;
    if (spent > 0) player.spentMoneyThisRound = true;
    if (player.spentMoneyThisRound) player.moneySpent += spent;
    player.money = money;
    player.armorName = names.armor[data.initialArmor];
    player.highestWeapon = names.weapons_and_abilities[data.scoreboardWeaponInternal];
    const isAlive = flag(data.isAlive, player.isAlive);
    if (isAlive !== player.isAlive) player.health = isAlive ? 100 : 0;
    player.isAlive = isAlive;
    player.hasSpike = flag(data.hasSpike, player.hasSpike);
    player.scoreboardAvailable = true;
    team.spentThisRound = team.players.reduce((sum, { moneySpent }) => sum + moneySpent, 0);
  }

  takeScore(player, data) {
    const [kills, deaths, assists] = ['kills', 'deaths', 'assists'].map((key) => number(data[key], player[key]));
    const ult = number(data.currUltPoints, player.currUltPoints);
    if (kills > player.kills) player.killsThisRound += 1;
    if (deaths > player.deaths) player.deathsThisRound += 1;
    this.changePortrait(player, { kills, assists, ult, isAlive: flag(data.isAlive, player.isAlive) });
    Object.assign(player, { kills, deaths, assists, kdRatio: ratio(kills, deaths), currUltPoints: ult });
    player.maxUltPoints = number(data.maxUltPoints, player.maxUltPoints);
    player.ultReady = ult >= player.maxUltPoints;
  }

  changePortrait(player, next) {
    const agent = player.agentProper;
    const hasPlayed = player.kills !== 0 || player.deaths !== 0 || player.assists !== 0;
    const usedUlt = player.ultReady && player.currUltPoints > 0 && next.ult === 0;
    if (usedUlt && hasPlayed && agent in suffixes) player.iconNameSuffix = suffixes[agent];
    const scored = next.kills > player.kills || next.assists > player.assists;
    const died = player.isAlive && !next.isAlive;
    if (agent === 'Clove' && scored) player.iconNameSuffix = '';
    if (['Astra', 'Clove', 'Veto'].includes(agent) && died) player.iconNameSuffix = '';
  }

  auxiliary(type, data, playerId) {
    const player = this.players.find(({ riotId }) => riotId === playerId);
    if (player === undefined) return;
    if (type === 'aux_health') player.health = data;
    else player.abilities = { grenade: data.grenade, ability1: data.ability_1, ability2: data.ability_2 };
    player.auxiliaryAvailable[type.slice('aux_'.length)] = true;
  }

  // --- Who kills whom ---

  killfeed(data) {
    for (const team of this.match.teams) {
      const attacker = team.players.find(({ name }) => name === data.attacker);
      const victim = team.players.find(({ name }) => name === data.victim);
      if (attacker !== undefined) {
        this.countKill(attacker, data);
        if (!attacker.scoreboardAvailable) this.scored(attacker, 'kills', 'killsThisRound');
        this.countAssists(team, attacker, data.assists ?? []);
      }
      if (victim !== undefined && !victim.scoreboardAvailable) {
        Object.assign(victim, { isAlive: false, health: 0 });
        victim.deaths += 1;
        victim.deathsThisRound += 1;
      }
    }
  }

  countKill(attacker, data) {
    const count = (counters, name) => (counters[name] = (counters[name] ?? 0) + 1);
    count(attacker.killsByWeaponsAndAbilities, data.weaponKillfeedInternal);
    attacker.killedPlayerNames.push(data.victim);
    if (data.headshotKill) {
      attacker.headshotKills += 1;
      attacker.headshotRatio = ratio(attacker.headshotKills, attacker.kills);
    }
    if (data.isTeamkill) attacker.teamKills += 1;
    count(data.isTeamkill ? attacker.killsOnTeammatePlayer : attacker.killsOnEnemyPlayer, data.victim);
  }

  countAssists(team, attacker, assists) {
    if (team.hasDuplicateAgents) return;
    for (const agent of assists.filter((assist) => assist in names.agents)) {
      const helper = team.players.find((one) => one !== attacker && one.agentInternal === names.agents[agent]);
      if (helper !== undefined && !helper.scoreboardAvailable) this.scored(helper, 'assists');
    }
  }

  scored(player, ...counters) {
    if (player.agentProper === 'Clove') player.iconNameSuffix = '';
    for (const counter of counters) player[counter] += 1;
  }

  // --- Rounds ---

  round_info({ roundPhase, roundNumber }) {
    const { match } = this;
    Object.assign(match, { roundPhase, roundNumber });
    if (roundPhase === 'shopping') this.shopping();
    if (roundPhase === 'combat') {
      for (const team of match.teams)
        team.hasDuplicateAgents = new Set(team.players.map((one) => one.agentInternal)).size < team.players.length;
      match.roundTimeoutTime = 'time';
    }
    if (roundPhase === 'end') this.clear('roundTimeoutTime', 'spikeDetonationTime');
    if (roundPhase === 'game_end') match.isRunning = false;
  }

  shopping() {
    const { match } = this;
    if (match.roundNumber !== 1) this.record(match.roundNumber - 1);
    if (match.roundNumber >= match.firstOtRound) throw new Error('the model knows no overtime');
    match.spikeState = { planted: false, detonated: false, defused: false };
    const isSwitch = match.roundNumber === match.switchRound;
    if (isSwitch) for (const team of match.teams) team.isAttacking = !team.isAttacking;
    for (const player of this.players) {
      Object.assign(player, { killsThisRound: 0, deathsThisRound: 0, killedPlayerNames: [] });
      Object.assign(player, { moneySpent: 0, spentMoneyThisRound: false, isAlive: true, health: 100 });
      player.scoreboardAvailable = player.auxiliaryAvailable.scoreboard = false;
      if (isSwitch) player.money = 800;
    }
  }

  record(round) {
    const { attackersWon, spikeState } = this.match;
    const how = attackersWon ? (spikeState.detonated ? 'detonated' : 'kills') : spikeState.defused ? 'defused' : 'kills';
    for (const { isAttacking: wasAttack, roundRecord } of this.match.teams) {
      while (roundRecord.length < round - 1) roundRecord.push(null);
      roundRecord[round - 1] = { type: wasAttack === attackersWon ? how : 'lost', wasAttack, round };
      for (let next = round + 1; next <= round + 5; ++next)
        roundRecord[next - 1] = { type: 'upcoming', wasAttack, round: next };
    }
  }

  score(data) {
    const scores = [0, 1].map((id) => [this.teamOf(id), data[`team_${id}`]]);
    const winner = scores.find(([team, score]) => score > team.roundsWon);
    if (winner !== undefined) this.match.attackersWon = winner[0].isAttacking;
    for (const [team, score] of scores) team.roundsWon = score;
    this.match.spikeState.planted = false;
  }

  // --- The spike, and the observer's buttons ---

  plant() {
    if (this.match.roundPhase !== 'combat' || this.match.spikeState.planted) return;
    this.match.spikeState.planted = true;
    this.clear('roundTimeoutTime');
    this.match.spikeDetonationTime = 'time';
  }
  spike_planted() {
    this.plant();
  }
  spike_detonated() {
    this.match.spikeState.detonated = true;
    this.clear('spikeDetonationTime');
  }
  spike_defused() {
    this.match.spikeState.defused = true;
  }
  tech_pause() {
    this.match.timeoutState.techPause = !this.match.timeoutState.techPause;
  }
  switch_kda_credits() {
    this.match.showAliveKDA = !this.match.showAliveKDA;
  }
  clear(...keys) {
    for (const key of keys) delete this.match[key];
  }
}
