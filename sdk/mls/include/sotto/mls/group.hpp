// A group as one of its members sees it (RFC 9420 §8, §11, §12). A value without I/O: it is given messages,
// randomness and time, and gives messages back.
//
//   Environment env{system_random(), wall_clock_now, policy};     // policy.hpp
//   GroupParams params;
//   params.group_id = to_bytes(as_bytes("friends"));
//   auto group = Group::create(params, std::move(me), env);
//   CommitOptions add;
//   add.proposals = {Proposal::add(bobs_package)};
//   auto made = group->commit(add, env);                          // the group has not moved yet
//   send(made->message);                                          // the service accepts one commit an epoch
//   auto change = group->adopt(std::move(made->pending), env);    // accepted: now it moves
//   send(*made->welcome);                                         // and only now may Bob hear of it (§14)
//
//   auto bob = Group::join(welcome, bobs_bundle, std::move(bobs_identity), {}, env);
//   auto sealed = bob->protect(as_bytes("hi"), {}, env);
//   auto opened = group->unprotect(*sealed, env);
//
// Every operation either succeeds as a whole or leaves the group as it was. Save what changed before acting
// on it: see `take_changes`. Thread rules: one thread at a time for each group, any number of groups.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "sotto/mls/message.hpp"
#include "sotto/mls/processed.hpp"

namespace sotto::mls {

struct GroupState;          // src/group_state.hpp
struct PendingCommitState;  // src/group_state.hpp

enum class HandshakeFormat : std::uint8_t { public_message, private_message };

struct GroupConfig {
  /// Late application messages of this many past epochs still open, ...
  std::uint32_t max_past_epochs = 5;
  /// ... unless the epoch ended longer ago than this, as our last one does when we are removed. Two weeks:
  /// longer than servers keep a device's queue waiting for its next connection in practice.
  Milliseconds max_past_epoch_age{14LL * 24 * 3600 * 1000};
  /// How far ahead of the last one a message may be (§15.3). 1000 is what others settled on; one jump costs 2
  /// ms.
  std::uint32_t max_forward_generations = 1000;
  /// Keys of skipped messages kept for each sender and epoch; the oldest go first.
  std::uint32_t max_skipped_keys = 1000;
  /// Proposals that wait for a commit; further ones are refused. More than the members of a large group
  /// propose in one epoch, and few enough that choosing among them takes some tens of milliseconds at most.
  std::uint32_t max_cached_proposals = 1000;
  /// resumption_psk secrets of past epochs kept (§8.6), 32 bytes each.
  std::uint32_t max_resumption_psks = 16;
  /// Application plaintexts are padded to a multiple of this (§15.1); 0 or 1: none.
  std::uint32_t padding_block = 0;
  HandshakeFormat handshake = HandshakeFormat::private_message;
  /// Refuse `protect` while proposals wait for a commit: whoever is to be removed should be gone before
  /// anything else is said (§12.4). Without it, the application has to see to that.
  bool commit_before_sending = true;
};

struct GroupParams {
  CipherSuite cipher_suite = kDefaultSuite;
  Bytes group_id{};
  Extensions extensions{};  ///< of the GroupContext
  /// Of the creator's leaf; if not given, from a day ago (clocks differ) until 90 days from now.
  std::optional<Lifetime> lifetime{};
  GroupConfig config{};
};

/// A commit that has been made and not yet been accepted by the delivery service. Drop it if another commit
/// won.
class PendingCommit {
 public:
  PendingCommit(PendingCommit&&) noexcept;
  PendingCommit& operator=(PendingCommit&&) noexcept;
  ~PendingCommit();

  [[nodiscard]] Epoch from_epoch() const;
  /// What adopting it will change.
  [[nodiscard]] const EpochChange& change() const;
  /// Whether `message` is this commit, come back from the delivery service.
  [[nodiscard]] bool is(ByteView message) const;
  /// To survive a restart between sending and acceptance.
  [[nodiscard]] SecretBytes save() const;
  static Result<PendingCommit> load(ByteView saved);

