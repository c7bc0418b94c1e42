#include "sdk/mls/src/messages/grease.hpp"

#include <algorithm>

#include "base/random.hpp"

namespace sotto::mls {

namespace {
constexpr std::uint64_t kGreaseValues = 15;   // 0x0A0A ... 0xEAEA
constexpr std::uint64_t kMaxGreaseData = 17;  // short: it rides in every key package

template <class T>
T grease_value(Random& random) {
  const auto nibble = static_cast<std::uint16_t>(random.below(kGreaseValues));
  return static_cast<T>(nibble << 12 | 0x0A00 | nibble << 4 | 0x0A);
}

template <class T>
void append(std::vector<T>& list, Random& random) {
  const T value = grease_value<T>(random);
  if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
}
}  // namespace

void add_grease(Capabilities& capabilities, Random& random) {
  append(capabilities.cipher_suites, random);
  append(capabilities.extensions, random);
  append(capabilities.proposals, random);
  append(capabilities.credentials, random);
}

void add_grease(Extensions& extensions, Random& random) {
  Extension e{grease_value<ExtensionType>(random), Bytes(random.below(kMaxGreaseData))};
  random.fill(e.data);
  if (find_extension(extensions, e.type) == nullptr) extensions.push_back(std::move(e));
}

}  // namespace sotto::mls
