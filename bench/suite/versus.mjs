// The same load on matchbus and on other servers, one after another in one run.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { nchan, socketIoServer } from '../peers/peers.mjs';

const us = (report) => `${report.cpuMicrosecondsPerMessage.toFixed(2)} us`;

export class Versus {
  constructor(processes, results) {
    this.processes = processes;
    this.results = results;
  }

  async run() {
    this.results.ways.push('one round each, the servers one after another; `send()` is a bare loop over the same connections and sizes');
    await this.compressed();
    await this.plain500();
    await this.plain2000();
    await this.patches();
    await this.fullState();
  }

  compressed() {
    return this.socketIo('500 viewers that offer compression', 1 / 20, '--viewers', 500);
  }

  plain500() {
    return this.socketIo('500 viewers without compression', undefined, '--viewers', 500, '--plain');
  }

  plain2000() {
    return this.socketIo('2,000 viewers without compression', undefined, '--viewers', 2_000, '--plain');
  }

  patches() {
    return this.plainFanOut('2,000 viewers, patches', 2_000, '--diff');
  }

  fullState() {
    return this.plainFanOut('2,000 viewers, full state', 2_000);
  }

  // The state of a match as matchbus broadcasts it goes into a file, for others to broadcast: asked for over polling, where that needs no client.
  // Done once.
  async keepState() {
    if (this.state) return;
    const server = await this.processes.startServer();
    const load = this.processes.startLoad(server, '--viewers', 1, '--rate', 100, '--seconds', 4, '--settle', 1);
    const polling = `http://127.0.0.1:${server.output}/socket.io/?EIO=4&transport=polling`;
    const get = async (url) => (await fetch(url)).text();
    const url = `${polling}&sid=${JSON.parse((await get(polling)).slice(1)).sid}`;
    await fetch(url, { method: 'POST', body: '40' });
    await get(url);
    await new Promise((done) => setTimeout(done, 3_000));
    await fetch(url, { method: 'POST', body: `42${JSON.stringify(['logon', JSON.stringify({ groupCode: `LOAD-${load.pid}-0` })])}` });
    let packet;
    while (!packet) packet = (await get(url)).split('\x1e').find((text) => text.startsWith('42["match_data"'));
    this.state = join(this.processes.scratch, 'state.json');
    writeFileSync(this.state, JSON.parse(packet.slice(2))[1]);
    await load.ended;
    await this.processes.stop(server);
  }

  async socketIo(title, goal, ...args) {
    await this.keepState();
    const load = [...args, '--seconds', 6, '--settle', 2];
    const ours = await this.processes.measure([], ...load);
    const server = await socketIoServer(this.processes, this.state);
    const theirs = await this.processes.loadServer(Object.assign(server, { output: server.port, ingest: server.port }), ...load);
    await this.processes.stop(server);
    const ratio = ours.cpuMicrosecondsPerMessage / theirs.cpuMicrosecondsPerMessage;
    const text = `1/${(1 / ratio).toFixed(1)} (${us(ours)} and ${ours.bytesPerMessage.toFixed(0)} bytes per delivery; ${us(theirs)} and ${theirs.bytesPerMessage.toFixed(0)} bytes)${theirs.isRight && ours.isRight ? '' : '; **the load generator found errors**'}`;
    if (goal) this.results.goal(`CPU per \`match_data\` over Socket.IO 4.8 on Node: ${title}`, `at most 1/${1 / goal}`, text, ratio <= goal);
    else this.results.row(`CPU per \`match_data\` over Socket.IO 4.8 on Node: ${title}`, text);
    const held = (report) => `${report.messagesPerSecond.toFixed(0)} deliveries/s at ${(100 * report.cpuShare).toFixed(0)}% of a core, latency p50 ${report.latencyMs.p50.toFixed(0)} ms, p99 ${report.latencyMs.p99.toFixed(0)} ms, missed ticks ${report.missedTicks}, ${(report.residentBytes / 1e6).toFixed(0)} MB resident`;
    this.results.row(`${title}: matchbus`, held(ours));
    this.results.row(`${title}: Socket.IO`, held(theirs));
  }

  // nchan sends messages of the size of ours.
  async plainFanOut(title, viewers, ...args) {
    const ours = await this.processes.measure([], '--viewers', viewers, '--plain', '--seconds', 6, '--settle', 2, ...args);
    const bytes = Math.round(ours.bytesPerMessage);
    const bare = await this.processes.floor(viewers, bytes, 6);
    const web = await nchan(this.processes, bytes);
    if (web === null) return this.results.row(`nginx with nchan: ${title}`, 'not installed: left out');
    const theirs = await this.processes.load('--kind', 'websocket', '--plain', '--path', '/sub', '--port', web.port, '--pid', web.workerPid(), '--viewers', viewers, '--seconds', 6);
    await this.processes.stop(web);
    const times = (report) => `${us(report)} (${(report.cpuMicrosecondsPerMessage / bare.cpuMicrosecondsPerMessage).toFixed(2)}x)`;
    this.results.row(`${title}, plain, ${bytes} bytes: CPU per delivery, and over the bare send() loop`,
      `matchbus ${times(ours)}, nginx with nchan ${times(theirs)}, send() ${us(bare)}; matchbus to nchan **1/${(theirs.cpuMicrosecondsPerMessage / ours.cpuMicrosecondsPerMessage).toFixed(2)}**; ` +
      `deliveries/s ${ours.messagesPerSecond.toFixed(0)}, ${theirs.messagesPerSecond.toFixed(0)}; memory per viewer ${ours.bytesPerViewer.toFixed(0)}, ${theirs.bytesPerViewer.toFixed(0)} bytes`);
  }
}
