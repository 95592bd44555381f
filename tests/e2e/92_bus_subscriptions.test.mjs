// Topics: who may subscribe to which, how many, and what comes of it.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { api, busEnv, player, publish } from '../support/bus.mjs';
import { startServer, stopServer } from '../support/server.mjs';

const server = await startServer({ env: busEnv });
after(() => stopServer(server));

let last = 0;
const unique = (name) => `${name}${++last}`;
const receivers = async (topic) => (await publish(server, { topic, message: { type: 'tick' } })).body.receivers;

test('subscribe and unsubscribe, many at a time', async (t) => {
  const [ore, fight] = [`market:${unique('ore')}`, `combat:${unique('c')}`];
  const a = await player(t, server, { sub: unique('u') });
  a.send({ type: 'subscribe', topics: [ore, fight, 'aria', ore] });
  const { topics } = await a.next('subscribed');
  assert.deepEqual([...new Set(topics)], [ore, fight, 'aria']);
  assert.equal(await receivers(ore), 1, 'twice the same is once');
  a.send({ type: 'unsubscribe', topics: [ore, `market:${unique('never')}`] });
  assert.ok((await a.next('unsubscribed')).topics.includes(ore));
  assert.equal(await receivers(ore), 0);
  assert.equal(await receivers(fight), 1);
});

test('subscribe_topic and unsubscribe_topic answer as older clients expect', async (t) => {
  const topic = `market:station:${unique('s')}`;
  const a = await player(t, server, { sub: unique('u') });
  a.send({ type: 'subscribe_topic', topic });
  assert.equal((await a.next('topic_subscribed')).topic, topic);
  assert.equal(await receivers(topic), 1);
  a.send({ type: 'unsubscribe_topic', topic });
  assert.equal((await a.next('topic_unsubscribed')).topic, topic);
  assert.equal(await receivers(topic), 0);
});

test('what may not be subscribed to is rejected, the rest of the request takes effect', async (t) => {
  const good = `market:${unique('ore')}`;
  const a = await player(t, server, { sub: unique('u') });
  const bad = [
    'weather', 'market', 'market:', 'market:station:', 'combat:', 'match:', 'aria:', 'aria:u1', 'admin', 'admin:logs', 'sector:7', 'team:1',
    'region:1', 'global', 'personal:u1', '', ' market:x', 'MARKET:x', `market:${'x'.repeat(122)}`,
  ];
  a.send({ type: 'subscribe', topics: [...bad, good] });
  assert.deepEqual((await a.next('subscribed')).topics, [good]);
  const rejected = a.all('subscription_rejected');
  assert.deepEqual(rejected.map(({ topic }) => topic), bad);
  for (const { reason, current_count } of rejected) {
    assert.equal(typeof reason, 'string');
    assert.equal(current_count, 0);
  }
  assert.equal(await receivers(good), 1);
  a.send({ type: 'subscribe_topic', topic: 'weather' });
  assert.equal((await a.next('subscription_rejected', bad.length + 1)).current_count, 1);
  await a.settled();
  assert.equal(a.all('topic_subscribed').length, 0);
});

test('a name of 128 bytes passes, and bytes are counted, not characters', async (t) => {
  const a = await player(t, server, { sub: unique('u') });
  const [fits, over] = [`market:${'x'.repeat(121)}`, `market:${'é'.repeat(61)}`];
  assert.equal(Buffer.byteLength(fits), 128);
  assert.equal(Buffer.byteLength(over), 129);
  a.send({ type: 'subscribe', topics: [fits, over] });
  assert.deepEqual((await a.next('subscribed')).topics, [fits]);
  assert.equal(a.all('subscription_rejected')[0].topic, over);
});

