// Reading a case of a published MLS test vector file, and saying what is wrong with it.
//
//   void verify_something(const VectorCase& c, const Options&) {
//     expect_equal(hash(c.hex("input")), c.hex("output"), "output");   // throws Mismatch
//   }
#pragma once

#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "sotto/mls/error.hpp"
#include "sotto/mls/types.hpp"

namespace sotto::mls::vectors {

/// A case fails, and why. Also thrown for a field that is missing or of the wrong type.
class Mismatch : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A case that this library does not run, and why: a cipher suite that it does not have.
class Unsupported : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Which values of a case were looked at, so that a test can tell that none is forgotten.
using FieldLog = std::set<const boost::json::value*>;

class VectorCase {
 public:
  explicit VectorCase(const boost::json::value& value, FieldLog* log = nullptr);

  [[nodiscard]] Bytes hex(std::string_view field) const;
  [[nodiscard]] std::optional<Bytes> optional_hex(std::string_view field) const;
  [[nodiscard]] std::string text(std::string_view field) const;
  [[nodiscard]] std::uint64_t number(std::string_view field) const;
  [[nodiscard]] std::uint32_t number32(std::string_view field) const;
  [[nodiscard]] VectorCase object(std::string_view field) const;
  [[nodiscard]] std::vector<VectorCase> objects(std::string_view field) const;
  [[nodiscard]] const boost::json::array& array(std::string_view field) const;
  /// An object within an array of this case.
  [[nodiscard]] VectorCase inner(const boost::json::value& value) const { return VectorCase(value, log_); }
  [[nodiscard]] CipherSuite cipher_suite() const { return static_cast<CipherSuite>(number("cipher_suite")); }

 private:
  [[nodiscard]] const boost::json::value& at(std::string_view field) const;
  const boost::json::object* object_;
  FieldLog* log_;
};

/// The fields of a case that no verifier looked at, by their names.
std::vector<std::string> fields_not_in(const FieldLog& log, const boost::json::value& value);

Bytes hex_of(const boost::json::value& value, std::string_view what);
std::uint64_t number_of(const boost::json::value& value, std::string_view what);

void expect(bool condition, std::string_view what);
void expect_equal(ByteView actual, ByteView expected, std::string_view what);

/// The value, or a Mismatch that says what the library said.
template <class T>
T unwrap(Result<T> result, std::string_view what) {
  if (!result)
    throw Mismatch(std::string(what) + ": " + std::string(to_string(result.error().code)) + ": " +
                   result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace sotto::mls::vectors
