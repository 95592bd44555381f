// Chat between players: whom it reaches, what it says, and what is refused.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { busEnv, player } from '../support/bus.mjs';
import { startServer, stopServer } from '../support/server.mjs';

const server = await startServer({ env: busEnv });
after(() => stopServer(server));

let last = 0;
const unique = (name) => `${name}${++last}`;
const chat = (target_type, content, more) => ({ type: 'chat_message', target_type, content, ...more });
const texts = (client) => client.all('chat_message').map(({ body }) => body);

test('to the sector, the team and everybody, the sender excluded', async (t) => {
  const [sector, team] = [unique('s'), unique('t')];
  const [sender, mate] = [unique('u'), unique('u')];
  const a = await player(t, server, { sub: sender, username: 'Ann', sector_id: sector, team_id: team });
  const near = await player(t, server, { sub: unique('u'), sector_id: sector });
  const far = await player(t, server, { sub: mate, sector_id: unique('s'), team_id: team });
  a.send(chat('sector', 'one')).send(chat('team', 'two')).send(chat('global', 'three'));
  await near.next('chat_message', 2);
  await far.next('chat_message', 2);
  for (const client of [a, near, far]) await client.settled();
  assert.deepEqual(texts(near), ['one', 'three']);
  assert.deepEqual(texts(far), ['two', 'three']);
  assert.deepEqual(texts(a), []);
  const { event_id, timestamp, ...first } = near.all('chat_message')[0];
  assert.ok(event_id > 0);
  assert.ok(Math.abs(Date.parse(timestamp) - Date.now()) < 60_000);
  assert.deepEqual(first, {
    type: 'chat_message',
    from_user_id: sender,
    from_username: 'Ann',
    content: 'one',
    target_type: 'sector',
    channel: 'sector',
    sender_id: sender,
    sender_name: 'Ann',
    body: 'one',
  });
});

test('private: to the target, echoed to the sender, and to nobody else', async (t) => {
  const sector = unique('s');
  const [one, two] = [unique('u'), unique('u')];
  const a = await player(t, server, { sub: one, sector_id: sector });
  const b = await player(t, server, { sub: two, sector_id: sector });
  const c = await player(t, server, { sub: unique('u'), sector_id: sector });
  a.send(chat('private', 'psst', { target_user_id: two }));
  for (const client of [a, b]) {
    const { from_user_id: from, target_type: type, content } = await client.next('chat_message');
    assert.deepEqual([from, type, content], [one, 'private', 'psst']);
  }
  await c.settled();
  assert.deepEqual(texts(c), []);
  await a.settled();
  assert.equal(a.all('chat_message').length, 1);
});

test('private to oneself comes once', async (t) => {
  const one = unique('u');
  const a = await player(t, server, { sub: one });
  a.send(chat('private', 'note', { target_user_id: one }));
  await a.next('chat_message');
  await a.settled();
  assert.deepEqual(texts(a), ['note']);
});

test('an offline target is told so, and one that has just left, too', async (t) => {
  const two = unique('u');
  const a = await player(t, server, { sub: unique('u') });
  a.send(chat('private', 'x', { target_user_id: 'nobody' }));
  assert.equal((await a.next('error')).code, 'recipient_offline');
  const b = await player(t, server, { sub: two });
  b.socket.close();
  await b.end();
  a.send(chat('private', 'x', { target_user_id: two }));
  assert.equal((await a.next('error', 2)).code, 'recipient_offline');
  assert.deepEqual(texts(a), [], 'nothing is echoed that was not delivered');
});

test('empty says nothing; 2,000 characters pass, one more is too long, whatever their bytes', async (t) => {
  const sector = unique('s');
  const a = await player(t, server, { sub: unique('u'), sector_id: sector });
  const b = await player(t, server, { sub: unique('u'), sector_id: sector });
  a.send(chat('sector', ''));
  a.send(chat('sector', 'é'.repeat(2000)));
  a.send(chat('sector', '😀'.repeat(2000)));
  a.send(chat('sector', 'é'.repeat(2001)));
  a.send(chat('private', 'x'.repeat(2001), { target_user_id: 'nobody' }));
  await a.next('error', 2);
  await b.next('chat_message', 2);
  await b.settled();
  assert.deepEqual(a.all('error').map(({ code }) => code), ['too_long', 'too_long']);
  assert.deepEqual(texts(b), ['é'.repeat(2000), '😀'.repeat(2000)]);
});

test('text arrives as it was written', async (t) => {
  const sector = unique('s');
  const a = await player(t, server, { sub: unique('u'), username: 'Ä"\\\n\u2028</script>', sector_id: sector });
  const b = await player(t, server, { sub: unique('u'), sector_id: sector });
  const odd = ['"\\/\b\f\n\r\t', '\u0000\u001f\u007f', '\u2028\u2029', '𝄞', '<b>&amp;', '\ufeff', 'ا\u202e'];
  for (const text of odd) a.send(chat('sector', text));
  await b.next('chat_message', odd.length);
  assert.deepEqual(texts(b), odd);
  assert.equal(b.all('chat_message')[0].sender_name, 'Ä"\\\n\u2028</script>');
});

test('chat without a room, a target or a text is refused, and goes nowhere', async (t) => {
  const a = await player(t, server, { sub: unique('u') });
  const b = await player(t, server, { sub: unique('u') });
  const wrong = [
    chat('sector', 'x'),
    chat('team', 'x'),
    chat('region', 'x'),
    chat('admin', 'x'),
    chat('private', 'x'),
    chat('private', 'x', { target_user_id: 7 }),
    chat(undefined, 'x'),
    chat('global'),
    chat('global', { text: 'x' }),
  ];
  for (const message of wrong) a.send(message);
  await a.next('error', wrong.length);
  await b.settled();
  assert.deepEqual(texts(b), []);
});

test('nobody speaks in the name of another, nor in a room where he is not', async (t) => {
  const [sector, other, me] = [unique('s'), unique('s'), unique('u')];
  const a = await player(t, server, { sub: me, username: 'Me', sector_id: sector });
  const near = await player(t, server, { sub: unique('u'), sector_id: sector });
  const far = await player(t, server, { sub: unique('u'), sector_id: other });
  a.send(chat('sector', 'x', { sector_id: other, target_id: other, from_user_id: 'king', sender_id: 'king', sender_name: 'King', from_username: 'King', event_id: 1 }));
  const seen = await near.next('chat_message');
  assert.deepEqual([seen.sender_id, seen.from_user_id, seen.sender_name, seen.from_username], [me, me, 'Me', 'Me']);
  await far.settled();
  assert.deepEqual(texts(far), []);
});
