// Groups of our MLS clients and of ts-mls's, an implementation by other people, each in every role. Fixed scenarios:
// what ts-mls cannot do yet (unmerged leaves at a join, trees with an empty half) is kept out of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kinds } from './mls_clients.mjs';

/// Members by name, and what all of them must have in common.
class Conversation {
  members = new Map();
  constructor(suite, format) { Object.assign(this, { suite, format }); }

  newcomer = (kind, name) => kinds[kind](this.suite, name);
  others = (name) => [...this.members].filter(([n]) => n !== name).map(([, client]) => client);

  async begin(kind, name) {
    const client = await this.newcomer(kind, name);
    await client.create('c0ffee');
    this.members.set(name, client);
  }
  /// `by` commits, everybody else follows; those named in `removed` must say so.
  async commit(by, proposals = [], removed = []) {
    const made = await this.members.get(by).commit(this.format, proposals);
    for (const [name, client] of this.members) {
      if (name !== by) assert.equal((await client.process_(made.commit)).what, removed.includes(name) ? 'removed' : 'commit');
    }
    await this.members.get(by).adopt();
    return made.welcome;
  }
  async add(by, kind, name) {
    const client = await this.newcomer(kind, name);
    const welcome = await this.commit(by, [{ add: await client.keyPackage() }]);
    await client.join(welcome);
    this.members.set(name, client);
    await this.agreeAndTalk();
  }
  async update(by) {
    await this.commit(by);
    await this.agreeAndTalk();
  }
  async propose(by, proposal) {
    const message = await this.members.get(by).propose(this.format, proposal);
    for (const client of this.others(by)) assert.equal((await client.process_(message)).what, 'proposal');
  }
  async leaves(name) {
    const client = this.members.get(name);
    this.members.delete(name);
    const secret = await [...this.members.values()][0].protect('not for those who left');
    await assert.rejects(async () => client.process_(secret));
    await client.close();
    await this.agreeAndTalk();
  }
  async joinsByItself(kind, name, by, formerName) {
    const client = formerName ? this.members.get(formerName) : await this.newcomer(kind, name);
    const former = formerName && (await client.state()).leaf;
    const commit = await client.joinExternal(await this.members.get(by).groupInfo(), former);
    if (formerName) this.members.delete(formerName);
    for (const other of this.members.values()) assert.equal((await other.process_(commit)).what, 'commit');
    this.members.set(name, client);
    await this.agreeAndTalk();
  }
  async agreeAndTalk(texts = ['hello']) {
    const states = await Promise.all([...this.members.values()].map((client) => client.state()));
    for (const { leaf, ...state } of states) {
      const { leaf: _, ...first } = states[0];
      assert.deepEqual(state, first);
      assert.equal(state.members, this.members.size);
    }
    for (const [name, client] of this.members) {
      for (const text of texts) {
        const message = await client.protect(text);
        for (const other of this.others(name)) assert.deepEqual(await other.process_(message), { what: 'application', text });
      }
    }
  }
  leaf = async (name) => (await this.members.get(name).state()).leaf;
  end = () => Promise.all([...this.members.values()].map((client) => client.close()));
}

const other = { sotto: 'ts-mls', 'ts-mls': 'sotto' };

for (const suite of [1, 3]) {
  for (const kind of Object.keys(kinds)) {
    for (const format of ['public', 'private']) {
      const scenario = (name, play) => test(`suite ${suite}, ${kind} creates, ${format} handshakes: ${name}`, async () => {
        const group = new Conversation(suite, format);
        try {
          await group.begin(kind, 'alice');
          await group.add('alice', other[kind], 'bob');
          await play(group);
        } finally {
          await group.end();
        }
      });

      scenario('members are added by either side and heal by updating', async (group) => {
        await group.update('bob');
        await group.update('alice');
        await group.add('bob', kind, 'carol');
        for (const name of ['carol', 'alice', 'bob']) await group.update(name);
        await group.add('carol', other[kind], 'dave');
        for (const name of ['dave', 'bob', 'alice', 'carol']) await group.update(name);
      });

      scenario('a member is removed by value and by reference', async (group) => {
        await group.add('bob', other[kind], 'carol');
        await group.commit('alice', [{ remove: await group.leaf('carol') }], ['carol']);
        await group.leaves('carol');
        await group.add('alice', kind, 'dave');
        await group.propose('alice', { remove: await group.leaf('dave') });
        await group.commit('bob', [], ['dave']);
        await group.leaves('dave');
      });

      scenario('our Update is committed by the other side, and its Add by us', async (group) => {
        const [sotto, ts] = kind === 'sotto' ? ['alice', 'bob'] : ['bob', 'alice'];
        const update = await group.members.get(sotto).proposeUpdate(format);
        assert.equal((await group.members.get(ts).process_(update)).what, 'proposal');
        await group.commit(ts);
        await group.agreeAndTalk();
        const carol = await group.newcomer('ts-mls', 'carol');
        await group.propose(ts, { add: await carol.keyPackage() });
        await carol.join(await group.commit(sotto));
        group.members.set('carol', carol);
        await group.agreeAndTalk();
      });

      scenario('clients of both kinds join by themselves, and one does so again in place of its old leaf', async (group) => {
        await group.joinsByItself(kind, 'carol', 'bob');
        await group.update('alice');
        await group.joinsByItself(other[kind], 'dave', 'alice');
        await group.update('bob');
        await group.joinsByItself(kind, 'carol', 'dave', 'carol');
        await group.update('carol');
      });

      scenario('texts of all sizes go both ways', (group) =>
        group.agreeAndTalk(['', 'Zwölf Boxkämpfer', 'exactly 255 '.padEnd(255, '.'), 'long '.repeat(20000)]));

      scenario('a pre-shared key is mixed in by either side', async (group) => {
        await group.commit('alice', [{ psk: '0102' }]);
        await group.agreeAndTalk();
        await group.commit('bob', [{ psk: '0304' }]);
        await group.agreeAndTalk();
      });

      scenario('a message that was changed on its way is refused, and the genuine one opens after it', async (group) => {
        for (const [from, to] of [['alice', 'bob'], ['bob', 'alice']]) {
          const message = await group.members.get(from).protect('genuine');
          const changed = message.slice(0, -2) + (message.endsWith('00') ? '01' : '00');
          await assert.rejects(async () => group.members.get(to).process_(changed));
          assert.equal((await group.members.get(to).process_(message)).text, 'genuine');
        }
      });
    }
  }
}
