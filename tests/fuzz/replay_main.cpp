// Runs a fuzz target without libFuzzer, in every build: first each input of its corpus, which holds what the
// fuzzers have found, then mutations of them from a fixed seed. So g++ and the release build see the inputs
// too, and a finding stays found.
//
//   frames_fuzz FOLDER [MUTATIONS]
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "base/random.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Input = std::vector<std::uint8_t>;

constexpr std::size_t kLongest = 4096;  // as libFuzzer's own default for a small corpus

std::vector<std::filesystem::path> files_below(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());  // the order of a folder is not the same everywhere
  return files;
}

/// A few bytes changed, removed, doubled, or taken from another input.
Input mutate(Input input, const std::vector<Input>& corpus, sotto::Random& random) {
  for (auto edits = 1 + random.below(4); edits > 0; --edits) {
    const auto at = static_cast<std::ptrdiff_t>(random.below(input.size() + 1));
    const auto rest = static_cast<std::ptrdiff_t>(input.size()) - at;
    switch (random.below(5)) {
      case 0:
        if (rest > 0) input[static_cast<std::size_t>(at)] ^= static_cast<std::uint8_t>(1U << random.below(8));
        break;
      case 1:
        input.insert(input.begin() + at, static_cast<std::uint8_t>(random.below(256)));
        break;
      case 2:
        input.erase(input.begin() + at,
                    input.begin() + at +
                        std::min<std::ptrdiff_t>(rest, static_cast<std::ptrdiff_t>(random.below(16))));
        break;
      case 3: {
        const Input piece(input.begin() + at,
                          input.begin() + at +
                              std::min<std::ptrdiff_t>(rest, static_cast<std::ptrdiff_t>(random.below(64))));
        input.insert(input.begin() + at, piece.begin(), piece.end());
        break;
      }
      default: {
        const Input& other = corpus[random.below(corpus.size())];
        const auto from = static_cast<std::ptrdiff_t>(random.below(other.size() + 1));
        input.erase(input.begin() + at, input.end());
        input.insert(input.end(), other.begin() + from, other.end());
      }
    }
  }
  if (input.size() > kLongest) input.resize(kLongest);
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: " << argv[0] << " FOLDER [MUTATIONS]\n";
    return 2;
  }
  std::vector<Input> corpus;
  for (const auto& path : files_below(argv[1])) {
    std::ifstream file(path, std::ios::binary);
    Input input{std::istreambuf_iterator<char>(file), {}};
    std::cerr << path.filename().string() << '\n';  // the last one named is the one that ended the program
    LLVMFuzzerTestOneInput(input.data(), input.size());
    corpus.push_back(std::move(input));
  }
  if (corpus.empty()) {
    std::cerr << argv[1] << " holds no input\n";
    return 1;
  }
  const auto mutations = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 0;
  sotto::SeededRandom random(1);
  for (std::uint64_t i = 0; i < mutations; ++i) {
    const Input input = mutate(corpus[random.below(corpus.size())], corpus, random);
    LLVMFuzzerTestOneInput(input.data(), input.size());
  }
  std::cerr << corpus.size() << " inputs and " << mutations << " mutations of them\n";
  return 0;
}
