// Clients of the kit open, close, expire and share accounts as they do outside.
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/testkit/people.hpp"

namespace sotto::testing {
namespace {

TEST(TestkitClient, AnAppThatIsRestartedWithoutANetworkSendsWhatItHadStored) {
  People people;
  people.world.network().cut(*people.alice);
  people.say("before the restart");
  people.alice.reset();
  people.world.run_for(1h);
  people.alice = people.open("alice");
  ASSERT_TRUE(people.alice->account().has_value());
  ASSERT_TRUE(people.world.wait(people.alice->connect()).ok());
  EXPECT_TRUE(people.bob_gets({"before the restart"}, 1min));
}

TEST(TestkitClient, ClosingAClientEndsWhatItWaitedForAndTheWorldGoesOn) {
  People people;
  auto unanswered = people.alice->me();
  people.alice.reset();  // at once, although no time passes
  const auto answer = people.world.wait(std::move(unanswered));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::cancelled);

  auto carol = people.open("carol");
  people.world.sign_in(*carol, "+491700000003");
  ASSERT_TRUE(people.world.wait(carol->send(PhoneNumber{kBobsPhone}, {"hello"})).ok());
  EXPECT_TRUE(people.bob_gets({"hello"}, 10s));
}

TEST(TestkitClient, AClientThatOutlivesItsWorldIsOfflineAndClosesAllTheSame) {
  std::unique_ptr<Client> alice;
  ClientOptions options;
  options.directory = std::filesystem::path(::testing::TempDir()) / "sotto-outlives-its-world";
  {
    World world;
    alice = world.open(options);
    world.sign_in(*alice, kAlicesPhone);
  }
  EXPECT_TRUE(alice->send(PhoneNumber{kBobsPhone}, {"to nobody"}).get().ok());
  alice.reset();
  std::filesystem::remove_all(options.directory);
}

TEST(TestkitClient, AMessageThatFindsNoNetworkForADayExpires) {
  People people;
  people.world.network().cut(*people.alice);
  const auto sent = people.say("too late");
  people.world.run_for(23h);
  EXPECT_EQ(people.state_of(sent), MessageState::queued);
  people.world.run_for(1h + 1min);
  EXPECT_EQ(people.state_of(sent), MessageState::expired);
  people.world.network().restore(*people.alice);
  people.world.run_for(1h);
  EXPECT_TRUE(people.texts(*people.bob).empty());
}

TEST(TestkitClient, BothDevicesOfAPersonHaveEverything) {
  People people;
  auto tablet = people.open("bobs tablet");
  people.world.sign_in(*tablet, kBobsPhone);
  people.say("for both");
  EXPECT_TRUE(people.bob_gets({"for both"}, 10s));
  EXPECT_TRUE(people.world.run_until(
      [&] { return people.texts(*tablet) == std::vector<std::string>{"for both"}; }, 10s));
  EXPECT_EQ(people.world.wait(people.bob->devices())->size(), 2u);
}

TEST(TestkitClient, AGroupReachesAllItsMembersAndThoseWhoLeftNoMore) {
  People people;
  auto carol = people.open("carol");
  people.world.sign_in(*carol, "+491700000003");
  const auto group = people.world.wait(
      people.alice->create_group("Choir", {people.bob->account()->user_id, carol->account()->user_id}));
  ASSERT_TRUE(group.ok()) << group.error().message;
  ASSERT_TRUE(people.world.wait(people.alice->send(group->id, {"Tuesday at eight"})).ok());
  const std::vector<std::string> first{"Tuesday at eight"};
  EXPECT_TRUE(people.bob_gets(first, 10s));
  EXPECT_TRUE(people.world.run_until([&] { return people.texts(*carol) == first; }, 10s));

  ASSERT_TRUE(people.world.wait(carol->leave_group(group->id)).ok());
  ASSERT_TRUE(people.world.wait(people.alice->send(group->id, {"Carol has left"})).ok());
  EXPECT_TRUE(people.bob_gets({"Tuesday at eight", "Carol has left"}, 10s));
  people.world.run_for(1min);
  EXPECT_EQ(people.texts(*carol), first);
}

TEST(TestkitClient, EventsAndHandlersComeByPollingAsOutsideOfTheKit) {
  People people;
  bool handled = false;
  people.bob->me([&](Result<Profile> me) { handled = me.ok(); });
  people.say("hello");
  bool heard = false;
  EXPECT_TRUE(people.world.run_until(
      [&] {
        for (const auto& event : people.bob->poll()) {
          const auto* added = std::get_if<MessageAdded>(&event);
          heard = heard || (added != nullptr && added->message.text == "hello");
        }
        return heard && handled;
      },
      10s));
}

}  // namespace
}  // namespace sotto::testing
