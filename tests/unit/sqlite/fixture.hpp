// A database in memory, or in a folder of its own that goes away with the test.
#pragma once

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "sqlite/database.hpp"

namespace sotto::sqlite {

class TempFolder {
 public:
  TempFolder() {
    std::array<std::uint8_t, 8> name{};
    system_random().fill(name);
    path_ = std::filesystem::temp_directory_path() / ("sotto-test-" + to_hex(name));
    std::filesystem::create_directory(path_);
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  [[nodiscard]] std::string file(const char* name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline Database open_or_die(const std::string& path = ":memory:", OpenMode mode = OpenMode::create) {
  SqliteResult<Database> db = Database::open(path, mode);
  if (!db) ADD_FAILURE() << db.error().text;
  return *std::move(db);
}

template <class T>
std::string failure(const SqliteResult<T>& result) {
  return result.ok() ? "ok" : result.error().text;
}

#define EXPECT_DONE(result) EXPECT_EQ(::sotto::sqlite::failure(result), "ok")
#define ASSERT_DONE(result) ASSERT_EQ(::sotto::sqlite::failure(result), "ok")

}  // namespace sotto::sqlite
