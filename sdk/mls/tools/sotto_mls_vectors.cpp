// sotto-mls-vectors: runs published MLS test vector files against the library.
//
//   sotto-mls-vectors [--kind KIND] [--check-lifetimes] FILE...
//
// Prints a line for each case. Exits with 1 if one fails, with 2 if a file or an argument is no good; cases
// of a cipher suite that the library does not have are skipped, and that is no failure.
#include <algorithm>
#include <iostream>

#include "sdk/mls/tools/vectors/runner.hpp"

namespace {

using namespace sotto::mls::vectors;

struct Arguments {
  std::vector<std::string> files;
  std::string kind;
  Options options;
};

int usage(std::ostream& out, Outcome outcome) {
  out << "usage: sotto-mls-vectors [--kind KIND] [--check-lifetimes] FILE...\n"
         "The kind is told by the file's name if it is not given. Kinds:";
  for (const Verifier& v : all_verifiers())
    out << " " << v.kind;
  out << std::endl;
  return static_cast<int>(outcome);
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--help" || argument == "-h") return usage(std::cout, Outcome::passed);
    if (argument == "--check-lifetimes") {
      arguments.options.check_lifetimes = true;
    } else if (argument == "--kind" && i + 1 < argc) {
      arguments.kind = argv[++i];
    } else if (argument.starts_with("--kind=")) {
      arguments.kind = argument.substr(argument.find('=') + 1);
    } else if (argument.starts_with("-")) {
      std::cerr << "unknown argument " << argument << "\n";
      return usage(std::cerr, Outcome::bad_input);
    } else {
      arguments.files.push_back(argument);
    }
  }
  if (arguments.files.empty()) return usage(std::cerr, Outcome::bad_input);
  Outcome worst = Outcome::passed;
  for (const std::string& file : arguments.files)
    worst = std::max(worst, run_file(file, arguments.kind, arguments.options, std::cout, std::cerr));
  return static_cast<int>(worst);
}
