// sotto-mls-make-vectors: makes the MLS test vectors of this tree (tests/vectors/mls), in the working group's
// formats (mlswg/mls-implementations, test-vectors.md).
//
//   sotto-mls-make-vectors FOLDER
//
// One file for each kind, each kind for every cipher suite. The same seed makes the same bytes. They show
// that the library reads what an earlier version of it wrote; that others read it too is what
// tests/interop/check_mls_vectors.py looks at, with an implementation that is not ours.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include <boost/json.hpp>

#include "base/random.hpp"
#include "sdk/mls/src/crypto/hash.hpp"
#include "sdk/mls/src/crypto/hpke.hpp"
#include "sdk/mls/src/crypto/signature.hpp"
#include "sdk/mls/src/messages/framing.hpp"
#include "sdk/mls/src/messages/key_package_codec.hpp"
#include "sdk/mls/src/messages/proposal_codec.hpp"
#include "sdk/mls/src/messages/welcome.hpp"
#include "sdk/mls/src/schedule/group_context.hpp"
#include "sdk/mls/src/schedule/key_schedule.hpp"
#include "sdk/mls/src/schedule/secret_tree.hpp"
#include "sdk/mls/src/tree/tree_codec.hpp"
#include "sdk/mls/src/tree/update_path.hpp"
#include "sdk/mls/tools/vectors/vector_case.hpp"
#include "tests/unit/sdk/mls/test_client.hpp"

namespace sotto::mls::vectors {
namespace {

namespace json = boost::json;

constexpr CipherSuite kSuites[] = {CipherSuite{1}, CipherSuite{3}};

json::string hex(ByteView bytes) {
  return json::string(to_hex(bytes));
}
json::string hex(const SecretBytes& secret) {
  return hex(secret.view());
}

/// A suite, and randomness from a seed of its own.
struct Maker {
  explicit Maker(CipherSuite id) : suite(*find_suite(id)), random(1000 + static_cast<std::uint64_t>(id)) {}

  Bytes bytes(std::size_t size = kHashSize) {
    Bytes out(size);
    random.fill(out);
    return out;
  }
  [[nodiscard]] json::object begin() const {
    return {{"cipher_suite", static_cast<std::uint64_t>(suite.id)}};
  }

  const Suite& suite;
  SeededRandom random;
};

/// Some people and a group of theirs, in which everybody can be looked into.
struct Scene {
  Scene(CipherSuite suite, std::size_t count, GroupConfig config = {}) {
    world.suite = suite;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i)
      names.push_back("member " + std::to_string(i));
    clients = clients_named(world, names);
    groups = group_of(world, clients, config);
  }

