// Running whole files of cases, for the program `sotto-mls-vectors` and its tests.
//
//   Outcome outcome = run_file("tree-math.json", "", {}, std::cout, std::cerr);
#pragma once

#include <iosfwd>

#include "sdk/mls/tools/vectors/verifiers.hpp"

namespace sotto::mls::vectors {

/// In the order of the program's exit codes: 0, 1, 2.
enum class Outcome : std::uint8_t {
  passed,       ///< or skipped, for a cipher suite that the library does not have
  case_failed,  ///< also for a case that is malformed
  bad_input,    ///< the file cannot be read, is no JSON, has no cases, or nothing tells their kind
};

/// Prints a line for each case (`ok`, `skip` with the reason, or `FAIL` with the reason) and one with the
/// sums. `kind`: empty to tell it by the file's name. A file that holds one case and not an array of them
/// will do.
Outcome run_file(const std::string& file, std::string_view kind, const Options& options, std::ostream& out,
                 std::ostream& err);

}  // namespace sotto::mls::vectors
