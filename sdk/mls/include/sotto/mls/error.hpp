// MLS errors as values: one code for each rule of RFC 9420 that input can break, so that a test or a log
// shows exactly which one it was.
//
//   Result<ProcessedMessage> done = group.process(bytes, env);
//   if (!done) log(to_string(done.error().code), done.error().message);
//
// `message` names the input and what was wrong with it. It never contains key material or plaintext.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sotto/result.hpp"

namespace sotto::mls {

enum class ErrorCode : std::uint16_t {
  // 100: encoding (§2.1, §6, §12.4.3.3)
  truncated = 100,              ///< the input ends inside a field
  trailing_bytes = 101,         ///< bytes are left after the last field
  vector_prefix_invalid = 102,  ///< a vector length starts with the bits 11
  vector_length_not_minimal = 103,
  value_too_large = 104,         ///< larger than this library reads or writes
  optional_invalid = 105,        ///< a presence octet other than 0 or 1
  enum_invalid = 106,            ///< a value the enumeration does not have
  version_unsupported = 107,     ///< not mls10
  wire_format_unexpected = 108,  ///< not the kind of message that this call takes
  extension_duplicate = 109,     ///< two extensions of one type in a list (§13.4)
  extension_malformed = 110,     ///< the contents of an extension this library understands

  // 120: cryptography
  cipher_suite_unsupported = 120,
  key_invalid = 121,        ///< a public or private key of wrong length, or a point of small order
  decryption_failed = 122,  ///< an HPKE or AEAD ciphertext did not open

  // 200: a leaf node (§7.2, §7.3)
  leaf_credential_rejected = 200,  ///< the policy refused the credential (§5.3.1)
  leaf_signature_invalid = 201,
  leaf_lacks_required_capability = 202,         ///< the group's required_capabilities
  leaf_lacks_group_extension = 203,             ///< an extension of the GroupContext (§13.4)
  leaf_lacks_suite_or_version = 204,            ///< capabilities do not list the group's suite or mls10
  leaf_credential_type_not_listed = 205,        ///< its own credential's type (§7.2)
  credential_type_unsupported_by_member = 206,  ///< some other member does not support its credential's type
  leaf_lacks_credential_type_in_use = 207,      ///< it does not support another member's credential's type
  leaf_lifetime_not_current = 208,
  leaf_lifetime_too_long = 209,
  leaf_extension_not_listed = 210,
  leaf_source_invalid = 211,            ///< leaf_node_source is not the one that its context requires
  leaf_encryption_key_unchanged = 212,  ///< an Update or a path leaf with the key it replaces
  signature_key_not_unique = 213,
  encryption_key_not_unique = 214,

  // 240: a key package (§10.1)
  key_package_version_mismatch = 240,
  key_package_suite_mismatch = 241,
  key_package_signature_invalid = 242,
  key_package_init_key_reused = 243,  ///< init_key equals the leaf's encryption_key

  // 260: framing (§6, §12.1.8)
  wrong_group = 260,
  wrong_epoch = 261,        ///< a handshake message not of the current epoch, or of the last possible epoch
  epoch_unavailable = 262,  ///< an application message of an epoch that is forgotten or still to come
  sender_unknown = 263,     ///< the sender's leaf is blank or past the end
  signature_invalid = 264,
  membership_tag_invalid = 265,
  confirmation_tag_invalid = 266,
  padding_not_zero = 267,
  application_data_unencrypted = 268,    ///< application data in a PublicMessage (§6)
  content_not_allowed_for_sender = 269,  ///< e.g. a commit from an external sender
  external_sender_unknown = 270,         ///< no such index in external_senders
  external_proposal_type_invalid = 271,  ///< a type an outsider may not propose (§12.1.8)
  own_message = 272,                     ///< an echo of what this member sent
  not_application = 273,                 ///< `unprotect` was given a handshake message
  too_many_proposals = 274,              ///< GroupConfig::max_cached_proposals already wait for a commit

  // 290: the secret tree (§9, §15.3)
  generation_too_far = 290,      ///< beyond GroupConfig::max_forward_generations
  generation_unavailable = 291,  ///< already used, or its skipped key was dropped: a replay, or too late

