#include "sotto/error.hpp"

namespace sotto {

ErrorCategory category_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::network_unreachable:
    case ErrorCode::timed_out:
    case ErrorCode::connection_closed:
    case ErrorCode::server_unavailable:
    case ErrorCode::rate_limited:
    case ErrorCode::epoch_conflict:
    case ErrorCode::stale_epoch:
    case ErrorCode::store_failed:
    case ErrorCode::store_in_use:
    case ErrorCode::internal:
      return ErrorCategory::retryable;
    case ErrorCode::otp_invalid:
    case ErrorCode::otp_expired:
    case ErrorCode::otp_exhausted:
    case ErrorCode::signed_out:
    case ErrorCode::superseded:
    case ErrorCode::tls_failed:
    case ErrorCode::store_key_missing:
    case ErrorCode::store_key_wrong:
    case ErrorCode::store_damaged:
    case ErrorCode::store_newer_schema:
    case ErrorCode::store_not_sotto:
    case ErrorCode::store_full:
    case ErrorCode::store_other_server:
      return ErrorCategory::needs_user;
    case ErrorCode::invalid_state:
    case ErrorCode::protocol_violation:
    case ErrorCode::encryption_failed:
      return ErrorCategory::bug;
    case ErrorCode::invalid_argument:
    case ErrorCode::not_found:
    case ErrorCode::already_exists:
    case ErrorCode::cancelled:
    case ErrorCode::not_a_member:
    case ErrorCode::not_allowed:
    case ErrorCode::blocked:
    case ErrorCode::too_large:
    case ErrorCode::idempotency_mismatch:
    case ErrorCode::encryption_required:
    case ErrorCode::group_too_large:
    case ErrorCode::expired:
    case ErrorCode::decryption_failed:
      return ErrorCategory::permanent;
  }
  return ErrorCategory::bug;
}

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument:
      return "invalid_argument";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::already_exists:
      return "already_exists";
    case ErrorCode::invalid_state:
      return "invalid_state";
    case ErrorCode::cancelled:
      return "cancelled";
    case ErrorCode::network_unreachable:
      return "network_unreachable";
    case ErrorCode::timed_out:
      return "timed_out";
    case ErrorCode::tls_failed:
      return "tls_failed";
    case ErrorCode::connection_closed:
      return "connection_closed";
    case ErrorCode::server_unavailable:
      return "server_unavailable";
    case ErrorCode::protocol_violation:
      return "protocol_violation";
    case ErrorCode::otp_invalid:
      return "otp_invalid";
    case ErrorCode::otp_expired:
      return "otp_expired";
    case ErrorCode::otp_exhausted:
      return "otp_exhausted";
    case ErrorCode::signed_out:
      return "signed_out";
    case ErrorCode::superseded:
      return "superseded";
    case ErrorCode::not_a_member:
      return "not_a_member";
    case ErrorCode::not_allowed:
      return "not_allowed";
    case ErrorCode::blocked:
      return "blocked";
    case ErrorCode::too_large:
      return "too_large";
    case ErrorCode::rate_limited:
      return "rate_limited";
    case ErrorCode::epoch_conflict:
      return "epoch_conflict";
    case ErrorCode::stale_epoch:
      return "stale_epoch";
    case ErrorCode::idempotency_mismatch:
      return "idempotency_mismatch";
    case ErrorCode::encryption_required:
      return "encryption_required";
    case ErrorCode::group_too_large:
      return "group_too_large";
    case ErrorCode::store_key_missing:
      return "store_key_missing";
    case ErrorCode::store_key_wrong:
      return "store_key_wrong";
    case ErrorCode::store_damaged:
      return "store_damaged";
    case ErrorCode::store_newer_schema:
      return "store_newer_schema";
    case ErrorCode::store_not_sotto:
      return "store_not_sotto";
    case ErrorCode::store_full:
      return "store_full";
    case ErrorCode::store_failed:
      return "store_failed";
    case ErrorCode::store_in_use:
      return "store_in_use";
    case ErrorCode::store_other_server:
      return "store_other_server";
    case ErrorCode::expired:
      return "expired";
    case ErrorCode::encryption_failed:
      return "encryption_failed";
    case ErrorCode::decryption_failed:
      return "decryption_failed";
    case ErrorCode::internal:
      return "internal";
  }
  return "unknown";
}

Error::Error(ErrorCode c, std::string text) : code(c), message(std::move(text)), category(category_of(c)) {}

}  // namespace sotto
