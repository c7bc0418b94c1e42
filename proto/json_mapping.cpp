#include "proto/json_mapping.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <system_error>
#include <type_traits>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <sodium.h>

namespace sotto {

namespace {

namespace json = boost::json;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

using Problem = std::optional<std::string>;

const char* kind_of(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return "a boolean";
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_:
      return "a number";
    case json::kind::string:
      return "a string";
    case json::kind::array:
      return "an array";
    case json::kind::object:
      return "an object";
  }
  return "something else";
}

std::string wrong_kind(const std::string& path, const char* wanted, const json::value& value) {
  return path + ": must be " + wanted + ", not " + kind_of(value);
}

/// The most text from outside that an error repeats.
constexpr std::size_t kQuotedInErrors = 24;

/// A whole number of T, from a JSON number or a string of decimal digits.
template <class T>
std::optional<T> read_integer(const json::value& value, const std::string& path, Problem& problem) {
  const auto out_of_range = [&](const std::string& shown) {
    problem = path + ": " + shown + " is out of range";
    return std::nullopt;
  };
  const auto fits = [](auto n) { return std::in_range<T>(n); };
  switch (value.kind()) {
    case json::kind::int64:
      if (!fits(value.get_int64())) return out_of_range(std::to_string(value.get_int64()));
      return static_cast<T>(value.get_int64());
    case json::kind::uint64:
      if (!fits(value.get_uint64())) return out_of_range(std::to_string(value.get_uint64()));
      return static_cast<T>(value.get_uint64());
    case json::kind::double_:
      // A fraction, an exponent or a number above 64 bits is neither an id nor a time.
      problem = path + ": must be a whole number within 64 bits, written without fraction or exponent";
      return std::nullopt;
    case json::kind::string: {
      const std::string_view text = value.get_string();
      T number{};
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error == std::errc::result_out_of_range && end == text.data() + text.size()) {
        return out_of_range(std::string(text.substr(0, kQuotedInErrors)));
      }
      const bool negative_unsigned = std::is_unsigned_v<T> && text.starts_with('-');
      if (text.empty() || error != std::errc{} || end != text.data() + text.size() || negative_unsigned) {
        problem = path + ": must be decimal digits";
        return std::nullopt;
      }
      return number;
    }
    default:
      problem = wrong_kind(path, "a number or a string of digits", value);
      return std::nullopt;
  }
}

std::optional<std::string> read_base64(std::string_view text) {
  // proto3 JSON: "either standard or URL-safe base64 encoding with/without paddings are accepted".
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  for (const int variant : {sodium_base64_VARIANT_ORIGINAL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING,
                            sodium_base64_VARIANT_URLSAFE, sodium_base64_VARIANT_URLSAFE_NO_PADDING}) {
    std::size_t length = 0;
    if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                          text.size(), nullptr, &length, nullptr, variant) == 0) {
      bytes.resize(length);
      return bytes;
    }
  }
  return std::nullopt;
}

/// Sets or adds one value of `field`.
class FieldWriter {
 public:
  FieldWriter(Message& message, const FieldDescriptor& field)
      : message_(message), field_(field), reflection_(*message.GetReflection()) {}

  Problem write(const json::value& value, const std::string& path) {
    Problem problem;
    switch (field_.cpp_type()) {
      case FieldDescriptor::CPPTYPE_UINT64:
        if (const auto n = read_integer<std::uint64_t>(value, path, problem)) {
          put(&Reflection::SetUInt64, &Reflection::AddUInt64, *n);
        }
        return problem;
      case FieldDescriptor::CPPTYPE_INT64:
        if (const auto n = read_integer<std::int64_t>(value, path, problem)) {
          put(&Reflection::SetInt64, &Reflection::AddInt64, *n);
        }
        return problem;
      case FieldDescriptor::CPPTYPE_UINT32:
        if (const auto n = read_integer<std::uint32_t>(value, path, problem)) {
          put(&Reflection::SetUInt32, &Reflection::AddUInt32, *n);
        }
        return problem;
      case FieldDescriptor::CPPTYPE_INT32:
        if (const auto n = read_integer<std::int32_t>(value, path, problem)) {
          put(&Reflection::SetInt32, &Reflection::AddInt32, *n);
        }
        return problem;
      case FieldDescriptor::CPPTYPE_BOOL:
        if (!value.is_bool()) return wrong_kind(path, "true or false", value);
        put(&Reflection::SetBool, &Reflection::AddBool, value.get_bool());
        return {};
      case FieldDescriptor::CPPTYPE_STRING:
        return write_text(value, path);
      case FieldDescriptor::CPPTYPE_ENUM:
        return write_enum(value, path);
      case FieldDescriptor::CPPTYPE_MESSAGE: {
        if (!value.is_object()) return wrong_kind(path, "an object", value);
        Message* child = field_.is_repeated() ? reflection_.AddMessage(&message_, &field_)
                                              : reflection_.MutableMessage(&message_, &field_);
        return read_json_fields(value.get_object(), *child, path);
      }
      default:
        return path + ": has no form in JSON";
    }
  }

 private:
  template <class Set, class Add, class Value>
  void put(Set set, Add add, Value value) {
    if (field_.is_repeated()) {
      (reflection_.*add)(&message_, &field_, std::move(value));
    } else {
      (reflection_.*set)(&message_, &field_, std::move(value));
    }
  }

  Problem write_text(const json::value& value, const std::string& path) {
    const bool is_bytes = field_.type() == FieldDescriptor::TYPE_BYTES;
    if (!value.is_string()) return wrong_kind(path, is_bytes ? "a string of base64" : "a string", value);
    const std::string_view text = value.get_string();
    if (!is_bytes) {
      put(&Reflection::SetString, &Reflection::AddString, std::string(text));
      return {};
    }
    auto bytes = read_base64(text);
    if (!bytes) return path + ": is not base64";
    put(&Reflection::SetString, &Reflection::AddString, std::move(*bytes));
    return {};
  }

