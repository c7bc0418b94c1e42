// Protobuf messages as JSON: the proto3 JSON mapping with the proto field names, strict about values.
//
//   v1::Sync sync;
//   auto problem = read_json_fields(object, sync, "sync");
//   // "sync.last_seen_message_id: 1.5 is not a whole number"
//   std::string out = "{";
//   write_json_fields(sync, out);
//   // {"last_seen_message_id":"0"
//
// It uses protobuf's reflection instead of libprotobuf's JSON parser. That parser accepts invalid JSON
// (single quotes, unquoted keys) and 1.0 and 1e3 as ids, names neither field nor value in its errors, and is
// much slower. Only what frames.proto uses is mapped: no maps, floats or well-known types.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>
#include <google/protobuf/message.h>

namespace sotto {

/// Sets the fields that `object` has. `null` means absent; unknown members are ignored. Returns an error that
/// begins with `path`, or nothing on success.
std::optional<std::string> read_json_fields(const boost::json::object& object,
                                            google::protobuf::Message& message, const std::string& path);

/// Writes the members of the JSON object, without its braces. Plain fields are written even if zero,
/// `optional` and `oneof` fields only if set. 64-bit numbers are strings, bytes are base64.
void write_json_fields(const google::protobuf::Message& message, std::string& out);

}  // namespace sotto
