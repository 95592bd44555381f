// The realtime bus: every figure that has a goal. Players are over plain WebSocket, without compression unless said.
const us = (value) => value.toFixed(2);
const ms = (value) => `${value.toFixed(0)} ms`;
const percent = (value) => `${(100 * value).toFixed(1)}%`;
const count = (value) => Math.round(value).toLocaleString('en');
const wrong = (report) => (report.isRight ? '' : '; **the load generator found errors**');

// A sweep would come in between.
const quiet = ['--presence-sweep', '600000'];

export class Bus {
  constructor(processes, results) {
    this.processes = processes;
    this.results = results;
  }

  async run() {
    await this.busMemory();
    await this.busStorm();
    await this.busBroadcast();
    await this.busReplay();
    await this.busPublish();
  }

  async busMemory() {
    const idle = ['--viewers', 10_000, '--matches', 1_000, '--topics', 5, '--batch', 0, '--seconds', 0.1, '--settle', 1];
    for (const [title, ...args] of [['no compression', '--plain'], ['compression negotiated']]) {
      const report = await this.processes.measureBus(quiet, ...idle, ...args);
      this.results.goal(`bus: user memory per connected player in 4 rooms and 5 topics, idle, ${title}`, 'at most 2 KiB',
        `${report.bytesPerViewer.toFixed(0)} bytes (10,000 players)${wrong(report)}`, report.bytesPerViewer <= 2048);
    }
  }

  async busStorm() {
    const storm = (sectors) => this.processes.measureBus(quiet, '--viewers', 10_000, '--matches', sectors, '--batch', 0, '--plain',
      '--connect-at-once', 2_000, '--seconds', 0.1, '--settle', 0.3, '--storm', 2);
    const rate = (report) => 1e6 / report.cpuMicrosecondsPerConnect;
    const back = ({ storms }) => storms.map(({ count: players, seconds, perCpuSecond }) => `${count(players)} back in ${seconds.toFixed(2)} s, ${count(perCpuSecond)} per CPU second`).join('; ');
    const alone = await storm(10_000);
    this.results.goal('bus: connect storm, 10,000 players with HS256 tokens, each in a sector of its own', 'over 10,000 handshakes per CPU second',
      `${count(rate(alone))} (${us(alone.cpuMicrosecondsPerConnect)} us each, all there in ${alone.connectSeconds.toFixed(2)} s)${wrong(alone)}`, rate(alone) > 10_000);
    this.results.row('bus: the same players go at once and come back at once with their last event ids, twice', back(alone));
    const tens = await storm(1_000);
    this.results.row('bus: connect storm in sectors of ten, with their `player_entered_sector`', `${count(rate(tens))} handshakes per CPU second${wrong(tens)}; then ${back(tens)}`);
  }

  // As the fan-out of matches is measured: the round with the median ratio counts, and the bare loop has the same rhythm
  // (the longer the pause, the colder the caches). The bare loop sends each message by itself, so rounds do not count in
  // which broadcasts have caught up with each other: those went out together.
  async busBroadcast() {
    const perSecond = 5;
    const rounds = [];
    for (let round = 0; round < 3; ++round) {
      const report = await this.processes.measureBus(quiet, '--viewers', 10_000, '--matches', 1_000, '--plain', '--rate', perSecond, '--message-size', 280, '--seconds', 5, '--settle', 1.5);
      const bare = await this.processes.floor(10_000, report.bytesPerMessage, 5, 1_000 / perSecond);
      rounds.push({ ...report, bare, ratio: report.cpuMicrosecondsPerMessage / bare.cpuMicrosecondsPerMessage });
    }
    const apart = rounds.filter((round) => round.latencyMs.max < 1_000 / perSecond).sort((a, b) => a.ratio - b.ratio);
    const { bare, ratio, ...report } = apart[Math.floor(apart.length / 2)] ?? rounds[0];
    const doubt = apart.length === 0 ? '; **broadcasts caught up with each other in every round**' : '';
    this.results.goal('bus: CPU per delivery over the bare send() loop: broadcast to a room of 10,000', 'at most 1.3x',
      `${ratio.toFixed(2)}x (${us(report.cpuMicrosecondsPerMessage)} us over ${us(bare.cpuMicrosecondsPerMessage)} us, ${report.bytesPerMessage.toFixed(0)} bytes; ${apart.length} of ${rounds.length} rounds count, with ${apart.map((r) => r.ratio.toFixed(2)).join(', ')})${doubt}`, apart.length > 0 && ratio <= 1.3);
    this.results.row(`bus: ${perSecond} broadcasts a second to a room of 10,000`,
      `${count(report.messagesPerSecond)} deliveries/s at ${percent(report.cpuShare)} of a core; from publishing to delivery p50 ${ms(report.latencyMs.p50)}, p99 ${ms(report.latencyMs.p99)}, max ${ms(report.latencyMs.max)}; longest loop turn ${report.longestTurn.ms.toFixed(1)} ms by the clock, ${report.longestTurn.cpuMs.toFixed(1)} ms of CPU time${wrong(report)}`);
  }

  // The whole of coming back counts, and is shown beside the same with nothing to be replayed.
  async busReplay() {
    const back = (missed) => this.processes.measureBus(quiet, '--viewers', 200, '--matches', 20, '--plain', '--message-size', 280, '--seconds', 0.5, '--settle', 0.5, '--storm', 5, '--missed', missed);
    const cost = ({ storms }) => storms.map((storm) => storm.cpuMicrosecondsEach).sort((a, b) => a - b)[2];
    const nothing = await back(0);
    const report = await back(200);
    this.results.goal('bus: coming back and getting 200 missed events, 200 players at once', 'under 1 ms of server CPU',
      `${us(cost(report) / 1000)} ms (with none missed ${us(cost(nothing) / 1000)} ms; median of 5 times)${wrong(report)}${wrong(nothing)}`, cost(report) < 1000);
  }

  async busPublish() {
    const publish = (...args) => this.processes.measureBus(quiet, '--viewers', 1_000, '--matches', 100, '--plain', '--rate', 0, '--seconds', 5, '--settle', 1, ...args);
    const rate = (report) => 1e6 / report.cpuMicrosecondsPerPublished;
    const text = (report) => `${count(rate(report))} (${us(report.cpuMicrosecondsPerPublished)} us each, ${count(report.publishedPerSecond)}/s by the clock, ${(report.messagesPerSecond / report.publishedPerSecond).toFixed(1)} deliveries each, ${report.resyncs} overflows)${wrong(report)}`;
    const batches = await publish('--to', 'player', '--batch', 100);
    this.results.goal('bus: publish API, batches of 100, each message to one of 1,000 players', 'over 30,000 messages per CPU second', text(batches), rate(batches) > 30_000);
    this.results.row('bus: publish API, batches of 100, each message to a sector of ten', `${text(await publish('--to', 'sector', '--batch', 100))} messages per CPU second`);
    this.results.row('bus: publish API, one message at a time to one of 1,000 players', `${text(await publish('--to', 'player', '--batch', 1))} messages per CPU second`);
  }
}
