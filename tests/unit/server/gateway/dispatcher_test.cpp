// From a committed batch to the connections it concerns, and what shards tell each other: two shards, a queue
// each for their turns, a storage that holds every job until the test lets it go.
#include "server/gateway/session/dispatcher.hpp"

#include <memory>
#include <string>
#include <vector>

#include "tests/unit/server/gateway/shard_fixture.hpp"

namespace sotto::server {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class DispatcherTest : public ShardTest {
 protected:
  DispatcherTest() { dispatcher.attach({&shards[0], &shards[1]}); }

  /// A device's connection on a shard, live from id 100 on.
  struct Device {
    FakeSink sink;
    Session* session = nullptr;
    std::vector<std::string> told() {
      std::vector<std::string> words;
      for (const auto& frame : sink.take()) {
        if (frame.has_message()) words.push_back("message " + frame.message().content());
        if (frame.has_ack()) words.push_back("ack " + std::to_string(frame.ack().message_id()));
        if (frame.has_typing()) words.push_back("typing " + std::to_string(frame.typing().user_id()));
        if (frame.has_conversation())
          words.push_back("members " + std::to_string(frame.conversation().members_size()));
      }
      return words;
    }
  };
  std::unique_ptr<Device> online(std::size_t shard, UserId user, DeviceId device) {
    auto made = std::make_unique<Device>();
    made->session = &shards[shard].open({user, device}, WireFormat::binary, made->sink, "token");
    v1::ClientFrame sync;
    sync.mutable_sync()->set_last_seen_message_id(1);
    (void)made->session->on_frame(encode_frame(WireFormat::binary, sync), false);
    CatchUpPage page;
    page.read = page.complete = true;
    page.next = page.snapshot = Place{100};
    made->session->on_page(std::move(page));
    made->sink.take();
    return made;
  }
  static ConversationPtr conversation(std::vector<UserId> users) {
    auto state = std::make_shared<ConversationState>();
    state->id = ConversationId{5};
    state->kind = ConversationKind::group;
    for (const UserId user : users)
      state->members.push_back({user, Role::member, Place{1}});
    return state;
  }
  static ElementStored message(std::uint64_t id, UserId sender, DeviceId device, std::string text,
                               std::vector<UserId> members) {
    auto stored = std::make_shared<StoredMessage>();
    stored->id = MessageId{id};
    stored->conversation = ConversationId{5};
    stored->sender = sender;
    stored->sender_device = device;
    stored->body = {BodyKind::content, std::move(text)};
    return {{Place{id}, MessageView{std::move(stored)}},
            Audience::members(conversation(std::move(members)), device)};
  }
  void commit(std::vector<Event> events) {
    dispatcher.committed(std::make_shared<const EventBatch>(EventBatch{std::move(events)}));
  }
  void run() {
    for (auto& driver : drivers)
      driver.run();
  }

  static constexpr UserId kAnn{7};
  static constexpr UserId kBen{8};
  static constexpr UserId kCem{9};

