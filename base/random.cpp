#include "base/random.hpp"

#include <array>
#include <cstdlib>
#include <cstring>

#include <sodium.h>

namespace sotto {

std::uint64_t Random::next_u64() {
  std::array<std::uint8_t, 8> raw{};
  fill(raw);
  std::uint64_t value = 0;
  for (auto b : raw)
    value = value << 8 | b;
  return value;
}

std::uint64_t Random::below(std::uint64_t bound) {
  // Values under `skip` would make the small remainders more likely than the others: draw again.
  const std::uint64_t skip = (0 - bound) % bound;
  std::uint64_t value = next_u64();
  while (value < skip)
    value = next_u64();
  return value % bound;
}

namespace {
class SystemRandom final : public Random {
 public:
  SystemRandom() {
    if (sodium_init() < 0) std::abort();  // without randomness nothing here is safe to run
  }
  void fill(std::span<std::uint8_t> out) override { randombytes_buf(out.data(), out.size()); }
};
}  // namespace

Random& system_random() {
  static SystemRandom random;
  return random;
}

void SeededRandom::fill(std::span<std::uint8_t> out) {
  std::array<std::uint8_t, crypto_stream_chacha20_ietf_KEYBYTES> key{};
  std::memcpy(key.data(), &seed_, sizeof seed_);
  std::array<std::uint8_t, crypto_stream_chacha20_ietf_NONCEBYTES> nonce{};
  std::memcpy(nonce.data(), &counter_, sizeof counter_);
  ++counter_;
  // libsodium must not get a null pointer, even for zero bytes. The counter advances in any case.
  if (!out.empty()) crypto_stream_chacha20_ietf(out.data(), out.size(), nonce.data(), key.data());
}

}  // namespace sotto