  TestWorld world;
  std::vector<TestClient> clients;
  std::vector<Group> groups;
};

// ---- what needs no group

json::array deserialization() {
  json::array cases;
  for (const std::size_t length : {0u, 1u, 63u, 64u, 65u, 16383u, 16384u, 16385u, 1u << 24}) {
    Writer w;
    w.length(length);
    cases.push_back(json::object{{"vlbytes_header", hex(w.view())}, {"length", length}});
  }
  return cases;
}

json::array tree_math() {
  json::array cases;
  for (std::uint32_t leaves = 1; leaves <= 64; leaves *= 2) {
    const LeafCount n{leaves};
    json::array lefts, rights, parents, siblings;
    const auto put = [](json::array& list, bool there, auto node) {
      if (there)
        list.push_back(node().value);
      else
        list.push_back(nullptr);
    };
    for (NodeIndex x{0}; x.value < node_count(n); ++x.value) {
      put(lefts, !is_leaf(x), [&] { return left(x); });
      put(rights, !is_leaf(x), [&] { return right(x); });
      put(parents, x != root(n), [&] { return parent(x); });
      put(siblings, x != root(n), [&] { return sibling(x); });
    }
    cases.push_back(json::object{{"n_leaves", leaves},
                                 {"n_nodes", node_count(n)},
                                 {"root", root(n).value},
                                 {"left", lefts},
                                 {"right", rights},
                                 {"parent", parents},
                                 {"sibling", siblings}});
  }
  return cases;
}

json::object crypto_basics(Maker m) {
  json::object c = m.begin();
  const Bytes value = m.bytes(), secret = m.bytes(), context = m.bytes(), content = m.bytes(64);
  constexpr std::size_t kLength = 16;
  constexpr std::uint32_t kGeneration = 7;
  c["ref_hash"] = {
      {"label", "RefHash"}, {"value", hex(value)}, {"out", hex(ref_hash(m.suite, "RefHash", value))}};
  c["expand_with_label"] = {
      {"secret", hex(secret)},
      {"label", "ExpandWithLabel"},
      {"context", hex(context)},
      {"length", kLength},
      {"out", hex(expand_with_label(m.suite, secret, "ExpandWithLabel", context, kLength))}};
  c["derive_secret"] = {{"secret", hex(secret)},
                        {"label", "DeriveSecret"},
                        {"out", hex(derive_secret(m.suite, secret, "DeriveSecret"))}};
  c["derive_tree_secret"] = {
      {"secret", hex(secret)},
      {"label", "DeriveTreeSecret"},
      {"generation", kGeneration},
      {"length", kLength},
      {"out", hex(derive_tree_secret(m.suite, secret, "DeriveTreeSecret", kGeneration, kLength))}};
  const auto signer = SignatureKeyPair::generate(m.random);
  c["sign_with_label"] = {{"priv", hex(signer.seed())},
                          {"pub", hex(signer.public_key())},
                          {"content", hex(content)},
                          {"label", "SignWithLabel"},
                          {"signature", hex(sign_with_label(signer, "SignWithLabel", content))}};
  const auto keys = generate_hpke_key_pair(m.suite, m.random);
  const auto sealed = unwrap(hpke_seal(m.suite, keys.public_key,
                                       label_info(m.suite, "EncryptWithLabel", context), content, m.random),
                             "seal");
  c["encrypt_with_label"] = {{"priv", hex(keys.private_key)},       {"pub", hex(keys.public_key)},
                             {"label", "EncryptWithLabel"},         {"context", hex(context)},
                             {"plaintext", hex(content)},           {"kem_output", hex(sealed.kem_output)},
                             {"ciphertext", hex(sealed.ciphertext)}};
  return c;
}

json::object key_schedule(Maker m) {
  json::object c = m.begin();
  GroupContext context;
  context.cipher_suite = m.suite.id;
  context.group_id = m.bytes();
  SecretBytes init(m.bytes());
  c["group_id"] = hex(context.group_id);
  c["initial_init_secret"] = hex(init);
  json::array epochs;
  for (; context.epoch.value < 4; ++context.epoch.value) {
    context.tree_hash = m.bytes();
    context.confirmed_transcript_hash = m.bytes();
    const SecretBytes commit(m.bytes()), psk(m.bytes());
    const Bytes encoded = encode(context), exporter_context = m.bytes();
    const SecretBytes joiner = derive_joiner_secret(m.suite, init, commit, encoded);
    const DerivedEpoch derived = derive_epoch(m.suite, joiner, psk, encoded);
    const EpochSecrets& s = derived.secrets;
    constexpr std::size_t kLength = 32;
    epochs.push_back(json::object{
        {"tree_hash", hex(context.tree_hash)},
        {"commit_secret", hex(commit)},
        {"psk_secret", hex(psk)},
        {"confirmed_transcript_hash", hex(context.confirmed_transcript_hash)},
        {"group_context", hex(encoded)},
        {"joiner_secret", hex(joiner)},
        {"welcome_secret", hex(derive_welcome_secret(m.suite, joiner, psk))},
        {"init_secret", hex(s.init)},
        {"sender_data_secret", hex(s.sender_data)},
        {"encryption_secret", hex(derived.encryption)},
        {"exporter_secret", hex(s.exporter)},
        {"epoch_authenticator", hex(s.epoch_authenticator)},
        {"external_secret", hex(s.external)},
        {"confirmation_key", hex(s.confirmation_key)},
        {"membership_key", hex(s.membership_key)},
        {"resumption_psk", hex(s.resumption_psk)},
        {"external_pub", hex(external_key_pair(m.suite, s).public_key)},
        {"exporter",
         {{"label", "exporter"},
          {"context", hex(exporter_context)},
          {"length", kLength},
          {"secret", hex(mls_exporter(m.suite, s.exporter, "exporter", exporter_context, kLength))}}}});
    init = s.init.clone();
  }
  c["epochs"] = epochs;
  return c;
}

json::array psk_secrets(CipherSuite id) {
  json::array cases;
  Maker m(id);
  for (std::size_t count = 0; count <= 4; ++count) {
    json::object c = m.begin();
    json::array list;
    std::vector<KnownPsk> psks;
    for (std::size_t i = 0; i < count; ++i) {
      PskId psk;
      psk.external_id = m.bytes();
      psk.nonce = m.bytes();
      SecretBytes secret(m.bytes());
      list.push_back(json::object{
          {"psk_id", hex(psk.external_id)}, {"psk", hex(secret)}, {"psk_nonce", hex(psk.nonce)}});
      psks.push_back({std::move(psk), std::move(secret)});
    }
    c["psks"] = list;
    c["psk_secret"] = hex(derive_psk_secret(m.suite, psks));
    cases.push_back(c);
  }
  return cases;
}

json::object secret_tree(Maker m, std::uint32_t leaves) {
  json::object c = m.begin();
  const SecretBytes sender_data(m.bytes());
  const Bytes ciphertext = m.bytes(77), encryption = m.bytes();
  const SenderDataKey key = sender_data_key(m.suite, sender_data, ciphertext);
  c["sender_data"] = {{"sender_data_secret", hex(sender_data)},
                      {"ciphertext", hex(ciphertext)},
                      {"key", hex(key.key)},
                      {"nonce", hex(key.nonce)}};
  c["encryption_secret"] = hex(encryption);
  json::array lists;
  for (LeafIndex leaf{0}; leaf.value < leaves; ++leaf.value) {
    json::array steps;
    for (const std::uint32_t generation : {0u, 1u, 15u}) {
      const auto key_of = [&](RatchetType type) {
        SecretTree tree(m.suite, {leaves}, SecretBytes(encryption));
        MessageKey out;
        for (std::uint32_t g = 0; g <= generation; ++g)
          out = unwrap(tree.next(leaf, type), "next");
        return out;
      };
      const MessageKey handshake = key_of(RatchetType::handshake);
      const MessageKey application = key_of(RatchetType::application);
      steps.push_back(json::object{{"generation", generation},
                                   {"handshake_key", hex(handshake.key)},
                                   {"handshake_nonce", hex(handshake.nonce)},
                                   {"application_key", hex(application.key)},
                                   {"application_nonce", hex(application.nonce)}});
    }
    lists.push_back(steps);
  }
  c["leaves"] = lists;
  return c;
}

// ---- messages

/// A group of two whose leaf 1 speaks, with secrets that are given and not derived.
struct Speaker {
  explicit Speaker(Maker& maker)
      : m(maker),
        keys(SignatureKeyPair::generate(m.random)),
        encryption_secret(m.bytes()),
        sender_data_secret(m.bytes()),
        membership_key(m.bytes()) {
    context.cipher_suite = m.suite.id;
    context.group_id = m.bytes();
    context.epoch.value = 5;
    context.tree_hash = m.bytes();
    context.confirmed_transcript_hash = m.bytes();
  }

