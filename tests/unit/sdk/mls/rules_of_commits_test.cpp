// One rule at a time, RFC 9420 §12.2 and §12.4: docs/validation.md lists them.
#include "sdk/mls/src/group/group_handshake.hpp"
#include "tests/unit/sdk/mls/commit_rules.hpp"

namespace sotto::mls {
namespace {

// §12.2 ----

TEST_F(CommitRules, ACommitHoldsNoUpdateOfItsCommitter) {
  EXPECT_EQ(list({update_of(0)}), "update_by_committer");
  EXPECT_EQ(by_reference(alice, {{&alice, update_of(0)}}), "update_by_committer");
}
TEST_F(CommitRules, ACommitDoesNotRemoveItsCommitter) {
  EXPECT_EQ(list({Proposal::remove(alice.own_leaf())}), "remove_of_committer");
  EXPECT_EQ(by_reference(alice, {{&bob, Proposal::remove(alice.own_leaf())}}), "remove_of_committer");
  EXPECT_EQ(by_reference(alice, {{&alice, Proposal::remove(alice.own_leaf())}}), "remove_of_committer");
}
TEST_F(CommitRules, ALeafIsChangedOnce) {
  EXPECT_EQ(list({Proposal::remove(carol.own_leaf()), Proposal::remove(carol.own_leaf())}),
            "leaf_changed_twice");
  EXPECT_EQ(by_reference(alice, {{&carol, update_of(2)}, {&bob, Proposal::remove(carol.own_leaf())}}),
            "leaf_changed_twice");
  EXPECT_EQ(by_reference(alice, {{&carol, update_of(2)}, {&carol, update_of(2)}}), "leaf_changed_twice");
}
TEST_F(CommitRules, AClientIsAddedOnce) {
  EXPECT_EQ(list({add_dave(), add_dave()}), "add_duplicate");
  EXPECT_EQ(by_reference(alice, {{&bob, add_dave()}, {&carol, add_dave()}}), "add_duplicate");
}
TEST_F(CommitRules, AMemberIsNotAddedAgainUnlessItIsRemoved) {
  const Proposal again = Proposal::add(clients[2].package().key_package);
  EXPECT_EQ(list({again}), "add_existing_member");
  CommitOptions options;
  options.proposals = {again, Proposal::remove(carol.own_leaf())};
  EXPECT_EQ(outcome(commit_to_all(world, alice, {&bob}, options)), "accepted");
}
TEST_F(CommitRules, APskIsMixedInOnce) {
  world.psks.external[{1}] = Bytes(32, 1);
  const Proposal p = psk();
  EXPECT_EQ(list({p, p}), "psk_duplicate");
  EXPECT_NE(list({psk(), psk()}), "psk_duplicate") << "another nonce makes another PreSharedKeyID";
}
TEST_F(CommitRules, GroupExtensionsAreReplacedOnce) {
  EXPECT_EQ(list({Proposal::group_context_extensions({}), Proposal::group_context_extensions({})}),
            "group_context_extensions_duplicate");
}
TEST_F(CommitRules, AReinitIsAlone) {
  EXPECT_EQ(list({Proposal::reinit({}), psk()}), "reinit_not_alone");
}
TEST_F(CommitRules, ACustomProposalIsSupportedByAllWhoStay) {
  constexpr auto kType = ProposalType{0xF00D};
  const Proposal custom = Proposal::custom(kType, {1});
  EXPECT_EQ(list({custom}), "proposal_type_unsupported");
  // Bob supports it with Alice; Carol goes and Dave comes, and neither needs to.
  for (const std::size_t i : {0U, 1U})
    clients[i].identity.capabilities.proposals = {kType};
  regroup();
  EXPECT_EQ(list({custom}), "proposal_type_unsupported");
  CommitOptions options;
  options.proposals = {custom, Proposal::remove(carol.own_leaf()), add_dave()};
  EXPECT_EQ(outcome(commit_to_all(world, alice, {&bob}, options)), "accepted");
}
TEST_F(CommitRules, AGreaseValueIsTreatedLikeAnyOtherAndNeverSent) {
  constexpr std::uint16_t kGrease = 0x6A6A;
  const Proposal custom = Proposal::custom(ProposalType{kGrease}, {});
  const Proposal extension = Proposal::group_context_extensions({{ExtensionType{kGrease}, {}}});
  EXPECT_EQ(list({custom}), "proposal_type_unsupported");
  EXPECT_EQ(list({extension}), "member_lacks_group_extension");
  for (TestClient& client : clients) {
    client.identity.capabilities.proposals = {ProposalType{kGrease}};
    client.identity.capabilities.extensions = {ExtensionType{kGrease}};
  }
  regroup();
  // The forged commit's path does not know of them: no rule of their own stopped them before that.
  EXPECT_EQ(list({custom}), "confirmation_tag_invalid");
  EXPECT_EQ(list({extension}), "decryption_failed");

  EXPECT_EQ(alice_commits({custom}), "invalid_argument");
  EXPECT_EQ(alice_commits({extension}), "invalid_argument");
  EXPECT_EQ(outcome(alice.propose(custom, {}, world.env)), "invalid_argument");
  GroupParams params;
  params.extensions = {{ExtensionType{kGrease}, {}}};
  EXPECT_EQ(outcome(Group::create(params, dave.identity.clone(), world.env)), "invalid_argument");
  Identity greasy = clients[0].identity.clone();
  greasy.credential.type = CredentialType{kGrease};
  greasy.capabilities.credentials.push_back(CredentialType{kGrease});
  EXPECT_EQ(outcome(Group::create({}, std::move(greasy), world.env)), "invalid_argument");
}
TEST_F(CommitRules, ACustomProposalIsNotOfATypeThatMlsDefines) {
  for (std::uint16_t type = 1; type <= 7; ++type) {
    const Proposal custom = Proposal::custom(ProposalType{type}, {0, 0, 0, 1});
    const bool external_init = type == static_cast<std::uint16_t>(ProposalType::external_init);
    EXPECT_EQ(alice_commits({custom}), external_init ? "external_init_misplaced" : "invalid_argument")
        << type;
    EXPECT_EQ(outcome(alice.propose(custom, {}, world.env)), "invalid_argument") << type;
    EXPECT_EQ(outcome(make_external_proposal(world.suite, bob.group_id(), bob.epoch(), 0, dave.identity.keys,
                                             custom)),
              "invalid_argument")
        << type;
  }
}
TEST_F(CommitRules, PsksAreNoMoreThanTheKeyScheduleCanNumber) {
  std::vector<Proposal> psks;
  for (std::size_t i = 0; i < 0x10000; ++i)
    psks.push_back(psk());
  EXPECT_EQ(list(psks), "psk_count_too_large");
  EXPECT_EQ(alice_commits(psks), "psk_count_too_large");
}
TEST_F(CommitRules, WhoCommitsChecksTheSameRules) {
  const Proposal reinit = Proposal::reinit({});
  const Proposal carol_out = Proposal::remove(carol.own_leaf());
  const Proposal extensions = Proposal::group_context_extensions({});
  world.psks.external[{1}] = Bytes(32, 1);
  const Proposal known = psk();
  EXPECT_EQ(alice_commits({Proposal::remove({77})}), "remove_target_blank");
  EXPECT_EQ(alice_commits({Proposal::remove(alice.own_leaf())}), "remove_of_committer");
  EXPECT_EQ(alice_commits({update_of(0)}), "update_by_committer");
  EXPECT_EQ(alice_commits({carol_out, carol_out}), "leaf_changed_twice");
  EXPECT_EQ(alice_commits({add_dave(), add_dave()}), "add_duplicate");
  EXPECT_EQ(alice_commits({Proposal::add(clients[2].package().key_package)}), "add_existing_member");
  EXPECT_EQ(alice_commits({known, known}), "psk_duplicate");
  EXPECT_EQ(alice_commits({psk({99})}), "psk_unknown");
  EXPECT_EQ(alice_commits({extensions, extensions}), "group_context_extensions_duplicate");
  EXPECT_EQ(alice_commits({reinit, known}), "reinit_not_alone");
  EXPECT_EQ(alice_commits({{ExternalInit{Bytes(32, 9)}}}), "external_init_misplaced");
  EXPECT_EQ(alice_commits({Proposal::custom(ProposalType{0xF00D}, {1})}), "proposal_type_unsupported");
}
TEST_F(CommitRules, AnExternalCommitHasOneExternalInit) {
  EXPECT_EQ(external([](Commit& c) { c.proposals.clear(); }), "external_init_count_invalid");
  EXPECT_EQ(external([](Commit& c) { c.proposals.push_back(c.proposals[0]); }),
            "external_init_count_invalid");
}
TEST_F(CommitRules, AnExternalCommitRemovesOneLeafAtMost) {
  EXPECT_EQ(external([](Commit& c) {
              c.proposals.push_back({Proposal::remove({0})});
              c.proposals.push_back({Proposal::remove({2})});
            }),
            "external_commit_remove_count_invalid");
}
TEST_F(CommitRules, AnExternalCommitHoldsNothingElse) {
  EXPECT_EQ(external([&](Commit& c) { c.proposals.push_back({add_dave()}); }),
            "external_commit_proposal_invalid");
  EXPECT_EQ(external([&](Commit& c) { c.proposals.push_back({Proposal::group_context_extensions({})}); }),
            "external_commit_proposal_invalid");
}
TEST_F(CommitRules, AnExternalCommitRefersToNothing) {
  EXPECT_EQ(external([](Commit& c) { c.proposals.push_back({Bytes(32, 1)}); }),
            "external_commit_by_reference");
}
TEST_F(CommitRules, AnExternalCommitIsSignedByWhoJoins) {
  EXPECT_EQ(external([](Commit&) {}, {}, &clients[2].identity), "signature_invalid");
}
TEST_F(CommitRules, AnExternalCommitRemovesAMember) {
  EXPECT_EQ(external([](Commit& c) { c.proposals.push_back({Proposal::remove({3})}); }),
            "remove_target_blank");
}
TEST_F(CommitRules, AnExternalCommitsPsksAreKnownAndDistinct) {
  const Proposal p = psk({99});
  EXPECT_EQ(external([&](Commit& c) { c.proposals.push_back({p}); }), "psk_unknown");
  EXPECT_EQ(external([&](Commit& c) {
              c.proposals.push_back({p});
              c.proposals.push_back({p});
            }),
            "psk_duplicate");
}
TEST_F(CommitRules, AnExternalInitHoldsAnX25519Key) {
  for (const Bytes& output : {Bytes(31, 1), Bytes(32, 0)}) {
    EXPECT_EQ(external([&](Commit& c) { std::get<Proposal>(c.proposals[0].value) = {ExternalInit{output}}; }),
              "key_invalid");
  }
}
TEST_F(CommitRules, WhoComesBackBringsALeafThatMaySucceedItsOldOne) {
  ExternalJoinOptions options;
  options.replaces = carol.own_leaf();
  const Bytes old_key = carol.member(carol.own_leaf())->encryption_key;
  EXPECT_EQ(external(
                [&](Commit& c) {
                  c.path->leaf_node.encryption_key = old_key;
                  sign_leaf(c.path->leaf_node, dave.identity.keys, {bob.group_id(), carol.own_leaf()});
                },
                options),
            "leaf_encryption_key_unchanged");
  struct SameName final : AcceptEveryCredential {
    [[nodiscard]] std::optional<std::string> check_credential(const CredentialCheck& c) const override {
      if (c.old_leaf != nullptr && c.old_leaf->credential != c.new_leaf->credential) return "another name";
      return std::nullopt;
    }
  } policy;
  const Environment env{world.random, world.env.now, policy, &world.psks};
  auto joined = Group::join_external(*alice.group_info({}), dave.identity.clone(), options, world.env);
  EXPECT_EQ(outcome(bob.process(joined->commit, env)), "leaf_credential_rejected");
  EXPECT_EQ(outcome(Group::join_external(*alice.group_info({}), dave.identity.clone(), options, env)),
            "leaf_credential_rejected");
}
TEST_F(CommitRules, AnExternalCommitHasAPath) {
  EXPECT_EQ(external([](Commit& c) { c.path.reset(); }), "path_missing");
}

// §12.4 ----

TEST_F(CommitRules, AReferenceIsToAProposalThatCame) {
  EXPECT_EQ(commit([](Commit& c) { c.proposals.push_back({Bytes(32, 1)}); }), "proposal_reference_unknown");
}
TEST_F(CommitRules, APathIsThereWhereItIsRequired) {
  EXPECT_EQ(commit([](Commit& c) { c.path.reset(); }), "path_missing") << "an empty commit";
  EXPECT_EQ(commit([&](Commit& c) {
              c.path.reset();
              c.proposals.push_back({Proposal::remove(carol.own_leaf())});
            }),
            "path_missing");
  EXPECT_EQ(commit([&](Commit& c) {
              c.path.reset();
              c.proposals.push_back({Proposal::group_context_extensions({})});
            }),
            "path_missing");
}
TEST_F(CommitRules, ReceivedProposalsAreCommittedBeforeAnythingIsSent) {
  ASSERT_EQ(bob_says(*alice.propose(Proposal::remove(carol.own_leaf()), {}, world.env)), "accepted");
  EXPECT_EQ(outcome(bob.protect(as_bytes("hi"), {}, world.env)), "proposals_pending");
  ASSERT_TRUE(commit_to_all(world, bob, {&alice}, {}));
  EXPECT_EQ(outcome(bob.protect(as_bytes("hi"), {}, world.env)), "accepted");
}
TEST_F(CommitRules, AnEpochHoldsSoManyProposalsOnly) {
  GroupConfig config;
  config.max_cached_proposals = 2;
  regroup(config);
  EXPECT_EQ(bob_says(forge_proposal(alice, psk())), "accepted");
  const Bytes second = forge_proposal(alice, psk());
  EXPECT_EQ(bob_says(second), "accepted");
  EXPECT_EQ(bob_says(forge_proposal(alice, psk())), "too_many_proposals");
  EXPECT_EQ(outcome(bob.propose(psk(), {}, world.env)), "too_many_proposals");
  EXPECT_EQ(bob_says(second), "accepted") << "a copy needs no place";
}
TEST_F(CommitRules, WhatNobodyCouldReadIsNeitherProposedNorCommitted) {
  CommitOptions options;
  options.proposals.push_back(Proposal::custom(ProposalType{0xF00D}, Bytes(kMaxInput / 2)));
  const Proposal& huge = options.proposals[0];
  EXPECT_EQ(outcome(alice.commit(options, world.env)), "value_too_large");
  EXPECT_EQ(outcome(alice.propose(huge, {}, world.env)), "value_too_large");
  EXPECT_EQ(
      outcome(make_external_proposal(world.suite, bob.group_id(), bob.epoch(), 0, dave.identity.keys, huge)),
      "value_too_large");
  GroupInfoOptions info;
  info.extensions.push_back(
      {ExtensionType{0xF001}, std::move(std::get<CustomProposal>(options.proposals[0].content).data)});
  EXPECT_EQ(outcome(alice.group_info(info)), "value_too_large");
  options.proposals = {add_dave()};
  options.group_info_extensions = std::move(info.extensions);
  EXPECT_EQ(outcome(alice.commit(options, world.env)), "value_too_large");
}
TEST_F(CommitRules, ACommitWhosePathNobodyCouldReadIsNotFramed) {
  // It takes millions of members to make such a path; here it is one ciphertext.
  AuthenticatedContent content;
  content.content = content_from(alice, Commit{});
  UpdatePath& path = std::get<Commit>(content.content.content).path.emplace();
  path.nodes.emplace_back().encrypted_path_secret.push_back({{}, Bytes(kMaxInput)});
  EXPECT_EQ(outcome(frame_handshake(alice.internals(), content, world.random)), "value_too_large");
}
TEST_F(CommitRules, OurOwnLastCommitIsOursWhenItComesBackAfterItWasAdopted) {
  for (const HandshakeFormat format : {HandshakeFormat::public_message, HandshakeFormat::private_message}) {
    CommitOptions options;
    options.format = format;
    auto made = alice.commit(options, world.env);
    ASSERT_TRUE(bob.process(made->message, world.env));
    ASSERT_TRUE(alice.adopt(std::move(made->pending), world.env));
    EXPECT_EQ(outcome(alice.process(made->message, world.env)), "own_message");
    EXPECT_EQ(bob_says(made->message), "wrong_epoch");
    Group restarted = Group::load(alice.save().view(), {}).value();
    EXPECT_EQ(outcome(restarted.process(made->message, world.env)), "own_message");
  }
}
TEST_F(CommitRules, TheCommitThatLetUsInIsOursWhenItComesBack) {
  auto joined = Group::join_external(*carol.group_info({}), dave.identity.clone(), {}, world.env);
  ASSERT_EQ(bob_says(joined->commit), "accepted");
  EXPECT_EQ(outcome(joined->group.process(joined->commit, world.env)), "own_message");
  EXPECT_EQ(bob_says(joined->commit), "wrong_epoch");
}
TEST_F(CommitRules, AGroupThatIsOverTakesNoMoreHandshakes) {
  const Bytes update = forge_proposal(alice, update_of(0));
  const Bytes private_update = *carol.propose_update(nullptr, {}, world.env);
  ASSERT_TRUE(commit_to_all(world, alice, {&bob, &carol}, CommitOptions{{Proposal::reinit({})}}));
  EXPECT_EQ(bob_says(update), "group_not_active");
  EXPECT_EQ(bob_says(private_update), "group_not_active");
  EXPECT_EQ(outcome(bob.commit({}, world.env)), "group_not_active");
  EXPECT_EQ(outcome(bob.propose(psk(), {}, world.env)), "group_not_active");
  EXPECT_EQ(outcome(bob.propose_update(nullptr, {}, world.env)), "group_not_active");
  EXPECT_EQ(outcome(bob.protect(as_bytes("hi"), {}, world.env)), "group_not_active");
  EXPECT_EQ(outcome(bob.group_info({})), "group_not_active");
}
TEST_F(CommitRules, UnprotectTakesApplicationMessagesOnly) {
  const auto says = [&](const Bytes& message) { return outcome(bob.unprotect(message, world.env)); };
  EXPECT_EQ(says(forge_proposal(alice, psk())), "not_application");
  EXPECT_EQ(says(*alice.propose(psk(), {}, world.env)), "not_application");
  EXPECT_EQ(says(alice.commit({}, world.env)->message), "not_application");
  EXPECT_EQ(says(sign_and_tag(alice, content_from(alice, ApplicationData{{1}}))),
            "application_data_unencrypted");
}
TEST_F(CommitRules, APathHasANodeForEachStep) {
  EXPECT_EQ(commit([](Commit& c) { c.path->nodes.pop_back(); }), "path_length_invalid");
  EXPECT_EQ(commit([](Commit& c) { c.path->nodes.push_back(c.path->nodes[0]); }), "path_length_invalid");
}
TEST_F(CommitRules, APathHasACiphertextForEachNodeOfAResolution) {
  EXPECT_EQ(commit([](Commit& c) { c.path->nodes[0].encrypted_path_secret.clear(); }),
            "path_ciphertext_count_invalid");
  EXPECT_EQ(commit([](Commit& c) {
              auto& list = c.path->nodes[1].encrypted_path_secret;
              list.push_back(list[0]);
            }),
            "path_ciphertext_count_invalid");
}
TEST_F(CommitRules, APathBringsNewKeys) {
  EXPECT_EQ(commit([&](Commit& c) {
              c.path->nodes[0].encryption_key = bob.member(bob.own_leaf())->encryption_key;
            }),
            "path_key_not_unique");
  EXPECT_EQ(commit([&](Commit& c) { c.path->nodes[0].encryption_key = c.path->nodes[1].encryption_key; }),
            "path_key_not_unique");
}
TEST_F(CommitRules, APathsKeysMayBeThoseOfNodesThatItReplaces) {
  // A key that leaves the tree with this commit is not in the new one (§12.4.2): what is wrong with it is
  // only that the path's leaf does not hash it.
  EXPECT_EQ(commit([&](Commit& c) {
              c.path->nodes[0].encryption_key = alice.member(alice.own_leaf())->encryption_key;
            }),
            "path_parent_hash_invalid");
  EXPECT_EQ(commit([&](Commit& c) {
              const RatchetTree& tree = alice.internals().current.tree;
              c.path->nodes[0].encryption_key = tree.parent_node(root(tree.leaf_count()))->encryption_key;
            }),
            "path_parent_hash_invalid");
}
TEST_F(CommitRules, APathsKeysAreKeys) {
  EXPECT_EQ(commit([](Commit& c) { c.path->nodes[1].encryption_key.pop_back(); }), "key_invalid");
  EXPECT_EQ(commit([](Commit& c) { c.path->nodes[1].encryption_key = Bytes(32, 0); }), "key_invalid");
}
TEST_F(CommitRules, ThePathsLeafHashesItsParents) {
  EXPECT_EQ(commit([](Commit& c) { c.path->nodes[1].encryption_key[7] ^= 1; }), "path_parent_hash_invalid");
}
TEST_F(CommitRules, APathsCiphertextOpens) {
  EXPECT_EQ(commit([](Commit& c) { c.path->nodes[0].encrypted_path_secret[0].ciphertext[5] ^= 1; }),
            "decryption_failed");
}
TEST_F(CommitRules, APathsSecretsGiveItsKeys) {
  // A secret of the right length that is not the one the public keys come from, sealed to Bob's leaf.
  const Suite& suite = *find_suite(world.suite);
  GroupContext context = alice.internals().current.context;
  ++context.epoch.value;
  const auto with_secret = [&](const Bytes& secret) {
    return commit([&](Commit& c) {
      RatchetTree tree = alice.internals().current.tree;
      ASSERT_TRUE(merge_path(suite, tree, alice.own_leaf(), *c.path, {}));
      context.tree_hash = to_bytes(tree.root_hash());
      const HpkeInfo info = label_info(suite, "UpdatePathNode", encode(context));
      c.path->nodes[0].encrypted_path_secret[0] =
          *hpke_seal(suite, bob.member(bob.own_leaf())->encryption_key, info, secret, world.random);
    });
  };
  EXPECT_EQ(with_secret(Bytes(32, 1)), "path_key_mismatch");
  EXPECT_EQ(with_secret(Bytes(31, 1)), "path_secret_invalid");
}
TEST_F(CommitRules, AForgedCommitThatBreaksNoRuleIsAccepted) {
  // Ed25519 signatures are deterministic: unchanged, it is the real commit again.
  EXPECT_EQ(commit([](Commit&) {}), "accepted");
}

}  // namespace
}  // namespace sotto::mls
