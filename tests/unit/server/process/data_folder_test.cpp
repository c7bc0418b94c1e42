#include "server/process/data_folder.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sotto::server {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class DataFolder : public testing::Test {
 protected:
  DataFolder() {
    std::string pattern = (fs::temp_directory_path() / "sotto-data-XXXXXX").string();
    folder = mkdtemp(pattern.data());
  }
  ~DataFolder() override { fs::remove_all(folder); }
  fs::path folder;
};

TEST_F(DataFolder, IsMadeWithTheFoldersAboveIt) {
  EXPECT_EQ(prepare_data_folder((folder / "a/b").string()), std::nullopt);
  EXPECT_TRUE(fs::is_directory(folder / "a/b"));
  EXPECT_EQ(prepare_data_folder((folder / "a/b").string()), std::nullopt) << "a second time as well";
}

TEST_F(DataFolder, ThatIsAFileIsRefusedByName) {
  const std::string file = (folder / "file").string();
  std::ofstream(file) << "x";
  EXPECT_THAT(prepare_data_folder(file).value(), HasSubstr(file + " is not a folder"));
  EXPECT_THAT(prepare_data_folder(file + "/below").value(), HasSubstr(file));
}

TEST_F(DataFolder, ThatCannotBeMadeIsRefusedByName) {
  EXPECT_THAT(prepare_data_folder("/proc/sotto").value(), HasSubstr("/proc/sotto cannot be made"));
}

TEST_F(DataFolder, OnADiskWithRoomHasNoProblem) {
  EXPECT_EQ(disk_problem(folder.string()), std::nullopt);
  EXPECT_THAT(disk_problem((folder / "gone").string()).value(), HasSubstr("No such file"));
}

}  // namespace
}  // namespace sotto::server