  AuthenticatedContent sign(WireFormat format, std::variant<ApplicationData, Proposal, Commit> content) {
    AuthenticatedContent out;
    out.wire_format = format;
    out.content.group_id = context.group_id;
    out.content.epoch = context.epoch;
    out.content.sender = Sender::member(kSender);
    out.content.content = std::move(content);
    sign_content(out, keys, encode(context));
    if (out.content.as<Commit>() != nullptr) out.auth.confirmation_tag = m.bytes();
    return out;
  }
  Bytes public_message(std::variant<ApplicationData, Proposal, Commit> content) {
    const auto v = sign(WireFormat::public_message, std::move(content));
    return to_message(
        WireFormat::public_message,
        PublicMessage{v.content, v.auth, membership_tag(m.suite, v, membership_key, encode(context))});
  }
  Bytes private_message(std::variant<ApplicationData, Proposal, Commit> content, std::size_t padding = 0) {
    const auto v = sign(WireFormat::private_message, std::move(content));
    SecretTree tree(m.suite, {2}, SecretBytes(encryption_secret));
    const auto type =
        v.content.type() == ContentType::application ? RatchetType::application : RatchetType::handshake;
    const MessageKey key = unwrap(tree.next(kSender, type), "message key");
    return to_message(WireFormat::private_message,
                      seal_private(m.suite, v, key, sender_data_secret, padding, m.random));
  }

