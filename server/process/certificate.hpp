// A look at the certificate before clients do.
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"

namespace sotto::server {

/// What an operator should know of a certificate that can be read: that it has expired, is not valid yet, or
/// expires soon. Nothing if all is well.
std::optional<std::string> certificate_warning(const std::string& file, Timestamp now);

}  // namespace sotto::server
