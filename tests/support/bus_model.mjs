// What clients of the bus must receive: rooms, who is in them, and events in the order in which they were sent. Naive on
// purpose: every client has a list of the events that it is to get, made anew from all events whenever it comes back.

// Small, fast, and the same for the same seed (mulberry32).
export function randomSource(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (count) => Math.floor(next() * count);
  return { next, below, pick: (list) => list[below(list.length)], chance: (share) => next() < share };
}

export class BusModel {
  constructor() {
    this.events = []; // {key, rooms, exclude}; `key` is what a client sees of it
    this.clients = [];
  }

  // A client: `row` is {sector, team, region}; `held` maps the rooms it is in to the number of events when it came in.
  addClient(user, row) {
    const client = { user, row, topics: new Set(), held: new Map(), isHere: false, expected: [], done: 0 };
    this.clients.push(client);
    return client;
  }

  static roomsOf(client) {
    const { sector, team, region } = client.row;
    return ['global', `sector:${sector}`, `team:${team}`, `region:${region}`, `personal:${client.user}`];
  }

  send(key, rooms, exclude = '') {
    const number = this.events.push({ key, rooms, exclude }) - 1;
    for (const client of this.clients) {
      if (client.isHere && client.user !== exclude && rooms.some((room) => client.held.has(room))) client.expected.push(number);
    }
  }

  // It comes; with `position`, the number of events up to the last that it has got, it comes back.
  connect(client, position) {
    const wasHere = client.isHere;
    const before = position === undefined ? new Map() : client.held;
    const rooms = BusModel.roomsOf(client);
    if (position === undefined) client.topics = new Set();
    rooms.push(...client.topics);
    client.held = new Map(rooms.map((room) => [room, before.get(room) ?? this.events.length]));
    client.expected = [];
    for (let number = position ?? this.events.length; number < this.events.length; ++number) {
      const { rooms: of, exclude } = this.events[number];
      if (exclude !== client.user && of.some((room) => client.held.get(room) <= number)) client.expected.push(number);
    }
    client.isHere = true;
    if (!wasHere) this.announce('player_entered_sector', client);
  }

  drop(client) {
    client.isHere = false;
    this.announce('player_left_sector', client);
  }

  moveSector(client, sector) {
    if (sector === client.row.sector) return;
    client.held.delete(`sector:${client.row.sector}`);
    this.announce('player_left_sector', client);
    client.row.sector = sector;
    client.held.set(`sector:${sector}`, this.events.length);
    this.announce('player_entered_sector', client);
  }

  moveTeam(client, team) {
    if (team === client.row.team) return;
    client.held.delete(`team:${client.row.team}`);
    client.row.team = team;
    client.held.set(`team:${team}`, this.events.length);
  }

  subscribe(client, topic) {
    client.topics.add(topic);
    if (!client.held.has(topic)) client.held.set(topic, this.events.length);
  }

  unsubscribe(client, topic) {
    client.topics.delete(topic);
    client.held.delete(topic);
  }

  announce(type, client) {
    this.send(`${type} ${client.user} ${client.row.sector}`, [`sector:${client.row.sector}`], client.user);
  }
}
