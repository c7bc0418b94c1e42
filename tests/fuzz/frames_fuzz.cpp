// Frames of both directions in both forms. What decodes is a frame: encoded, it decodes to the same frame.
// What does not has a code that the protocol knows and a reason.
//
//   byte 0       bit 0: binary or JSON; bit 1: from the client or from the server
//   the rest     the frame
#include <cstdlib>

#include "proto/frame_codec.hpp"

namespace sotto {
namespace {

template <class Decode>
void check(Decode decode, WireFormat format, std::string_view bytes) {
  const auto frame = decode(format, bytes);
  if (!frame.ok()) {
    const FrameError& why = frame.error();
    if ((why.code != "bad_frame" && why.code != "unknown_type") || why.message.empty()) std::abort();
    return;
  }
  for (const WireFormat other : {WireFormat::binary, WireFormat::json}) {
    const std::string encoded = encode_frame(other, *frame);
    const auto again = decode(other, encoded);
    if (!again.ok() || encode_frame(other, *again) != encoded) std::abort();
  }
}

}  // namespace
}  // namespace sotto

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sotto;
  discard_protobuf_logs();
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const WireFormat format = (data[0] & 1) != 0 ? WireFormat::json : WireFormat::binary;
  if ((data[0] & 2) == 0)
    check(decode_client_frame, format, bytes);
  else
    check(decode_server_frame, format, bytes);
  return 0;
}
