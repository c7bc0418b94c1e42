// A group as one of its members sees it (RFC 9420 §8, §11, §12). It does no I/O: it takes messages,
// randomness and time, and returns messages.
//
//   Environment env{system_random(), wall_clock_now, policy};     // policy.hpp
//   GroupParams params;
//   params.group_id = to_bytes(as_bytes("friends"));
//   auto group = Group::create(params, std::move(me), env);
//   CommitOptions add;
//   add.proposals = {Proposal::add(bobs_package)};
//   auto made = group->commit(add, env);                          // the group has not changed yet
//   send(made->message);                                          // the service accepts one commit an epoch
//   auto change = group->adopt(std::move(made->pending), env);    // accepted: now it changes
//   send(*made->welcome);                                         // never before acceptance (§14)
//
//   auto bob = Group::join(welcome, bobs_bundle, std::move(bobs_identity), {}, env);
//   auto sealed = bob->protect(as_bytes("hi"), {}, env);
//   auto opened = group->unprotect(*sealed, env);
//
// An operation that fails leaves the group unchanged. Save what changed before acting on it: see
// `take_changes`.
//
// Thread rules: one thread at a time for each group, any number of groups.
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
  /// Application messages of this many past epochs can still be opened.
  std::uint32_t max_past_epochs = 5;
  /// Epochs that ended longer ago than this are forgotten; our removal ends our last one. Two weeks is longer
  /// than servers in practice keep the queue of a device that does not connect.
  Milliseconds max_past_epoch_age{14LL * 24 * 3600 * 1000};
  /// How many generations a message may be ahead of the sender's last one (§15.3). 1000 is usual, and one
  /// such jump costs little.
  std::uint32_t max_forward_generations = 1000;
  /// Keys of skipped messages kept for each sender and epoch. The oldest are dropped first.
  std::uint32_t max_skipped_keys = 1000;
  /// Proposals that may wait for a commit; more are refused. Enough for a large group in one epoch, and few
  /// enough that choosing among them stays quick.
  std::uint32_t max_cached_proposals = 1000;
  /// resumption_psk secrets of past epochs kept (§8.6), 32 bytes each.
  std::uint32_t max_resumption_psks = 16;
  /// Application plaintexts are padded to a multiple of this many bytes (§15.1); 0 or 1: no padding.
  std::uint32_t padding_block = 0;
  /// How proposals and commits are sent, unless a call says otherwise.
  HandshakeFormat handshake = HandshakeFormat::private_message;
  /// Refuse `protect` while proposals wait for a commit, so that a member who is to be removed is gone before
  /// anything else is sent (§12.4). If false, the application has to ensure that.
  bool commit_before_sending = true;
};

struct GroupParams {
  CipherSuite cipher_suite = kDefaultSuite;
  Bytes group_id{};
  Extensions extensions{};  ///< of the GroupContext
  /// Of the creator's leaf. Default: from a day ago, since clocks differ, until 90 days from now.
  std::optional<Lifetime> lifetime{};
  GroupConfig config{};
};

/// A commit that the delivery service has not accepted yet. Drop it if another commit was accepted first.
class PendingCommit {
 public:
  PendingCommit(PendingCommit&&) noexcept;
  PendingCommit& operator=(PendingCommit&&) noexcept;
  ~PendingCommit();

  /// The epoch that it was made in.
  [[nodiscard]] Epoch from_epoch() const;
  /// What adopting it will change.
  [[nodiscard]] const EpochChange& change() const;
  /// Whether `message`, received from the delivery service, is this commit.
  [[nodiscard]] bool is(ByteView message) const;
  /// Keeps it across a restart between sending and acceptance.
  [[nodiscard]] SecretBytes save() const;
  static Result<PendingCommit> load(ByteView saved);

 private:
  friend class Group;
  explicit PendingCommit(std::unique_ptr<PendingCommitState> state);
  std::unique_ptr<PendingCommitState> state_;
};

enum class ProposalsByReference : std::uint8_t {
  /// The cached proposals that are valid together. Removes win over Updates, later Updates over earlier ones.
  /// `CommitResult::left_out` names the others.
  all_valid,
  none,
  exactly,  ///< those in `CommitOptions::references`, in that order; an invalid one is an error
};

struct CommitOptions {
  std::vector<Proposal> proposals{};  ///< by value
  ProposalsByReference by_reference = ProposalsByReference::all_valid;
  std::vector<Bytes> references{};
  /// Send a path even if none is required. A path heals the group after a compromise of this member.
  bool force_path = true;
  /// New credential, keys or capabilities for our leaf; forces a path. Null: unchanged.
  const Identity* new_identity = nullptr;
  std::optional<HandshakeFormat> format{};  ///< default: GroupConfig::handshake
  Bytes authenticated_data{};
  /// Put the tree into the Welcome. If false, send `ratchet_tree()` to the joiners by other means.
  bool tree_in_welcome = true;
  Extensions group_info_extensions{};
};

struct CommitResult {
  Bytes message;                 ///< for the group
  std::optional<Bytes> welcome;  ///< one for all new members; nothing if nobody was added
  PendingCommit pending;
  /// References of the received proposals that are not in the commit. Proposals end with the epoch: a member
  /// who still wants one sends it again.
  std::vector<Bytes> left_out{};
};

struct JoinOptions {
  std::optional<Bytes> ratchet_tree{};  ///< if it is not in the Welcome
  GroupConfig config{};
  /// The group that this one continues (§11.2) or branches from (§11.3), if the Welcome names one.
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
  bool ratchet_tree = true;  ///< include the tree
  bool external_pub = true;  ///< include the key for external joins
  Extensions extensions{};
};

