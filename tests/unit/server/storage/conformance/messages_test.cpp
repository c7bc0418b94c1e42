// Messages, mailboxes, receipts and read positions.
#include "tests/unit/server/storage/conformance/backend.hpp"

namespace sotto::server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr MessageId kEnd{(std::uint64_t{1} << 63) - 1};

TEST_P(StoreConformance, AMessageIsFoundByIdAndByItsSendersKey) {
  const UserId ann = person(), ben = person();
  const ConversationId chat = group({ann, ben});
  StoredMessage said = message(chat, ann, std::string("a\0b", 3));
  said.body.kind = BodyKind::ciphertext;
  said.epoch = 5;
  said.media_url = "https://example.org/m";
  said.reply_to = MessageId{9};
  write([&](Store& store) { store.messages().append(said, {}); });
  read([&](const Store& store) {
    const MessagePtr found = store.messages().find_by_key(ann, said.key);
    if (found == nullptr) return ADD_FAILURE() << "not found", 0;
    EXPECT_EQ(found->id, said.id);
    EXPECT_EQ(found->body, said.body);
    EXPECT_EQ(found->epoch, 5u);
    EXPECT_EQ(found->media_url, said.media_url);
    EXPECT_EQ(found->reply_to, said.reply_to);
    EXPECT_EQ(found->sender_device, said.sender_device);
    EXPECT_EQ(store.messages().find_by_key(ben, said.key), nullptr);
    EXPECT_EQ(store.messages().sender_of(chat, said.id), ann);
    EXPECT_FALSE(store.messages().sender_of(ConversationId{1}, said.id));
    return 0;
  });
}

TEST_P(StoreConformance, ALogIsReadFromEitherEnd) {
  const UserId ann = person(), ben = person();
  const ConversationId chat = group({ann, ben}), other = group({ann, ben});
  const auto first = say(chat, ann, {}).id;
  say(other, ann, {});
  const auto second = say(chat, ben, {}).id, third = say(chat, ann, {}).id;
  read([&](const Store& store) {
    const MessageStore& messages = store.messages();
    EXPECT_THAT(messages.oldest({chat, {}, kEnd}, 2), ElementsAre(first, second));
    EXPECT_THAT(messages.newest({chat, {}, kEnd}, 2), ElementsAre(third, second));
    EXPECT_THAT(messages.oldest({chat, first, second}, 9), ElementsAre(second));
    EXPECT_THAT(messages.oldest({chat, kEnd, kEnd}, 9), IsEmpty());
    EXPECT_EQ(messages.last_in({chat, {}, second}), second);
    EXPECT_FALSE(messages.last_in({chat, third, kEnd}));
    const auto senders = messages.senders({chat, {}, kEnd});
    EXPECT_EQ(senders.size(), 3u);
    EXPECT_EQ(senders.at(0).message, third);
    EXPECT_EQ(senders.at(1).sender, ben);
    EXPECT_EQ(messages.count(chat), 3u);
    return 0;
  });
}

TEST_P(StoreConformance, AMailboxHasWhatWasPutThereAfterTheCursor) {
  const UserId ann = person(), ben = person();
  const ConversationId chat = group({ann, ben}), other = group({ann, ben});
  const auto first = say(chat, ann, {ann, ben}).id;
  const auto second = say(other, ben, {ann}).id;
  const auto third = say(chat, ann, {ben}).id;
  EXPECT_THAT(stream_of(ben), ElementsAre(place_of(first), place_of(third)));
  EXPECT_THAT(stream_of(ann), ElementsAre(place_of(first), place_of(second)));
  EXPECT_THAT(stream_of(ben, place_of(first)), ElementsAre(place_of(third)));
  EXPECT_THAT(stream_of(ben, place_of(kEnd)), IsEmpty());
}

