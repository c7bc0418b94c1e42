// The outcome as one HTML page: figures, a table, latency curves and throughput over time as inline SVG.
// Nothing is loaded from elsewhere, so the file can be mailed and still opens in ten years.
#pragma once

#include <string>
#include <vector>

#include "tests/bench/load/report.hpp"

namespace sotto::bench {

std::string report_page(const std::string& title, const std::vector<ReportRun>& runs,
                        const std::vector<ReportRow>& rows);

}  // namespace sotto::bench
