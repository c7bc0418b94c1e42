// The worked example at the head of group.hpp, compiled and run.
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "tests/unit/sdk/mls/test_client.hpp"

namespace sotto::mls {
namespace {

TEST(TheExampleOfTheHeader, RunsAndTwoPeopleTalk) {
  const AcceptEveryCredential policy;
  TestWorld world;
  world.now = wall_clock_now();
  TestClient alice(world, "alice");
  TestClient bob_himself(world, "bob");
  const KeyPackageBundle bobs_bundle = bob_himself.package();
  const KeyPackage bobs_package = bobs_bundle.key_package;
  Identity me = alice.identity.clone();
  Identity bobs_identity = bob_himself.identity.clone();
  std::vector<Bytes> sent;
  const auto send = [&](const Bytes& message) { sent.push_back(message); };

  Environment env{system_random(), wall_clock_now, policy};
  GroupParams params;
  params.group_id = to_bytes(as_bytes("friends"));
  auto group = Group::create(params, std::move(me), env);
  CommitOptions add;
  add.proposals = {Proposal::add(bobs_package)};
  auto made = group->commit(add, env);
  send(made->message);
  auto change = group->adopt(std::move(made->pending), env);
  send(*made->welcome);
  ASSERT_TRUE(change);
  const Bytes& welcome = sent.back();

  auto bob = Group::join(welcome, bobs_bundle, std::move(bobs_identity), {}, env);
  auto sealed = bob->protect(as_bytes("hi"), {}, env);
  auto opened = group->unprotect(*sealed, env);
  EXPECT_EQ(as_text(opened->data), "hi");
}

std::string trimmed(std::string line) {
  const std::size_t comment = line.find("  //");
  if (comment != std::string::npos) line.resize(comment);
  const std::size_t first = line.find_first_not_of(' ');
  const std::size_t last = line.find_last_not_of(' ');
  return first == std::string::npos ? "" : line.substr(first, last - first + 1);
}

TEST(TheExampleOfTheHeader, IsTheOneAbove) {
  std::ifstream header(SOTTO_SOURCE_DIR "/sdk/mls/include/sotto/mls/group.hpp");
  std::stringstream here;
  here << std::ifstream(SOTTO_SOURCE_DIR "/tests/unit/sdk/mls/example_test.cpp").rdbuf();
  const std::string text = here.str();
  constexpr std::string_view kExample = "//   ";
  int lines = 0;
  for (std::string line; std::getline(header, line) && line != "#pragma once";) {
    if (!line.starts_with(kExample)) continue;
    ++lines;
    EXPECT_NE(text.find("\n  " + trimmed(line.substr(kExample.size())) + "\n"), std::string::npos) << line;
  }
  EXPECT_GT(lines, 10);
}

}  // namespace
}  // namespace sotto::mls
