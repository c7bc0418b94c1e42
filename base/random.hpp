// The source of randomness. Cores take a Random instead of opening a device, so that a test or the simulator
// can repeat a run from a seed.
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

/// The operating system's generator (libsodium's randombytes). Any thread.
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
