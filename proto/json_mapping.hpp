// Protobuf messages as JSON: the proto3 JSON mapping with the proto field names, strict about values.
//
//   v1::Sync sync;
//   auto problem = read_json_fields(object, sync, "sync");
//   // "sync.last_seen_message_id: 1.5 is not a whole number"
//   std::string out = "{";
//   write_json_fields(sync, out);
//   // {"last_seen_message_id":"0"
//
// It is written here, over protobuf's reflection, because libprotobuf's own parser takes JSON that is not
// JSON (single quotes, unquoted keys), takes 1.0 and 1e3 for ids, and names neither the field nor the value
// in its errors; it also costs about ten times as much a frame. Only what frames.proto uses is mapped: no
// maps, floats or well-known types.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>
#include <google/protobuf/message.h>

namespace sotto {

/// Sets the fields that `object` has; `null` means absent, unknown members are ignored. `path` begins every
/// error. Nothing: all went well.
std::optional<std::string> read_json_fields(const boost::json::object& object,
                                            google::protobuf::Message& message, const std::string& path);

/// The members of the JSON object, without its braces. Plain fields are written also when they are zero;
/// `optional` and `oneof` ones where they are set. 64-bit numbers are strings, bytes are base64.
void write_json_fields(const google::protobuf::Message& message, std::string& out);

}  // namespace sotto
