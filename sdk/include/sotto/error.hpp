// Errors as values. Codes are grouped by tens and never renumbered, so an app may store and compare them.
//
//   auto sent = client.send(conversation, text).get();
//   if (!sent && sent.error().category == ErrorCategory::needs_user) show_login();
//
// `message` is for the developer's log. It says which input was wrong and why. It never contains a user's
// text, phone number, token or key.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "sotto/export.hpp"
#include "sotto/result.hpp"

namespace sotto {

/// Each line says what happened. The category, which follows from the code, says what to do about it.
enum class ErrorCode : std::uint16_t {
  // 10: the call itself
  invalid_argument = 10,  ///< a value is out of range, not UTF-8, empty or too long; nothing was done
  not_found = 11,         ///< no such conversation, message, user or device
  already_exists = 12,    ///< it contradicts something that exists
  invalid_state = 13,     ///< not signed in, closed or suspended
  cancelled = 14,         ///< the app cancelled it, or the client was closed before it ended
  // 20: the network
  network_unreachable = 20,  ///< no route to the server, or its name has no address
  timed_out = 21,            ///< no answer in time; whether the server did it is not known
  tls_failed = 22,           ///< the server's certificate was not accepted
  connection_closed = 23,    ///< the connection ended before the answer came
  server_unavailable = 24,   ///< the server, or a proxy in front of it, is overloaded or restarting
  protocol_violation = 25,   ///< the peer sent what the protocol does not allow
  // 30: the account
  otp_invalid = 30,    ///< a wrong code; it can be entered again
  otp_expired = 31,    ///< too late, or none was asked for: request another code
  otp_exhausted = 32,  ///< too many wrong codes: request another one
  signed_out = 33,     ///< tokens were revoked, or expired beyond refreshing; sign in again
  superseded = 34,     ///< another connection of this device took over; call connect() to take it back
  // 40: what the server refused
  not_a_member = 40,          ///< this account is not, or no longer, in the conversation
  not_allowed = 41,           ///< only an admin may do this
  blocked = 42,               ///< one of the two people has blocked the other
  too_large = 43,             ///< longer or larger than the server accepts
  rate_limited = 44,          ///< too many requests; see retry_after
  epoch_conflict = 45,        ///< another device changed the group's keys first
  stale_epoch = 46,           ///< encrypted for keys that have changed since
  idempotency_mismatch = 47,  ///< the key was used before, for something else
  encryption_required = 48,   ///< this server accepts only encrypted messages
  group_too_large = 49,       ///< more members than the server allows
  // 50: the local database
  store_key_missing = 50,   ///< the database is encrypted and no key was given
  store_key_wrong = 51,     ///< the key does not open this database
  store_damaged = 52,       ///< the file was changed or is corrupt; nothing has been deleted
  store_newer_schema = 53,  ///< written by a newer version of the SDK
  store_not_sotto = 54,     ///< a database that Sotto did not write
  store_full = 55,          ///< no space left on the disk
  store_failed = 56,        ///< any other disk error
  store_in_use = 57,        ///< another process has it open
  store_other_server = 58,  ///< its account is at another server; see ClientOptions::server_moved
  // 60: messages
  expired = 60,            ///< not sent within the time the app gave
  encryption_failed = 61,  ///< a message could not be encrypted; it was not sent
  decryption_failed = 62,  ///< a message was received and cannot be read on this device
  // 90
  internal = 90,  ///< a bug in the SDK or in the server
};

enum class ErrorCategory : std::uint8_t {
  retryable,   ///< the same call may succeed later; see retry_after
  needs_user,  ///< the user has to act: sign in, free space, enter a code
  permanent,   ///< the same call will fail again
  bug,         ///< should not happen: report it
};

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;
  ErrorCategory category = ErrorCategory::bug;
  /// With `retryable`: wait at least this long before the next attempt. 0: no need to wait.
  std::chrono::milliseconds retry_after{0};

  Error() = default;
  /// The category follows from the code.
  SOTTO_API Error(ErrorCode c, std::string text);

  friend bool operator==(const Error&, const Error&) = default;
};

/// The code's stable name, as in the protocol: "rate_limited".
SOTTO_API std::string_view to_string(ErrorCode code);
SOTTO_API ErrorCategory category_of(ErrorCode code);

}  // namespace sotto
