// Three members and one who knocks: what the tests of the rules for messages, proposals and commits break,
// one rule at a time. Each helper returns what Bob says.
#pragma once

#include "sdk/mls/src/group/proposal_list.hpp"
#include "sdk/mls/src/tree/leaf_node_codec.hpp"
#include "sdk/mls/src/tree/update_path.hpp"
#include "tests/unit/sdk/mls/hostile_member.hpp"

namespace sotto::mls {

struct CommitRules : testing::Test {
  TestWorld world;
  std::vector<TestClient> clients = clients_named(world, {"alice", "bob", "carol"});
  std::vector<Group> groups = group_of(world, clients);
  TestClient dave{world, "dave"};
  Group& alice = groups[0];
  Group& bob = groups[1];
  Group& carol = groups[2];

  /// A new group for clients that have been changed.
  void regroup(const GroupConfig& config = {}) {
    std::vector<Group> made = group_of(world, clients, config);
    for (std::size_t i = 0; i < groups.size(); ++i)
      groups[i] = std::move(made[i]);
  }
  std::string bob_says(const Bytes& message) { return outcome(bob.process(message, world.env)); }
  std::string list(const std::vector<Proposal>& proposals) {
    return bob_says(forge_commit_of(world, alice, proposals));
  }
  std::string commit(const std::function<void(Commit&)>& change) {
    return bob_says(forge_commit(world, alice, change));
  }
  Proposal add_dave() { return Proposal::add(dave.package().key_package); }
  Proposal psk(const Bytes& id = {1}) { return Proposal::external_psk(id, world.random); }
  /// A commit from outside by Dave, changed and signed again.
  std::string external(const std::function<void(Commit&)>& change, const ExternalJoinOptions& options = {},
                       const Identity* signer = nullptr) {
    auto joined = Group::join_external(*carol.group_info({}), dave.identity.clone(), options, world.env);
    PublicMessage message = parse_public(joined->commit);
    change(std::get<Commit>(message.content.content));
    AuthenticatedContent content;
    content.content = message.content;
    content.auth = message.auth;
    sign_content(content, signer != nullptr ? signer->keys : dave.identity.keys,
                 bob.internals().current.context_bytes);
    return bob_says(
        to_message(WireFormat::public_message, PublicMessage{content.content, content.auth, std::nullopt}));
  }
  /// What Bob says when `committer` commits what he has received, or sent himself, by reference.
  std::string by_reference(Group& committer, const std::vector<std::pair<Group*, Proposal>>& proposals) {
    std::vector<Bytes> references;
    for (const auto& [sender, proposal] : proposals) {
      const auto sent = sender == &bob ? bob.propose(proposal, {}, world.env)
                                       : Result<Bytes>(forge_proposal(*sender, proposal));
      if (sender != &bob) {
        if (auto received = bob.process(*sent, world.env); !received) return outcome(received);
      }
      references.push_back(bob.pending_proposals().back().reference);
    }
    return bob_says(forge_commit(world, committer, [&](Commit& c) {
      for (const Bytes& reference : references)
        c.proposals.push_back({reference});
    }));
  }
  /// A good Update of a member's own leaf.
  Proposal update_of(std::size_t who) {
    LeafNode leaf = *groups[who].member(groups[who].own_leaf());
    leaf.source = LeafNodeSource::update;
    leaf.encryption_key = generate_hpke_key_pair(*find_suite(world.suite), world.random).public_key;
    sign_leaf(leaf, clients[who].identity.keys, {groups[who].group_id(), groups[who].own_leaf()});
    return {Update{leaf}};
  }
  /// What Alice's own library says, before anything is sent.
  std::string alice_commits(const std::vector<Proposal>& proposals) {
    CommitOptions options;
    options.proposals = proposals;
    return outcome(alice.commit(options, world.env));
  }
  /// Alice's next PrivateMessage with that content, whoever signs it.
  Bytes sealed(const FramedContent& content, const SignatureKeyPair& signer) {
    const GroupState& state = alice.internals();
    AuthenticatedContent signed_content;
    signed_content.wire_format = WireFormat::private_message;
    signed_content.content = content;
    sign_content(signed_content, signer, state.current.context_bytes);
    SecretTree tree = state.current.messages.clone();
    const MessageKey key = std::move(tree.next(alice.own_leaf(), RatchetType::application)).value();
    return to_message(
        WireFormat::private_message,
        seal_private(*state.suite, signed_content, key, state.current.secrets.sender_data, 0, world.random));
  }
  void install_external_sender() {
    CommitOptions options;
    options.proposals = {Proposal::group_context_extensions(
        {make_external_senders({{dave.identity.keys.public_key(), dave.identity.credential}})})};
    ASSERT_TRUE(commit_to_all(world, alice, {&bob, &carol}, options));
  }
  std::string from_outside(const Proposal& proposal, std::uint32_t index = 0) {
    return bob_says(*make_external_proposal(world.suite, bob.group_id(), bob.epoch(), index,
                                            dave.identity.keys, proposal));
  }
};

}  // namespace sotto::mls
