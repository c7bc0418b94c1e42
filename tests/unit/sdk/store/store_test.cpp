#include <fstream>
#include <sys/stat.h>

#include "sdk/store/schema.hpp"
#include "tests/unit/sdk/store/open_store.hpp"

namespace sotto::store::testing {
namespace {

ErrorCode open_error(const std::filesystem::path& directory, StoreKey key = StoreKey::none()) {
  auto opened = Store::open({directory, std::move(key)});
  return opened.ok() ? ErrorCode::internal : opened.error().code;
}

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Store, KeepsWhatWasCommittedAndForgetsTheRest) {
  OpenStore store;
  const ConversationRow chat = store.chat(900);
  store.receive(chat, 1000, "kept");
  store.commit();
  store.receive(chat, 1001, "lost");
  store.open();
  EXPECT_TRUE(store->messages.find_by_id(MessageId{1000}).has_value());
  EXPECT_FALSE(store->messages.find_by_id(MessageId{1001}).has_value());
}

TEST(Store, AnErrorInsideATransactionSticksAndNothingOfItHappens) {
  OpenStore store;
  store.begin();
  store->drafts.set(ConversationRow{1}, {"draft", {}, 0});
  store->db.run("INSERT INTO drafts (conversation, text, cursor) VALUES (NULL, NULL, NULL)");
  store->drafts.set(ConversationRow{2}, {"later", {}, 0});
  EXPECT_FALSE(store->db.commit().ok());
  EXPECT_FALSE(store->drafts.exists(ConversationRow{1}));
  EXPECT_FALSE(store->drafts.exists(ConversationRow{2}));
  store.begin();
  store->drafts.set(ConversationRow{3}, {"works again", {}, 0});
  store.commit();
}

TEST(Store, IsOpenInOneProcessAtATime) {
  OpenStore store;
  EXPECT_EQ(open_error(store.directory), ErrorCode::store_in_use);
  store->close();
  EXPECT_EQ(open_error(store.directory), ErrorCode::internal) << "opens, and is closed again at once";
  EXPECT_TRUE(store->reopen().ok());
}

TEST(Store, TellsForeignDamagedAndNewerFilesApartAndDeletesNothing) {
  OpenStore store;
  store.chat(900);
  store.commit();
  const auto file = store.directory / "sotto.db";
  store->db.run("PRAGMA user_version = 999");
  store.store.reset();
  EXPECT_EQ(open_error(store.directory), ErrorCode::store_newer_schema);

  OpenStore foreign;
  foreign->db.run("PRAGMA application_id = 1");
  foreign.store.reset();
  EXPECT_EQ(open_error(foreign.directory), ErrorCode::store_not_sotto);

  OpenStore garbage;
  garbage.store.reset();
  const std::string noise(8192, 'x');
  std::ofstream(garbage.directory / "sotto.db", std::ios::binary | std::ios::trunc) << noise;
  EXPECT_EQ(open_error(garbage.directory), ErrorCode::store_not_sotto);
  EXPECT_EQ(bytes_of(garbage.directory / "sotto.db"), noise);
  EXPECT_TRUE(std::filesystem::exists(file));
}

TEST(Store, WhatItWritesIsItsOwnersAloneWhateverTheUmaskSays) {
  using std::filesystem::perms;
  const OpenStore where;
  const auto directory = where.directory / "account";
  const auto before = ::umask(0);
  auto store = Store::open({directory, StoreKey::raw(Bytes(32, 7))});
  ::umask(before);
  ASSERT_TRUE(store.ok());
  EXPECT_EQ(std::filesystem::status(directory).permissions(), perms::owner_all);
  int files = 0;
  for (const auto& file : std::filesystem::directory_iterator(directory)) {
    EXPECT_EQ(file.status().permissions(), perms::owner_read | perms::owner_write) << file.path();
    ++files;
  }
  EXPECT_GE(files, 2);
}

TEST(Store, ADirectoryThatCannotBeMadeIsAnError) {
  OpenStore store;
  std::ofstream(store.directory / "file") << "x";
  EXPECT_EQ(open_error(store.directory / "file" / "below"), ErrorCode::store_failed);
}

TEST(Store, EncryptedNeedsItsKeyAndShowsNothing) {
  OpenStore store;
  store.store.reset();
  std::filesystem::remove_all(store.directory);
  const StoreKey key = StoreKey::raw(std::vector<std::uint8_t>(32, 7));
  store.open(key);
  store.receive(store.chat(900), 1000, "a secret text");
  store.commit();
  EXPECT_EQ(store.search("secret"), std::vector<std::string>{"a secret text"});
  store.store.reset();
  for (const auto& entry : std::filesystem::directory_iterator(store.directory))
    EXPECT_EQ(bytes_of(entry.path()).find("secret"), std::string::npos) << entry.path();
  EXPECT_EQ(open_error(store.directory), ErrorCode::store_key_missing);
  EXPECT_EQ(open_error(store.directory, StoreKey::raw(std::vector<std::uint8_t>(32, 8))),
            ErrorCode::store_key_wrong);
  EXPECT_EQ(open_error(store.directory, StoreKey::raw({1, 2, 3})), ErrorCode::invalid_argument);
  store.open(key);
  EXPECT_EQ(store.search("secret"), std::vector<std::string>{"a secret text"});
}

TEST(Store, APageHasTheNewestFirstAndUnsentMessagesAtTheEnd) {
  OpenStore store;
  const ConversationRow chat = store.chat(900);
  store.write(chat, "first unsent", 1);
  store.write(chat, "second unsent", 2);
  store.receive(chat, 1001, "later");
  store.receive(chat, 1000, "earlier");
  store.commit();
  std::vector<std::string> texts;
  for (const auto& row : store->messages.before(chat, INT64_MAX, 10))
    texts.push_back(row.message.text);
  EXPECT_EQ(texts, (std::vector<std::string>{"second unsent", "first unsent", "later", "earlier"}));
}

TEST(Store, AReadPositionThatComesBeforeTheMembersCountsOnceTheyAreKnown) {
  OpenStore store;
  store.begin();
  const StoredConversation group = store->conversations.create(ConversationId{900}, ConversationKind::group);
  const LocalId own = store.write(group.row, "hello", 1);
  store->messages.acknowledge(own, MessageId{1000}, from_unix_ms(1));
  store->messages.set_state(own, MessageState::sent);
  store->receipts.advance_read(group, kPeer, MessageId{1000}, from_unix_ms(2));
  EXPECT_TRUE(store->members.current(group.row).empty());
  EXPECT_EQ(store->conversations.groups_without_members().size(), 1U) << "they still have to be asked for";
  EXPECT_TRUE(store->receipts.due(group, kMe, 1, 2000).empty());

  store->members.replace(group.row, {{{kMe, Role::admin, {}}}, {{kPeer, Role::member, {}}}}, 0);
  EXPECT_EQ(store->members.current(group.row).size(), 2U);
  const auto due = store->receipts.due(group, kMe, 1, 2000);
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].message, own);
  EXPECT_EQ(due[0].state, MessageState::read);
}

