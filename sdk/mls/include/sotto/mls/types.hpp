// The small types that every other header uses: strong numbers and code points. RFC 9420 §17 names the
// registries.
#pragma once

#include <compare>
#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/secret.hpp"

namespace sotto::mls {

/// A member's index among the leaves, from the left; valid within one epoch (§5.3.3).
struct LeafIndex {
  std::uint32_t value = 0;
  friend constexpr auto operator<=>(LeafIndex, LeafIndex) = default;
};

/// An index into the array of nodes: leaves even, parents odd (RFC 9420 Appendix C).
struct NodeIndex {
  std::uint32_t value = 0;
  friend constexpr auto operator<=>(NodeIndex, NodeIndex) = default;
};

struct Epoch {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(Epoch, Epoch) = default;
};

enum class ProtocolVersion : std::uint16_t { mls10 = 1 };

/// A received list may contain any 16-bit value; `is_supported` says which suites this library implements.
enum class CipherSuite : std::uint16_t {
  x25519_aes128gcm_sha256_ed25519 = 1,
  x25519_chacha20poly1305_sha256_ed25519 = 3,
};
inline constexpr CipherSuite kDefaultSuite = CipherSuite::x25519_chacha20poly1305_sha256_ed25519;
bool is_supported(CipherSuite suite);

enum class CredentialType : std::uint16_t { basic = 1, x509 = 2 };

enum class ExtensionType : std::uint16_t {
  application_id = 1,
  ratchet_tree = 2,
  required_capabilities = 3,
  external_pub = 4,
  external_senders = 5,
};

enum class ProposalType : std::uint16_t {
  add = 1,
  update = 2,
  remove = 3,
  psk = 4,
  reinit = 5,
  external_init = 6,
  group_context_extensions = 7,
};

enum class WireFormat : std::uint16_t {
  public_message = 1,
  private_message = 2,
  welcome = 3,
  group_info = 4,
  key_package = 5,
};

enum class ContentType : std::uint8_t { application = 1, proposal = 2, commit = 3 };

enum class SenderType : std::uint8_t {
  member = 1,
  external = 2,
  new_member_proposal = 3,
  new_member_commit = 4
};

/// Who made a framed message (§6). `index` is a leaf for members, an index into external_senders for
/// external.
struct Sender {
  SenderType type = SenderType::member;
  std::uint32_t index = 0;

  static Sender member(LeafIndex leaf) { return {SenderType::member, leaf.value}; }
  [[nodiscard]] LeafIndex leaf() const { return LeafIndex{index}; }
  friend bool operator==(const Sender&, const Sender&) = default;
};

/// Whether every client supports the type without listing it in its capabilities (§7.2).
constexpr bool is_default(ExtensionType type) {
  return type >= ExtensionType::application_id && type <= ExtensionType::external_senders;
}
constexpr bool is_default(ProposalType type) {
  return type >= ProposalType::add && type <= ProposalType::group_context_extensions;
}

/// Whether `value` is a GREASE code point, which receivers must ignore (§13.5): 0x0A0A, 0x1A1A ... 0xEAEA.
constexpr bool is_grease(std::uint16_t value) {
  return (value & 0x0F0F) == 0x0A0A && (value >> 8) == (value & 0xFF) && value != 0xFAFA;
}

}  // namespace sotto::mls
