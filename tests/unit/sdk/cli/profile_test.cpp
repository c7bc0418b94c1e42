#include "sdk/cli/profile.hpp"

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>

namespace sotto::cli {
namespace {

namespace fs = std::filesystem;

struct ProfileTest : ::testing::Test {
  const fs::path directory = fs::temp_directory_path() / ("sotto-profile-" + std::to_string(::getpid()));
  ProfileArguments arguments;

  ProfileTest() {
    arguments.store = directory;
    arguments.server = "https://chat.example";
  }
  ~ProfileTest() override {
    std::error_code ignored;
    fs::remove_all(directory, ignored);
  }
  std::string refusal() {
    auto found = find_profile(arguments);
    return found.ok() ? "" : found.error().message;
  }
  Result<std::unique_ptr<Client>> open() {
    auto found = find_profile(arguments);
    if (!found) return found.error();
    return open_profile(*found, arguments);
  }
};

TEST_F(ProfileTest, PlainHttpIsForThisMachine) {
  for (const char* here : {"http://localhost:8080", "http://LOCALHOST", "http://127.0.0.1:1",
                           "http://127.1.2.3", "http://[::1]:80"}) {
    arguments.server = here;
    EXPECT_EQ(refusal(), "") << here;
  }
  for (const char* elsewhere : {"http://chat.example", "HTTP://chat.example", "http://10.0.0.1",
                                "http://localhost.example", "http://[fe80::1]"}) {
    arguments.server = elsewhere;
    arguments.insecure = false;
    EXPECT_NE(refusal().find("--insecure"), std::string::npos) << elsewhere;
    arguments.insecure = true;
    EXPECT_EQ(refusal(), "") << elsewhere;
  }
}

TEST_F(ProfileTest, WhatIsNoAddressIsShownOneThatIs) {
  for (const char* text :
       {"chat.example", "ftp://chat.example", "ws://chat.example", "8080", "https//chat.example"}) {
    arguments.server = text;
    EXPECT_NE(refusal().find("https://chat.example.org"), std::string::npos) << text;
  }
}

TEST_F(ProfileTest, ANewDirectoryIsTheOwnersAndAnOldOneKeepsItsMode) {
  ASSERT_EQ(refusal(), "");
  EXPECT_EQ(fs::status(directory).permissions(), fs::perms::owner_all);
  const auto before = fs::perms::owner_all | fs::perms::group_read | fs::perms::others_read;
  fs::permissions(directory, before);
  ASSERT_TRUE(open().ok());
  EXPECT_EQ(fs::status(directory).permissions(), before);
  for (const char* file : {"sotto.db", "store.key", "server"})
    EXPECT_EQ(fs::status(directory / file).permissions(), fs::perms::owner_read | fs::perms::owner_write)
        << file;
}

TEST_F(ProfileTest, AServerIsRememberedOnceTheAccountHasOpened) {
  ASSERT_TRUE(open().ok());
  arguments.server = "https://wrong example";
  EXPECT_FALSE(open().ok());
  arguments.server.clear();
  auto found = find_profile(arguments);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->server, "https://chat.example");
}

TEST_F(ProfileTest, NoServerAtAllAsksForOne) {
  arguments.server.clear();
  EXPECT_NE(refusal().find("--server"), std::string::npos);
}

TEST_F(ProfileTest, ALostKeyIsNotReplaced) {
  ASSERT_TRUE(open().ok());
  fs::remove(directory / "store.key");
  const auto opened = open();
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::store_key_missing);
  EXPECT_FALSE(fs::exists(directory / "store.key"));
}

}  // namespace
}  // namespace sotto::cli