  QueueDriver drivers[2];
  Shard shards[2] = {{0, drivers[0], app, {}, dispatcher}, {1, drivers[1], app, {}, dispatcher}};
};

TEST_F(DispatcherTest, AMessageReachesEveryDeviceOfItsMembersButTheOneThatSentIt) {
  const auto phone = online(0, kAnn, DeviceId{71});
  const auto laptop = online(1, kAnn, DeviceId{72});
  const auto ben = online(1, kBen, DeviceId{81});
  const auto stranger = online(0, kCem, DeviceId{91});
  commit({message(101, kAnn, DeviceId{71}, "hi", {kAnn, kBen})});
  run();
  EXPECT_THAT(phone->told(), IsEmpty());
  EXPECT_THAT(laptop->told(), ElementsAre("message hi"));
  EXPECT_THAT(ben->told(), ElementsAre("message hi"));
  EXPECT_THAT(stranger->told(), IsEmpty());
}

TEST_F(DispatcherTest, ABatchIsOneTurnOfEachShardItConcernsAndKeepsItsOrder) {
  const auto ann = online(0, kAnn, DeviceId{71});
  const auto ben = online(0, kBen, DeviceId{81});
  run();
  commit({message(101, kBen, DeviceId{81}, "1", {kAnn, kBen}),
          message(102, kAnn, DeviceId{71}, "2", {kAnn, kBen}),
          message(103, kBen, DeviceId{81}, "3", {kAnn, kBen})});
  EXPECT_EQ(drivers[0].posted.size(), 1U);
  EXPECT_EQ(drivers[1].posted.size(), 0U);
  run();
  EXPECT_THAT(ann->told(), ElementsAre("message 1", "message 3"));
  EXPECT_THAT(ben->told(), ElementsAre("message 2"));
}

TEST_F(DispatcherTest, OnlyThoseWithoutAConnectionAreWoken) {
  const auto ann = online(0, kAnn, DeviceId{71});
  const auto ben = online(0, kBen, DeviceId{81});
  const std::size_t before = storage.reads.size();
  commit({message(101, kAnn, DeviceId{71}, "all here", {kAnn, kBen})});
  EXPECT_EQ(storage.reads.size(), before);
  commit({message(102, kAnn, DeviceId{71}, "one is not", {kAnn, kBen, kCem})});
  EXPECT_EQ(storage.reads.size(), before + 1) << "whose devices are to be woken is read from the store";
}

TEST_F(DispatcherTest, WhoeverSentItIsNotWokenAlsoIfTheyAreGoneByThen) {
  commit({message(101, kAnn, DeviceId{71}, "note", {kAnn})});
  EXPECT_THAT(storage.reads, IsEmpty());
}

TEST_F(DispatcherTest, ANewerConnectionOfADeviceSupersedesTheOlderOnAnotherShard) {
  const auto older = online(0, kAnn, DeviceId{71});
  const auto other = online(0, kAnn, DeviceId{72});
  const auto newer = online(1, kAnn, DeviceId{71});
  EXPECT_EQ(older->sink.closed_with, 0) << "not on the newer one's thread";
  run();
  EXPECT_EQ(older->sink.closed_with, 4002);
  EXPECT_EQ(other->sink.closed_with, 0);
  EXPECT_EQ(newer->sink.closed_with, 0);
  commit({message(101, kBen, DeviceId{81}, "hi", {kAnn, kBen})});
  run();
  EXPECT_THAT(older->told(), IsEmpty());
  EXPECT_THAT(newer->told(), ElementsAre("message hi"));
}

TEST_F(DispatcherTest, ARevokedDeviceIsClosedAndNoOtherOfItsPerson) {
  const auto revoked = online(0, kAnn, DeviceId{71});
  const auto kept = online(1, kAnn, DeviceId{72});
  commit({DeviceRevoked{kAnn, DeviceId{71}}});
  run();
  EXPECT_EQ(revoked->sink.closed_with, 4001);
  EXPECT_EQ(kept->sink.closed_with, 0);
}

TEST_F(DispatcherTest, OnlyMembersAreShownTheMembers) {
  const auto ann = online(0, kAnn, DeviceId{71});
  const auto removed = online(0, kBen, DeviceId{81});
  ConversationChange change;
  change.change.id = ChangeId{101};
  change.change.conversation = ConversationId{5};
  change.change.kind = ChangeKind::members_removed;
  change.change.actor = kAnn;
  change.change.affected = {kBen};
  change.state = conversation({kAnn, kCem});
  commit({ElementStored{{Place{101}, change}, Audience::of({kAnn, kBen})}});
  run();
  EXPECT_THAT(ann->told(), ElementsAre("members 2"));
  EXPECT_THAT(removed->told(), ElementsAre("members 0"));
}

TEST_F(DispatcherTest, TypingReachesTheOtherMembersOnAllShards) {
  const auto ann = online(0, kAnn, DeviceId{71});
  const auto ben = online(0, kBen, DeviceId{81});
  const auto bens_laptop = online(1, kBen, DeviceId{82});
  const auto stranger = online(1, kCem, DeviceId{91});
  dispatcher.typing({kAnn, DeviceId{71}}, *conversation({kAnn, kBen}));
  run();
  EXPECT_THAT(ann->told(), IsEmpty());
  EXPECT_THAT(ben->told(), ElementsAre("typing 7"));
  EXPECT_THAT(bens_laptop->told(), ElementsAre("typing 7"));
  EXPECT_THAT(stranger->told(), IsEmpty());
}

TEST_F(DispatcherTest, WhatComesForAConnectionThatIsGoneIsDropped) {
  auto ben = online(0, kBen, DeviceId{81});
  commit({message(101, kAnn, DeviceId{71}, "late", {kAnn, kBen})});
  shards[0].erase(ben->session->ref());
  run();
  EXPECT_THAT(ben->told(), IsEmpty());
  EXPECT_EQ(metrics.sessions_open.value(), 0);
  EXPECT_THAT(registry.find(kBen), IsEmpty());
}

TEST_F(DispatcherTest, HoweverOftenSomebodyChangesEachWatcherHasOneLookUnderWay) {
  const auto ben = online(0, kBen, DeviceId{81});
  const auto cem = online(1, kCem, DeviceId{91});
  for (const auto* watcher : {&ben, &cem}) {
    const Session& session = *(*watcher)->session;
    dispatcher.watch(session.ref(), session.caller().user, {{kAnn, true, std::nullopt}});
  }
  run();
  storage.reads.clear();
  for (int i = 0; i < 100; ++i)
    commit({VisibilityChanged{kAnn}});
  run();
  EXPECT_EQ(storage.reads.size(), 2u) << "one for each watcher";

  // What changed while they looked is looked at once more, and that is all.
  for (int round = 0; round < 2; ++round) {
    auto reads = std::exchange(storage.reads, {});
    ASSERT_EQ(reads.size(), 2u) << round;
    for (auto& job : reads)
      job->done(true);
    run();
  }
  EXPECT_THAT(storage.reads, IsEmpty());
}

TEST_F(DispatcherTest, ALookThatFoundNoPlaceInTheQueueIsNotForgotten) {
  const auto ben = online(0, kBen, DeviceId{81});
  dispatcher.watch(ben->session->ref(), kBen, {{kAnn, true, std::nullopt}});
  run();
  storage.reads.clear();
  storage.full = true;
  commit({VisibilityChanged{kAnn}});
  run();
  storage.full = false;
  EXPECT_THAT(storage.reads, IsEmpty());
  dispatcher.housekeeping(0);
  EXPECT_EQ(storage.reads.size(), 1u);
  EXPECT_EQ(storage.reads.front()->owner(), kBen);
}

}  // namespace
}  // namespace sotto::server
