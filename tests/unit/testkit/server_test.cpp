// The kit's server ends, comes back, and is as strict as a real one, since it is one.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/testkit/people.hpp"

namespace sotto::testing {
namespace {

TEST(TestkitServer, WhatAKilledServerHadAcknowledgedIsThereWhenItIsBackAndNothingIsThereTwice) {
  People people;
  people.world.network().cut(*people.bob);
  std::vector<std::string> texts;
  for (int i = 1; i <= 60; ++i) {
    texts.push_back("message " + std::to_string(i));
    people.say(texts.back());
    people.world.run_for(7ms);  // so that it is killed with messages at every stage
    if (i % 20 != 0) continue;
    people.world.server().kill();
    EXPECT_FALSE(people.world.server().is_up());
    people.world.run_for(20s);
    people.world.server().start();
  }
  people.world.network().restore(*people.bob);
  EXPECT_TRUE(people.bob_gets(texts));
}

TEST(TestkitServer, AServerThatStopsSaysGoodByeAndItsClientsComeBackByThemselves) {
  People people;
  people.world.server().stop();
  people.world.run_for(1s);
  EXPECT_NE(people.alice->connection(), ConnectionState::online);
  people.world.run_for(1min);
  people.world.server().start();
  EXPECT_TRUE(people.comes_to(people.say("are you there?"), MessageState::delivered, 1min));
}

TEST(TestkitServer, AWrongCodeIsRefused) {
  People people;
  auto carol = people.open("carol");
  ASSERT_TRUE(people.world.wait(carol->request_otp("+491700000003")).ok());
  const auto code = people.world.server().code_for("+491700000003");
  ASSERT_TRUE(code.has_value());
  const auto wrong =
      people.world.wait(carol->login({"+491700000003", *code == "123456" ? "654321" : "123456"}));
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().code, ErrorCode::otp_invalid);
  EXPECT_EQ(people.world.server().code_for("+491700000009"), std::nullopt);
}

TEST(TestkitServer, AccessTokensThatExpireAreRefreshedWithoutTheAppNoticing) {
  People people;
  people.world.run_for(5h);  // tokens are good for one
  EXPECT_TRUE(people.world.wait(people.alice->update_profile({})).ok());
  EXPECT_TRUE(people.comes_to(people.say("still here"), MessageState::delivered, 10s));
}

TEST(TestkitServer, LimitsApplyWhereTheyAreAskedFor) {
  World::Options options;
  options.rate_limits = true;
  World world(1, options);
  ClientOptions carols;
  carols.directory = world.folder() / "carol";
  auto carol = world.open(carols);
  ErrorCode last{};
  for (int i = 0; i < 20 && last == ErrorCode{}; ++i) {
    if (const auto asked = world.wait(carol->request_otp("+491700000003")); !asked) last = asked.error().code;
  }
  EXPECT_EQ(last, ErrorCode::rate_limited);
}

}  // namespace
}  // namespace sotto::testing
