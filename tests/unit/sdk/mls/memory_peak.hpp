// How much memory something takes: the test program that links memory_peak.cpp counts what operator new
// gives.
//
//   MemoryPeak memory;
//   auto tree = parse<RatchetTree>(bytes);
//   EXPECT_LT(memory.bytes(), 64 * bytes.size());
#pragma once

#include <cstddef>

namespace sotto::mls {

/// Where the count stands at its highest since this was made, less where it stood then. One at a time.
class MemoryPeak {
 public:
  MemoryPeak();
  [[nodiscard]] std::size_t bytes() const;

 private:
  std::size_t before_;
};

/// operator new throws rather than have more than this in use: a test that fails takes nobody's machine down.
inline constexpr std::size_t kMostMemoryOfAll = std::size_t{1} << 30;

}  // namespace sotto::mls
