// Reading a case of a published MLS test vector file, and saying what is wrong with it.
//
//   void verify_something(const VectorCase& c, const Options&) {
//     expect_equal(hash(c.hex("input")), c.hex("output"), "output");   // throws Mismatch
//   }
#pragma once

#include <optional>
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

class VectorCase {
 public:
  explicit VectorCase(const boost::json::value& value);

  [[nodiscard]] Bytes hex(std::string_view field) const;
  [[nodiscard]] std::optional<Bytes> optional_hex(std::string_view field) const;
  [[nodiscard]] std::string text(std::string_view field) const;
  [[nodiscard]] std::uint64_t number(std::string_view field) const;
  [[nodiscard]] std::uint32_t number32(std::string_view field) const;
  [[nodiscard]] VectorCase object(std::string_view field) const;
  [[nodiscard]] std::vector<VectorCase> objects(std::string_view field) const;
  [[nodiscard]] const boost::json::array& array(std::string_view field) const;
  [[nodiscard]] bool has(std::string_view field) const { return object_->contains(field); }
  [[nodiscard]] CipherSuite cipher_suite() const { return static_cast<CipherSuite>(number("cipher_suite")); }

 private:
  [[nodiscard]] const boost::json::value& at(std::string_view field) const;
  const boost::json::object* object_;
};

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
