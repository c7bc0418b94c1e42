// The limits that the server told in `hello`.
#pragma once

#include "base/bytes.hpp"
#include "base/protocol.hpp"

namespace sotto::lite {
class Limits;
}

namespace sotto::engine {

/// Of a limit that is missing the protocol's default holds; one beyond what this client is made for counts as
/// that much.
ProtocolLimits limits_of(const lite::Limits& told);
/// The same of what was stored: the bytes of lite::Limits, or nothing before the first hello.
ProtocolLimits limits_of(ByteView stored);
Bytes to_bytes(const lite::Limits& told);

}  // namespace sotto::engine
