#include "server/model/service_error.hpp"

#include <utility>

namespace sotto::server {

namespace {
struct Word {
  std::string_view rest;
  int status;
};

Word word_of(ServiceCode code) {
  switch (code) {
    case ServiceCode::bad_request:
      return {"bad_request", 400};
    case ServiceCode::unauthorized:
      return {"unauthorized", 401};
    case ServiceCode::otp_invalid:
      return {"otp_invalid", 401};
    case ServiceCode::otp_expired:
      return {"otp_expired", 401};
    case ServiceCode::otp_exhausted:
      return {"otp_exhausted", 401};
    case ServiceCode::not_found:
      return {"not_found", 404};
    case ServiceCode::not_a_member:
      return {"not_a_member", 403};
    case ServiceCode::not_allowed:
      return {"not_allowed", 403};
    case ServiceCode::blocked:
      return {"blocked", 403};
    case ServiceCode::too_large:
      return {"too_large", 413};
    case ServiceCode::group_too_large:
      return {"group_too_large", 422};
    case ServiceCode::rate_limited:
      return {"rate_limited", 429};
    case ServiceCode::idempotency_mismatch:
      return {"idempotency_mismatch", 409};
    case ServiceCode::encryption_required:
      return {"encryption_required", 422};
    case ServiceCode::stale_epoch:
      return {"stale_epoch", 409};
    case ServiceCode::epoch_conflict:
      return {"epoch_conflict", 409};
    case ServiceCode::unknown_place:
      return {"unknown_place", 409};
    case ServiceCode::internal:
      break;
  }
  // 503: the same request may succeed later, e.g. when the disk has room again.
  return {"internal", 503};
}
}  // namespace

ServiceError refuse_rate(std::string what, Milliseconds wait) {
  return ServiceError{ServiceCode::rate_limited, std::move(what), wait};
}

ServiceError storage_failed() {
  return ServiceError{ServiceCode::internal, "the server cannot store or read at the moment",
                      Milliseconds{0}};
}

std::string_view rest_word(ServiceCode code) {
  return word_of(code).rest;
}

std::string_view frame_word(ServiceCode code) {
  return code == ServiceCode::bad_request ? "bad_frame" : word_of(code).rest;
}

int http_status(ServiceCode code) {
  return word_of(code).status;
}

}  // namespace sotto::server
