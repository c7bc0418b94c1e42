// Two kinds of MLS client with one interface: ours, which is `sotto-mls-peer` on a pipe, and one from npm, ts-mls.
//
//   const alice = await kinds.sotto(3, 'alice');      // suite, name; kinds['ts-mls'] is the other
//   await alice.create('aa55');
//   const { commit, welcome } = await alice.commit('private', [{ add: await bob.keyPackage() }]);
//   await alice.adopt();
//
// Messages are hexadecimal MLSMessages, proposals {add: keyPackage}, {remove: leaf} or {psk: id}.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import * as mls from 'ts-mls';

const PSK = new Uint8Array(32).fill(0x42);
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const unhex = (text) => new Uint8Array(Buffer.from(text, 'hex'));

class SottoClient {
  static async make(suite, name) {
    const client = new SottoClient();
    client.process = spawn(process.env.SOTTO_MLS_PEER, { stdio: ['pipe', 'pipe', 'inherit'] });
    client.lines = createInterface({ input: client.process.stdout })[Symbol.asyncIterator]();
    await client.#ask('identity', suite, name);
    return client;
  }
  async #ask(...words) {
    this.process.stdin.write(words.join(' ') + '\n');
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`sotto-mls-peer ended at '${words[0]}'`);
    const [outcome, ...rest] = value.split(' ');
    if (outcome !== 'ok') throw new Error(`${words[0]}: ${value}`);
    return rest;
  }
  static #proposal = (p) => Object.entries(p).map(([kind, value]) => `${kind}:${value}`)[0];

  keyPackage = async () => (await this.#ask('key_package'))[0];
  create = async (groupId) => { await this.#ask('create', groupId); };
  join = async (welcome) => { await this.#ask('join', welcome); };
  groupInfo = async () => (await this.#ask('group_info'))[0];
  joinExternal = async (info, formerLeaf) => (await this.#ask('join_external', info, formerLeaf ?? ''))[0];
  async commit(format, proposals = []) {
    const [commit, welcome] = await this.#ask('commit', format, ...proposals.map(SottoClient.#proposal));
    return { commit, welcome: welcome === '-' ? undefined : welcome };
  }
  adopt = async () => { await this.#ask('adopt'); };
  propose = async (format, p) => (await this.#ask('propose', format, SottoClient.#proposal(p)))[0];
  proposeUpdate = async (format) => (await this.#ask('propose', format, 'update'))[0];
  protect = async (text) => (await this.#ask('protect', hex(Buffer.from(text)) || '-'))[0];
  async process_(message) {
    const [what, , text] = await this.#ask('process', message);
    return what === 'application' ? { what, text: Buffer.from(text, 'hex').toString() } : { what };
  }
  async state() {
    const [epoch, leaf, members, authenticator, treeHash, exported] = await this.#ask('state');
    return { epoch: Number(epoch), leaf: Number(leaf), members: Number(members), authenticator, treeHash, exported };
  }
  async close() { this.process.stdin.end(); }
}

/// ts-mls 1.6.4 writes and reads external_pub without the length that an HPKEPublicKey has (RFC 9420 §5.1.1). Its key
/// functions are told to add and to drop the one byte, so that what travels is what the RFC says.
function withKeyLength(cs) {
  const length = 32;
  return { ...cs, hpke: { ...cs.hpke,
    exportPublicKey: async (key) => Uint8Array.of(length, ...await cs.hpke.exportPublicKey(key)),
    importPublicKey: (bytes) => cs.hpke.importPublicKey(bytes.length > length ? bytes.slice(1) : bytes) } };
}

const SUITES = { 1: 'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519',
  3: 'MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519' };

class TsClient {
  static async make(suite, name) {
    const client = new TsClient();
    client.cs = await mls.getCiphersuiteImpl(mls.getCiphersuiteFromName(SUITES[suite]));
    client.credential = { credentialType: 'basic', identity: new TextEncoder().encode(name) };
    client.package = await client.#makePackage();
    return client;
  }
  async #makePackage() {
    const now = BigInt(Math.floor(Date.now() / 1000));
    const lifetime = { notBefore: now - 3600n, notAfter: now + 86400n };
    const keys = this.package && { signKey: this.package.privatePackage.signaturePrivateKey,
      publicKey: this.package.publicPackage.leafNode.signaturePublicKey };
    const rest = [mls.defaultCapabilities(), lifetime, []];
    return keys ? mls.generateKeyPackageWithKey(this.credential, ...rest, keys, this.cs)
      : mls.generateKeyPackage(this.credential, ...rest, this.cs);
  }
  static #message(wireformat, field, value) {
    return hex(mls.encodeMlsMessage({ version: 'mls10', wireformat, [field]: value }));
  }
  static #decode(message) {
    const bytes = unhex(message);
    const decoded = mls.decodeMlsMessage(bytes, 0);
    if (!decoded || decoded[1] !== bytes.length) throw new Error('ts-mls cannot decode the whole of the message');
    return decoded[0];
  }
  static #proposal(p) {
    if (p.add) return { proposalType: 'add', add: { keyPackage: TsClient.#decode(p.add).keyPackage } };
    if (p.psk) {
      const id = { psktype: 'external', pskId: unhex(p.psk), pskNonce: new Uint8Array(randomBytes(32)) };
      return { proposalType: 'psk', psk: { preSharedKeyId: id } };
    }
    return { proposalType: 'remove', remove: { removed: p.remove } };
  }
  #psks = () => ({ findPsk: () => PSK });

  async keyPackage() {
    return TsClient.#message('mls_key_package', 'keyPackage', this.package.publicPackage);
  }
  async create(groupId) {
    const { publicPackage, privatePackage } = this.package;
    this.group = await mls.createGroup(unhex(groupId), publicPackage, privatePackage, [], this.cs);
  }
  async join(welcome) {
    const { publicPackage, privatePackage } = this.package;
    this.group = await mls.joinGroup(TsClient.#decode(welcome).welcome, publicPackage, privatePackage, this.#psks(),
      this.cs);
  }
  async groupInfo() {
    const info = await mls.createGroupInfoWithExternalPubAndRatchetTree(this.group, [], withKeyLength(this.cs));
    return TsClient.#message('mls_group_info', 'groupInfo', info);
  }
  async joinExternal(info, formerLeaf) {
    this.package = await this.#makePackage(); // our old leaf's encryption key must not come back
    const { publicPackage, privatePackage } = this.package;
    const cs = this.cs;
    // Only the one use of external_pub is changed; the keys of the path are read and written as always.
    const decoded = TsClient.#decode(info).groupInfo;
    const patched = { ...cs, hpke: { ...cs.hpke, importPublicKey: withKeyLength(cs).hpke.importPublicKey } };
    const joined = await mls.joinGroupExternal(decoded, publicPackage, privatePackage, formerLeaf !== undefined, patched);
    this.group = joined.newState;
    return TsClient.#message('mls_public_message', 'publicMessage', joined.publicMessage);
  }
  async commit(format, proposals = []) {
    const made = await mls.createCommit({ state: this.group, cipherSuite: this.cs, pskIndex: this.#psks() }, {
      wireAsPublicMessage: format === 'public', ratchetTreeExtension: true,
      extraProposals: proposals.map(TsClient.#proposal) });
    this.pending = made.newState;
    return { commit: hex(mls.encodeMlsMessage(made.commit)),
      welcome: made.welcome && TsClient.#message('mls_welcome', 'welcome', made.welcome) };
  }
  adopt = async () => { this.group = this.pending; };
  async propose(format, p) {
    const made = await mls.createProposal(this.group, format === 'public', TsClient.#proposal(p), this.cs);
    this.group = made.newState;
    return hex(mls.encodeMlsMessage(made.message));
  }
  async protect(text) {
    const made = await mls.createApplicationMessage(this.group, new TextEncoder().encode(text), this.cs);
    this.group = made.newState;
    return TsClient.#message('mls_private_message', 'privateMessage', made.privateMessage);
  }
  async process_(message) {
    let what = 'proposal';
    const seen = (incoming) => { what = incoming.kind; return 'accept'; };
    const decoded = TsClient.#decode(message);
    // Not `processMessage`: for PrivateMessages it forgets the PSKs that it is given (1.6.4).
    const done = decoded.privateMessage
      ? await mls.processPrivateMessage(this.group, decoded.privateMessage, this.#psks(), this.cs, seen)
      : { kind: 'newState', ...await mls.processPublicMessage(this.group, decoded.publicMessage, this.#psks(), this.cs, seen) };
    this.group = done.newState;
    if (done.kind === 'applicationMessage') return { what: 'application', text: new TextDecoder().decode(done.message) };
    return { what: this.group.groupActiveState.kind === 'removedFromGroup' ? 'removed' : what };
  }
  async state() {
    const { groupContext, keySchedule, ratchetTree, privatePath } = this.group;
    const exported = await mls.mlsExporter(keySchedule.exporterSecret, 'interop', new TextEncoder().encode('context'), 32,
      this.cs);
    return { epoch: Number(groupContext.epoch), leaf: privatePath.leafIndex,
      members: ratchetTree.filter((node) => node?.nodeType === 'leaf').length,
      authenticator: hex(keySchedule.epochAuthenticator), treeHash: hex(groupContext.treeHash), exported: hex(exported) };
  }
  async close() {}
}

export const kinds = { sotto: SottoClient.make, 'ts-mls': TsClient.make };
