// Where randomness comes from. Cores take a Random and never open a device themselves, so a test or the
// simulator can make a run repeatable from a seed.
#pragma once

#include <cstdint>
#include <span>

namespace sotto {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;

  std::uint64_t next_u64();
  /// Uniform in [0, bound); bound > 0.
  std::uint64_t below(std::uint64_t bound);
};

/// The operating system's generator (libsodium's randombytes). Safe to share between threads.
Random& system_random();

/// Repeatable from a seed (ChaCha20): for tests and simulation only. One thread.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : seed_(seed) {}
  void fill(std::span<std::uint8_t> out) override;

 private:
  std::uint64_t seed_;
  std::uint64_t counter_ = 0;
};

}  // namespace sotto
