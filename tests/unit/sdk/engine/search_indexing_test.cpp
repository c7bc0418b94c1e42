#include <gtest/gtest.h>

#include "sdk/engine/timing.hpp"
#include "tests/unit/sdk/engine/device.hpp"

namespace sotto::engine::testing {
namespace {

constexpr std::uint64_t kMessages = 1'800;  // more than three steps

/// A device with messages whose search index is of an earlier version.
struct SearchIndexing : ::testing::Test {
  Device device;

  void SetUp() override {
    device.sign_in();
    auto& store = *device.store;
    ASSERT_TRUE(store.db.begin().ok());
    const auto chat = store.conversations.create(kChat, ConversationKind::direct).row;
    for (std::uint64_t i = 1; i <= kMessages; ++i) {
      store::NewMessage message;
      message.conversation = chat;
      message.message_id = MessageId{1'000 + i};
      message.sender_id = kPeer;
      message.text = "number " + std::to_string(i);
      store.messages.insert(message);
    }
    store.db.run("INSERT INTO search (search) VALUES ('delete-all')");
    store.db.run("INSERT INTO search_rebuild (below, top) SELECT max(row) + 1, max(row) + 1 FROM messages");
    ASSERT_TRUE(store.db.commit().ok());
    device.crash();
  }

  SearchPage search(const std::string& text) {
    auto page = device.engine->search({text, {}, 10, {}});
    EXPECT_TRUE(page.ok());
    return *page;
  }
};

TEST_F(SearchIndexing, TakesNoTimeOfTheStart) {
  EXPECT_TRUE(search("number").hits.empty());
  EXPECT_FALSE(search("number").is_complete);
}

TEST_F(SearchIndexing, GoesFromTheNewestToTheOldestAndTellsHowFarItIs) {
  device.pass(kIndexEvery);
  EXPECT_EQ(search("number").hits.size(), 10u);
  EXPECT_EQ(search("number").hits.front().message.text, "number 1800");
  EXPECT_TRUE(search("\"number 1234\"").hits.empty());
  auto told = device.take_events<SearchIndexProgress>();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].indexed, kIndexedAtOnce);
  EXPECT_EQ(told[0].total, kMessages);
  EXPECT_FALSE(told[0].done);

  device.pass(seconds(10));
  told = device.take_events<SearchIndexProgress>();
  ASSERT_EQ(told.size(), 3u);
  EXPECT_EQ(told.back().indexed, kMessages);
  EXPECT_TRUE(told.back().done);
  EXPECT_TRUE(search("number").is_complete);
  EXPECT_EQ(search("\"number 1234\"").hits.size(), 1u);
  EXPECT_FALSE(device.engine->next_deadline().has_value());
}

TEST_F(SearchIndexing, GoesOnAfterACrash) {
  device.pass(kIndexEvery);
  device.crash();
  EXPECT_EQ(search("number").hits.size(), 10u);
  device.pass(kIndexEvery);
  const auto told = device.take_events<SearchIndexProgress>();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].indexed, 2 * kIndexedAtOnce);
}

TEST_F(SearchIndexing, WaitsWhileSuspended) {
  device.engine->suspend(device.now, [](Result<void>) {});
  EXPECT_FALSE(device.engine->next_deadline().has_value());
  device.pass(seconds(10));
  device.engine->resume(device.now, [](Result<void> done) { ASSERT_TRUE(done.ok()); });
  EXPECT_FALSE(search("number").is_complete);
  device.pass(seconds(10));
  EXPECT_TRUE(search("number").is_complete);
}

TEST_F(SearchIndexing, ASearchSaysWhereTheWordsStand) {
  device.pass(seconds(10));
  const auto page = search("1234 NUMBER");
  ASSERT_EQ(page.hits.size(), 1u);
  EXPECT_EQ(page.hits[0].places, (std::vector<TextRange>{{0, 6}, {7, 11}}));
}

TEST_F(SearchIndexing, ASearchForNoWordOrForTooMuchIsRefused) {
  for (const std::string& text : {std::string(), std::string(" \n"), std::string("\0", 1),
                                  std::string(1025, 'a'), std::string(64 << 10, '"'), std::string("\xff")}) {
    auto page = device.engine->search({text, {}, 10, {}});
    ASSERT_FALSE(page.ok());
    EXPECT_EQ(page.error().code, ErrorCode::invalid_argument);
  }
}

}  // namespace
}  // namespace sotto::engine::testing
