// SHA-256, HMAC and HKDF, and the labelled derivations of RFC 9420 §5.2 and §8.
#pragma once

#include <string_view>

#include "sdk/mls/src/crypto/suite.hpp"

namespace sotto::mls {

HashValue hash(ByteView data);
/// Hash(a || b)
HashValue hash(ByteView a, ByteView b);
HashValue hmac(ByteView key, ByteView data);

SecretBytes hkdf_extract(ByteView salt, ByteView input);
/// length <= 255 * Nh
SecretBytes hkdf_expand(ByteView secret, ByteView info, std::size_t length);

SecretBytes expand_with_label(const Suite& suite, ByteView secret, std::string_view label, ByteView context,
                              std::size_t length);
SecretBytes derive_secret(const Suite& suite, ByteView secret, std::string_view label);
SecretBytes derive_tree_secret(const Suite& suite, ByteView secret, std::string_view label,
                               std::uint32_t generation, std::size_t length);
/// RefHash (§5.2); `label` as it is.
Bytes ref_hash(const Suite& suite, std::string_view label, ByteView value);
Bytes mac(const Suite& suite, ByteView key, ByteView data);

}  // namespace sotto::mls
