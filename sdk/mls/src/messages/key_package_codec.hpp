// Encoding and signature of key packages (RFC 9420 §10).
#pragma once

#include "sdk/mls/src/codec.hpp"
#include "sotto/mls/key_package.hpp"

namespace sotto::mls {

void write(Writer& w, const KeyPackage& v);
void read(Reader& r, KeyPackage& v);
void sign_key_package(KeyPackage& package, const SignatureKeyPair& keys);
bool verify_key_package_signature(const KeyPackage& package);

/// §10.1 against a group's parameters, without the leaf's rules (§7.3).
Result<void> check_key_package(const KeyPackage& package, ProtocolVersion version, CipherSuite suite,
                               bool signature_verified = false);

}  // namespace sotto::mls
