// Engine.IO over HTTP long-polling: payloads both ways, and what ends a session.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';

import { delay } from '../support/wait.mjs';
import { Echo, maxPayload } from './echo.mjs';

let echo;
before(async () => {
  // Heartbeats would mix with the messages; they have a file of their own.
  echo = await Echo.start(['--max-payload', maxPayload]);
});
after(() => echo.stop());

async function assertGone(sid) {
  assert.equal((await echo.pollText(sid)).status, 400);
}

describe('payloads', () => {
  it('carries one text packet', async () => {
    const sid = await echo.open();
    const posted = await echo.post(sid, '4hello');
    assert.equal(posted.status, 200);
    assert.match(posted.headers.get('content-type'), /^text\/html/);
    assert.equal(await posted.text(), 'ok');
    const response = await echo.poll({ sid });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'text/plain; charset=UTF-8');
    assert.equal(await response.text(), '4hello');
  });

  const payloads = [
    ['several text packets', '4test1\x1e4test2\x1e4test3'],
    ['text and binary packets', '4hello\x1ebAQIDBA=='],
    ['binary packets only', 'bAQIDBA==\x1ebAQID'],
    ['an empty message', '4'],
    ['an empty binary message', 'b'],
    ['text beyond ASCII', '4h\u00e9llo \u4e16\u754c \u{1f600}'],
    ['quotes and control characters', '4"\\\n\r\t\u0001'],
  ];
  for (const [what, payload] of payloads) {
    it(`carries ${what}`, async () => {
      const sid = await echo.open();
      assert.equal((await echo.post(sid, payload)).status, 200);
      assert.deepEqual(await echo.pollText(sid), { status: 200, text: payload });
    });
  }

  it('answers a poll that waits', async () => {
    const sid = await echo.open();
    const poll = echo.pollText(sid);
    await delay(20);
    await echo.post(sid, '4late');
    assert.deepEqual(await poll, { status: 200, text: '4late' });
  });

  it('keeps the order of many posts', async () => {
    const sid = await echo.open();
    const sent = [];
    for (let i = 0; i < 50; ++i) {
      sent.push(`4message ${i}`);
      await echo.post(sid, sent.at(-1));
    }
    assert.equal((await echo.pollText(sid)).text, sent.join('\x1e'));
  });

  it('keeps sessions apart', async () => {
    const [one, two] = [await echo.open(), await echo.open()];
    await echo.post(one, '4one');
    await echo.post(two, '4two');
    assert.equal((await echo.pollText(two)).text, '4two');
    assert.equal((await echo.pollText(one)).text, '4one');
  });

  it('takes a payload of exactly maxPayload and refuses a larger one with 413', async () => {
    const sid = await echo.open();
    const largest = `4${'x'.repeat(maxPayload - 1)}`;
    assert.equal((await echo.post(sid, largest)).status, 200);
    assert.equal((await echo.pollText(sid)).text, largest);
    assert.equal((await echo.post(sid, `${largest}x`)).status, 413);
    assert.equal((await echo.post(sid, '4still here')).status, 200);
    assert.equal((await echo.pollText(sid)).text, '4still here');
  });
});

describe('malformed payloads close the session', () => {
  const bad = {
    'an unknown packet type': 'abc',
    'nothing at all': '',
    'an empty packet in the middle': '4a\x1e\x1e4b',
    'a trailing separator': '4a\x1e',
    'broken base64': 'b!!!!',
    'base64 of impossible length': 'bAAAAA',
    'an open packet': '0{}',
    'a ping': '2',
    'an upgrade': '5',
    'text that is not UTF-8': Buffer.from([0x34, 0xff, 0xfe]),
  };
  for (const [what, body] of Object.entries(bad)) {
    it(what, async () => {
      const sid = await echo.open();
      assert.equal((await echo.post(sid, body)).status, 400);
      await assertGone(sid);
    });
  }
  it('a waiting poll is told', async () => {
    const sid = await echo.open();
    const poll = echo.pollText(sid);
    await delay(20);
    assert.equal((await echo.post(sid, 'abc')).status, 400);
    assert.deepEqual(await poll, { status: 200, text: '1' });
  });
});

describe('one request of a kind at a time', () => {
  it('a second poll closes the session', async () => {
    const sid = await echo.open();
    const first = echo.pollText(sid);
    await echo.open(); // answered after a poll that was sent before
    assert.equal((await echo.pollText(sid)).status, 400);
    assert.deepEqual(await first, { status: 200, text: '1' });
    await assertGone(sid);
  });

  it('a second post closes the session', async () => {
    const sid = await echo.open();
    // The first one's body is on its way while the second one comes.
    const slow = http.request(echo.http('/engine.io/', { EIO: 4, transport: 'polling', sid }), {
      method: 'POST',
      headers: { 'content-length': 6 },
    });
    const answered = new Promise((done) => {
      slow.on('response', (response) => {
        response.resume();
        done(response.statusCode);
      });
    });
    await new Promise((written) => slow.write('4he', written));
    await echo.open(); // answered after what was written before
    assert.equal((await echo.post(sid, '4second')).status, 400);
    slow.end('llo');
    assert.equal(await answered, 400);
    await assertGone(sid);
  });

  it('a post during a poll is fine', async () => {
    const sid = await echo.open();
    for (let i = 0; i < 5; ++i) {
      const poll = echo.pollText(sid);
      await delay(5);
      assert.equal((await echo.post(sid, `4${i}`)).status, 200);
      assert.equal((await poll).text, `4${i}`);
    }
  });

  it('a cancelled poll closes the session', async () => {
    const sid = await echo.open();
    const controller = new AbortController();
    const poll = echo.poll({ sid }, { signal: controller.signal });
    await delay(20);
    controller.abort();
    await assert.rejects(poll);
    await assertGone(sid);
  });

  it('methods other than GET and POST are refused and do no harm', async () => {
    const sid = await echo.open();
    for (const method of ['PUT', 'DELETE']) assert.equal((await echo.poll({ sid }, { method })).status, 400);
    await echo.post(sid, '4fine');
    assert.equal((await echo.pollText(sid)).text, '4fine');
  });
});

describe('close', () => {
  it('a close packet ends the session and its poll', async () => {
    const sid = await echo.open();
    const poll = echo.pollText(sid);
    await delay(20);
    const posted = await echo.post(sid, '1');
    assert.equal(posted.status, 200);
    assert.deepEqual(await poll, { status: 200, text: '6' });
    await assertGone(sid);
  });

  it('packets behind a close packet are not read', async () => {
    const sid = await echo.open();
    assert.equal((await echo.post(sid, '4first\x1e1\x1e4last')).status, 200);
    await assertGone(sid);
  });
});

it('serves two hundred sessions at a time', async () => {
  const ids = await Promise.all(Array.from({ length: 200 }, () => echo.open()));
  const polls = ids.map((sid) => echo.pollText(sid));
  await delay(20);
  await Promise.all(ids.map((sid, i) => echo.post(sid, `4for ${i}`)));
  const answers = await Promise.all(polls);
  answers.forEach(({ text }, i) => assert.equal(text, `4for ${i}`));
});
