// One rule at a time, RFC 9420 §6, §12.1, §12.2 and §12.4: docs/validation.md lists them.
#include "sdk/mls/src/leaf_node_codec.hpp"
#include "sdk/mls/src/proposal_list.hpp"
#include "sdk/mls/src/update_path.hpp"
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

// §6
// ---------------------------------------------------------------------------------------------------------------

TEST_F(CommitRules, AMessageIsForThisGroup) {
  FramedContent content = content_from(alice, Proposal::remove(carol.own_leaf()));
  content.group_id.push_back(1);
  EXPECT_EQ(bob_says(sign_and_tag(alice, content)), "wrong_group");
  content.content = ApplicationData{{1}};
  EXPECT_EQ(bob_says(sealed(content, clients[0].identity.keys)), "wrong_group");
}
TEST_F(CommitRules, AHandshakeMessageIsOfThisEpoch) {
  FramedContent content = content_from(alice, Proposal::remove(carol.own_leaf()));
  ++content.epoch.value;
  EXPECT_EQ(bob_says(sign_and_tag(alice, content)), "wrong_epoch");
  const auto sealed = alice.propose(Proposal::remove(carol.own_leaf()), {}, world.env);
  ASSERT_TRUE(commit_to_all(world, carol, {&alice, &bob}, {}));
  EXPECT_EQ(bob_says(*sealed), "wrong_epoch");
}
TEST_F(CommitRules, TheLastEpochHasNoSuccessor) {
  for (Group* g : {&alice, &bob}) {
    GroupState& state = g->internals();
    state.current.context.epoch.value = ~std::uint64_t{0};
    state.current.context_bytes = encode(state.current.context);
  }
  EXPECT_EQ(alice_commits({}), "wrong_epoch");
  FramedContent content = content_from(alice, Commit{});
  EXPECT_EQ(bob_says(sign_and_tag(alice, content)), "wrong_epoch");
}
TEST_F(CommitRules, TheSenderIsAMember) {
  FramedContent content = content_from(alice, Proposal::remove(carol.own_leaf()));
  content.sender = Sender::member({3});
  EXPECT_EQ(bob_says(sign_and_tag(alice, content)), "sender_unknown");
  content.sender = Sender::member({0xFFFFFFFF});
  EXPECT_EQ(bob_says(sign_and_tag(alice, content)), "sender_unknown");
  content.content = ApplicationData{{1}};
  for (const std::uint32_t nobody : {3u, 0xFFFFFFFFu}) {
    content.sender = Sender::member({nobody});
    EXPECT_EQ(bob_says(sealed(content, clients[0].identity.keys)), "sender_unknown");
  }
}
TEST_F(CommitRules, SenderDataOpensAsItWasSealed) {
  const Bytes message = *alice.protect(as_bytes("hi"), {}, world.env);
  Reader reader(message);
  read_message_head(reader);
  PrivateMessage parsed;
  read(reader, parsed);
  parsed.encrypted_sender_data[5] ^= 1;
  EXPECT_EQ(bob_says(to_message(WireFormat::private_message, parsed)), "decryption_failed");
  parsed.encrypted_sender_data.clear();
  EXPECT_EQ(bob_says(to_message(WireFormat::private_message, parsed)), "decryption_failed");
  EXPECT_EQ(bob_says(message), "accepted");
}
TEST_F(CommitRules, TheSignatureIsTheSenders) {
  FramedContent content = content_from(alice, Proposal::remove(carol.own_leaf()));
  content.sender = Sender::member(carol.own_leaf());
  EXPECT_EQ(bob_says(sign_and_tag(alice, content)), "signature_invalid");
  const FramedContent text = content_from(alice, ApplicationData{{1}});
  EXPECT_EQ(bob_says(sealed(text, clients[2].identity.keys)), "signature_invalid");
  EXPECT_EQ(bob_says(sealed(text, clients[0].identity.keys)), "accepted") << "its key was not used up";
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
  EXPECT_EQ(outcome(make_new_member_proposal({}, {}, package, clients[0].identity.keys)), "invalid_argument");
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

TEST_F(CommitRules, AnUpdateIsAMembersOwn) {
  const Proposal update = update_of(2);
  const auto from = [&](const Sender& sender) {
    return outcome(check_proposal(bob.internals(), {sender, &update}, {}, CommitPlace::ordinary, world.env));
  };
  EXPECT_EQ(from({SenderType::external, 2}), "update_outside_of_member");
  EXPECT_EQ(from(Sender::member({2})), "accepted");
}
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
TEST_F(CommitRules, NewExtensionsAreForThoseWhoComeAndNotForThoseWhoGo) {
  // Alice and Bob know something that Carol, Dave and Erin do not.
  clients.emplace_back(world, "dave");
  for (const std::size_t i : {0, 1})
    clients[i].identity.capabilities.extensions = {ExtensionType{0xF001}};
  regroup();
  const Proposal required = Proposal::group_context_extensions(
      {RequiredCapabilities{{ExtensionType{0xF001}}, {}, {}}.to_extension()});
  TestClient erin(world, "erin");
  const Proposal add = Proposal::add(erin.package().key_package);
  const Proposal remove_carol = Proposal::remove({2});
  const Proposal remove_dave = Proposal::remove({3});
  EXPECT_EQ(list({required, remove_carol}), "member_lacks_required_capability");
  EXPECT_EQ(list({required, remove_carol, remove_dave, add}), "leaf_lacks_required_capability");
  EXPECT_EQ(list({add, remove_dave, remove_carol, required}), "leaf_lacks_required_capability");
  CommitOptions options;
  options.proposals = {required, remove_carol, remove_dave};
  EXPECT_EQ(outcome(commit_to_all(world, alice, {&bob}, options)), "accepted");
}
TEST_F(CommitRules, ExternalSendersCredentialsAreAcceptedByThePolicy) {
  struct NoOutsiders final : Policy {
    [[nodiscard]] std::optional<std::string> check_credential(const CredentialCheck& c) const override {
      if (c.event == CredentialEvent::external_sender) return "no";
      return std::nullopt;
    }
  } policy;
  const Environment env{world.random, world.env.now, policy, &world.psks};
  const Extension senders =
      make_external_senders({{dave.identity.keys.public_key(), dave.identity.credential}});
  const Bytes commit = forge_commit_of(world, alice, {Proposal::group_context_extensions({senders})});
  EXPECT_EQ(outcome(bob.process(commit, env)), "leaf_credential_rejected");
  GroupParams params;
  params.extensions = {senders};
  EXPECT_EQ(outcome(Group::create(params, dave.identity.clone(), env)), "leaf_credential_rejected");
}
TEST_F(CommitRules, ListsOfExtensionsThatWeMakeHoldATypeOnce) {
  const Extension twice = RequiredCapabilities{}.to_extension();
  ReInit reinit;
  reinit.extensions = {twice, twice};
  EXPECT_EQ(alice_commits({Proposal::group_context_extensions({twice, twice})}), "extension_duplicate");
  EXPECT_EQ(alice_commits({Proposal::reinit(reinit)}), "extension_duplicate");
  GroupParams params;
  params.extensions = {twice, twice};
  EXPECT_EQ(outcome(Group::create(params, dave.identity.clone(), world.env)), "extension_duplicate");
  CommitOptions options;
  options.group_info_extensions = {{ExtensionType::ratchet_tree, {}}};
  options.proposals = {add_dave()};
  EXPECT_EQ(outcome(alice.commit(options, world.env)), "extension_duplicate");
  EXPECT_EQ(outcome(alice.group_info({true, true, {{ExtensionType::external_pub, {}}}})),
            "extension_duplicate");
  Identity doubled = clients[0].identity.clone();
  doubled.leaf_extensions = {{ExtensionType::application_id, {}}, {ExtensionType::application_id, {}}};
  options = {};
  options.new_identity = &doubled;
  EXPECT_EQ(outcome(alice.commit(options, world.env)), "extension_duplicate");
  EXPECT_EQ(outcome(make_key_package(world.suite, doubled, world.lifetime(), {}, world.env)),
            "extension_duplicate");
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
  for (const std::size_t i : {0, 1})
    clients[i].identity.capabilities.proposals = {kType};
  regroup();
  EXPECT_EQ(list({custom}), "proposal_type_unsupported");
  CommitOptions options;
  options.proposals = {custom, Proposal::remove(carol.own_leaf()), add_dave()};
  EXPECT_EQ(outcome(commit_to_all(world, alice, {&bob}, options)), "accepted");
}
TEST_F(CommitRules, GreaseIsForNobodyToUse) {
  constexpr std::uint16_t kGrease = 0x6A6A;
  for (TestClient& client : clients) {
    client.identity.capabilities.proposals = {ProposalType{kGrease}};
    client.identity.capabilities.extensions = {ExtensionType{kGrease}};
  }
  regroup();
  EXPECT_EQ(list({Proposal::custom(ProposalType{kGrease}, {})}), "proposal_type_unsupported");
  EXPECT_EQ(alice_commits({Proposal::custom(ProposalType{kGrease}, {})}), "proposal_type_unsupported");
  const Proposal extension = Proposal::group_context_extensions({{ExtensionType{kGrease}, {}}});
  EXPECT_EQ(list({extension}), "member_lacks_group_extension");
  EXPECT_EQ(alice_commits({extension}), "member_lacks_group_extension");
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
  struct SameName final : Policy {
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
      context.tree_hash = Bytes(tree.root_hash().begin(), tree.root_hash().end());
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
