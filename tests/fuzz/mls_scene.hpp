// A small live group for fuzzers, and edits of what its members made: no fuzzer finds its way past a
// signature or a tag by itself, so it says how to change genuine bytes, and a hostile member signs them
// again.
#pragma once

#include <algorithm>
#include <cstdlib>

#include "tests/unit/sdk/mls/test_client.hpp"

namespace sotto::mls {

/// Alice, Bob, Carol and Dave; built once, cloned for each input.
struct Scene {
  TestWorld world;
  std::vector<TestClient> clients = clients_named(world, {"alice", "bob", "carol", "dave"});
  std::vector<Group> groups = group_of(world, clients, config());

  /// They may speak while proposals wait, so that a fuzzer can see whether they still do.
  static GroupConfig config() {
    GroupConfig out;
    out.commit_before_sending = false;
    return out;
  }
  Group& victim() { return groups[0]; }
  Group& hostile() { return groups[1]; }
};

/// Steps of 4 bytes: place (2 bytes, scaled to the length), what to do, value.
inline Bytes edited(Bytes bytes, ByteView steps) {
  constexpr std::size_t kStep = 4;
  constexpr std::size_t kMostBytesMoved = 64;
  for (; steps.size() >= kStep; steps = steps.subspan(kStep)) {
    const std::size_t place = std::size_t{steps[0]} << 8 | steps[1];
    const std::size_t at = place * (bytes.size() + 1) / 65536;
    const auto here = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    const std::uint8_t value = steps[3];
    const auto count =
        static_cast<std::ptrdiff_t>(std::min<std::size_t>(value % kMostBytesMoved + 1, bytes.size() - at));
    switch (steps[2] % 4) {
      case 0:
        if (at < bytes.size()) *here = value;
        break;
      case 1:
        bytes.insert(here, value);
        break;
      case 2:
        bytes.erase(here, here + count);
        break;
      default: {
        const Bytes piece(here, here + count);
        bytes.insert(here, piece.begin(), piece.end());
      }
    }
  }
  return bytes;
}

inline void demand(bool condition) {
  if (!condition) std::abort();
}

}  // namespace sotto::mls
