// The folder that everything is kept in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sotto::server {

/// The database, in the folder.
inline constexpr std::string_view kDatabaseName = "server.db";

/// Makes the folder (for its owner only) if it is missing. What keeps it from being used, in one line that
/// names it; or nothing.
std::optional<std::string> prepare_data_folder(const std::string& path);

/// Why the disk below the folder has no room for more, or nothing.
std::optional<std::string> disk_problem(const std::string& path);

}  // namespace sotto::server
