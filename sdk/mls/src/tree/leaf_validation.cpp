#include "sdk/mls/src/tree/leaf_validation.hpp"

#include <algorithm>

#include "sdk/mls/src/crypto/hpke.hpp"
#include "sdk/mls/src/tree/code_points.hpp"
#include "sdk/mls/src/tree/leaf_node_codec.hpp"

namespace sotto::mls {

namespace {

/// Those that capabilities have to list, each once.
std::vector<ExtensionType> types_to_list(const Extensions& extensions) {
  std::vector<ExtensionType> out;
  for (const Extension& e : extensions) {
    if (!is_default(e.type)) out.push_back(e.type);
  }
  return sorted_once(std::move(out));
}

Error leaf_error(ErrorCode code, const LeafCheck& check, std::string_view what) {
  return {code, "leaf " + std::to_string(check.leaf.value) + ": " + std::string(what)};
}

Result<void> check_lifetime(const LeafNode& leaf, const LeafCheck& check, const Environment& env) {
  if (leaf.source != LeafNodeSource::key_package) return {};
  const Lifetime& l = leaf.lifetime;
  if (l.not_after < l.not_before)
    return leaf_error(ErrorCode::leaf_lifetime_not_current, check, "empty lifetime");
  if (env.lifetimes.max_seconds != 0 && l.not_after - l.not_before > env.lifetimes.max_seconds)
    return leaf_error(ErrorCode::leaf_lifetime_too_long, check, "lifetime too long");
  const bool joining = check.event == CredentialEvent::join;
  if (!check.own && !(joining ? env.lifetimes.check_joining : env.lifetimes.check_received)) return {};
  const auto now = static_cast<std::uint64_t>(std::max<std::int64_t>(0, to_unix_ms(env.now()) / 1000));
  if (now < l.not_before || now > l.not_after)
    return leaf_error(ErrorCode::leaf_lifetime_not_current, check, "expired or not yet valid");
  return {};
}

Result<void> check_source(const LeafNode& leaf, const LeafCheck& check) {
  if (check.source && leaf.source != *check.source)
    return leaf_error(ErrorCode::leaf_source_invalid, check, "leaf_node_source");
  if (check.old_leaf != nullptr && check.source != LeafNodeSource::key_package &&
      leaf.encryption_key == check.old_leaf->encryption_key)
    return leaf_error(ErrorCode::leaf_encryption_key_unchanged, check, "the encryption key it had before");
  return {};
}

Result<void> check_capabilities(const LeafNode& leaf, const LeafCheck& check) {
  const Capabilities& c = leaf.capabilities;
  if (!contains(c.versions, ProtocolVersion::mls10) || !contains(c.cipher_suites, check.suite))
    return leaf_error(ErrorCode::leaf_lacks_suite_or_version, check,
                      "the group's version or suite is not listed");
  if (!c.supports(leaf.credential.type))
    return leaf_error(ErrorCode::leaf_credential_type_not_listed, check,
                      "its credential's type is not listed");
  if (check.own && is_grease(static_cast<std::uint16_t>(leaf.credential.type)))  // §13.5
    return leaf_error(ErrorCode::invalid_argument, check, "a GREASE value as the credential's type");
  if (has_duplicates(leaf.extensions))
    return leaf_error(ErrorCode::extension_duplicate, check, "two extensions of one type");
  if (first_missing(c.extensions, types_to_list(leaf.extensions)))
    return leaf_error(ErrorCode::leaf_extension_not_listed, check, "an extension that is not listed");
  return {};
}

Result<void> check_credential(const LeafNode& leaf, const LeafCheck& check, const Environment& env) {
  CredentialCheck c;
  c.event = check.event;
  c.group_id = check.group_id;
  c.members = check.members;
  c.old_leaf = check.old_leaf;
  c.new_leaf = &leaf;
  c.now = env.now();
  if (auto reason = env.policy.check_credential(c))
    return leaf_error(ErrorCode::leaf_credential_rejected, check, *reason);
  return {};
}

}  // namespace

Result<GroupNeeds> needs_of(const Extensions& group_extensions) {
  GroupNeeds out;
  out.group_extensions = types_to_list(group_extensions);
  const Extension* required = find_extension(group_extensions, ExtensionType::required_capabilities);
  if (required == nullptr) return out;
  auto listed = RequiredCapabilities::from_extension(*required);
  if (!listed) return listed.error();
  std::erase_if(listed->extensions, [](ExtensionType type) { return is_default(type); });
  std::erase_if(listed->proposals, [](ProposalType type) { return is_default(type); });
  out.required.extensions = sorted_once(std::move(listed->extensions));
  out.required.proposals = sorted_once(std::move(listed->proposals));
  out.required.credentials = sorted_once(std::move(listed->credentials));
  return out;
}

Result<void> check_leaf_meets(const LeafNode& leaf, const GroupNeeds& needs) {
  const Capabilities& c = leaf.capabilities;
  if (const auto missing = first_missing(c.extensions, needs.group_extensions))
    return Error{
        ErrorCode::leaf_lacks_group_extension,
        "extension " + std::to_string(static_cast<unsigned>(*missing)) + " of the group is not supported"};
  if (first_missing(c.extensions, needs.required.extensions) ||
      first_missing(c.proposals, needs.required.proposals) ||
      first_missing(c.credentials, needs.required.credentials))
    return Error{ErrorCode::leaf_lacks_required_capability, "a required capability is not supported"};
  return {};
}

Result<void> check_group_extensions(const Extensions& extensions, ByteView group_id, const Environment& env) {
  if (has_duplicates(extensions))
    return Error{ErrorCode::extension_duplicate, "two group extensions of one type"};
  if (const Extension* e = find_extension(extensions, ExtensionType::required_capabilities)) {
    if (auto parsed = RequiredCapabilities::from_extension(*e); !parsed) return parsed.error();
  }
  const Extension* listed = find_extension(extensions, ExtensionType::external_senders);
  if (listed == nullptr) return {};
  auto senders = parse_external_senders(*listed);
  if (!senders) return senders.error();
  for (const ExternalSender& sender : *senders) {
    CredentialCheck check;
    check.event = CredentialEvent::external_sender;
    check.group_id = group_id;
    check.external_sender = &sender;
    check.now = env.now();
    if (auto reason = env.policy.check_credential(check))
      return Error{ErrorCode::leaf_credential_rejected, "external sender: " + *reason};
  }
  return {};
}

Result<void> check_leaf(const LeafNode& leaf, const LeafCheck& check, const Environment& env) {
  const Suite* suite = find_suite(check.suite);
  if (suite == nullptr) return leaf_error(ErrorCode::cipher_suite_unsupported, check, "cipher suite");
  if (auto ok = check_source(leaf, check); !ok) return ok;
  if (!is_hpke_public_key(*suite, leaf.encryption_key))
    return leaf_error(ErrorCode::key_invalid, check, "encryption_key");
  if (auto ok = check_capabilities(leaf, check); !ok) return ok;
  if (check.needs != nullptr) {
    if (auto ok = check_leaf_meets(leaf, *check.needs); !ok)
      return leaf_error(ok.error().code, check, ok.error().message);
  }
  if (auto ok = check_lifetime(leaf, check, env); !ok) return ok;
  if (!check.signature_verified && !verify_leaf_signature(leaf, {check.group_id, check.leaf}))
    return leaf_error(ErrorCode::leaf_signature_invalid, check, "signature");
  return check_credential(leaf, check, env);
}

}  // namespace sotto::mls
