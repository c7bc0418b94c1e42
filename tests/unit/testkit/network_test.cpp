// What the kit's network does to real clients: they are cut off, lose connections and calls, and what they
// promise holds.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/testkit/people.hpp"

namespace sotto::testing {
namespace {

TEST(TestkitNetwork, WhatIsSentWithoutANetworkIsStoredAndGoesOutInOrderWhenThereIsOneAgain) {
  People people;
  people.world.network().cut(*people.alice);
  std::vector<std::string> texts;
  std::vector<SendReceipt> sent;
  for (int i = 1; i <= 40; ++i) {
    texts.push_back("message " + std::to_string(i));
    sent.push_back(people.say(texts.back()));
  }
  people.world.run_for(10min);
  EXPECT_EQ(people.state_of(sent.front()), MessageState::queued);
  EXPECT_NE(people.alice->connection(), ConnectionState::online);

  people.world.network().restore(*people.alice);
  EXPECT_TRUE(people.comes_to(sent.back(), MessageState::delivered));
  EXPECT_EQ(people.texts(*people.bob), texts);
}

TEST(TestkitNetwork, AClientThatIsToldOfANetworkIsOnlineAtOnce) {
  People people;
  people.world.network().cut(*people.alice);
  people.world.run_for(10min);
  people.world.network().restore(*people.alice);
  people.alice->network_changed();
  EXPECT_TRUE(
      people.world.run_until([&] { return people.alice->connection() == ConnectionState::online; }, 1s));
}

TEST(TestkitNetwork, ServerCallsFailAtOnceWhereThereIsNoNetwork) {
  People people;
  people.world.network().cut(*people.alice);
  const auto before = people.world.now();
  const auto found = people.world.wait(people.alice->find_user("+491700000009"));
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code, ErrorCode::network_unreachable);
  EXPECT_LT(people.world.now() - before, 5s);
}

TEST(TestkitNetwork, AConnectionThatBreaksUnnoticedIsFoundByKeepAlive) {
  People people;
  people.world.run_until([&] { return people.alice->connection() == ConnectionState::online; });
  people.world.network().break_connection(*people.alice, NoticedBy::nobody);
  people.world.run_for(1s);
  EXPECT_EQ(people.alice->connection(), ConnectionState::online) << "it cannot know yet";
  // A ping every 25 s, its pong within 5.
  EXPECT_TRUE(
      people.world.run_until([&] { return people.alice->connection() != ConnectionState::online; }, 30s));
  EXPECT_TRUE(
      people.world.run_until([&] { return people.alice->connection() == ConnectionState::online; }, 10s));
}

TEST(TestkitNetwork, ADayOnATrainDeliversEverythingOnceAndInOrder) {
  World::Options options;
  options.network = NetworkQuality::train();
  People people(5, options);
  std::vector<std::string> texts;
  for (int hour = 0; hour < 24; ++hour) {
    for (int i = 0; i < 5; ++i) {
      texts.push_back("message " + std::to_string(texts.size() + 1));
      people.say(texts.back());
    }
    people.world.run_for(1h);
  }
  people.world.network().set_quality(NetworkQuality::good());
  EXPECT_TRUE(people.bob_gets(texts, 5min));
  EXPECT_GT(people.alice->metrics().reconnects, 100u) << "it was no train";
}

TEST(TestkitNetwork, QualityOfOneClientIsNobodyElses) {
  People people;
  NetworkQuality slow;
  slow.least_latency = slow.most_latency = 5s;
  people.world.network().set_quality(*people.bob, slow);
  const auto sent = people.say("hello");
  EXPECT_TRUE(people.comes_to(sent, MessageState::sent, 1s));
  EXPECT_FALSE(people.comes_to(sent, MessageState::delivered, 5s));
  EXPECT_TRUE(people.comes_to(sent, MessageState::delivered, 20s));
}

}  // namespace
}  // namespace sotto::testing
