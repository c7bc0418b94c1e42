#include "sotto/error.hpp"

#include <utility>

namespace sotto {
namespace {

struct Row {
  std::string_view name;
  ErrorCategory category;
};

/// One line for each code; the compiler misses a code that has none.
constexpr Row row_of(ErrorCode code) {
  // clang-format off
  switch (code) {
    case ErrorCode::invalid_argument:     return {"invalid_argument",     ErrorCategory::permanent};
    case ErrorCode::not_found:            return {"not_found",            ErrorCategory::permanent};
    case ErrorCode::already_exists:       return {"already_exists",       ErrorCategory::permanent};
    case ErrorCode::invalid_state:        return {"invalid_state",        ErrorCategory::bug};
    case ErrorCode::cancelled:            return {"cancelled",            ErrorCategory::permanent};
    case ErrorCode::network_unreachable:  return {"network_unreachable",  ErrorCategory::retryable};
    case ErrorCode::timed_out:            return {"timed_out",            ErrorCategory::retryable};
    case ErrorCode::tls_failed:           return {"tls_failed",           ErrorCategory::needs_user};
    case ErrorCode::connection_closed:    return {"connection_closed",    ErrorCategory::retryable};
    case ErrorCode::server_unavailable:   return {"server_unavailable",   ErrorCategory::retryable};
    case ErrorCode::protocol_violation:   return {"protocol_violation",   ErrorCategory::bug};
    case ErrorCode::otp_invalid:          return {"otp_invalid",          ErrorCategory::needs_user};
    case ErrorCode::otp_expired:          return {"otp_expired",          ErrorCategory::needs_user};
    case ErrorCode::otp_exhausted:        return {"otp_exhausted",        ErrorCategory::needs_user};
    case ErrorCode::signed_out:           return {"signed_out",           ErrorCategory::needs_user};
    case ErrorCode::superseded:           return {"superseded",           ErrorCategory::needs_user};
    case ErrorCode::not_a_member:         return {"not_a_member",         ErrorCategory::permanent};
    case ErrorCode::not_allowed:          return {"not_allowed",          ErrorCategory::permanent};
    case ErrorCode::blocked:              return {"blocked",              ErrorCategory::permanent};
    case ErrorCode::too_large:            return {"too_large",            ErrorCategory::permanent};
    case ErrorCode::rate_limited:         return {"rate_limited",         ErrorCategory::retryable};
    case ErrorCode::epoch_conflict:       return {"epoch_conflict",       ErrorCategory::retryable};
    case ErrorCode::stale_epoch:          return {"stale_epoch",          ErrorCategory::retryable};
    case ErrorCode::idempotency_mismatch: return {"idempotency_mismatch", ErrorCategory::permanent};
    case ErrorCode::encryption_required:  return {"encryption_required",  ErrorCategory::permanent};
    case ErrorCode::group_too_large:      return {"group_too_large",      ErrorCategory::permanent};
    case ErrorCode::store_key_missing:    return {"store_key_missing",    ErrorCategory::needs_user};
    case ErrorCode::store_key_wrong:      return {"store_key_wrong",      ErrorCategory::needs_user};
    case ErrorCode::store_damaged:        return {"store_damaged",        ErrorCategory::needs_user};
    case ErrorCode::store_newer_schema:   return {"store_newer_schema",   ErrorCategory::needs_user};
    case ErrorCode::store_not_sotto:      return {"store_not_sotto",      ErrorCategory::needs_user};
    case ErrorCode::store_full:           return {"store_full",           ErrorCategory::needs_user};
    case ErrorCode::store_failed:         return {"store_failed",         ErrorCategory::retryable};
    case ErrorCode::store_in_use:         return {"store_in_use",         ErrorCategory::retryable};
    case ErrorCode::store_other_server:   return {"store_other_server",   ErrorCategory::needs_user};
    case ErrorCode::expired:              return {"expired",              ErrorCategory::permanent};
    case ErrorCode::encryption_failed:    return {"encryption_failed",    ErrorCategory::bug};
    case ErrorCode::decryption_failed:    return {"decryption_failed",    ErrorCategory::permanent};
    case ErrorCode::internal:             return {"internal",             ErrorCategory::retryable};
  }
  // clang-format on
  return {"unknown", ErrorCategory::bug};
}

}  // namespace

ErrorCategory category_of(ErrorCode code) {
  return row_of(code).category;
}

std::string_view to_string(ErrorCode code) {
  return row_of(code).name;
}

Error::Error(ErrorCode c, std::string text) : code(c), message(std::move(text)), category(category_of(c)) {}

}  // namespace sotto
