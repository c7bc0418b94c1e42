#include "server/metrics/metrics.hpp"

#include <array>
#include <utility>

namespace sotto::server {
namespace {

using Labels = std::initializer_list<std::string_view>;

std::span<const std::string_view> span_of(const Labels& labels) {
  return {labels.begin(), labels.size()};
}

// From a commit on a fast disk (a fraction of a millisecond) to a wait that a person would call broken.
constexpr std::array kLatencyBounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                    0.1,    0.25,  0.5,    1.0,   2.5,  5.0};
// A batch is what came in during one fsync: one job on an idle server, hundreds at saturation.
constexpr std::array kBatchBounds{1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0};

}  // namespace

Metrics::Metrics()
    : http_seconds(kLatencyBounds),
      ack_seconds(kLatencyBounds),
      receipts(span_of({"delivered", "read"})),
      batch_jobs(kBatchBounds),
      commit_seconds(kLatencyBounds),
      errors(span_of({"bad_frame",
                      "unknown_type",
                      "not_found",
                      "not_a_member",
                      "not_allowed",
                      "blocked",
                      "too_large",
                      "rate_limited",
                      "epoch_conflict",
                      "stale_epoch",
                      "idempotency_mismatch",
                      "unknown_place",
                      "encryption_required",
                      "internal",
                      "bad_request",
                      "method_not_allowed",
                      "unsupported_media_type",
                      "unauthorized",
                      "otp_invalid",
                      "otp_expired",
                      "otp_exhausted",
                      "group_too_large",
                      "unavailable"})),
      rate_limited(span_of({"message", "frame", "login", "otp", "refresh", "contacts", "request"})),
      otp_sent(span_of({"sent", "failed", "dropped"})) {}

void Metrics::watch(std::string name, std::string help, Reading reading) {
  watched_.push_back({std::move(name), std::move(help), std::move(reading)});
}

}  // namespace sotto::server
