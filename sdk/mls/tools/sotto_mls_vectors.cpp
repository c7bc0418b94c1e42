// sotto-mls-vectors: runs published MLS test vector files against the library.
//
//   sotto-mls-vectors [--kind KIND] [--check-lifetimes] FILE...
//
// Prints a line for each case and exits with 1 if one fails, with 2 if a file or an argument is no good.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "sdk/mls/tools/vectors/verifiers.hpp"

namespace {

using namespace sotto::mls::vectors;

constexpr int kCaseFailed = 1;
constexpr int kBadInput = 2;

struct Arguments {
  std::vector<std::string> files;
  std::string kind;
  Options options;
};

int usage(std::FILE* out) {
  std::fprintf(out,
               "usage: sotto-mls-vectors [--kind KIND] [--check-lifetimes] FILE...\n"
               "The kind is told by the file's name if it is not given. Kinds:");
  for (const Verifier& v : all_verifiers())
    std::fprintf(out, " %.*s", static_cast<int>(v.kind.size()), v.kind.data());
  std::fprintf(out, "\n");
  return out == stdout ? 0 : kBadInput;
}

int bad_file(const std::string& file, const std::string& why) {
  std::fprintf(stderr, "%s: %s\n", file.c_str(), why.c_str());
  return kBadInput;
}

bool run_case(const Verifier& verifier, const boost::json::value& value, const Options& options,
              const std::string& name) {
  std::string why;
  try {
    verifier.verify(VectorCase(value), options);
    std::printf("ok   %s\n", name.c_str());
    return true;
  } catch (const Mismatch& e) {
    why = e.what();
  } catch (const std::exception& e) {  // Boost.JSON: a field of an unexpected type
    why = std::string("malformed case: ") + e.what();
  }
  std::printf("FAIL %s: %s\n", name.c_str(), why.c_str());
  return false;
}

int run_file(const std::string& file, const Arguments& arguments) {
  const Verifier* verifier =
      arguments.kind.empty() ? find_verifier_for_file(file) : find_verifier(arguments.kind);
  if (verifier == nullptr)
    return bad_file(file, arguments.kind.empty() ? "its name tells no kind of vectors; use --kind"
                                                 : "there is no kind \"" + arguments.kind + "\"");
  std::ifstream in(file, std::ios::binary);
  if (!in) return bad_file(file, "cannot be opened");
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (in.bad()) return bad_file(file, "cannot be read");
  boost::json::error_code error;
  const boost::json::value root = boost::json::parse(text, error);
  if (error) return bad_file(file, "is not JSON: " + error.message());
  const auto* cases = root.if_array();
  if (cases == nullptr) return bad_file(file, "is not a JSON array of cases");
  if (cases->empty()) return bad_file(file, "has no cases");

  std::size_t failed = 0;
  for (std::size_t i = 0; i < cases->size(); ++i) {
    if (!run_case(*verifier, (*cases)[i], arguments.options, file + "[" + std::to_string(i) + "]")) ++failed;
  }
  std::printf("%s: %zu of %zu cases passed (%.*s)\n", file.c_str(), cases->size() - failed, cases->size(),
              static_cast<int>(verifier->kind.size()), verifier->kind.data());
  return failed == 0 ? 0 : kCaseFailed;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--help" || argument == "-h") return usage(stdout);
    if (argument == "--check-lifetimes") {
      arguments.options.check_lifetimes = true;
    } else if (argument == "--kind" && i + 1 < argc) {
      arguments.kind = argv[++i];
    } else if (argument.starts_with("--kind=")) {
      arguments.kind = argument.substr(argument.find('=') + 1);
    } else if (argument.starts_with("-")) {
      std::fprintf(stderr, "unknown argument %s\n", argument.c_str());
      return usage(stderr);
    } else {
      arguments.files.push_back(argument);
    }
  }
  if (arguments.files.empty()) return usage(stderr);
  int result = 0;
  for (const std::string& file : arguments.files)
    result = std::max(result, run_file(file, arguments));
  return result;
}
