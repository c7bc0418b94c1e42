#include "sdk/mls/tools/vectors/vector_case.hpp"

namespace sotto::mls::vectors {

namespace {
std::string quoted(std::string_view field) {
  return "\"" + std::string(field) + "\"";
}
}  // namespace

VectorCase::VectorCase(const boost::json::value& value, FieldLog* log)
    : object_(value.if_object()), log_(log) {
  if (object_ == nullptr) throw Mismatch("the case is not a JSON object");
}

const boost::json::value& VectorCase::at(std::string_view field) const {
  const auto* value = object_->if_contains(field);
  if (value == nullptr) throw Mismatch("no field " + quoted(field));
  if (log_ != nullptr) log_->insert(value);
  return *value;
}

Bytes hex_of(const boost::json::value& value, std::string_view what) {
  const auto* text = value.if_string();
  if (text == nullptr) throw Mismatch(quoted(what) + " is not a string");
  auto bytes = from_hex({text->data(), text->size()});
  if (!bytes) throw Mismatch(quoted(what) + " is not hexadecimal");
  return std::move(*bytes);
}

std::uint64_t number_of(const boost::json::value& value, std::string_view what) {
  boost::json::error_code error;
  const auto number = value.to_number<std::uint64_t>(error);
  if (error) throw Mismatch(quoted(what) + " is not a number");
  return number;
}

Bytes VectorCase::hex(std::string_view field) const {
  return hex_of(at(field), field);
}

std::optional<Bytes> VectorCase::optional_hex(std::string_view field) const {
  if (!object_->contains(field) || at(field).is_null()) return std::nullopt;
  return hex_of(at(field), field);
}

std::string VectorCase::text(std::string_view field) const {
  const auto* text = at(field).if_string();
  if (text == nullptr) throw Mismatch(quoted(field) + " is not a string");
  return {text->data(), text->size()};
}

std::uint64_t VectorCase::number(std::string_view field) const {
  return number_of(at(field), field);
}

std::uint32_t VectorCase::number32(std::string_view field) const {
  const std::uint64_t n = number(field);
  if (n > ~std::uint32_t{0}) throw Mismatch(quoted(field) + " has more than 32 bits");
  return static_cast<std::uint32_t>(n);
}

VectorCase VectorCase::object(std::string_view field) const {
  return inner(at(field));
}

std::vector<VectorCase> VectorCase::objects(std::string_view field) const {
  std::vector<VectorCase> out;
  for (const auto& value : array(field))
    out.push_back(inner(value));
  return out;
}

const boost::json::array& VectorCase::array(std::string_view field) const {
  const auto* array = at(field).if_array();
  if (array == nullptr) throw Mismatch(quoted(field) + " is not an array");
  return *array;
}

std::vector<std::string> fields_not_in(const FieldLog& log, const boost::json::value& value) {
  std::vector<std::string> out;
  const auto add_all = [&](const boost::json::value& part) {
    for (std::string& name : fields_not_in(log, part))
      out.push_back(std::move(name));
  };
  if (const auto* object = value.if_object()) {
    for (const auto& member : *object) {
      if (!log.contains(&member.value())) out.emplace_back(member.key());
      add_all(member.value());
    }
  } else if (const auto* array = value.if_array()) {
    for (const auto& entry : *array)
      add_all(entry);
  }
  return out;
}

void expect(bool condition, std::string_view what) {
  if (!condition) throw Mismatch(std::string(what));
}

void expect_equal(ByteView actual, ByteView expected, std::string_view what) {
  if (as_text(actual) != as_text(expected))
    throw Mismatch(std::string(what) + ": got " + to_hex(actual) + ", expected " + to_hex(expected));
}

}  // namespace sotto::mls::vectors
