// One rule at a time, RFC 9420 §6, §12.1, §12.2 and §12.4: docs/validation.md lists them.
#include "sdk/mls/src/leaf_node_codec.hpp"
#include "tests/unit/sdk/mls/hostile_member.hpp"

namespace sotto::mls {
namespace {

struct CommitRules : testing::Test {
  TestWorld world;
  std::vector<TestClient> clients = clients_named(world, {"alice", "bob", "carol"});
  std::vector<Group> groups = group_of(world, clients);
  TestClient dave{world, "dave"};
  Group& alice = groups[0];
  Group& bob = groups[1];
  Group& carol = groups[2];

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
  std::string external(const std::function<void(Commit&)>& change) {
    auto joined = Group::join_external(*carol.group_info({}), dave.identity.clone(), {}, world.env);
    PublicMessage message = parse_public(joined->commit);
    change(std::get<Commit>(message.content.content));
    AuthenticatedContent content;
    content.content = message.content;
    content.auth = message.auth;
    sign_content(content, dave.identity.keys, bob.internals().current.context_bytes);
    return bob_says(
        to_message(WireFormat::public_message, PublicMessage{content.content, content.auth, std::nullopt}));
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

// §6
// ---------------------------------------------------------------------------------------------------------------

TEST_F(CommitRules, AMessageIsForThisGroup) {
  FramedContent content = content_from(alice, Proposal::remove(carol.own_leaf()));
  content.group_id.push_back(1);
  EXPECT_EQ(bob_says(sign_and_tag(alice, content)), "wrong_group");
}
TEST_F(CommitRules, AHandshakeMessageIsOfThisEpoch) {
  FramedContent content = content_from(alice, Proposal::remove(carol.own_leaf()));
  ++content.epoch.value;
  EXPECT_EQ(bob_says(sign_and_tag(alice, content)), "wrong_epoch");
}
TEST_F(CommitRules, TheSenderIsAMember) {
  FramedContent content = content_from(alice, Proposal::remove(carol.own_leaf()));
  content.sender = Sender::member({3});
  EXPECT_EQ(bob_says(sign_and_tag(alice, content)), "sender_unknown");
  content.sender = Sender::member({0xFFFFFFFF});
  EXPECT_EQ(bob_says(sign_and_tag(alice, content)), "sender_unknown");
}
TEST_F(CommitRules, TheSignatureIsTheSenders) {
  FramedContent content = content_from(alice, Proposal::remove(carol.own_leaf()));
  content.sender = Sender::member(carol.own_leaf());
  EXPECT_EQ(bob_says(sign_and_tag(alice, content)), "signature_invalid");
}
TEST_F(CommitRules, TheMembershipTagIsRightAndWhole) {
  PublicMessage message = parse_public(forge_proposal(alice, Proposal::remove(carol.own_leaf())));
  PublicMessage bad = message;
  bad.membership_tag->back() ^= 1;
  EXPECT_EQ(bob_says(to_message(WireFormat::public_message, bad)), "membership_tag_invalid");
  bad = message;
  bad.membership_tag->resize(4);
  EXPECT_EQ(bob_says(to_message(WireFormat::public_message, bad)), "membership_tag_invalid");
  bad.membership_tag->clear();
  EXPECT_EQ(bob_says(to_message(WireFormat::public_message, bad)), "membership_tag_invalid");
}
TEST_F(CommitRules, TheConfirmationTagIsRightAndWhole) {
  const auto with_tag = [&](std::size_t size) {
    CommitOptions options;
    options.format = HandshakeFormat::public_message;
    const auto made = alice.commit(options, world.env);
    PublicMessage message = parse_public(made->message);
    Bytes tag = *message.auth.confirmation_tag;
    tag.resize(size);
    if (size == kHashSize) tag[0] ^= 1;
    return bob_says(sign_and_tag(alice, message.content, tag));
  };
  EXPECT_EQ(with_tag(kHashSize), "confirmation_tag_invalid");
  EXPECT_EQ(with_tag(8), "confirmation_tag_invalid");
  EXPECT_EQ(with_tag(0), "confirmation_tag_invalid");
}
TEST_F(CommitRules, PaddingIsZero) {
  const GroupState& state = alice.internals();
  AuthenticatedContent content;
  content.wire_format = WireFormat::private_message;
  content.content = content_from(alice, ApplicationData{{1}});
  sign_content(content, state.identity.keys, state.current.context_bytes);
  // The sealed plaintext: content, signature, and a padding of one byte that is not zero.
  Writer plaintext;
  plaintext.opaque(Bytes{1});
  plaintext.opaque(content.auth.signature);
  plaintext.u8(1);
  SecretTree tree = state.current.messages.clone();
  const MessageKey key = std::move(tree.next(alice.own_leaf(), RatchetType::application)).value();
  PrivateMessage message =
      seal_private(*state.suite, content, key, state.current.secrets.sender_data, 0, world.random);
  Writer aad;
  aad.opaque(message.group_id);
  aad.u64(message.epoch.value);
  aad.u8(1);
  aad.opaque({});
  // A reuse guard of zeros leaves the nonce as it is.
  message.ciphertext =
      aead_seal(*state.suite, key.key.view(), key.nonce.view(), aad.view(), plaintext.view());
  Writer sender;
  sender.u32(alice.own_leaf().value);
  sender.u32(key.generation);
  sender.u32(0);
  Writer sender_aad;
  sender_aad.opaque(message.group_id);
  sender_aad.u64(message.epoch.value);
  sender_aad.u8(1);
  const SenderDataKey k =
      sender_data_key(*state.suite, state.current.secrets.sender_data, message.ciphertext);
  message.encrypted_sender_data =
      aead_seal(*state.suite, k.key.view(), k.nonce.view(), sender_aad.view(), sender.view());
  EXPECT_EQ(bob_says(to_message(WireFormat::private_message, message)), "padding_not_zero");
}
TEST_F(CommitRules, ApplicationDataIsEncrypted) {
  EXPECT_EQ(bob_says(sign_and_tag(alice, content_from(alice, ApplicationData{{1}}))),
            "application_data_unencrypted");
}
TEST_F(CommitRules, OutsidersSendTheirKindOfContentOnly) {
  FramedContent content = content_from(alice, Commit{});
  content.sender = {SenderType::external, 0};
  EXPECT_EQ(bob_says(sign_and_tag(alice, content)), "content_not_allowed_for_sender");
  content.sender = {SenderType::new_member_proposal, 0};
  EXPECT_EQ(bob_says(sign_and_tag(alice, content)), "content_not_allowed_for_sender");
  content.content = Proposal::remove({0});
  content.sender = {SenderType::new_member_commit, 0};
  EXPECT_EQ(bob_says(sign_and_tag(alice, content)), "content_not_allowed_for_sender");
}
TEST_F(CommitRules, AnExternalSenderIsInTheGroupsList) {
  EXPECT_EQ(from_outside(Proposal::remove(carol.own_leaf())), "external_sender_unknown");
  install_external_sender();
  EXPECT_EQ(from_outside(Proposal::remove(carol.own_leaf()), 1), "external_sender_unknown");
  EXPECT_EQ(from_outside(Proposal::remove(carol.own_leaf())), "accepted");
}
TEST_F(CommitRules, AnExternalSenderProposesWhatItMay) {
  install_external_sender();
  EXPECT_EQ(from_outside({Update{*carol.member(carol.own_leaf())}}), "external_proposal_type_invalid");
  EXPECT_EQ(from_outside({ExternalInit{Bytes(32, 1)}}), "external_proposal_type_invalid");
  EXPECT_EQ(from_outside(Proposal::custom(ProposalType{0xF000}, {})), "external_proposal_type_invalid");
}
TEST_F(CommitRules, AStrangersProposalForItselfNeedsThePolicysLeave) {
  const KeyPackage package = dave.package().key_package;
  EXPECT_EQ(bob_says(*make_new_member_proposal(bob.group_id(), bob.epoch(), package, dave.identity.keys)),
            "proposal_not_authorized");
}
TEST_F(CommitRules, ANewMemberProposesAnAddOnly) {
  FramedContent content = content_from(alice, Proposal::remove(carol.own_leaf()));
  content.sender = {SenderType::new_member_proposal, 0};
  EXPECT_EQ(bob_says(sign_and_tag(alice, content)), "external_proposal_type_invalid");
}
TEST_F(CommitRules, OurOwnMessagesAreNotForUs) {
  EXPECT_EQ(outcome(alice.process(forge_proposal(alice, Proposal::remove(carol.own_leaf())), world.env)),
            "own_message");
}

// §12.1
// ------------------------------------------------------------------------------------------------------------

TEST_F(CommitRules, ARemoveIsOfAMember) {
  EXPECT_EQ(list({Proposal::remove({3})}), "remove_target_blank");
  EXPECT_EQ(list({Proposal::remove({77})}), "remove_target_blank");
}
TEST_F(CommitRules, APskNonceHasTheHashsLength) {
  Proposal p = psk();
  std::get<PreSharedKey>(p.content).psk.nonce.pop_back();
  EXPECT_EQ(list({p}), "psk_nonce_length_invalid");
}
TEST_F(CommitRules, ReinitAndBranchPsksAreForSuccessors) {
  Proposal p = Proposal::resumption_psk(alice.group_id(), alice.epoch(), world.random);
  std::get<PreSharedKey>(p.content).psk.usage = ResumptionUsage::reinit;
  EXPECT_EQ(list({p}), "psk_usage_invalid");
  std::get<PreSharedKey>(p.content).psk.usage = ResumptionUsage::branch;
  EXPECT_EQ(list({p}), "psk_usage_invalid");
}
TEST_F(CommitRules, APskIsKnown) {
  EXPECT_EQ(list({psk({99})}), "psk_unknown");
  EXPECT_EQ(list({Proposal::resumption_psk(alice.group_id(), {1000}, world.random)}), "psk_unknown");
}
TEST_F(CommitRules, AReinitDoesNotGoBackInVersion) {
  ReInit reinit;
  reinit.version = ProtocolVersion{0};
  EXPECT_EQ(list({Proposal::reinit(reinit)}), "reinit_version_lower");
}
TEST_F(CommitRules, AnExternalInitIsForExternalCommits) {
  EXPECT_EQ(list({{ExternalInit{Bytes(32, 9)}}}), "external_init_misplaced");
  EXPECT_EQ(bob_says(forge_proposal(alice, {ExternalInit{Bytes(32, 9)}})), "external_init_misplaced");
}
TEST_F(CommitRules, NewRequiredCapabilitiesAreThoseOfAllMembers) {
  EXPECT_EQ(list({Proposal::group_context_extensions(
                {RequiredCapabilities{{}, {ProposalType{0xF001}}, {}}.to_extension()})}),
            "member_lacks_required_capability");
}
TEST_F(CommitRules, NewGroupExtensionsAreSupportedByAllMembers) {
  EXPECT_EQ(list({Proposal::group_context_extensions({{ExtensionType{0xF001}, {}}})}),
            "member_lacks_group_extension");
}
TEST_F(CommitRules, ExtensionsThatWeUnderstandDecode) {
  EXPECT_EQ(list({Proposal::group_context_extensions({{ExtensionType::required_capabilities, {1}}})}),
            "extension_malformed");
  EXPECT_EQ(list({Proposal::group_context_extensions({{ExtensionType::external_senders, {5}}})}),
            "extension_malformed");
}

// §12.2
// ------------------------------------------------------------------------------------------------------------

TEST_F(CommitRules, ACommitHoldsNoUpdateOfItsCommitter) {
  LeafNode leaf = *alice.member(alice.own_leaf());
  EXPECT_EQ(list({{Update{leaf}}}), "update_by_committer");
}
TEST_F(CommitRules, ACommitDoesNotRemoveItsCommitter) {
  EXPECT_EQ(list({Proposal::remove(alice.own_leaf())}), "remove_of_committer");
}
TEST_F(CommitRules, ALeafIsChangedOnce) {
  EXPECT_EQ(list({Proposal::remove(carol.own_leaf()), Proposal::remove(carol.own_leaf())}),
            "leaf_changed_twice");
}
TEST_F(CommitRules, AClientIsAddedOnce) {
  EXPECT_EQ(list({add_dave(), add_dave()}), "add_duplicate");
}
TEST_F(CommitRules, AMemberIsNotAddedAgainUnlessItIsRemoved) {
  const Proposal again = Proposal::add(clients[2].package().key_package);
  EXPECT_EQ(list({again}), "add_existing_member");
  EXPECT_NE(list({again, Proposal::remove(carol.own_leaf())}), "add_existing_member");
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
  EXPECT_EQ(list({Proposal::custom(ProposalType{0xF00D}, {1})}), "proposal_type_unsupported");
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
TEST_F(CommitRules, AnExternalCommitHasAPath) {
  EXPECT_EQ(external([](Commit& c) { c.path.reset(); }), "path_missing");
}

// §12.4
// ------------------------------------------------------------------------------------------------------------

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
TEST_F(CommitRules, ThePathsLeafHashesItsParents) {
  EXPECT_EQ(commit([](Commit& c) { c.path->nodes[1].encryption_key[7] ^= 1; }), "path_parent_hash_invalid");
}
TEST_F(CommitRules, APathsCiphertextOpens) {
  EXPECT_EQ(commit([](Commit& c) { c.path->nodes[0].encrypted_path_secret[0].ciphertext[5] ^= 1; }),
            "decryption_failed");
}
TEST_F(CommitRules, AForgedCommitThatBreaksNoRuleIsAccepted) {
  // Ed25519 signatures are deterministic: unchanged, it is the real commit again.
  EXPECT_EQ(commit([](Commit&) {}), "accepted");
}

}  // namespace
}  // namespace sotto::mls
