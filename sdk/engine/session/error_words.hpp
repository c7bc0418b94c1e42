// The server's words for what it refused, as error codes.
#pragma once

#include <string_view>

#include "sdk/engine/effects.hpp"
#include "sotto/error.hpp"

namespace sotto::engine {

/// A `code` of an error frame or a problem document; `internal` for a word that is not known.
ErrorCode code_of_word(std::string_view word);
/// What a response that is not 2xx means: an RFC 9457 problem document, or only its status.
Error error_of(const HttpResponse& response);

}  // namespace sotto::engine