 private:
  friend class Group;
  explicit PendingCommit(std::unique_ptr<PendingCommitState> state);
  std::unique_ptr<PendingCommitState> state_;
};

enum class ProposalsByReference : std::uint8_t {
  /// The cached proposals that can go together; Removes win over Updates, late Updates over early ones.
  /// `CommitResult::left_out` names the others.
  all_valid,
  none,
  exactly,  ///< those of `CommitOptions::references`, in that order; an invalid one is an error
};

struct CommitOptions {
  std::vector<Proposal> proposals{};  ///< by value
  ProposalsByReference by_reference = ProposalsByReference::all_valid;
  std::vector<Bytes> references{};
  /// Also where a path is not required. A path heals the group from a compromise of this member.
  bool force_path = true;
  /// New credential, keys or capabilities for our leaf; makes a path.
  const Identity* new_identity = nullptr;
  std::optional<HandshakeFormat> format{};  ///< GroupConfig::handshake if not given
  Bytes authenticated_data{};
  /// The Welcome carries the tree; otherwise joiners get `ratchet_tree()` by other means.
  bool tree_in_welcome = true;
  Extensions group_info_extensions{};
};

struct CommitResult {
  Bytes message;                 ///< for the group
  std::optional<Bytes> welcome;  ///< one for all who were added
  PendingCommit pending;
  /// References of the received proposals that are not in it. They end with the epoch: whoever still wants
  /// one sends it again.
  std::vector<Bytes> left_out{};
};

struct JoinOptions {
  std::optional<Bytes> ratchet_tree{};  ///< if it is not in the Welcome
  GroupConfig config{};
  /// The group that this one continues (§11.2) or branches from (§11.3), when the Welcome says so.
  const class Group* old_group = nullptr;
};

struct ExternalJoinOptions {
  std::optional<Bytes> ratchet_tree{};  ///< if it is not in the GroupInfo
  GroupConfig config{};
  std::optional<LeafIndex> replaces{};  ///< our own former leaf ("resync")
  std::vector<PskId> psks{};            ///< PskId::external, PskId::resumption
  Bytes authenticated_data{};
};

struct ProposeOptions {
  std::optional<HandshakeFormat> format{};
  Bytes authenticated_data{};
};

struct ProtectOptions {
  Bytes authenticated_data{};
  std::optional<std::uint32_t> padding_block{};
};

struct GroupInfoOptions {
  bool ratchet_tree = true;
  bool external_pub = true;
  Extensions extensions{};
};

struct Member {
  LeafIndex leaf;
  const LeafNode* node = nullptr;  ///< valid until the group changes
};

/// One piece of a group's saved state, kept by the application under (group, key), e.g. as a row of a table.
/// Many small pieces and not one large one: what one message changes is some hundred bytes, and a key that
/// has been used is really gone, not merely outdated by a later entry of a log (§9.2).
struct StateRecord {
  Bytes key;
  std::optional<SecretBytes> value;  ///< nothing: erase the record
};

class Group {
 public:
  Group(Group&&) noexcept;
  Group& operator=(Group&&) noexcept;
  ~Group();
  /// A second, independent group in the same state. Sending from both reuses ratchet generations: for tests
  /// and for trying things out.
  [[nodiscard]] Group clone() const;

  // Beginning -----------------------------------------------------------------------------------------------
  /// A group of one, at epoch 0 (§11).
  static Result<Group> create(const GroupParams& params, Identity creator, const Environment& env);
  /// §12.4.3.1. `bundle` is the key package that the Welcome was made for; erase it afterwards unless it is a
  /// last resort. `identity` has the package's signature key and credential; its capabilities and extensions
  /// are those that our next leaf will show, and may differ from the package's.
  static Result<Group> join(ByteView welcome, const KeyPackageBundle& bundle, Identity identity,
                            const JoinOptions& options, const Environment& env);
  struct ExternalJoin;
  /// §12.4.3.2: a commit that lets us in by ourselves, and the group as it is once that has been accepted.
  static Result<ExternalJoin> join_external(ByteView group_info, Identity identity,
                                            const ExternalJoinOptions& options, const Environment& env);

  // Changing ------------------------------------------------------------------------------------------------
  /// A proposal for others to commit (or us). Not for Updates and ExternalInits.
  Result<Bytes> propose(const Proposal& proposal, const ProposeOptions& options, const Environment& env);
  /// An Update of our own leaf; `new_identity` as in CommitOptions.
  Result<Bytes> propose_update(const Identity* new_identity, const ProposeOptions& options,
                               const Environment& env);
  /// The group stays where it is (but for the handshake ratchet, which must be saved) until `adopt`.
  Result<CommitResult> commit(const CommitOptions& options, const Environment& env);
  Result<EpochChange> adopt(PendingCommit pending, const Environment& env);
  /// Any message to the group: handshake or application. What we sent ourselves is `own_message`; that of an
  /// earlier epoch while the epoch is remembered, and the commit that made this one in any case if it is a
  /// PublicMessage.
  ///
  /// A commit that removes us (`EpochChange::removed_me`) proves that its sender signed it, and no more: the
  /// secrets that its confirmation tag is made with are not for us. So a member can send a commit that
  /// removes one other member in that member's eyes, and that all others refuse. The group is over for us at
  /// once all the same, and the keys for its next epochs are gone. Where the delivery service does not vouch
  /// for commits, keep what is saved as it was until the group is known to have moved on, and `load` that if
  /// it has not. Commits from outside (`SenderType::new_member_commit`) that remove somebody are the policy's
  /// to
  /// allow: it is shown both leaves.
  Result<ProcessedMessage> process(ByteView message, const Environment& env);

