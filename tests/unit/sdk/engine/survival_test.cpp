// What survives: power cuts at every change of the disk, broken connections after every frame, a full disk.
#include <sqlite3.h>

#include "tests/support/crash_vfs.hpp"
#include "tests/unit/sdk/engine/fake_server.hpp"

namespace sotto::engine::testing {
namespace {

std::vector<std::string> without_duplicates(std::vector<std::string> texts) {
  std::vector<std::string> found;
  for (auto& text : texts)
    if (std::find(found.begin(), found.end(), text) == found.end()) found.push_back(text);
  return found;
}

/// The device shows exactly what the server has, in its order, and the server knows what it has shown.
void expect_agreement(Device& device, FakeServer& server) {
  EXPECT_EQ(device.texts(kChat), server.texts());
  EXPECT_EQ(server.texts(), without_duplicates(server.texts())) << "sent once, stored once";
  auto conversation = device.store->conversations.find(kChat);
  ASSERT_TRUE(conversation.has_value());
  EXPECT_EQ(conversation->unread,
            device.store->messages.count_unread(conversation->row, conversation->read_up_to));
  EXPECT_EQ(device.engine->metrics().queue_depth, 0u);
}

/// Some of everything; each step may find the device dead.
void live_a_little(Device& device, FakeServer& server) {
  device.send_if_alive(kPeer, "mine 1");
  server.say(kPeer, "theirs 1");
  server.serve(device);
  device.send_if_alive(kPeer, "mine 2");
  device.send_if_alive(kPeer, "mine 3");
  server.say(kPeer, "theirs 2");
  server.serve(device);
  device.engine->mark_read(kChat, MessageId{server.last_id()}, device.now, {});
  server.serve(device);
}

TEST(Survival, APowerCutAtAnyChangeOfTheDiskLosesNothingThatWasConfirmed) {
  for (std::int64_t change = 1;; ++change) {
    SCOPED_TRACE("power cut at change " + std::to_string(change));
    test::CrashDisk disk(static_cast<std::uint64_t>(change));
    Device device(disk);
    device.sign_in();
    FakeServer server;
    disk.crash_at(change);
    live_a_little(device, server);
    const bool struck = disk.struck();
    const auto promised = device.promised;
    device.lose_power(disk);
    server.serve(device);
    for (const std::string& text : promised) {
      const auto said = server.texts();
      EXPECT_EQ(std::count(said.begin(), said.end(), text), 1) << text;
    }
    expect_agreement(device, server);
    if (!struck || ::testing::Test::HasFailure()) break;
  }
}

TEST(Survival, AConnectionThatBreaksAfterAnyFrameCostsNothing) {
  for (std::size_t budget = 0; budget < 40; ++budget) {
    SCOPED_TRACE("breaks after " + std::to_string(budget) + " frames");
    Device device;
    device.sign_in();
    FakeServer server;
    for (int i = 0; i < 5; ++i) {
      device.send(kPeer, "mine " + std::to_string(i));
      server.say(kPeer, "theirs " + std::to_string(i));
    }
    server.serve(device, budget);
    server.serve(device);
    expect_agreement(device, server);
    EXPECT_EQ(server.texts().size(), 10u);
    EXPECT_EQ(server.delivered.size(), 5u);
    if (::testing::Test::HasFailure()) break;
  }
}

TEST(Survival, ARandomLifeEndsInAgreement) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SeededRandom random(seed);
    Device device;
    device.sign_in();
    FakeServer server;
    int written = 0;
    for (int step = 0; step < 30; ++step) {
      switch (random.below(5)) {
        case 0:
          device.send(kPeer, "mine " + std::to_string(written++));
          break;
        case 1:
          server.say(kPeer, "theirs " + std::to_string(written++));
          break;
        case 2:
          server.serve(device, random.below(12));
          break;
        case 3:
          device.crash();
          break;
        default:
          device.engine->mark_read(kChat, MessageId{server.last_id()}, device.now, {});
      }
    }
    server.serve(device);
    expect_agreement(device, server);
    if (::testing::Test::HasFailure()) break;
  }
}

TEST(Survival, AFullDiskRefusesWritesKeepsReadingAndRecoversByItself) {
  test::CrashDisk disk(1);
  Device device(disk);
  device.sign_in();
  FakeServer server;
  server.say(kPeer, "before");
  server.serve(device);
  device.take_events<ErrorOccurred>();

  disk.fail_at(1, SQLITE_FULL, true);
  const auto sent = device.try_send(kPeer, "no room");
  ASSERT_FALSE(sent.ok());
  EXPECT_EQ(sent.error().code, ErrorCode::store_full);
  EXPECT_EQ(device.texts(kChat), std::vector<std::string>{"before"}) << "reading goes on";
  server.say(kPeer, "meanwhile");
  server.serve(device);
  EXPECT_FALSE(device.take_events<ErrorOccurred>().empty());
  EXPECT_EQ(device.texts(kChat), std::vector<std::string>{"before"});

  disk.heal();
  device.send(kPeer, "after");
  device.lose_connection();
  server.serve(device);
  expect_agreement(device, server);
  EXPECT_EQ(server.texts(), (std::vector<std::string>{"before", "meanwhile", "after"}));
}

}  // namespace
}  // namespace sotto::engine::testing
