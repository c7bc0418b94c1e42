#include "sdk/engine/session/error_words.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "sdk/engine/json.hpp"
#include "sdk/engine/timing.hpp"

namespace sotto::engine {
namespace {

struct Word {
  std::string_view word;
  ErrorCode code;
};

constexpr Word kWords[] = {
    {"bad_frame", ErrorCode::invalid_argument},
    {"bad_request", ErrorCode::invalid_argument},
    {"unknown_type", ErrorCode::protocol_violation},
    {"not_found", ErrorCode::not_found},
    {"not_a_member", ErrorCode::not_a_member},
    {"not_allowed", ErrorCode::not_allowed},
    {"blocked", ErrorCode::blocked},
    {"too_large", ErrorCode::too_large},
    {"rate_limited", ErrorCode::rate_limited},
    {"epoch_conflict", ErrorCode::epoch_conflict},
    {"stale_epoch", ErrorCode::stale_epoch},
    {"idempotency_mismatch", ErrorCode::idempotency_mismatch},
    {"encryption_required", ErrorCode::encryption_required},
    {"group_too_large", ErrorCode::group_too_large},
    {"otp_invalid", ErrorCode::otp_invalid},
    {"otp_expired", ErrorCode::otp_expired},
    {"otp_exhausted", ErrorCode::otp_exhausted},
    {"unauthorized", ErrorCode::signed_out},
    {"unavailable", ErrorCode::server_unavailable},
    {"internal", ErrorCode::internal},
};

ErrorCode code_of_status(int status) {
  switch (status) {
    case 401:
      return ErrorCode::signed_out;
    case 403:
      return ErrorCode::not_allowed;
    case 404:
      return ErrorCode::not_found;
    case 409:
      return ErrorCode::already_exists;
    case 408:
      return ErrorCode::timed_out;
    case 413:
      return ErrorCode::too_large;
    case 429:
      return ErrorCode::rate_limited;
    default:
      // 5xx: the server, or something in front of it, is in trouble that passes.
      return status >= 500 ? ErrorCode::server_unavailable : ErrorCode::invalid_argument;
  }
}

/// As the protocol writes them, known here or not. Anything else would bring a server's own text into errors.
bool looks_like_a_word(std::string_view text) {
  constexpr std::size_t kLongest = 40;
  return !text.empty() && text.size() <= kLongest &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

}  // namespace

ErrorCode code_of_word(std::string_view word) {
  const auto* found =
      std::find_if(std::begin(kWords), std::end(kWords), [&](const Word& w) { return w.word == word; });
  return found == std::end(kWords) ? ErrorCode::internal : found->code;
}

Error error_of(const HttpResponse& response) {
  ErrorCode code = code_of_status(response.status);
  std::string text = "the server answered " + std::to_string(response.status);
  if (auto problem = JsonObject::parse(response.body)) {
    const std::string word = problem->text("code");
    // A server's own failure passes; an unknown word under a known status keeps the status's meaning.
    if (const ErrorCode known = code_of_word(word); known != ErrorCode::internal) code = known;
    // Only the word: `detail` may quote the input.
    if (looks_like_a_word(word)) text += " " + word;
  }
  Error error(code, std::move(text));
  error.retry_after = std::min(response.retry_after, kLongestServerDelay);
  return error;
}

}  // namespace sotto::engine
