// Why a request was refused, as a value: a closed set of codes with their stable protocol words, and a text
// that names which input was wrong.
//
//   if (name.empty()) return refuse(ServiceCode::bad_request, "name: must not be empty");
//   ...
//   problem.status = http_status(error.code);  problem.code = rest_word(error.code);
//   frame.code = frame_word(error.code);
//
// `detail` goes to the client. It names fields and limits, never a phone number, token or text of anyone.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "sotto/result.hpp"

namespace sotto::server {

enum class ServiceCode {
  bad_request,           ///< a value is missing, malformed, out of range
  unauthorized,          ///< no token, a wrong, expired or revoked one
  otp_invalid,           ///< wrong code, or none was asked for
  otp_expired,           ///< older than kOtpLifetime
  otp_exhausted,         ///< too many wrong tries; a new code has to be asked for
  not_found,             ///< no such user, device, conversation, message
  not_a_member,          ///< the conversation exists, the caller is not in it
  not_allowed,           ///< a member, but not with the role this needs
  blocked,               ///< one of the two has blocked the other
  too_large,             ///< longer than a limit
  group_too_large,       ///< more than Limits::group_members
  rate_limited,          ///< try again after `retry_after`
  idempotency_mismatch,  ///< a key seen before, with other content
  encryption_required,   ///< `content` where only `ciphertext` is accepted
  stale_epoch,           ///< encrypted in an epoch that is over
  epoch_conflict,        ///< another commit of this epoch came first
  unknown_place,         ///< a place in the stream that this server has never given out
  internal,              ///< the server could not store or read; nothing was done
};

struct ServiceError {
  ServiceCode code = ServiceCode::internal;
  std::string detail;
  Milliseconds retry_after{0};  ///< with rate_limited
};

template <class T>
using ServiceResult = Result<T, ServiceError>;

inline ServiceError refuse(ServiceCode code, std::string detail) {
  return ServiceError{code, std::move(detail), Milliseconds{0}};
}
/// `what` was asked for too often; it may be tried again after `wait`.
ServiceError refuse_rate(std::string what, Milliseconds wait);
/// The storage failed. The client may try again.
ServiceError storage_failed();

/// The `code` of a problem document: "group_too_large".
std::string_view rest_word(ServiceCode code);
/// The `code` of an error frame: the same words, but `bad_frame` for bad_request.
std::string_view frame_word(ServiceCode code);
/// The HTTP status: 422 for group_too_large.
int http_status(ServiceCode code);

}  // namespace sotto::server