  static constexpr LeafIndex kSender{1};
  Maker& m;
  GroupContext context{};
  SignatureKeyPair keys;
  Bytes encryption_secret;
  SecretBytes sender_data_secret;
  Bytes membership_key;
};

Commit small_commit() {
  Commit commit;
  commit.proposals.push_back({Proposal::remove(LeafIndex{0})});
  return commit;
}

json::object message_protection(Maker m) {
  Speaker s(m);
  json::object c = m.begin();
  const Bytes said = m.bytes(60);
  const Proposal proposal = Proposal::remove(LeafIndex{0});
  c["group_id"] = hex(s.context.group_id);
  c["epoch"] = s.context.epoch.value;
  c["tree_hash"] = hex(s.context.tree_hash);
  c["confirmed_transcript_hash"] = hex(s.context.confirmed_transcript_hash);
  c["signature_priv"] = hex(s.keys.seed());
  c["signature_pub"] = hex(s.keys.public_key());
  c["encryption_secret"] = hex(s.encryption_secret);
  c["sender_data_secret"] = hex(s.sender_data_secret);
  c["membership_key"] = hex(s.membership_key);
  c["proposal"] = hex(encode(proposal));
  c["proposal_pub"] = hex(s.public_message(proposal));
  c["proposal_priv"] = hex(s.private_message(proposal));
  c["commit"] = hex(encode(small_commit()));
  c["commit_pub"] = hex(s.public_message(small_commit()));
  c["commit_priv"] = hex(s.private_message(small_commit(), 100));
  c["application"] = hex(said);
  c["application_priv"] = hex(s.private_message(ApplicationData{said}, 256));
  return c;
}

json::object transcript_hashes(Maker m) {
  Speaker s(m);
  json::object c = m.begin();
  const Bytes before = m.bytes(), key = m.bytes();
  AuthenticatedContent v = s.sign(WireFormat::public_message, small_commit());
  const Bytes confirmed = confirmed_transcript_hash(before, transcript_input(v));
  v.auth.confirmation_tag = mac(m.suite, key, confirmed);
  c["confirmation_key"] = hex(key);
  c["authenticated_content"] = hex(encode(v));
  c["interim_transcript_hash_before"] = hex(before);
  c["confirmed_transcript_hash_after"] = hex(confirmed);
  c["interim_transcript_hash_after"] = hex(interim_transcript_hash(confirmed, *v.auth.confirmation_tag));
  return c;
}

json::object welcome(CipherSuite suite) {
  Scene scene(suite, 2);
  TestClient joiner(scene.world, "joiner");
  const KeyPackageBundle bundle = joiner.package();
  CommitOptions options;
  options.proposals = {Proposal::add(bundle.key_package)};
  const auto made = unwrap(scene.groups[0].commit(options, scene.world.env), "commit");
  return {{"cipher_suite", static_cast<std::uint64_t>(suite)},
          {"init_priv", hex(bundle.init_private_key)},
          {"signer_pub", hex(scene.clients[0].identity.keys.public_key())},
          {"key_package", hex(bundle.message)},
          {"welcome", hex(*made.welcome)}};
}

json::object messages(CipherSuite suite) {
  Scene scene(suite, 3);
  Maker m(suite);
  Speaker s(m);
  TestClient joiner(scene.world, "joiner");
  const KeyPackageBundle bundle = joiner.package();
  CommitOptions options;
  options.proposals = {Proposal::add(bundle.key_package)};
  options.format = HandshakeFormat::public_message;
  const auto made = unwrap(scene.groups[0].commit(options, scene.world.env), "commit");
  GroupSecrets secrets;
  secrets.joiner_secret = SecretBytes(m.bytes());
  secrets.path_secret = SecretBytes(m.bytes());
  secrets.psks.push_back({.external_id = m.bytes(), .group_id = {}, .epoch = {}, .nonce = m.bytes()});
  ReInit reinit;
  reinit.group_id = m.bytes();
  reinit.cipher_suite = suite;
  PublicMessage with_path;
  Reader r(made.message);
  read_message_head(r);
  read(r, with_path);
  return {
      {"mls_welcome", hex(*made.welcome)},
      {"mls_group_info", hex(unwrap(scene.groups[0].group_info({}), "group_info"))},
      {"mls_key_package", hex(bundle.message)},
      {"ratchet_tree", hex(scene.groups[0].ratchet_tree())},
      {"group_secrets", hex(encode(secrets))},
      {"add_proposal", hex(encode(Add{bundle.key_package}))},
      {"update_proposal", hex(encode(Update{*scene.groups[0].member(LeafIndex{0})}))},
      {"remove_proposal", hex(encode(Remove{LeafIndex{2}}))},
      {"pre_shared_key_proposal", hex(encode(PreSharedKey{secrets.psks[0]}))},
      {"re_init_proposal", hex(encode(reinit))},
      {"external_init_proposal", hex(encode(ExternalInit{m.bytes()}))},
      {"group_context_extensions_proposal", hex(encode(GroupContextExtensions{}))},
      {"commit", hex(encode(*with_path.content.as<Commit>()))},
      {"public_message_application", hex(s.public_message(ApplicationData{m.bytes()}))},
      {"public_message_proposal", hex(s.public_message(Proposal::remove(LeafIndex{0})))},
      {"public_message_commit", hex(made.message)},
      {"private_message", hex(s.private_message(ApplicationData{m.bytes()}))},
  };
}

// ---- trees

/// A tree as `count` members have it after some commits: parents with keys, and one blank leaf, if wanted.
RatchetTree lived_in(Scene& scene, bool with_blank) {
  const auto follow = [&](std::size_t committer, const CommitOptions& options, std::size_t gone) {
    std::vector<Group*> others;
    for (std::size_t i = 0; i < scene.groups.size(); ++i)
      if (i != committer && i != gone) others.push_back(&scene.groups[i]);
    unwrap(commit_to_all(scene.world, scene.groups[committer], others, options), "commit");
  };
  const std::size_t nobody = scene.groups.size();
  for (std::size_t i = 0; i < scene.groups.size(); i += 2)
    follow(i, {}, nobody);
  if (with_blank) {
    CommitOptions options;
    options.proposals = {Proposal::remove(LeafIndex{1})};
    follow(0, options, 1);
  }
  return unwrap(parse<RatchetTree>(scene.groups[0].ratchet_tree()), "ratchet_tree");
}

json::object tree_operation(CipherSuite suite, RatchetTree tree, const Proposal& proposal, LeafIndex sender) {
  json::object c{{"cipher_suite", static_cast<std::uint64_t>(suite)},
                 {"tree_before", hex(encode(tree))},
                 {"proposal", hex(encode(proposal))},
                 {"proposal_sender", sender.value},
                 {"tree_hash_before", hex(tree.root_hash())}};
  if (const auto* add = proposal.as<Add>()) tree.add_leaf(add->key_package.leaf_node);
  if (const auto* update = proposal.as<Update>()) tree.update_leaf(sender, update->leaf_node);
  if (const auto* remove = proposal.as<Remove>()) {
    tree.remove_leaf(remove->removed);
    tree.truncate();
  }
  c["tree_after"] = hex(encode(tree));
  c["tree_hash_after"] = hex(tree.root_hash());
  return c;
}

json::array tree_operations(CipherSuite suite) {
  json::array cases;
  Scene scene(suite, 5);
  TestClient joiner(scene.world, "joiner");
  const KeyPackage package = joiner.package().key_package;
  const RatchetTree full = lived_in(scene, false);
  cases.push_back(tree_operation(suite, full, Proposal::add(package), LeafIndex{0}));
  cases.push_back(tree_operation(suite, full, Proposal{Update{*full.leaf(LeafIndex{3})}}, LeafIndex{3}));
  cases.push_back(tree_operation(suite, full, Proposal::remove(LeafIndex{1}), LeafIndex{0}));
  cases.push_back(tree_operation(suite, full, Proposal::remove(LeafIndex{4}), LeafIndex{0}));
  RatchetTree with_blank = full;
  with_blank.remove_leaf(LeafIndex{2});
  cases.push_back(tree_operation(suite, with_blank, Proposal::add(package), LeafIndex{0}));
  return cases;
}

json::object tree_validation(CipherSuite suite, std::size_t members, bool with_blank) {
  Scene scene(suite, members);
  const RatchetTree tree = lived_in(scene, with_blank);
  json::array resolutions, hashes;
  for (NodeIndex x{0}; x.value < node_count(tree.leaf_count()); ++x.value) {
    json::array resolution;
    for (const NodeIndex y : tree.resolution(x))
      resolution.push_back(y.value);
    resolutions.push_back(resolution);
    hashes.push_back(hex(tree.tree_hash(x)));
  }
  return {{"cipher_suite", static_cast<std::uint64_t>(suite)},
          {"tree", hex(encode(tree))},
          {"group_id", hex(scene.groups[0].group_id())},
          {"resolutions", resolutions},
          {"tree_hashes", hashes}};
}

/// A tree whose leaf 0 has made a path, and then a path of each member over it.
json::object treekem(Maker m, std::uint32_t count) {
  struct Person {
    SignatureKeyPair signer;
    PrivateKeys keys;
    json::array path_secrets{};
  };
  GroupContext context;
  context.cipher_suite = m.suite.id;
  context.group_id = m.bytes();
  context.epoch.value = 3;
  context.confirmed_transcript_hash = m.bytes();
  const auto info_of = [&](const RatchetTree& tree) {
    context.tree_hash = to_bytes(tree.root_hash());
    return label_info(m.suite, "UpdatePathNode", encode(context));
  };

  TestWorld world;
  world.suite = m.suite.id;
  RatchetTree tree;
  std::vector<Person> people;
  std::vector<SecretBytes> leaf_keys;
  for (std::uint32_t i = 0; i < count; ++i) {
    TestClient client(world, "member " + std::to_string(i));
    const KeyPackageBundle bundle = client.package();
    const LeafIndex at = tree.add_leaf(bundle.key_package.leaf_node);
    auto keys = unwrap(hpke_key_pair_from_private(m.suite, bundle.encryption_private_key.view()), "keys");
    people.push_back({std::move(client.identity.keys), PrivateKeys(at, std::move(keys))});
  }
  // The node where a member meets the path, and that node's secret.
  const auto met = [&](const RenewedPath& path, LeafIndex sender, LeafIndex other) {
    const NodeIndex node = common_ancestor(sender, other);
    for (std::size_t i = 0; i < path.steps.size(); ++i)
      if (path.steps[i].node == node) return std::pair(node, path.path_secrets[i].clone());
    throw Mismatch("the path does not pass there");
  };

  const LeafIndex first{0};
  const RenewedPath begun = renew_path(m.suite, tree, people[0].keys, *tree.leaf(first), people[0].signer,
                                       context.group_id, m.random);
  people[0].keys.prune(tree);
  for (std::size_t i = 0; i < begun.steps.size(); ++i)
    people[0].path_secrets.push_back(
        json::object{{"node", begun.steps[i].node.value}, {"path_secret", hex(begun.path_secrets[i])}});
  for (std::uint32_t i = 1; i < count; ++i) {
    auto [node, secret] = met(begun, first, LeafIndex{i});
    const SecretBytes known = secret.clone();
    unwrap(set_keys_upward(m.suite, tree, people[i].keys, first, node, std::move(secret)), "keys upward");
    SecretBytes upward = known.clone();
    bool found = false;
    for (const PathStep& step : begun.steps) {
      found = found || step.node == node;
      if (!found) continue;
      people[i].path_secrets.push_back(json::object{{"node", step.node.value}, {"path_secret", hex(upward)}});
      upward = derive_secret(m.suite, upward.view(), "path");
    }
  }

  json::object c = m.begin();
  c["group_id"] = hex(context.group_id);
  c["epoch"] = context.epoch.value;
  c["confirmed_transcript_hash"] = hex(context.confirmed_transcript_hash);
  c["ratchet_tree"] = hex(encode(tree));
  json::array members, paths;
  for (std::uint32_t i = 0; i < count; ++i)
    members.push_back(
        json::object{{"index", i},
                     {"encryption_priv", hex(people[i].keys.find(tree, to_node(LeafIndex{i}))->private_key)},
                     {"signature_priv", hex(people[i].signer.seed())},
                     {"path_secrets", people[i].path_secrets}});
  c["leaves_private"] = members;
  for (std::uint32_t i = 0; i < count; ++i) {
    RatchetTree renewed = tree;
    PrivateKeys keys = people[i].keys;
    const LeafIndex sender{i};
    const RenewedPath path =
        renew_path(m.suite, renewed, keys, *tree.leaf(sender), people[i].signer, context.group_id, m.random);
    const UpdatePath sealed =
        unwrap(seal_path(m.suite, renewed, path, sender, {}, info_of(renewed), m.random), "seal");
    json::array secrets;
    for (std::uint32_t other = 0; other < tree.leaf_count().value; ++other) {
      if (other == i || other >= count)
        secrets.push_back(nullptr);
      else
        secrets.push_back(hex(met(path, sender, LeafIndex{other}).second));
    }
    paths.push_back(json::object{{"sender", i},
                                 {"update_path", hex(encode(sealed))},
                                 {"path_secrets", secrets},
                                 {"commit_secret", hex(path.commit_secret)},
                                 {"tree_hash_after", hex(renewed.root_hash())}});
  }
  c["update_paths"] = paths;
  return c;
}

// ---- a client that only listens

json::object passive_client(CipherSuite suite, HandshakeFormat format, bool tree_in_welcome) {
  GroupConfig config;
  config.handshake = format;
  Scene scene(suite, 3, config);
  auto& env = scene.world.env;
  TestClient listener(scene.world, "listener");
  const KeyPackageBundle bundle = listener.package();
  const Bytes psk_id = to_bytes(as_bytes("a shared secret"));
  const Bytes psk = to_bytes(as_bytes("what two people know"));
  scene.world.psks.external[psk_id] = psk;

  CommitOptions add;
  add.proposals = {Proposal::add(bundle.key_package)};
  add.tree_in_welcome = tree_in_welcome;
  std::optional<Bytes> welcome;
  std::vector<Group*> others{&scene.groups[1], &scene.groups[2]};
  unwrap(commit_to_all(scene.world, scene.groups[0], others, add, &welcome), "commit");
  json::object c{{"cipher_suite", static_cast<std::uint64_t>(suite)},
                 {"external_psks", json::array{json::object{{"psk_id", hex(psk_id)}, {"psk", hex(psk)}}}},
                 {"key_package", hex(bundle.message)},
                 {"signature_priv", hex(listener.identity.keys.seed())},
                 {"encryption_priv", hex(bundle.encryption_private_key)},
                 {"init_priv", hex(bundle.init_private_key)},
                 {"welcome", hex(*welcome)},
                 {"ratchet_tree", nullptr},
                 {"initial_epoch_authenticator", hex(scene.groups[0].epoch_authenticator())}};
  if (!tree_in_welcome) c["ratchet_tree"] = hex(scene.groups[0].ratchet_tree());

  json::array epochs;
  // `committer` commits; the proposals were sent by others before.
  const auto epoch = [&](std::size_t committer, std::vector<Bytes> proposals, CommitOptions options) {
    json::array sent;
    for (const Bytes& proposal : proposals)
      sent.push_back(hex(proposal));
    auto made = unwrap(scene.groups[committer].commit(options, env), "commit");
    for (std::size_t i = 0; i < scene.groups.size(); ++i)
      if (i != committer) unwrap(scene.groups[i].process(made.message, env), "process");
    unwrap(scene.groups[committer].adopt(std::move(made.pending), env), "adopt");
    epochs.push_back(
        json::object{{"proposals", sent},
                     {"commit", hex(made.message)},
                     {"epoch_authenticator", hex(scene.groups[committer].epoch_authenticator())}});
  };
  const auto proposed = [&](std::size_t by, const Result<Bytes>& message) {
    Bytes bytes = unwrap(Result<Bytes>(message), "propose");
    for (std::size_t i = 0; i < scene.groups.size(); ++i)
      if (i != by) unwrap(scene.groups[i].process(bytes, env), "process");
    return bytes;
  };
  epoch(1, {}, {});
  CommitOptions with_psk;
  with_psk.proposals = {Proposal::external_psk(psk_id, env.random)};
  epoch(2, {}, with_psk);
  epoch(0, {proposed(1, scene.groups[1].propose_update(nullptr, {}, env))}, {});
  TestClient newcomer(scene.world, "newcomer");
  CommitOptions newcomer_comes;
  newcomer_comes.proposals = {Proposal::add(newcomer.package().key_package)};
  newcomer_comes.force_path = false;
  epoch(1, {}, newcomer_comes);
  CommitOptions newcomer_goes;
  newcomer_goes.proposals = {Proposal::remove(LeafIndex{4})};
  epoch(2, {}, newcomer_goes);
  c["epochs"] = epochs;
  return c;
}

void put(const std::filesystem::path& folder, const std::string& kind, const json::array& cases) {
  std::ofstream out(folder / (kind + ".json"), std::ios::binary);
  out << json::serialize(cases) << "\n";
  if (!out) throw std::runtime_error("cannot write " + (folder / (kind + ".json")).string());
}

template <class Make>
json::array of_each_suite(Make make) {
  json::array cases;
  for (const CipherSuite suite : kSuites)
    make(suite, cases);
  return cases;
}

void make_all(const std::filesystem::path& folder) {
  const auto one = [](auto make) {
    return of_each_suite([&](CipherSuite suite, json::array& cases) { cases.push_back(make(suite)); });
  };
  const auto many = [](auto make) {
    return of_each_suite([&](CipherSuite suite, json::array& cases) {
      for (auto& each : make(suite))
        cases.push_back(each);
    });
  };
  put(folder, "deserialization", deserialization());
  put(folder, "tree-math", tree_math());
  put(folder, "crypto-basics", one([](CipherSuite s) { return crypto_basics(Maker(s)); }));
  put(folder, "key-schedule", one([](CipherSuite s) { return key_schedule(Maker(s)); }));
  put(folder, "psk_secret", many(psk_secrets));
  put(folder, "secret-tree", many([](CipherSuite s) {
        return json::array{secret_tree(Maker(s), 1), secret_tree(Maker(s), 8)};
      }));
  put(folder, "transcript-hashes", one([](CipherSuite s) { return transcript_hashes(Maker(s)); }));
  put(folder, "message-protection", one([](CipherSuite s) { return message_protection(Maker(s)); }));
  put(folder, "welcome", one(welcome));
  put(folder, "messages", one(messages));
  put(folder, "tree-operations", many(tree_operations));
  put(folder, "tree-validation", many([](CipherSuite s) {
        return json::array{tree_validation(s, 2, false), tree_validation(s, 5, false),
                           tree_validation(s, 8, true)};
      }));
  put(folder, "treekem", many([](CipherSuite s) {
        return json::array{treekem(Maker(s), 2), treekem(Maker(s), 5), treekem(Maker(s), 8)};
      }));
  put(folder, "passive-client", many([](CipherSuite s) {
        return json::array{passive_client(s, HandshakeFormat::public_message, true),
                           passive_client(s, HandshakeFormat::public_message, false),
                           passive_client(s, HandshakeFormat::private_message, true)};
      }));
}

}  // namespace
}  // namespace sotto::mls::vectors

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: sotto-mls-make-vectors FOLDER\n";
    return 2;
  }
  try {
    sotto::mls::vectors::make_all(argv[1]);
  } catch (const std::exception& e) {
    std::cerr << "sotto-mls-make-vectors: " << e.what() << "\n";
    return 1;
  }
  return 0;
}
