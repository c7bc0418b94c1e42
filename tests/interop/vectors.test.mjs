// Our MLS vectors (tests/vectors/mls) with ts-mls, an implementation by other people: the clients that only listen, and the
// exporter. What the package for Python does with the other kinds is in tests/vectors/check_with_rfc9420.py.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as mls from 'ts-mls';
import { decodeRatchetTree } from 'ts-mls/ratchetTree.js';

const hex = (bytes) => Buffer.from(bytes).toString('hex');
const unhex = (text) => new Uint8Array(Buffer.from(text, 'hex'));
const cases = (kind) => JSON.parse(readFileSync(`${process.env.SOTTO_VECTORS}/${kind}.json`));
const SUITES = { 1: 'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519',
  3: 'MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519' };
const suite = (id) => mls.getCiphersuiteImpl(mls.getCiphersuiteFromName(SUITES[id]));

function whole(decode, text) {
  const bytes = unhex(text);
  const decoded = decode(bytes, 0);
  assert.ok(decoded && decoded[1] === bytes.length, 'all of it decodes');
  return decoded[0];
}
const message = (text) => whole(mls.decodeMlsMessage, text);

for (const [number, vector] of cases('passive-client').entries()) {
  test(`a client that listens, case ${number}`, async () => {
    const cs = await suite(vector.cipher_suite);
    const psks = { findPsk: ({ pskId }) => unhex(vector.external_psks.find((each) => each.psk_id === hex(pskId)).psk) };
    const keys = { initPrivateKey: unhex(vector.init_priv), hpkePrivateKey: unhex(vector.encryption_priv),
      signaturePrivateKey: unhex(vector.signature_priv) };
    const tree = vector.ratchet_tree ? whole(decodeRatchetTree, vector.ratchet_tree) : undefined;
    let group = await mls.joinGroup(message(vector.welcome).welcome, message(vector.key_package).keyPackage, keys, psks, cs,
      tree);
    assert.equal(hex(group.keySchedule.epochAuthenticator), vector.initial_epoch_authenticator);
    for (const epoch of vector.epochs) {
      for (const text of [...epoch.proposals, epoch.commit]) {
        const { privateMessage, publicMessage } = message(text);
        // Not `processMessage`: for PrivateMessages it forgets the PSKs that it is given (1.6.4).
        group = (await (privateMessage ? mls.processPrivateMessage(group, privateMessage, psks, cs)
          : mls.processPublicMessage(group, publicMessage, psks, cs))).newState;
      }
      assert.equal(hex(group.keySchedule.epochAuthenticator), epoch.epoch_authenticator);
    }
  });
}

for (const [number, vector] of cases('key-schedule').entries()) {
  test(`the exporter, case ${number}`, async () => {
    const cs = await suite(vector.cipher_suite);
    for (const { exporter_secret, exporter } of vector.epochs) {
      const secret = await mls.mlsExporter(unhex(exporter_secret), exporter.label, unhex(exporter.context), exporter.length, cs);
      assert.equal(hex(secret), exporter.secret);
    }
  });
}
