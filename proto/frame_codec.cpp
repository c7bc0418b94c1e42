#include "proto/frame_codec.hpp"

#include <array>

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/unknown_field_set.h>

#include "base/utf8.hpp"
#include "proto/json_mapping.hpp"

namespace sotto {

namespace {

namespace json = boost::json;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::UnknownFieldSet;

/// Frames nest three deep; the rest is room for later versions. The limit keeps a client from choosing how
/// much stack the parser uses.
constexpr std::size_t kMaxJsonDepth = 16;

/// Enough to parse most frames without a heap allocation.
constexpr std::size_t kJsonScratchBytes = 4096;

/// How much of an unknown type's name the error repeats.
constexpr std::size_t kQuotedTypeBytes = 64;

FrameError bad_frame(std::string message) {
  return {.code = "bad_frame", .message = std::move(message), .idempotency_key = std::nullopt};
}

std::string quoted(std::string_view name) {
  // Cut between characters: the error itself has to be UTF-8.
  std::size_t length = std::min(name.size(), kQuotedTypeBytes);
  while (length > 0 && !is_valid_utf8(name.substr(0, length)))
    --length;
  return "\"" + std::string(name.substr(0, length)) + (length < name.size() ? "...\"" : "\"");
}

/// Why protobuf's parser refused `bytes` as a `type`.
std::string why_unreadable(const Descriptor& type, std::string_view bytes, const std::string& path) {
  UnknownFieldSet fields;
  if (!fields.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return path + ": truncated, or not protobuf";
  }
  for (int i = 0; i < fields.field_count(); ++i) {
    const auto& unknown = fields.field(i);
    const FieldDescriptor* field = type.FindFieldByNumber(unknown.number());
    if (field == nullptr || unknown.type() != google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED) continue;
    const std::string inner = path + "." + field->name();
    const std::string_view value = unknown.length_delimited();
    if (field->type() == FieldDescriptor::TYPE_STRING && !is_valid_utf8(value)) return inner + ": not UTF-8";
    if (field->type() == FieldDescriptor::TYPE_MESSAGE) {
      std::string reason = why_unreadable(*field->message_type(), value, inner);
      if (!reason.empty()) return reason;
    } else if (field->type() != FieldDescriptor::TYPE_STRING &&
               field->type() != FieldDescriptor::TYPE_BYTES && !field->is_packable()) {
      return inner + ": malformed";
    }
  }
  return {};
}

template <class Frame>
Result<Frame, FrameError> decode_binary(std::string_view bytes) {
  Frame frame;
  if (!frame.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    std::string reason = why_unreadable(*Frame::descriptor(), bytes, "frame");
    return bad_frame(reason.empty() ? "frame: not protobuf of this schema" : std::move(reason));
  }
  if (frame.frame_case() != Frame::FRAME_NOT_SET) return frame;
  const auto& unknown = frame.GetReflection()->GetUnknownFields(frame);
  if (unknown.empty()) return bad_frame("frame: empty");
  return FrameError{.code = "unknown_type",
                    .message = "unknown frame type " + std::to_string(unknown.field(0).number()),
                    .idempotency_key = std::nullopt};
}

template <class Frame>
Result<Frame, FrameError> decode_json(std::string_view bytes) {
  std::array<unsigned char, kJsonScratchBytes> scratch;
  json::monotonic_resource memory(scratch.data(), scratch.size());
  json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  json::error_code error;
  const json::value root =
      json::parse(json::string_view(bytes.data(), bytes.size()), error, &memory, options);
  if (error) return bad_frame("not JSON: " + error.message());
  if (!root.is_object()) return bad_frame("a frame is a JSON object");
  const json::object& object = root.get_object();

  const json::value* type = object.if_contains("type");
  if (type == nullptr) return bad_frame("type: missing");
  if (!type->is_string()) return bad_frame("type: must be a string");
  const std::string name(type->get_string());
  const FieldDescriptor* field = Frame::descriptor()->FindFieldByName(name);
  if (field == nullptr) {
    return FrameError{.code = "unknown_type",
                      .message = "unknown frame type " + quoted(name),
                      .idempotency_key = std::nullopt};
  }

  Frame frame;
  auto problem = read_json_fields(object, *frame.GetReflection()->MutableMessage(&frame, field), name);
  if (problem) {
    FrameError refused = bad_frame(std::move(*problem));
    const json::value* key = object.if_contains("idempotency_key");
    if (key != nullptr && key->is_string()) refused.idempotency_key = std::string(key->get_string());
    return refused;
  }
  return frame;
}

template <class Frame>
void append(WireFormat format, const Frame& frame, std::string& out) {
  if (format == WireFormat::binary) {
    frame.AppendToString(&out);
    return;
  }
  const auto& reflection = *frame.GetReflection();
  const FieldDescriptor* field =
      reflection.GetOneofFieldDescriptor(frame, Frame::descriptor()->oneof_decl(0));
  out += "{\"type\":\"";
  if (field != nullptr) out += field->name();
  out += '"';
  if (field != nullptr) {
    const std::size_t before = out.size();
    out += ',';
    write_json_fields(reflection.GetMessage(frame, field), out);
    if (out.size() == before + 1) out.pop_back();  // a frame without fields
  }
  out += '}';
}

}  // namespace

Result<v1::ClientFrame, FrameError> decode_client_frame(WireFormat format, std::string_view bytes) {
  return format == WireFormat::binary ? decode_binary<v1::ClientFrame>(bytes)
                                      : decode_json<v1::ClientFrame>(bytes);
}

Result<v1::ServerFrame, FrameError> decode_server_frame(WireFormat format, std::string_view bytes) {
  return format == WireFormat::binary ? decode_binary<v1::ServerFrame>(bytes)
                                      : decode_json<v1::ServerFrame>(bytes);
}

std::string encode_frame(WireFormat format, const v1::ClientFrame& frame) {
  std::string out;
  append(format, frame, out);
  return out;
}

std::string encode_frame(WireFormat format, const v1::ServerFrame& frame) {
  std::string out;
  append(format, frame, out);
  return out;
}

void append_frame(WireFormat format, const v1::ServerFrame& frame, std::string& out) {
  append(format, frame, out);
}

void discard_protobuf_logs() {
  google::protobuf::SetLogHandler(nullptr);
}

}  // namespace sotto
