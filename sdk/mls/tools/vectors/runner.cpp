#include "sdk/mls/tools/vectors/runner.hpp"

#include <fstream>
#include <iterator>
#include <ostream>

namespace sotto::mls::vectors {

namespace {

struct Sums {
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t skipped = 0;
};

void run_case(const Verifier& verifier, const boost::json::value& value, const Options& options,
              const std::string& name, Sums& sums, std::ostream& out) {
  std::string why;
  try {
    verifier.verify(VectorCase(value), options);
    out << "ok   " << name << "\n";
    ++sums.passed;
    return;
  } catch (const Unsupported& e) {
    out << "skip " << name << ": " << e.what() << "\n";
    ++sums.skipped;
    return;
  } catch (const Mismatch& e) {
    why = e.what();
  } catch (const std::exception& e) {  // Boost.JSON: a field of an unexpected type
    why = std::string("malformed case: ") + e.what();
  }
  out << "FAIL " << name << ": " << why << "\n";
  ++sums.failed;
}

}  // namespace

Outcome run_file(const std::string& file, std::string_view kind, const Options& options, std::ostream& out,
                 std::ostream& err) {
  const auto bad = [&](const std::string& why) {
    err << file << ": " << why << "\n";
    return Outcome::bad_input;
  };
  const Verifier* verifier = find_verifier_for_file(kind.empty() ? file : kind);
  if (verifier == nullptr)
    return bad(kind.empty() ? "its name tells no kind of vectors; use --kind"
                            : "there is no kind \"" + std::string(kind) + "\"");
  std::ifstream in(file, std::ios::binary);
  if (!in) return bad("cannot be opened");
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (in.bad()) return bad("cannot be read");
  boost::json::error_code error;
  boost::json::value root = boost::json::parse(text, error);
  if (error) return bad("is not JSON: " + error.message());
  if (root.is_object()) root = boost::json::array{root};
  const auto* cases = root.if_array();
  if (cases == nullptr) return bad("is not a JSON array of cases");
  if (cases->empty()) return bad("has no cases");

  Sums sums;
  for (std::size_t i = 0; i < cases->size(); ++i)
    run_case(*verifier, (*cases)[i], options, file + "[" + std::to_string(i) + "]", sums, out);
  out << file << ": " << sums.passed << " of " << cases->size() << " cases passed";
  if (sums.skipped != 0) out << ", " << sums.skipped << " skipped";
  out << " (" << verifier->kind << ")\n";
  return sums.failed == 0 ? Outcome::passed : Outcome::case_failed;
}

}  // namespace sotto::mls::vectors
