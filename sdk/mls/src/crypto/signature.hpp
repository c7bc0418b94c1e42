// SignWithLabel and VerifyWithLabel (RFC 9420 §5.1.2).
#pragma once

#include <string_view>

#include "sdk/mls/src/crypto/suite.hpp"
#include "sotto/mls/identity.hpp"

namespace sotto::mls {

Bytes sign_with_label(const SignatureKeyPair& keys, std::string_view label, ByteView content);
/// false also for keys and signatures of wrong length.
bool verify_with_label(ByteView public_key, std::string_view label, ByteView content, ByteView signature);

}  // namespace sotto::mls