  // Talking -------------------------------------------------------------------------------------------------
  Result<Bytes> protect(ByteView plaintext, const ProtectOptions& options, const Environment& env);
  /// An application message; a handshake message is an error and is not looked at further.
  Result<ApplicationMessage> unprotect(ByteView message, const Environment& env);

  // Successors ----------------------------------------------------------------------------------------------
  struct NewGroup;
  /// After a ReInit has been committed: the successor, with a package of every other member (§11.2).
  Result<NewGroup> reinitialize(const std::vector<KeyPackage>& members, Identity identity,
                                const GroupConfig& config, const Environment& env) const;
  /// A new group of some of us (§11.3).
  Result<NewGroup> branch(ByteView group_id, const Extensions& extensions,
                          const std::vector<KeyPackage>& members, Identity identity,
                          const GroupConfig& config, const Environment& env) const;

  // Looking -------------------------------------------------------------------------------------------------
  [[nodiscard]] const Bytes& group_id() const;
  [[nodiscard]] Epoch epoch() const;
  [[nodiscard]] CipherSuite cipher_suite() const;
  [[nodiscard]] const Extensions& extensions() const;
  /// false once we have been removed or the group was reinitialised.
  [[nodiscard]] bool active() const;
  [[nodiscard]] const std::optional<ReInit>& reinit() const;
  [[nodiscard]] LeafIndex own_leaf() const;
  [[nodiscard]] std::vector<Member> members() const;
  [[nodiscard]] std::size_t member_count() const;
  [[nodiscard]] const LeafNode* member(LeafIndex leaf) const;  ///< null where blank
  [[nodiscard]] std::vector<ProposalReceived> pending_proposals() const;
  [[nodiscard]] Bytes tree_hash() const;
  [[nodiscard]] Bytes confirmed_transcript_hash() const;
  [[nodiscard]] SecretBytes epoch_authenticator() const;
  /// The `ratchet_tree` extension's contents (§12.4.3.3).
  [[nodiscard]] Bytes ratchet_tree() const;
  /// A signed GroupInfo (an MLSMessage), for external joins.
  Result<Bytes> group_info(const GroupInfoOptions& options) const;
  /// MLS-Exporter (§8.5), of the current epoch; `group_not_active` once we have been removed.
  Result<SecretBytes> export_secret(std::string_view label, ByteView context, std::size_t length) const;
  /// §8.6: of the current epoch or a remembered one.
  [[nodiscard]] std::optional<SecretBytes> resumption_psk(Epoch epoch) const;
  [[nodiscard]] const Identity& identity() const;
  [[nodiscard]] const GroupConfig& config() const;

  // Keeping -------------------------------------------------------------------------------------------------
  // docs/state-format.md. Records hold secrets: store them encrypted.
  /// What changed since the last call; everything at the first one. Write it, in one transaction, before
  /// sending what `protect` and `commit` gave and before acting on what `process` gave (§6.3.1).
  std::vector<StateRecord> take_changes();
  /// From all records that are kept, in any order.
  static Result<Group> load(std::span<const StateRecord> records, const GroupConfig& config);
  /// The same in one piece.
  [[nodiscard]] SecretBytes save() const;
  static Result<Group> load(ByteView saved, const GroupConfig& config);

  /// For tests of the library itself.
  [[nodiscard]] const GroupState& internals() const { return *state_; }
  [[nodiscard]] GroupState& internals() { return *state_; }

 private:
  explicit Group(std::unique_ptr<GroupState> state);
  std::unique_ptr<GroupState> state_;
};

struct Group::ExternalJoin {
  Bytes commit;  ///< a PublicMessage for the group
  Group group;   ///< drop it if the delivery service refuses the commit
};

struct Group::NewGroup {
  Group group;    ///< at epoch 1
  Bytes welcome;  ///< for all other members
};

}  // namespace sotto::mls