  // 300: single proposals (§12.1)
  remove_target_blank = 300,
  psk_nonce_length_invalid = 301,
  psk_usage_invalid = 302,  ///< a reinit or branch PSK outside of its operation
  psk_unknown = 303,        ///< a PSK this client does not have
  reinit_version_lower = 304,
  update_outside_of_member = 305,  ///< an Update whose sender is not a member
  external_init_misplaced = 306,   ///< an ExternalInit outside of an external commit
  member_lacks_required_capability =
      307,                             ///< new required_capabilities that a member does not have (§12.1.7)
  member_lacks_group_extension = 308,  ///< a new GroupContext extension that a member does not support
  proposal_not_authorized = 309,       ///< the policy refused it

  // 320: lists of proposals (§12.2)
  update_by_committer = 320,
  remove_of_committer = 321,
  leaf_changed_twice = 322,   ///< several Updates or Removes of one leaf
  add_duplicate = 323,        ///< two Adds of one client
  add_existing_member = 324,  ///< an Add of a client that is a member and not removed here
  psk_duplicate = 325,
  group_context_extensions_duplicate = 326,
  reinit_not_alone = 327,
  proposal_type_unsupported = 328,  ///< a type some remaining member does not support
  external_init_count_invalid = 329,
  external_commit_remove_count_invalid = 330,
  external_commit_proposal_invalid = 331,  ///< a type that an external commit may not hold
  external_commit_by_reference = 332,
  psk_count_too_large = 333,  ///< more than the 65,535 PSKs that the key schedule can number (§8.4)

  // 350: commits (§12.4, §7.5, §7.9)
  proposal_reference_unknown = 350,
  path_missing = 351,
  path_length_invalid = 352,            ///< not one node for each node of the filtered direct path
  path_ciphertext_count_invalid = 353,  ///< not one ciphertext for each node of a resolution
  path_key_not_unique = 354,            ///< a public key of the path is already in the tree
  path_key_mismatch = 355,              ///< a derived key is not the one in the path
  path_parent_hash_invalid = 356,
  path_secret_invalid = 357,  ///< wrong length
  no_decryption_key = 358,    ///< we hold no private key for the resolution

  // 400: joining (§12.4.3)
  welcome_not_for_us = 400,
  welcome_suite_mismatch = 401,
  welcome_psk_not_alone = 402,  ///< a reinit or branch PSK beside another such PSK
  group_info_signature_invalid = 403,
  group_info_signer_blank = 404,
  group_id_in_use = 405,
  group_info_suite_mismatch = 406,
  tree_missing = 407,  ///< neither in the message nor given
  tree_hash_mismatch = 408,
  tree_ends_blank = 409,
  tree_malformed = 410,  ///< e.g. a parent node in a leaf's place
  tree_parent_hash_invalid = 411,
  unmerged_leaf_invalid = 412,  ///< blank, not a descendant, not sorted, or not listed between
  tree_key_not_unique = 413,    ///< a parent's encryption key appears twice
  own_leaf_missing = 414,
  group_extension_unsupported = 415,  ///< a GroupContext extension that we do not support (§13.4)
  external_pub_missing = 416,
  successor_epoch_invalid = 417,        ///< a reinitialised or branched group must start at epoch 1
  successor_parameters_mismatch = 418,  ///< differ from the ReInit or the old group (§11.2, §11.3)
  successor_members_mismatch = 419,
  successor_group_unknown = 420,  ///< the old group was not given, or had no ReInit

  // 500: saved state
  state_malformed = 500,
  state_version_unsupported = 501,
  state_inconsistent = 502,  ///< decodes, but the parts contradict each other

  // 600: the call itself
  group_not_active = 600,  ///< removed from it, or it was reinitialised
  pending_outdated = 601,  ///< a pending commit of another epoch or member
  invalid_argument = 602,
  proposals_pending = 603,  ///< commit the received proposals before sending application data (§12.4)
};

/// The code's stable name: "confirmation_tag_invalid".
std::string_view to_string(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::invalid_argument;
  std::string message;

  Error() = default;
  Error(ErrorCode c, std::string text) : code(c), message(std::move(text)) {}
};

/// Every function of the library that can fail returns this.
template <class T>
using Result = sotto::Result<T, Error>;

}  // namespace sotto::mls
