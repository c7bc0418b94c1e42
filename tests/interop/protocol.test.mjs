// The JSON protocol as somebody meets it who has read docs/protocol.md and has a WebSocket library.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import WebSocket from 'ws';
import { SERVER, call, online, signIn } from './person.mjs';

test('the example of the protocol works letter by letter', async () => {
  const alice = await (await signIn()).connect();
  const bob = await (await signIn()).connect();
  assert.match((await alice.sync()).last_message_id, /^\d+$/);
  await bob.sync();
  const key = randomUUID();
  alice.socket.send(`{"type":"message","idempotency_key":"${key}","receiver_id":"${bob.userId}",` +
    '"content":"hello","media_url":null}');
  const ack = await alice.expect('ack', { idempotency_key: key });
  assert.equal(ack.status, 'sent');
  assert.match(ack.message_id, /^\d+$/);
  assert.match(ack.conversation_id, /^\d+$/);
  assert.match(ack.created_at, /^\d{13}$/);
  const message = await bob.expect('message', { content: 'hello' });
  assert.equal(message.message_id, ack.message_id);
  assert.equal(message.sender_id, alice.userId);
  await Promise.all([alice.close(), bob.close()]);
});

test('ids that a number cannot hold arrive whole as strings', async () => {
  const [alice, bob] = await online(2);
  const ack = await alice.say('x', { receiver_id: bob.userId });
  assert.equal(typeof ack.message_id, 'string');
  assert.ok(BigInt(ack.message_id) > BigInt(Number.MAX_SAFE_INTEGER));
  await Promise.all([alice.close(), bob.close()]);
});

test('a browser signs in by subprotocol and gets the real one back', async () => {
  const alice = await (await signIn()).connect({ asBrowser: true });
  assert.equal(alice.socket.protocol, 'sotto.v1.json');
  await alice.sync();
  await alice.close();
});

test('a client that offers no subprotocol gets JSON', async () => {
  const alice = await (await signIn()).connect({ subprotocols: [] });
  await alice.sync();
  await alice.close();
});

test('a wrong token is turned away', async () => {
  const socket = new WebSocket(SERVER.replace(/^http/, 'ws') + '/ws/connect', ['sotto.v1.json'],
    { headers: { Authorization: 'Bearer nonsense' } });
  const outcome = await new Promise((resolve) => {
    socket.on('unexpected-response', (_, response) => { resolve(response.statusCode); socket.terminate(); });
    socket.on('close', resolve);
    socket.on('error', () => {});
  });
  assert.ok([401, 4001].includes(outcome), String(outcome));
});

test('what was sent to somebody offline comes with the next sync, oldest first', async () => {
  const [alice] = await online(1);
  const bob = await signIn();
  for (let i = 0; i < 10; i += 1) await alice.say(String(i), { receiver_id: bob.userId });
  await bob.connect();
  await bob.sync();
  const got = bob.frames.filter((frame) => frame.type === 'message').map((frame) => frame.content);
  assert.deepEqual(got, ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
  await Promise.all([alice.close(), bob.close()]);
});

test('a repeated key is answered with the first message', async () => {
  const [alice, bob] = await online(2);
  const idempotency_key = randomUUID();
  const frame = { type: 'message', idempotency_key, receiver_id: bob.userId, content: 'once' };
  alice.send(frame);
  const first = await alice.expect('ack', { idempotency_key });
  alice.send(frame);
  assert.deepEqual(await alice.expect('ack', { idempotency_key }), first);
  alice.send({ ...frame, content: 'twice' });
  const error = await alice.expect('error', { idempotency_key });
  assert.equal(error.code, 'idempotency_mismatch');
  await Promise.all([alice.close(), bob.close()]);
});

test('a group, its messages, receipts and typing', async () => {
  const [alice, bob, carol] = await online(3);
  const made = await alice.rest('POST', '/api/groups', { name: 'Walks', member_ids: [bob.userId, carol.userId] });
  assert.equal(made.status, 201);
  const { conversation_id } = made.body;
  assert.equal((await bob.expect('conversation', { conversation_id })).change, 'created');
  await carol.expect('conversation', { conversation_id });
  const ack = await alice.say('to all', { conversation_id });
  for (const member of [bob, carol]) {
    const message = await member.expect('message', { content: 'to all' });
    member.send({ type: 'delivered', conversation_id, message_ids: [message.message_id] });
    member.send({ type: 'read', conversation_id, up_to_message_id: message.message_id });
  }
  const readers = new Set();
  while (readers.size < 2) {
    const { items } = await alice.expect('receipts');
    for (const item of items) if (item.status === 'read') readers.add(item.user_id);
  }
  const { body } = await alice.rest('GET', `/api/conversations/${conversation_id}/messages/${ack.message_id}/receipts`);
  assert.deepEqual(new Set(body.receipts.map((receipt) => receipt.status)), new Set(['read']));
  bob.send({ type: 'typing', conversation_id });
  assert.equal((await carol.expect('typing', { conversation_id })).user_id, bob.userId);
  await Promise.all([alice, bob, carol].map((person) => person.close()));
});

test('presence is told when somebody comes and goes', async () => {
  const [alice] = await online(1);
  const bob = await signIn();
  alice.send({ type: 'presence_subscribe', user_ids: [bob.userId] });
  assert.equal((await alice.expect('presence', { user_id: bob.userId })).online, false);
  await bob.connect();
  assert.equal((await alice.expect('presence', { user_id: bob.userId })).online, true);
  await bob.close();
  const gone = await alice.expect('presence', { user_id: bob.userId });
  assert.equal(gone.online, false);
  assert.match(gone.last_seen_at, /^\d{13}$/);
  await alice.close();
});

test('history and inbox agree with what was sent', async () => {
  const [alice, bob] = await online(2);
  const acks = [];
  for (const text of ['one', 'two', 'three']) acks.push(await alice.say(text, { receiver_id: bob.userId }));
  const path = `/api/conversations/${acks[0].conversation_id}/messages`;
  const page = (await bob.rest('GET', `${path}?limit=2`)).body;
  assert.deepEqual(page.messages.map((message) => message.content), ['three', 'two']);
  assert.equal(page.has_more, true);
  const rest = (await bob.rest('GET', `${path}?limit=2&before_id=${page.messages[1].message_id}`)).body;
  assert.deepEqual(rest.messages.map((message) => message.content), ['one']);
  const { conversations } = (await bob.rest('GET', '/api/conversations')).body;
  assert.equal(conversations[0].unread_count, 3);
  assert.equal(conversations[0].last_message.content, 'three');
  await Promise.all([alice.close(), bob.close()]);
});

test('errors are problem documents over REST and error frames over the socket', async () => {
  const [alice] = await online(1);
  const refused = await alice.rest('GET', '/api/users/12345');
  assert.equal(refused.status, 404);
  assert.match(refused.type, /^application\/problem\+json/);
  assert.equal(refused.body.code, 'not_found');
  assert.equal((await call('GET', '/api/users/me')).status, 401);
  alice.send({ type: 'dance' });
  assert.equal((await alice.expect('error')).code, 'unknown_type');
  alice.socket.send('not JSON');
  assert.equal((await alice.expect('error')).code, 'bad_frame');
  await alice.sync();
  await alice.close();
});

test('a newer connection of the device wins', async () => {
  const person = await signIn();
  const older = await person.connect();
  const closed = older.closed;
  await older.sync();
  await person.connect();
  assert.equal(await closed, 4002);
  await person.close();
});
