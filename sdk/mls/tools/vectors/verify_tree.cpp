#include "base/random.hpp"
#include "sdk/mls/src/crypto/hash.hpp"
#include "sdk/mls/src/messages/key_package_codec.hpp"
#include "sdk/mls/src/messages/proposal_codec.hpp"
#include "sdk/mls/src/schedule/group_context.hpp"
#include "sdk/mls/src/tree/tree_codec.hpp"
#include "sdk/mls/src/tree/tree_validation.hpp"
#include "sdk/mls/src/tree/update_path.hpp"
#include "sdk/mls/tools/vectors/verifiers.hpp"

namespace sotto::mls::vectors {

void verify_tree_operations(const VectorCase& c, const Options&) {
  suite_of(c);
  const Bytes before = c.hex("tree_before");
  auto tree = unwrap(parse<RatchetTree>(before), "tree_before");
  expect_equal(encode(tree), before, "tree_before encoded again");
  expect_equal(tree.root_hash(), c.hex("tree_hash_before"), "tree_hash_before");
  const auto proposal = unwrap(parse<Proposal>(c.hex("proposal")), "proposal");
  const LeafIndex sender{c.number32("proposal_sender")};
  if (const auto* add = proposal.as<Add>()) {
    tree.add_leaf(add->key_package.leaf_node);
  } else if (const auto* update = proposal.as<Update>()) {
    expect(tree.leaf(sender) != nullptr, "proposal_sender is a member");
    tree.update_leaf(sender, update->leaf_node);
  } else if (const auto* remove = proposal.as<Remove>()) {
    expect(tree.leaf(remove->removed) != nullptr, "the removed leaf is a member");
    tree.remove_leaf(remove->removed);
    tree.truncate();
  } else {
    throw Mismatch("a proposal that does not change the tree");
  }
  expect_equal(encode(tree), c.hex("tree_after"), "tree_after");
  expect_equal(tree.root_hash(), c.hex("tree_hash_after"), "tree_hash_after");
}

void verify_tree_validation(const VectorCase& c, const Options&) {
  const Suite& suite = suite_of(c);
  const Bytes given = c.hex("tree");
  const auto tree = unwrap(parse<RatchetTree>(given), "tree");
  expect_equal(encode(tree), given, "tree encoded again");
  unwrap(check_unmerged_leaves(tree), "unmerged leaves");

  const auto& hashes = c.array("tree_hashes");
  const auto& resolutions = c.array("resolutions");
  const std::uint32_t nodes = node_count(tree.leaf_count());
  expect(hashes.size() == nodes && resolutions.size() == nodes, "an entry for each node of the full tree");
  for (NodeIndex x{0}; x.value < nodes; ++x.value) {
    const std::string at = "[" + std::to_string(x.value) + "]";
    expect_equal(tree.tree_hash(x), hex_of(hashes[x.value], "tree_hashes"), "tree_hashes" + at);
    const std::vector<NodeIndex> resolution = tree.resolution(x);
    const auto& expected = resolutions[x.value].as_array();
    expect(resolution.size() == expected.size(), "resolutions" + at);
    for (std::size_t i = 0; i < resolution.size(); ++i)
      expect(resolution[i].value == number_of(expected[i], "resolutions"), "resolutions" + at);
  }
  unwrap(check_parent_hashes(tree), "parent hashes");
  unwrap(check_parent_keys(suite, tree), "parent keys");
  const Bytes group_id = c.hex("group_id");
  const std::vector<LeafIndex> members = member_leaves(tree);
  for (LeafIndex i : members)
    expect(verify_leaf_signature(*tree.leaf(i), {group_id, i}),
           "signature of leaf " + std::to_string(i.value));
  unwrap(check_leaves_together(tree, members), "leaves among themselves");
}

namespace {

struct Member {
  PrivateKeys keys;
  SignatureKeyPair signer;
};

std::map<LeafIndex, Member> load_members(const Suite& suite, const RatchetTree& tree, const VectorCase& c) {
  std::map<LeafIndex, Member> out;
  for (const VectorCase& p : c.objects("leaves_private")) {
    const LeafIndex i{p.number32("index")};
    const std::string at = "member " + std::to_string(i.value) + ": ";
    PrivateKeys keys(
        i, unwrap(hpke_key_pair_from_private(suite, p.hex("encryption_priv")), at + "encryption_priv"));
    for (const VectorCase& known : p.objects("path_secrets")) {
      const SecretBytes node = mls::derive_secret(suite, known.hex("path_secret"), "node");
      keys.set({known.number32("node")}, derive_hpke_key_pair(suite, node.view()));
    }
    expect(tree.leaf(i) != nullptr, at + "is in the tree");
    expect(keys.consistent_with(tree), at + "private keys belong to the tree");
    auto signer = unwrap(SignatureKeyPair::from_seed(p.hex("signature_priv")), at + "signature_priv");
    expect_equal(signer.public_key(), tree.leaf(i)->signature_key, at + "signature key");
    out.emplace(i, Member{std::move(keys), std::move(signer)});
  }
  return out;
}

HpkeInfo path_info(const Suite& suite, GroupContext context, const RatchetTree& tree) {
  const HashValue& root_hash = tree.root_hash();
  context.tree_hash.assign(root_hash.begin(), root_hash.end());
  return label_info(suite, "UpdatePathNode", encode(context));
}

/// Everybody else opens `path`, and comes to the same commit secret.
void check_everybody_opens(const Suite& suite, const RatchetTree& merged,
                           const std::map<LeafIndex, Member>& members, LeafIndex sender,
                           const UpdatePath& path, const HpkeInfo& info, ByteView commit_secret,
                           const boost::json::array* path_secrets) {
  for (const auto& [i, member] : members) {
    if (i == sender) continue;
    const std::string at =
        "path of " + std::to_string(sender.value) + " at " + std::to_string(i.value) + ": ";
    PrivateKeys keys = member.keys;
    const auto secret = unwrap(open_path(suite, merged, keys, sender, path, {}, info), at + "open");
    expect_equal(secret.view(), commit_secret, at + "commit_secret");
    keys.prune(merged);
    expect(keys.consistent_with(merged), at + "keys afterwards");
    if (path_secrets == nullptr) continue;
    const SecretBytes node =
        mls::derive_secret(suite, hex_of(path_secrets->at(i.value), "path_secrets"), "node");
    const auto* shared = keys.find(merged, common_ancestor(sender, i));
    expect(shared != nullptr, at + "key of the common ancestor");
    expect_equal(shared->private_key.view(), derive_hpke_key_pair(suite, node.view()).private_key.view(),
                 at + "path_secrets");
  }
}

}  // namespace

void verify_treekem(const VectorCase& c, const Options&) {
  const Suite& suite = suite_of(c);
  GroupContext context;
  context.cipher_suite = suite.id;
  context.group_id = c.hex("group_id");
  context.epoch.value = c.number("epoch");
  context.confirmed_transcript_hash = c.hex("confirmed_transcript_hash");
  const auto tree = unwrap(parse<RatchetTree>(c.hex("ratchet_tree")), "ratchet_tree");
  unwrap(check_unmerged_leaves(tree), "unmerged leaves");
  unwrap(check_parent_hashes(tree), "parent hashes");
  const auto members = load_members(suite, tree, c);

  for (const VectorCase& u : c.objects("update_paths")) {
    const LeafIndex sender{u.number32("sender")};
    expect(members.contains(sender), "the sender is a member whose keys are known");
    const Bytes encoded = u.hex("update_path");
    const auto path = unwrap(parse<UpdatePath>(encoded), "update_path");
    expect_equal(encode(path), encoded, "update_path encoded again");
    expect(verify_leaf_signature(path.leaf_node, {context.group_id, sender}), "signature of the path's leaf");
    RatchetTree merged = tree;
    unwrap(merge_path(suite, merged, sender, path, {}), "merge");
    expect_equal(merged.root_hash(), u.hex("tree_hash_after"), "tree_hash_after");
    const auto& path_secrets = u.array("path_secrets");
    check_everybody_opens(suite, merged, members, sender, path, path_info(suite, context, merged),
                          u.hex("commit_secret"), &path_secrets);

    // The other way: a path of our own as the same sender.
    const Member& member = members.at(sender);
    RatchetTree renewed = tree;
    PrivateKeys keys = member.keys;
    const RenewedPath ours = renew_path(suite, renewed, keys, *tree.leaf(sender), member.signer,
                                        context.group_id, system_random());
    keys.prune(renewed);
    expect(keys.consistent_with(renewed), "the sender's keys after its path");
    const HpkeInfo info = path_info(suite, context, renewed);
    const auto sealed = unwrap(seal_path(suite, renewed, ours, sender, {}, info, system_random()), "seal");
    RatchetTree received = tree;
    unwrap(merge_path(suite, received, sender, unwrap(parse<UpdatePath>(encode(sealed)), "our path"), {}),
           "merge ours");
    expect_equal(received.root_hash(), renewed.root_hash(), "tree hash of our path");
    check_everybody_opens(suite, received, members, sender, sealed, info, ours.commit_secret.view(), nullptr);
  }
}

}  // namespace sotto::mls::vectors
