// Socket.IO: events, acks, attachments, and malformed packets.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Echo } from './echo.mjs';

let echo;
before(async () => {
  echo = await Echo.start([]);
});
after(() => echo.stop());

async function connected(namespace = '') {
  const wire = await echo.session('/socket.io/');
  wire.send(`40${namespace}`);
  await wire.next();
  await wire.next();
  return wire;
}

async function exchange(sent, expected) {
  const wire = await connected();
  wire.send(...sent);
  for (const message of expected) assert.deepEqual(await wire.next(), message);
  wire.close();
}

const placeholder = (num) => `{"_placeholder":true,"num":${num}}`;
const first = Buffer.from([1, 2, 3]);
const second = Buffer.from([4, 5, 6]);

describe('events', () => {
  it('plain', () => exchange(['42["message",1,"2",{"3":[true]}]'], ['42["message-back",1,"2",{"3":[true]}]']));
  it('without arguments', () => exchange(['42["message"]'], ['42["message-back"]']));
  it('every JSON type', () => {
    const args = '1.5,-0.25,1e+21,null,true,false,"",[],{},[[1],{"a":{"b":[null]}}],"\u00e9\u{1f600}\\n\\u0001\\"\\\\"';
    return exchange([`42["message",${args}]`], [`42["message-back",${args}]`]);
  });
  it('in a custom namespace', async () => {
    const wire = await connected('/custom,');
    wire.send('42/custom,["message",1]');
    assert.equal(await wire.next(), '42/custom,["message-back",1]');
    wire.close();
  });
  it('one that nobody handles is let pass', () =>
    exchange(['42["unknown",1]', '42["message",2]'], ['42["message-back",2]']));
  it('a plain object that looks like a placeholder is data', () =>
    exchange([`42["message",${placeholder(0)}]`], [`42["message-back",${placeholder(0)}]`]));
});

describe('attachments', () => {
  it('two', () => exchange(
    [`452-["message",${placeholder(0)},${placeholder(1)}]`, first, second],
    [`452-["message-back",${placeholder(0)},${placeholder(1)}]`, first, second],
  ));
  it('deep inside, out of order', () => exchange(
    [`452-["message",{"a":[${placeholder(1)}]},${placeholder(0)}]`, first, second],
    [`452-["message-back",{"a":[${placeholder(1)}]},${placeholder(0)}]`, first, second],
  ));
  it('an empty one', () => exchange(
    [`451-["message",${placeholder(0)}]`, Buffer.alloc(0)],
    [`451-["message-back",${placeholder(0)}]`, Buffer.alloc(0)],
  ));
  it('in a custom namespace, with an ack', async () => {
    const wire = await connected('/custom,');
    wire.send(`451-/custom,7["message-with-ack",${placeholder(0)}]`, first);
    assert.equal(await wire.next(), `461-/custom,7[${placeholder(0)}]`);
    assert.deepEqual(await wire.next(), first);
    wire.close();
  });
  it('none announced', () => exchange(['450-["message",1]'], ['42["message-back",1]']));
});

describe('acks', () => {
  it('plain', () =>
    exchange(['42456["message-with-ack",1,"2",{"3":[false]}]'], ['43456[1,"2",{"3":[false]}]']));
  it('binary', () => exchange(
    [`452-789["message-with-ack",${placeholder(0)},${placeholder(1)}]`, first, second],
    [`462-789[${placeholder(0)},${placeholder(1)}]`, first, second],
  ));
  it('without arguments', () => exchange(['420["message-with-ack"]'], ['430[]']));
  it('the largest id', () =>
    exchange(['429007199254740991["message-with-ack",1]'], ['439007199254740991[1]']));
  it('an answer that nobody waits for is let pass', () =>
    exchange(['433["x"]', '42["message",1]'], ['42["message-back",1]']));
});

describe('malformed packets close the connection', () => {
  const bad = {
    'an unknown type': ['4abc'],
    'type 7': ['47'],
    'nothing': ['4'],
    'no JSON': ['42'],
    'an object as event': ['42{}'],
    'a string as event': ['42"message"'],
    'an empty array': ['42[]'],
    'a number as name': ['42[1]'],
    'an object as name': ['42[{}]'],
    'half a text': ['42["message"'],
    'something behind the text': ['42["message"]x'],
    'an ack id that is none': ['42abc["message-with-ack",1,"2",{"3":[false]}]'],
    'an ack id that is too large': ['429007199254740992["message-with-ack"]'],
    'an ack without id': ['43[1]'],
    'an ack that is no array': ['431{}'],
    'a reserved event name': ['42["connect"]'],
    'another reserved event name': ['42["disconnecting"]'],
    'no count of attachments': [`45-["message",${placeholder(0)}]`],
    'no dash': [`451["message",${placeholder(0)}]`],
    'a count that is none': [`45a-["message",${placeholder(0)}]`],
    'a placeholder without attachment': [`451-["message",${placeholder(1)}]`, first],
    'a negative placeholder': [`451-["message",${placeholder(-1)}]`, first],
    'a placeholder that is no number': ['451-["message",{"_placeholder":true,"num":"0"}]', first],
    'too many attachments': ['4511-["message"]'],
    'an absurd number of attachments': ['45999999999999999999-["message"]'],
    'text where an attachment should come': [`451-["message",${placeholder(0)}]`, '42["message"]'],
    'binary that nobody announced': [first],
    'binary after all attachments': [`451-["message",${placeholder(0)}]`, first, second],
    'depth without end': [`42["message",${'['.repeat(100_000)}`],
    'a CONNECT_ERROR': ['44{"message":"no"}'],
    'an event for a namespace not joined': ['42/custom,["message"]'],
  };
  for (const [what, packets] of Object.entries(bad)) {
    it(what, async () => {
      const wire = await connected();
      wire.send(...packets);
      await wire.end();
    });
  }
});

describe('over polling', () => {
  const url = (query) => echo.http('/socket.io/', { EIO: 4, transport: 'polling', ...query });
  async function polling() {
    const text = await (await fetch(url())).text();
    const { sid } = JSON.parse(text.slice(1));
    return {
      get: async () => (await (await fetch(url({ sid }))).text()).split('\x1e'),
      post: (...packets) => fetch(url({ sid }), { method: 'POST', body: packets.join('\x1e') }),
    };
  }

  it('connects, answers and attaches', async () => {
    const session = await polling();
    await session.post('40{"token":"x"}');
    const [connect, auth] = await session.get();
    assert.match(connect, /^40\{"sid":"[\w-]{20}"\}$/);
    assert.equal(auth, '42["auth",{"token":"x"}]');
    await session.post(`451-3["message-with-ack",${placeholder(0)}]`, 'bAQID', '42["message",1]');
    assert.deepEqual(await session.get(), [`461-3[${placeholder(0)}]`, 'bAQID', '42["message-back",1]']);
  });

  it('takes attachments in a post of their own', async () => {
    const session = await polling();
    await session.post('40');
    await session.get();
    await session.post(`452-["message",${placeholder(0)},${placeholder(1)}]`, 'bAQID');
    await session.post('bBAUG');
    assert.deepEqual(await session.get(),
      [`452-["message-back",${placeholder(0)},${placeholder(1)}]`, 'bAQID', 'bBAUG']);
  });

  it('closes for a malformed packet', async () => {
    const session = await polling();
    await session.post('40');
    await session.get();
    await session.post('42{}');
    const response = await session.post('42["message"]');
    assert.equal(response.status, 400);
  });
});
