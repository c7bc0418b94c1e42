// A person for the interop tests: signs in over REST with fetch, talks over the stock `ws` client.
import { randomInt, randomUUID } from 'node:crypto';
import WebSocket from 'ws';

export const SERVER = process.env.SOTTO_URL;
// Tests wait for conditions; this is only where they give up.
const PATIENCE_MS = 20_000;

export async function call(method, path, body, token) {
  const headers = { 'Content-Type': 'application/json' };
  if (token) headers.Authorization = `Bearer ${token}`;
  const answer = await fetch(SERVER + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  return { status: answer.status, type: answer.headers.get('content-type'), body: text ? JSON.parse(text) : null };
}

export async function signIn() {
  const phone_number = '+999' + String(randomInt(10 ** 10, 2 * 10 ** 10));
  await call('POST', '/api/auth/otp', { phone_number });
  const { body } = await call('POST', '/api/auth/login', { phone_number, otp: '000000' });
  return new Person(body);
}

export class Person {
  constructor(login) {
    this.userId = login.user_id;
    this.deviceId = login.device_id;
    this.token = login.access_token;
    this.frames = [];
    this.waiting = [];
  }

  rest(method, path, body) {
    return call(method, path, body, this.token);
  }

  // `asBrowser`: the token goes into the subprotocols, since a browser cannot set headers.
  async connect({ asBrowser = false, subprotocols = ['sotto.v1.json'] } = {}) {
    const url = SERVER.replace(/^http/, 'ws') + '/ws/connect';
    this.socket = asBrowser
      ? new WebSocket(url, [`bearer.${this.token}`, ...subprotocols])
      : new WebSocket(url, subprotocols, { headers: { Authorization: `Bearer ${this.token}` } });
    this.closed = new Promise((resolve) => this.socket.on('close', resolve));
    this.socket.on('message', (data, isBinary) => {
      if (isBinary) throw new Error('a binary message on the JSON subprotocol');
      this.take(JSON.parse(data.toString('utf8')));
    });
    await new Promise((resolve, reject) => this.socket.on('open', resolve).on('error', reject));
    await this.expect('hello');
    return this;
  }

  take(frame) {
    this.frames.push(frame);
    this.waiting = this.waiting.filter((attempt) => !attempt());
  }

  // The first frame of a type that matches, from now or before, each given out once.
  expect(type, match = {}) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${type} ${JSON.stringify(match)}; got ${
        JSON.stringify(this.frames.slice(-5))}`)), PATIENCE_MS);
      const attempt = () => {
        const index = this.frames.findIndex((frame) => frame.type === type &&
          Object.entries(match).every(([key, value]) => frame[key] === value));
        if (index < 0) return false;
        clearTimeout(timer);
        resolve(this.frames.splice(index, 1)[0]);
        return true;
      };
      if (!attempt()) this.waiting.push(attempt);
    });
  }

  send(frame) {
    this.socket.send(JSON.stringify(frame));
  }

  async sync(cursor = '0') {
    this.send({ type: 'sync', last_seen_message_id: cursor });
    return this.expect('synced');
  }

  async say(content, to, more = {}) {
    const idempotency_key = randomUUID();
    this.send({ type: 'message', idempotency_key, content, media_url: null, ...to, ...more });
    return this.expect('ack', { idempotency_key });
  }

  async close() {
    this.socket.close();
    return this.closed;
  }
}

export async function online(count) {
  const people = [];
  for (let i = 0; i < count; i += 1) {
    const person = await (await signIn()).connect();
    await person.sync();
    people.push(person);
  }
  return people;
}
