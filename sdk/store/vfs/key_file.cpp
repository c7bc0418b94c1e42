#include "sdk/store/vfs/key_file.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>

#include <sodium.h>

#include "sdk/store/vfs/cipher.hpp"

namespace sotto::vfs {
namespace {

constexpr std::string_view kMagic = "sottokey";
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kVersionAt = 8;
constexpr std::size_t kKindAt = 9;
constexpr std::size_t kPassesAt = 12;
constexpr std::size_t kMemoryAt = 16;
constexpr std::size_t kSaltAt = 24;
constexpr std::size_t kNonceAt = 40;
constexpr std::size_t kWrappedAt = 64;
constexpr std::size_t kChecksumAt = 112;
constexpr std::size_t kChecksumSize = 16;

static_assert(sizeof(KeySlot::salt) == crypto_pwhash_SALTBYTES);
static_assert(sizeof(KeySlot::nonce) == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
static_assert(sizeof(KeySlot::wrapped) == kFileKeySize + crypto_aead_xchacha20poly1305_ietf_ABYTES);

// A slot's cost is read before anything has vouched for it: a changed file must not make the app allocate
// without end or compute for hours.
constexpr std::uint32_t kMaxPasses = 64;
constexpr std::uint32_t kMaxMemoryKib = 1024 * 1024;
constexpr std::uint32_t kMinMemoryKib = crypto_pwhash_MEMLIMIT_MIN / 1024;

bool acceptable(KdfCost cost) {
  return cost.passes >= crypto_pwhash_OPSLIMIT_MIN && cost.passes <= kMaxPasses &&
         cost.memory_kib >= kMinMemoryKib && cost.memory_kib <= kMaxMemoryKib;
}

void put_u32(std::uint8_t* at, std::uint32_t value) {
  for (int i = 0; i < 4; ++i, value >>= 8)
    at[i] = static_cast<std::uint8_t>(value);
}

std::uint32_t get_u32(const std::uint8_t* at) {
  return at[0] | std::uint32_t{at[1]} << 8 | std::uint32_t{at[2]} << 16 | std::uint32_t{at[3]} << 24;
}

std::array<std::uint8_t, kChecksumSize> checksum(ByteView bytes) {
  std::array<std::uint8_t, kChecksumSize> sum{};
  crypto_generichash(sum.data(), sum.size(), bytes.data(), bytes.size(), nullptr, 0);
  return sum;
}

Result<SecretBytes> stretch(const DatabaseKey& key, const KeySlot& slot) {
  if (key.kind() == DatabaseKey::Kind::raw) {
    if (key.secret().size() != DatabaseKey::kRawSize) {
      return Error(ErrorCode::invalid_argument,
                   "a database key has 32 bytes, not " + std::to_string(key.secret().size()));
    }
    SecretBytes out(kFileKeySize);
    crypto_generichash(out.data(), out.size(), slot.salt.data(), slot.salt.size(), key.secret().data(),
                       key.secret().size());
    return out;
  }
  if (key.secret().empty()) return Error(ErrorCode::invalid_argument, "the passphrase is empty");
  if (!acceptable(slot.cost)) return Error(ErrorCode::invalid_argument, "the Argon2id cost is out of range");
  SecretBytes out(kFileKeySize);
  const int code = crypto_pwhash(out.data(), out.size(), reinterpret_cast<const char*>(key.secret().data()),
                                 key.secret().size(), slot.salt.data(), slot.cost.passes,
                                 std::size_t{slot.cost.memory_kib} * 1024, crypto_pwhash_ALG_ARGON2ID13);
  if (code != 0) return Error(ErrorCode::store_failed, "no memory to derive the database key with Argon2id");
  return out;
}

}  // namespace

std::array<std::uint8_t, kSlotSize> encode_slot(const KeySlot& slot) {
  std::array<std::uint8_t, kSlotSize> out{};
  std::memcpy(out.data(), kMagic.data(), kMagic.size());
  out[kVersionAt] = kVersion;
  out[kKindAt] = static_cast<std::uint8_t>(slot.kind);
  put_u32(out.data() + kPassesAt, slot.cost.passes);
  put_u32(out.data() + kMemoryAt, slot.cost.memory_kib);
  std::copy(slot.salt.begin(), slot.salt.end(), out.begin() + kSaltAt);
  std::copy(slot.nonce.begin(), slot.nonce.end(), out.begin() + kNonceAt);
  std::copy(slot.wrapped.begin(), slot.wrapped.end(), out.begin() + kWrappedAt);
  const auto sum = checksum(std::span(out).first(kChecksumAt));
  std::copy(sum.begin(), sum.end(), out.begin() + kChecksumAt);
  return out;
}

std::optional<KeySlot> decode_slot(ByteView bytes) {
  if (bytes.size() < kSlotSize) return std::nullopt;
  bytes = bytes.first(kSlotSize);
  if (as_text(bytes.first(kMagic.size())) != kMagic || bytes[kVersionAt] != kVersion) return std::nullopt;
  const auto sum = checksum(bytes.first(kChecksumAt));
  if (!std::equal(sum.begin(), sum.end(), bytes.begin() + kChecksumAt)) return std::nullopt;

  KeySlot slot;
  slot.kind = static_cast<DatabaseKey::Kind>(bytes[kKindAt]);
  slot.cost = {get_u32(bytes.data() + kPassesAt), get_u32(bytes.data() + kMemoryAt)};
  const bool raw = slot.kind == DatabaseKey::Kind::raw;
  const bool passphrase = slot.kind == DatabaseKey::Kind::passphrase && acceptable(slot.cost);
  if (!raw && !passphrase) return std::nullopt;
  std::copy_n(bytes.begin() + kSaltAt, slot.salt.size(), slot.salt.begin());
  std::copy_n(bytes.begin() + kNonceAt, slot.nonce.size(), slot.nonce.begin());
  std::copy_n(bytes.begin() + kWrappedAt, slot.wrapped.size(), slot.wrapped.begin());
  return slot;
}

Result<KeyWrap> KeyWrap::derive(const DatabaseKey& key, const KeySlot& slot) {
  if (key.kind() == DatabaseKey::Kind::none) {
    return Error(ErrorCode::store_key_missing, "the database is encrypted and no key was given");
  }
  if (key.kind() != slot.kind) {
    const bool raw = slot.kind == DatabaseKey::Kind::raw;
    return Error(ErrorCode::store_key_wrong, raw ? "the database opens with a key, not with a passphrase"
                                                 : "the database opens with a passphrase, not with a key");
  }
  Result<SecretBytes> stretched = stretch(key, slot);
  if (!stretched) return std::move(stretched).error();
  KeyWrap wrap;
  wrap.parameters_ = slot;
  wrap.key_ = *std::move(stretched);
  return wrap;
}

Result<KeyWrap> KeyWrap::create(const DatabaseKey& key, Random& random) {
  KeySlot slot;
  slot.kind = key.kind();
  slot.cost = key.kind() == DatabaseKey::Kind::passphrase ? key.cost() : KdfCost{0, 0};
  random.fill(slot.salt);
  return derive(key, slot);
}

KeyWrap KeyWrap::clone() const {
  KeyWrap copy;
  copy.parameters_ = parameters_;
  copy.key_ = key_.clone();
  return copy;
}

KeySlot KeyWrap::wrap(const SecretBytes& file_key, Random& random) const {
  KeySlot slot = parameters_;
  random.fill(slot.nonce);
  // What decides the key and its cost is authenticated with it, nonce aside.
  const auto head = encode_slot(slot);
  crypto_aead_xchacha20poly1305_ietf_encrypt(slot.wrapped.data(), nullptr, file_key.data(), file_key.size(),
                                             head.data(), kNonceAt, nullptr, slot.nonce.data(), key_.data());
  return slot;
}

std::optional<SecretBytes> KeyWrap::unwrap(const KeySlot& slot) const {
  const auto head = encode_slot(slot);
  SecretBytes file_key(kFileKeySize);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(file_key.data(), nullptr, nullptr, slot.wrapped.data(),
                                                 slot.wrapped.size(), head.data(), kNonceAt,
                                                 slot.nonce.data(), key_.data()) != 0) {
    return std::nullopt;
  }
  return file_key;
}

bool KeyWrap::fits(const KeySlot& slot) const {
  return slot.kind == parameters_.kind && slot.cost == parameters_.cost && slot.salt == parameters_.salt;
}

}  // namespace sotto::vfs
