// One rule at a time, RFC 9420 §6 and §12.1: docs/validation.md lists them.
#include "tests/unit/sdk/mls/commit_rules.hpp"

namespace sotto::mls {
namespace {

// §6 ----

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

// §12.1 ----

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
  PskId id = psk().as<PreSharedKey>()->psk;
  id.nonce.pop_back();
  EXPECT_EQ(list({{PreSharedKey{id}}}), "psk_nonce_length_invalid");
}
TEST_F(CommitRules, ReinitAndBranchPsksAreForSuccessors) {
  PskId id = Proposal::resumption_psk(alice.group_id(), alice.epoch(), world.random).as<PreSharedKey>()->psk;
  id.usage = ResumptionUsage::reinit;
  EXPECT_EQ(list({{PreSharedKey{id}}}), "psk_usage_invalid");
  id.usage = ResumptionUsage::branch;
  EXPECT_EQ(list({{PreSharedKey{id}}}), "psk_usage_invalid");
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
  for (const std::size_t i : {0U, 1U})
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
  struct NoOutsiders final : AcceptEveryCredential {
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

}  // namespace
}  // namespace sotto::mls