TEST(Store, LocalIdsOfHistoryComeBeforeAllOthersAndAreNeverUsedTwice) {
  OpenStore store;
  const ConversationRow chat = store.chat(900);
  const LocalId now = store.receive(chat, 1000, "now");
  NewMessage old;
  old.conversation = chat;
  old.sender_id = kPeer;
  old.message_id = MessageId{500};
  const LocalId first = store->messages.insert_history(old);
  old.message_id = MessageId{400};
  const LocalId second = store->messages.insert_history(old);
  EXPECT_LT(second, first);
  EXPECT_LT(first, now);
  const LocalId unsent = store.write(chat, "x", 1);
  store->messages.remove(unsent);
  EXPECT_NE(store.write(chat, "y", 2), unsent);
  store.commit();
}

TEST(Store, OtherPeoplesKeysAreTheirs) {
  OpenStore store;
  const ConversationRow chat = store.chat(900);
  const LocalId mine = store.write(chat, "mine", 1);
  NewMessage theirs;
  theirs.conversation = chat;
  theirs.message_id = MessageId{1000};
  theirs.sender_id = kPeer;
  theirs.key = Uuid{};
  theirs.key->bytes[0] = 1;
  store->messages.insert(theirs);
  store.commit();
  EXPECT_EQ(store->messages.place_of_own_key(*theirs.key)->local_id, mine);
}

TEST(Store, MergingTwoRowsKeepsEverythingAndTheOldName) {
  OpenStore store;
  store.begin();
  const auto written = store->conversations.create_direct(kPeer);
  store.write(written.row, "mine", 1);
  store->drafts.set(written.row, {"draft", {}, 0});
  const ConversationRow named = store.chat(900);
  store.receive(named, 1000, "theirs");
  store->conversations.add_unread(named, 1);
  const ConversationRow kept = store->conversations.identify(written.row, ConversationId{900});
  store.commit();
  EXPECT_EQ(kept, written.row);
  EXPECT_EQ(store->conversations.all().size(), 1u);
  const auto both = store->conversations.find(ConversationId{900});
  ASSERT_TRUE(both.has_value());
  EXPECT_EQ(both->peer_id, kPeer);
  EXPECT_EQ(both->unread, 1u);
  EXPECT_EQ(store->messages.before(kept, INT64_MAX, 10).size(), 2u);
  EXPECT_EQ(store->drafts.get(kept).text, "draft");
  for (const ConversationRow row : {written.row, named})
    EXPECT_EQ(store->conversations.find(ConversationId{kProvisionalBit | row.value})->row, kept);
}

}  // namespace
}  // namespace sotto::store::testing