TEST_P(StoreConformance, TheOldestGoFirstWithTheirMailboxes) {
  const UserId ann = person(), ben = person();
  const ConversationId chat = group({ann, ben});
  const auto first = say(chat, ann, {ann, ben}).id, second = say(chat, ann, {ann, ben}).id;
  const auto third = say(chat, ann, {ann, ben}).id;
  write([&](Store& store) {
    const auto removed = store.messages().remove_oldest(second, 1);
    EXPECT_EQ(removed.messages.size(), 1u);
    EXPECT_EQ(removed.messages.at(0).id, first);
    EXPECT_TRUE(removed.more);
  });
  write([&](Store& store) { EXPECT_EQ(store.messages().remove_oldest(second, 9).messages.size(), 1u); });
  read([&](const Store& store) {
    EXPECT_EQ(store.messages().find(first), nullptr);
    EXPECT_NE(store.messages().find(third), nullptr);
    EXPECT_EQ(store.gone_up_to(), Place{second.value});
    EXPECT_EQ(store.messages().count(chat), 3u) << "how many there were ever";
    return 0;
  });
  EXPECT_THAT(stream_of(ben), ElementsAre(place_of(second), place_of(third))) << "the gap, and what is left";
}

TEST_P(StoreConformance, ADeliveryIsStoredOnce) {
  const UserId ann = person(), ben = person();
  const ConversationId chat = group({ann, ben});
  const auto said = say(chat, ann, {ann, ben}).id;
  const Receipt receipt{id<ReceiptId>(), ann, chat, said, ben, Status::delivered};
  const Receipt again{id<ReceiptId>(), ann, chat, said, ben, Status::delivered};
  write([&](Store& store) {
    EXPECT_TRUE(store.receipts().insert_delivered(receipt));
    EXPECT_FALSE(store.receipts().insert_delivered(again));
  });
  read([&](const Store& store) {
    EXPECT_EQ(store.receipts().delivered(said, ben), receipt.id);
    EXPECT_FALSE(store.receipts().delivered(said, ann));
    return 0;
  });
  EXPECT_THAT(stream_of(ann, place_of(said)), ElementsAre(place_of(receipt.id)));
  EXPECT_THAT(stream_of(ann, place_of(receipt.id)), IsEmpty());
}

TEST_P(StoreConformance, TheFirstReadThatCoversAMessageIsFound) {
  const UserId ann = person(), ben = person();
  const ConversationId chat = group({ann, ben});
  const auto first = say(chat, ann, {ann, ben}).id, second = say(chat, ann, {ann, ben}).id;
  // The copy for the reader's own devices is the one that is looked for.
  const Receipt one{id<ReceiptId>(), ben, chat, first, ben, Status::read};
  const Receipt two{id<ReceiptId>(), ben, chat, second, ben, Status::read};
  write([&](Store& store) {
    store.receipts().insert_read(one);
    store.receipts().insert_read(two);
  });
  read([&](const Store& store) {
    EXPECT_EQ(store.receipts().first_read(chat, ben, first), one.id);
    EXPECT_EQ(store.receipts().first_read(chat, ben, second), two.id);
    EXPECT_FALSE(store.receipts().first_read(chat, ann, first));
    return 0;
  });
}

TEST_P(StoreConformance, AReadStateIsOnePersonsInOneConversation) {
  const UserId ann = person(), ben = person();
  const ConversationId chat = group({ann, ben});
  ReadState state;
  state.read_up_to = MessageId{5};
  state.own_count = 2;
  state.others_done = 3;
  state.told_up_to = MessageId{4};
  ReadState left;
  left.count_at_leave = 7;
  write([&](Store& store) {
    store.receipts().put_read_state(chat, ann, ReadState{});
    store.receipts().put_read_state(chat, ann, state);
    store.receipts().put_read_state(chat, ben, left);
  });
  read([&](const Store& store) {
    const auto found = store.receipts().read_state(chat, ann);
    EXPECT_EQ(found->read_up_to, state.read_up_to);
    EXPECT_EQ(found->own_count, 2u);
    EXPECT_EQ(found->others_done, 3u);
    EXPECT_EQ(found->told_up_to, MessageId{4});
    EXPECT_FALSE(found->count_at_leave);
    EXPECT_EQ(store.receipts().read_state(chat, ben)->count_at_leave, 7u);
    EXPECT_EQ(store.receipts().positions(chat).size(), 2u);
    EXPECT_EQ(store.receipts().positions(chat).at(0).user, ann);
    return 0;
  });
}

}  // namespace
}  // namespace sotto::server
