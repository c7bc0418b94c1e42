// The text that /metrics answers: Prometheus' exposition format 0.0.4, written by prometheus-cpp.
#pragma once

#include <string>
#include <string_view>

#include "server/metrics/metrics.hpp"

namespace sotto::server {

inline constexpr std::string_view kExpositionContentType = "text/plain; version=0.0.4; charset=utf-8";

/// All metrics, those of the process (memory, file descriptors, CPU time) included. Reads /proc: not for the
/// message path.
std::string expose(const Metrics& metrics, std::string_view version);

}  // namespace sotto::server
