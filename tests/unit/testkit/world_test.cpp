// Time and chance of the kit: time passes only when it is let, and a seed repeats a run.
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/testkit/people.hpp"

namespace sotto::testing {
namespace {

/// The story of an hour on a train, with a server that dies once, and the ids it ends with.
std::vector<std::string> story_of(std::uint64_t seed) {
  std::vector<std::string> story;
  World::Options options;
  options.network = NetworkQuality::train();
  People people(seed, options);
  people.world.set_trace([&](const std::string& line) { story.push_back(line); });
  for (int i = 0; i < 20; ++i) {
    people.say("message " + std::to_string(i));
    people.say("and one more");
    people.world.run_for(3min);
    if (i == 10) people.world.server().kill();
    if (i == 11) people.world.server().start();
  }
  people.world.set_trace({});
  for (const auto& conversation : people.world.wait(people.bob->conversations()).value_or({}))
    story.push_back(to_string(conversation.last_message->message_id));
  return story;
}

TEST(TestkitWorld, TheSameSeedGivesTheSameRunAndAnotherOneAnother) {
  const auto first = story_of(7);
  EXPECT_GT(first.size(), 100u);
  EXPECT_EQ(story_of(7), first);
  EXPECT_NE(story_of(8), first);
}

TEST(TestkitWorld, TimePassesOnlyWhenItIsLet) {
  World world;
  const auto begin = world.now();
  std::this_thread::sleep_for(5ms);
  EXPECT_EQ(world.now(), begin);
  world.run_for(36h);
  EXPECT_EQ(world.now() - begin, 36h);
  EXPECT_FALSE(world.run_until([] { return false; }, 90s));
  EXPECT_EQ(world.now() - begin, 36h + 90s);
  EXPECT_TRUE(world.run_until([] { return true; }));
  EXPECT_EQ(world.now() - begin, 36h + 90s) << "what is so already takes no time";
}

TEST(TestkitWorld, WaitingForWhatNeverComesSaysSo) {
  World world;
  std::promise<int> promise;
  try {
    world.wait(promise.get_future(), 3min);
    FAIL() << "it cannot have come";
  } catch (const Failure& failure) {
    EXPECT_NE(std::string(failure.what()).find("180 s of virtual time"), std::string::npos) << failure.what();
  }
}

TEST(TestkitWorld, LocalOperationsNeedNoTime) {
  People people;
  const auto before = people.world.now();
  EXPECT_TRUE(people.alice->send(PhoneNumber{kBobsPhone}, {"hello"}).get().ok());
  EXPECT_EQ(people.alice->conversations().get()->size(), 1u);
  EXPECT_EQ(people.world.now(), before);
}

TEST(TestkitWorld, WhatCannotBeOpenedSaysWhy) {
  World world;
  EXPECT_EQ(world.try_open({}).error().code, ErrorCode::invalid_argument);
  try {
    world.open({});
    FAIL() << "there is no directory";
  } catch (const Failure& failure) {
    EXPECT_NE(std::string(failure.what()).find("no directory was given"), std::string::npos)
        << failure.what();
  }
}

TEST(TestkitWorld, AClientOfAnotherWorldIsRefused) {
  People people;
  World other;
  EXPECT_THROW(other.network().cut(*people.alice), Failure);
}

TEST(TestkitWorld, SigningInWithoutANetworkSaysWhy) {
  People people;
  auto carol = people.open("carol");
  people.world.network().cut(*carol);
  EXPECT_THROW(people.world.sign_in(*carol, "+491700000003"), Failure);
}

}  // namespace
}  // namespace sotto::testing
