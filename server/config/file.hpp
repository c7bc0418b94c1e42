// The configuration file: the part of TOML that a flat list of settings needs.
//
//   # comment
//   listen = "0.0.0.0:443"
//   max_group_members = 500
//   require_encryption = true
//   trusted_proxies = ["10.0.0.0/8", "::1"]      # may go over several lines
//
// Quotes may be left out of a single word (`log_level = info`). There are no sections.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sotto/result.hpp"

namespace sotto::server {

struct FileEntry {
  std::string key;
  std::string value;  ///< of an array its items, joined with ", "
  bool array = false;
  std::size_t line = 0;  ///< counted from 1
};

struct FileProblem {
  std::size_t line = 0;
  std::string text;
};

Result<std::vector<FileEntry>, FileProblem> parse_config_file(std::string_view text);

}  // namespace sotto::server
