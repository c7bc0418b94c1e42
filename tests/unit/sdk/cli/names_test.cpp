#include "sdk/cli/chat/names.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace sotto::cli {
namespace {

constexpr UserId kAnn{3829018};

struct NamesTest : ::testing::Test {
  /// What draws the screen: every answer draws it anew, which asks for the name again.
  void draw(int times) {
    for (int i = 0; i < times; ++i) {
      shown = names.of(kAnn);
      if (pending.empty()) continue;
      auto done = std::move(pending.back());
      pending.clear();
      done(answer);
    }
    shown = names.of(kAnn);
  }

  std::chrono::steady_clock::time_point now{};
  Result<Profile> answer = Error(ErrorCode::internal, "");
  std::vector<Done<Profile>> pending;
  int asked = 0;
  std::string shown;
  Names names{[this](UserId, Done<Profile> done) {
                ++asked;
                pending.push_back(std::move(done));
              },
              [this] { return now; }};
};

TEST_F(NamesTest, ANameIsAskedForOnce) {
  Profile ann;
  ann.display_name = "Ann";
  answer = ann;
  EXPECT_EQ(names.of(kAnn), "user 382901");
  draw(10);
  EXPECT_EQ(shown, "Ann");
  EXPECT_EQ(asked, 1);
}

TEST_F(NamesTest, ADeletedAccountIsAskedForOnce) {
  answer = Error(ErrorCode::not_found, "");
  draw(100);
  now += std::chrono::hours(24);
  draw(100);
  EXPECT_EQ(shown, "deleted account");
  EXPECT_EQ(asked, 1);
}

TEST_F(NamesTest, AServerInTroubleIsAskedAgainLater) {
  answer = Error(ErrorCode::server_unavailable, "");
  draw(100);
  EXPECT_EQ(asked, 1);
  now += Names::kAskAgainAfter;
  draw(100);
  EXPECT_EQ(asked, 2);
}

TEST_F(NamesTest, AnAnswerThatCannotWaitToBeGivenIsNoLoop) {
  Names at_once([this](UserId, Done<Profile> done) {
    ++asked;
    done(Error(ErrorCode::invalid_state, "closed"));
  });
  for (int i = 0; i < 100; ++i)
    at_once.of(kAnn);
  EXPECT_EQ(asked, 1);
}

}  // namespace
}  // namespace sotto::cli