  Problem write_enum(const json::value& value, const std::string& path) {
    Problem problem;
    int number = 0;
    if (value.is_string()) {
      const auto* named = field_.enum_type()->FindValueByName(std::string(value.get_string()));
      if (named == nullptr) {
        return path + ": is not one of the known words";
      }
      number = named->number();
    } else {
      const auto n = read_integer<std::int32_t>(value, path, problem);
      if (!n) return problem;
      number = *n;
    }
    put(&Reflection::SetEnumValue, &Reflection::AddEnumValue, number);
    return {};
  }

  Message& message_;
  const FieldDescriptor& field_;
  const Reflection& reflection_;
};

void write_string(std::string_view text, std::string& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  std::size_t plain = 0;  // start of the text that needs no escaping
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += "\\u00";
        out += kHex[c >> 4];
        out += kHex[c & 15];
    }
  }
  out.append(text, plain);
  out += '"';
}

template <class T>
void write_number(T number, std::string& out) {
  std::array<char, std::numeric_limits<T>::digits10 + 3> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

template <class T>
void write_quoted_number(T number, std::string& out) {
  out += '"';
  write_number(number, out);
  out += '"';
}

void write_base64(std::string_view bytes, std::string& out) {
  const std::size_t length = sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  const std::size_t begin = out.size() + 1;
  out += '"';
  out.resize(begin + length);
  sodium_bin2base64(out.data() + begin, length, reinterpret_cast<const unsigned char*>(bytes.data()),
                    bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  out.back() = '"';  // replaces the terminating zero, which the length includes
}

/// One value: of a plain field, or the element `index` of a repeated one.
void write_value(const Message& message, const FieldDescriptor& field, int index, std::string& out) {
  const Reflection& reflection = *message.GetReflection();
  const bool repeated = field.is_repeated();
  const auto read = [&](auto get, auto get_repeated) {
    return repeated ? (reflection.*get_repeated)(message, &field, index) : (reflection.*get)(message, &field);
  };
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_UINT64:
      return write_quoted_number(read(&Reflection::GetUInt64, &Reflection::GetRepeatedUInt64), out);
    case FieldDescriptor::CPPTYPE_INT64:
      return write_quoted_number(read(&Reflection::GetInt64, &Reflection::GetRepeatedInt64), out);
    case FieldDescriptor::CPPTYPE_UINT32:
      return write_number(read(&Reflection::GetUInt32, &Reflection::GetRepeatedUInt32), out);
    case FieldDescriptor::CPPTYPE_INT32:
      return write_number(read(&Reflection::GetInt32, &Reflection::GetRepeatedInt32), out);
    case FieldDescriptor::CPPTYPE_BOOL:
      out += read(&Reflection::GetBool, &Reflection::GetRepeatedBool) ? "true" : "false";
      return;
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int number = read(&Reflection::GetEnumValue, &Reflection::GetRepeatedEnumValue);
      const auto* named = field.enum_type()->FindValueByNumber(number);
      if (named == nullptr) return write_number(number, out);
      return write_string(named->name(), out);
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch;
      const std::string& text = repeated
                                    ? reflection.GetRepeatedStringReference(message, &field, index, &scratch)
                                    : reflection.GetStringReference(message, &field, &scratch);
      return field.type() == FieldDescriptor::TYPE_BYTES ? write_base64(text, out) : write_string(text, out);
    }
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      const Message& child = repeated ? reflection.GetRepeatedMessage(message, &field, index)
                                      : reflection.GetMessage(message, &field);
      out += '{';
      write_json_fields(child, out);
      out += '}';
      return;
    }
    default:
      out += "null";
  }
}

}  // namespace

std::optional<std::string> read_json_fields(const json::object& object, Message& message,
                                            const std::string& path) {
  const Descriptor& type = *message.GetDescriptor();
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const json::value* value = object.if_contains(field.name());
    if (value == nullptr || value->is_null()) continue;
    const std::string field_path = path + "." + field.name();

    if (field.is_repeated()) {
      if (!value->is_array()) return wrong_kind(field_path, "an array", *value);
      std::size_t index = 0;
      for (const json::value& element : value->get_array()) {
        auto problem =
            FieldWriter(message, field).write(element, field_path + "[" + std::to_string(index++) + "]");
        if (problem) return problem;
      }
      continue;
    }
    if (const auto* oneof = field.real_containing_oneof()) {
      if (reflection.HasOneof(message, oneof)) {
        return field_path + ": cannot be given together with " +
               reflection.GetOneofFieldDescriptor(message, oneof)->name();
      }
    }
    if (auto problem = FieldWriter(message, field).write(*value, field_path)) return problem;
  }
  return {};
}

void write_json_fields(const Message& message, std::string& out) {
  const Descriptor& type = *message.GetDescriptor();
  const Reflection& reflection = *message.GetReflection();
  bool first = true;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.has_presence() && !reflection.HasField(message, &field)) continue;
    if (!first) out += ',';
    first = false;
    out += '"';
    out += field.name();
    out += "\":";
    if (!field.is_repeated()) {
      write_value(message, field, 0, out);
      continue;
    }
    out += '[';
    const int count = reflection.FieldSize(message, &field);
    for (int index = 0; index < count; ++index) {
      if (index > 0) out += ',';
      write_value(message, field, index, out);
    }
    out += ']';
  }
}

}  // namespace sotto