struct Member {
  LeafIndex leaf;
  const LeafNode* node = nullptr;  ///< valid until the group changes
};

/// One piece of a group's saved state. The application keeps it under (group, key), for example as a row of a
/// table. The pieces are small, so a message changes only a few hundred bytes, and a used key is erased
/// instead of being superseded by a later entry of a log (§9.2).
struct StateRecord {
  Bytes key;
  std::optional<SecretBytes> value;  ///< nothing: erase the record
};

class Group {
 public:
  Group(Group&&) noexcept;
  Group& operator=(Group&&) noexcept;
  ~Group();
  /// A second, independent group in the same state. Sending from both would reuse ratchet generations: use it
  /// for tests and for trying out operations.
  [[nodiscard]] Group clone() const;

  // Creating and joining ------------------------------------------------------------------------------------
  /// Creates a group with one member, at epoch 0 (§11).
  static Result<Group> create(const GroupParams& params, Identity creator, const Environment& env);
  /// Joins by a Welcome (§12.4.3.1). `bundle` is the key package that the Welcome was made for; erase it
  /// afterwards unless it is a last resort. `identity` must have the package's signature key and credential.
  /// Its capabilities and extensions are those of our next leaf and may differ from the package's.
  static Result<Group> join(ByteView welcome, const KeyPackageBundle& bundle, Identity identity,
                            const JoinOptions& options, const Environment& env);
  struct ExternalJoin;
  /// Joins by an external commit (§12.4.3.2): makes the commit, and the group as it is once it is accepted.
  static Result<ExternalJoin> join_external(ByteView group_info, Identity identity,
                                            const ExternalJoinOptions& options, const Environment& env);

  // Changing ------------------------------------------------------------------------------------------------
  /// A proposal that any member may commit. Not for Updates and ExternalInits.
  Result<Bytes> propose(const Proposal& proposal, const ProposeOptions& options, const Environment& env);
  /// An Update of our own leaf; `new_identity` as in CommitOptions.
  Result<Bytes> propose_update(const Identity* new_identity, const ProposeOptions& options,
                               const Environment& env);
  /// Makes a commit. Until `adopt`, the group stays unchanged except for the handshake ratchet, which must be
  /// saved.
  Result<CommitResult> commit(const CommitOptions& options, const Environment& env);
  /// Applies our own commit after the delivery service has accepted it.
  Result<EpochChange> adopt(PendingCommit pending, const Environment& env);
  /// Processes any message to the group: handshake or application. Our own messages fail with `own_message`,
  /// those of an earlier epoch only while the epoch is remembered. The commit that made the current epoch
  /// always does if it is a PublicMessage.
  ///
  /// A commit that removes us (`EpochChange::removed_me`) proves only that its sender signed it: we cannot
  /// check its confirmation tag, because we do not get the secrets behind it. So a member can forge a commit
  /// that removes one other member, which that member accepts and all others refuse. The victim's group ends
  /// at once, and the keys for its next epochs are gone. If the delivery service does not vouch for commits,
  /// keep the old saved state until the group is known to have moved on, and `load` it if the group has not.
  /// A commit from outside (`SenderType::new_member_commit`) that removes somebody is up to the policy, which
  /// sees both leaves.
  Result<ProcessedMessage> process(ByteView message, const Environment& env);

  // Application messages ------------------------------------------------------------------------------------
  /// Encrypts an application message for the group.
  Result<Bytes> protect(ByteView plaintext, const ProtectOptions& options, const Environment& env);
  /// Decrypts an application message. A handshake message fails with `not_application`, without being
  /// processed.
  Result<ApplicationMessage> unprotect(ByteView message, const Environment& env);

  // Successors ----------------------------------------------------------------------------------------------
  struct NewGroup;
  /// Creates the successor after a ReInit was committed, with a key package of every other member (§11.2).
  Result<NewGroup> reinitialize(const std::vector<KeyPackage>& members, Identity identity,
                                const GroupConfig& config, const Environment& env) const;
  /// Creates a new group with some of the members (§11.3).
  Result<NewGroup> branch(ByteView group_id, const Extensions& extensions,
                          const std::vector<KeyPackage>& members, Identity identity,
                          const GroupConfig& config, const Environment& env) const;

  // Reading -------------------------------------------------------------------------------------------------
  [[nodiscard]] const Bytes& group_id() const;
  [[nodiscard]] Epoch epoch() const;
  [[nodiscard]] CipherSuite cipher_suite() const;
  [[nodiscard]] const Extensions& extensions() const;
  /// False once we have been removed or the group was reinitialised.
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
  /// MLS-Exporter (§8.5) of the current epoch. `group_not_active` once we have been removed.
  Result<SecretBytes> export_secret(std::string_view label, ByteView context, std::size_t length) const;
  /// The resumption PSK (§8.6) of the current epoch or one that is remembered; nothing for others.
  [[nodiscard]] std::optional<SecretBytes> resumption_psk(Epoch epoch) const;
  [[nodiscard]] const Identity& identity() const;
  [[nodiscard]] const GroupConfig& config() const;

  // Saving --------------------------------------------------------------------------------------------------
  // docs/state-format.md. Records hold secrets: store them encrypted.
  /// The records that changed since the last call; the first call returns all. Write them in one transaction
  /// before sending what `protect` or `commit` returned, and before acting on what `process` returned
  /// (§6.3.1).
  std::vector<StateRecord> take_changes();
  /// Restores a group from all of its records, in any order.
  static Result<Group> load(std::span<const StateRecord> records, const GroupConfig& config);
  /// The whole state in one piece.
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
