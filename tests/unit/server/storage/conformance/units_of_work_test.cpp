// Transactions and snapshots, and what a fault does to them.
#include "tests/unit/server/storage/conformance/backend.hpp"

namespace sotto::server {
namespace {

TEST_P(StoreConformance, WhatIsCommittedIsSeenByReadersThatBeginAfterwards) {
  const User ann = user("+491510000001");
  EXPECT_FALSE(read([&](const Store& store) { return store.accounts().find_user(ann.id); }));
  write([&](Store& store) { store.accounts().insert_user(ann); });
  EXPECT_TRUE(read([&](const Store& store) { return store.accounts().find_user(ann.id); }));
}

TEST_P(StoreConformance, ASnapshotStaysAsItWas) {
  const User ann = user("+491510000001");
  ASSERT_TRUE(reader->begin());
  EXPECT_FALSE(std::as_const(*reader).accounts().find_user(ann.id));
  write([&](Store& store) { store.accounts().insert_user(ann); });
  EXPECT_FALSE(std::as_const(*reader).accounts().find_user(ann.id));
  reader->rollback();
  EXPECT_TRUE(read([&](const Store& store) { return store.accounts().find_user(ann.id); }));
}

TEST_P(StoreConformance, AUnitOfWorkSeesItsOwnWrites) {
  const User ann = user("+491510000001");
  write([&](Store& store) {
    store.accounts().insert_user(ann);
    EXPECT_TRUE(std::as_const(store).accounts().find_user(ann.id));
  });
}

TEST_P(StoreConformance, WhatIsDroppedWasNeverThere) {
  const UserId ann = person(), ben = person();
  const ConversationId chat = group({ann, ben});
  const StoredMessage first = say(chat, ann, {ann, ben});
  const StoredMessage dropped = message(chat, ann);
  drop([&](Store& store) {
    store.messages().append(dropped, std::vector<Member>{{ben, Role::member, {}}});
    store.conversations().rename(chat, "Other");
    store.conversations().end_membership(chat, ben, Place{dropped.id.value});
    // The writer has looked, so that what it keeps in memory is wrong now.
    EXPECT_EQ(std::as_const(store).conversations().find(chat)->name, "Other");
  });
  write([&](Store& store) {
    EXPECT_EQ(std::as_const(store).conversations().find(chat)->name, "Group");
    EXPECT_TRUE(std::as_const(store).conversations().find(chat)->has(ben));
    EXPECT_EQ(std::as_const(store).messages().find(dropped.id), nullptr);
    EXPECT_EQ(std::as_const(store).messages().count(chat), 1u);
    const StreamEntries stream = std::as_const(store).stream().next({ben, {}, {}, 10});
    EXPECT_EQ(stream.entries.size(), 1u);
    EXPECT_EQ(stream.entries.at(0).place, place_of(first.id));
  });
}

TEST_P(StoreConformance, AfterAFaultTheStoreAnswersNothingUntilTheUnitOfWorkIsDropped) {
  const User ann = user("+491510000001");
  write([&](Store& store) { store.accounts().insert_user(ann); });
  ASSERT_TRUE(writer->begin());
  writer->accounts().insert_user(ann);  // there already: no service does that
  EXPECT_TRUE(writer->failed());
  EXPECT_EQ(writer->fault().kind, StoreFault::Kind::work);
  EXPECT_FALSE(writer->fault().text.empty());
  EXPECT_FALSE(std::as_const(*writer).accounts().find_user(ann.id));
  EXPECT_FALSE(writer->commit(5000));
  writer->rollback();
  EXPECT_FALSE(writer->failed());
  write([&](Store& store) { EXPECT_TRUE(std::as_const(store).accounts().find_user(ann.id)); });
}

TEST_P(StoreConformance, TheHighestIdIsKeptWithWhatWasWritten) {
  ASSERT_TRUE(writer->begin());
  writer->accounts().insert_user(user("+491510000001"));
  ASSERT_TRUE(writer->commit(77'000));
  EXPECT_EQ(read([](const Store& store) { return store.snapshot(); }), Place{77'000});
  reopen();
  EXPECT_EQ(read([](const Store& store) { return store.snapshot(); }), Place{77'000});
}

TEST_P(StoreConformance, TouchingWritesAndChangesNothing) {
  ASSERT_TRUE(writer->begin());
  writer->touch();
  ASSERT_TRUE(writer->commit(6000));
  EXPECT_EQ(read([](const Store& store) { return store.snapshot(); }), Place{6000});
}

TEST_P(StoreConformance, EverythingIsThereAfterOpeningAgain) {
  const UserId ann = person(), ben = person();
  const ConversationId chat = group({ann, ben});
  const StoredMessage said = say(chat, ann, {ann, ben});
  reopen();
  const MessagePtr found = read([&](const Store& store) { return store.messages().find(said.id); });
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->body, said.body);
  EXPECT_EQ(read([&](const Store& store) { return store.conversations().find(chat); })->members.size(), 2u);
}

}  // namespace
}  // namespace sotto::server