test('no more than 50 per socket, and room again after leaving one', async (t) => {
  const a = await player(t, server, { sub: unique('u') });
  const prefix = `market:${unique('m')}-`;
  const names = Array.from({ length: 60 }, (_, i) => `${prefix}${i}`);
  a.send({ type: 'subscribe', topics: names });
  assert.deepEqual((await a.next('subscribed')).topics, names.slice(0, 50));
  const rejected = a.all('subscription_rejected');
  assert.deepEqual(rejected.map(({ topic }) => topic), names.slice(50));
  assert.ok(rejected.every(({ current_count }) => current_count === 50));
  a.send({ type: 'subscribe', topics: [names[3]] });
  assert.deepEqual((await a.next('subscribed', 2)).topics, [names[3]], 'one that is held already is no further one');
  a.send({ type: 'unsubscribe', topics: [names[0]] }).send({ type: 'subscribe_topic', topic: names[55] });
  assert.equal((await a.next('topic_subscribed')).topic, names[55]);
});

test('a request that is none is refused and changes nothing', async (t) => {
  const a = await player(t, server, { sub: unique('u') });
  const wrong = [
    { type: 'subscribe' },
    { type: 'subscribe', topics: 'market:x' },
    { type: 'subscribe', topics: ['market:y', 7] },
    { type: 'subscribe', topics: { 0: 'market:z' } },
    { type: 'subscribe', topics: Array.from({ length: 5000 }, (_, i) => `market:${i}`) },
    { type: 'unsubscribe', topics: null },
    { type: 'subscribe_topic' },
    { type: 'subscribe_topic', topic: ['market:x'] },
    { type: 'unsubscribe_topic', topic: 7 },
  ];
  for (const message of wrong) a.send(message);
  await a.next('error', wrong.length);
  assert.ok(a.all('error').every(({ code }) => code === 'bad_message'));
  assert.equal(await receivers('market:y'), 0);
});

test('admin feeds are for admins', async (t) => {
  const root = await player(t, server, { sub: unique('root'), role: 'admin' }, { path: '/api/v1/ws/admin' });
  root.send({ type: 'subscribe', topics: ['admin', 'admin:logs'] });
  assert.deepEqual((await root.next('subscribed')).topics, ['admin', 'admin:logs']);
  assert.equal(await receivers('admin:logs'), 1);
});

test('aria is delivered per user', async (t) => {
  const [one, two] = [unique('u'), unique('u')];
  const a = await player(t, server, { sub: one });
  const b = await player(t, server, { sub: two });
  for (const client of [a, b]) {
    client.send({ type: 'subscribe', topics: ['aria'] });
    await client.next('subscribed');
  }
  const message = { type: 'aria_message', user_id: one, message_id: 1, role: 'assistant', content: 'hello' };
  assert.equal((await publish(server, { topic: 'aria', message })).body.receivers, 1);
  await a.next('aria_message');
  assert.equal((await publish(server, { topic: `aria:${two}`, message: { type: 'x' } })).body.receivers, 1);
  await b.next('x');
  await b.settled();
  assert.equal(b.all('aria_message').length, 0);
  assert.equal((await publish(server, { topic: 'aria', message: { type: 'x' } })).body.field, 'message.user_id');
});

test('a message to a topic goes to its subscribers only, `exclude` excepted', async (t) => {
  const topic = `market:${unique('ore')}`;
  const one = unique('u');
  const a = await player(t, server, { sub: one });
  const b = await player(t, server, { sub: unique('u') });
  const c = await player(t, server, { sub: unique('u') });
  for (const client of [a, b]) {
    client.send({ type: 'subscribe', topics: [topic] });
    await client.next('subscribed');
  }
  assert.equal((await publish(server, { topic, message: { type: 'tick' }, exclude: one })).body.receivers, 1);
  await b.next('tick');
  for (const client of [a, c]) {
    await client.settled();
    assert.equal(client.all('tick').length, 0);
  }
});

test('topics go with their socket', async (t) => {
  const topic = `market:${unique('ore')}`;
  const a = await player(t, server, { sub: unique('u') });
  a.send({ type: 'subscribe', topics: [topic] });
  await a.next('subscribed');
  const before = (await api(server, 'GET', '/stats')).body.subscriptions;
  a.socket.close();
  await a.end();
  assert.equal(await receivers(topic), 0);
  assert.equal((await api(server, 'GET', '/stats')).body.subscriptions, before - 1);
});
