// What makes a message acceptable, and that it comes into being once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/server/world.hpp"

namespace sotto::server {
namespace {

using ::testing::ElementsAre;
using testing::World;

class Messages : public ::testing::Test {
 protected:
  ServiceCode refused(const Caller& who, const NewMessage& message) {
    const auto answer = world.send(who, message);
    return answer ? ServiceCode::internal : answer.error().code;
  }
  World world;
  Caller ann = world.person("Ann");
  Caller ben = world.person("Ben");
};

TEST_F(Messages, ARepeatedKeyAnswersWithTheFirstAckAndStoresNothing) {
  NewMessage message = world.message({}, "hello");
  message.receiver = ben.user;
  const auto first = world.send(ann, message);
  const auto again = world.send(ann, message);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->id, first->id);
  EXPECT_EQ(again->conversation, first->conversation);
  EXPECT_FALSE(first->repeated);
  EXPECT_TRUE(again->repeated);
  EXPECT_TRUE(world.events.empty());
  EXPECT_EQ(world.count("messages"), 1);
}

TEST_F(Messages, ARepeatedKeyIsKnownAfterARestartAndFromAnotherDevice) {
  const ConversationId direct = world.direct(ann, ben)->id;
  const NewMessage message = world.message(direct, "hello");
  const auto first = world.send(ann, message);
  const Caller other_device = world.device_of(ann);
  world.restart();
  EXPECT_EQ(world.send(ann, message)->id, first->id);
  EXPECT_EQ(world.send(other_device, message)->id, first->id);
}

TEST_F(Messages, ADeviceThatWasSignedOutWhileItsMessageWaitedIsRefused) {
  const ConversationId direct = world.direct(ann, ben)->id;
  const Caller phone = world.device_of(ann);
  const auto outcomes = world.write([&](Store& db, WriteContext& context) {
    EXPECT_TRUE(world.devices.revoke(db, context, ann, phone.device));
    return std::vector{world.messages.accept(db, context, phone, world.message(direct, "late")),
                       world.messages.accept(db, context, ann, world.message(direct, "still here"))};
  });
  ASSERT_FALSE(outcomes[0]);
  EXPECT_EQ(outcomes[0].error().code, ServiceCode::unauthorized);
  EXPECT_TRUE(outcomes[1]);
  EXPECT_EQ(world.count("messages"), 1);
}

TEST_F(Messages, TwoOfAKeyInOneBatchAreOneMessage) {
  const ConversationId direct = world.direct(ann, ben)->id;
  const NewMessage message = world.message(direct, "hello");
  const auto acks = world.write([&](Store& db, WriteContext& context) {
    const auto first = world.messages.accept(db, context, ann, message);
    const auto second = world.messages.accept(db, context, ann, message);
    return std::pair(first->id, second->id);
  });
  EXPECT_EQ(acks.first, acks.second);
}

TEST_F(Messages, AKeyWithOtherContentIsAMismatch) {
  const ConversationId direct = world.direct(ann, ben)->id;
  const NewMessage message = world.message(direct, "hello");
  const MessageId first = world.send(ann, message)->id;
  NewMessage other = message;
  other.body.bytes = "hell";
  EXPECT_EQ(refused(ann, other), ServiceCode::idempotency_mismatch);
  other = message;
  other.body.kind = BodyKind::ciphertext;
  EXPECT_EQ(refused(ann, other), ServiceCode::idempotency_mismatch);
  other = message;
  other.media_url = "https://example.org/a";
  EXPECT_EQ(refused(ann, other), ServiceCode::idempotency_mismatch);
  other = message;
  other.reply_to = first;
  EXPECT_EQ(refused(ann, other), ServiceCode::idempotency_mismatch);
  other = message;
  other.conversation = world.group(ann, {ben});
  EXPECT_EQ(refused(ann, other), ServiceCode::idempotency_mismatch);
  // Another person's key is another key.
  EXPECT_TRUE(world.send(ben, message));
}

TEST_F(Messages, ARetryIsAnsweredEvenIfTheSenderHasBeenRemovedSince) {
  const ConversationId group = world.group(ben, {ann});
  const NewMessage message = world.message(group, "hello");
  const auto first = world.send(ann, message);
  world.remove(ben, group, ann);
  EXPECT_EQ(world.send(ann, message)->id, first->id);
}

TEST_F(Messages, SendingToAPersonOpensTheOneDirectConversation) {
  const auto first = world.say(ann, ben, "hello");
  ASSERT_TRUE(first);
  EXPECT_EQ(world.say(ben, ann, "hi")->conversation, first->conversation);
  EXPECT_EQ(world.direct(ben, ann)->id, first->conversation);
  EXPECT_THAT(world.catch_up(ben), ElementsAre("created", "hello", "hi"));
}

TEST_F(Messages, ANoteToOneselfIsAConversation) {
  const auto first = world.say(ann, ann, "milk");
  ASSERT_TRUE(first);
  EXPECT_EQ(world.say(ann, ann, "bread")->conversation, first->conversation);
  EXPECT_TRUE(world.say(ann, first->conversation, "eggs"));
  EXPECT_THAT(world.history(ann, first->conversation), ElementsAre("eggs", "bread", "milk"));
  EXPECT_EQ(world.unread(ann, first->conversation), 0u);
}

TEST_F(Messages, IdsNeverDecreaseWhenTheClockStepsBack) {
  const ConversationId direct = world.direct(ann, ben)->id;
  MessageId last = world.say(ann, direct, "1")->id;
  for (const int step : {-60'000, 0, 1, -3'600'000, 30'000}) {
    world.now += Milliseconds(step);
    const MessageId next = world.say(ann, direct, "x")->id;
    EXPECT_GT(next, last);
    last = next;
  }
  world.now = snowflake_time(last.value) - Milliseconds(3000);  // within what a start tolerates
  world.restart();
  EXPECT_GT(world.say(ann, direct, "after the restart")->id, last);
}

TEST_F(Messages, ValuesOutOfRangeAreNamed) {
  const ConversationId direct = world.direct(ann, ben)->id;
  NewMessage both = world.message(direct, "x");
  both.receiver = ben.user;
  EXPECT_EQ(refused(ann, both), ServiceCode::bad_request);
  EXPECT_EQ(refused(ann, world.message({}, "x")), ServiceCode::bad_request);
  EXPECT_EQ(refused(ann, world.message(direct, "")), ServiceCode::bad_request);
  EXPECT_EQ(refused(ann, world.message(direct, "\xff")), ServiceCode::bad_request);
  EXPECT_EQ(refused(ann, world.message(direct, std::string(64 * 1024 + 1, 'x'))), ServiceCode::too_large);
  NewMessage url = world.message(direct, "x");
  url.media_url = "https://example.org/a b";
  EXPECT_EQ(refused(ann, url), ServiceCode::bad_request);
  url.media_url = std::string(kMaxMediaUrl + 1, 'u');
  EXPECT_EQ(refused(ann, url), ServiceCode::bad_request);
  NewMessage empty_cipher = world.message(direct, "");
  empty_cipher.body.kind = BodyKind::ciphertext;
  EXPECT_EQ(refused(ann, empty_cipher), ServiceCode::bad_request);
  const auto answer = world.send(ann, world.message(direct, ""));
  EXPECT_THAT(answer.error().detail, ::testing::HasSubstr("content"));
  EXPECT_EQ(world.count("messages"), 0);
}

TEST_F(Messages, AMediaMessageNeedsNoText) {
  NewMessage message = world.message(world.direct(ann, ben)->id, "");
  message.media_url = "https://example.org/media/1";
  EXPECT_TRUE(world.send(ann, message));
}

TEST_F(Messages, CiphertextIsTakenAsItIs) {
  const ConversationId direct = world.direct(ann, ben)->id;
  NewMessage message = world.message(direct, std::string("\x00\xff\x80", 3));
  message.body.kind = BodyKind::ciphertext;
  message.epoch = 7;
  ASSERT_TRUE(world.send(ann, message));
  const auto page = world.history_page(ben, direct, {});
  EXPECT_EQ(page->messages[0].message->body, message.body);
  EXPECT_EQ(page->messages[0].message->epoch, 7u);
  EXPECT_EQ(page->messages[0].message->key, message.key);
  EXPECT_EQ(page->messages[0].message->sender_device, ann.device);
}

TEST_F(Messages, AServerThatRequiresEncryptionRefusesContent) {
  Limits limits;
  limits.require_encryption = true;
  World strict(limits);
  const Caller dan = strict.person("Dan");
  const ConversationId note = strict.direct(dan, dan)->id;
  const auto answer = strict.say(dan, note, "x");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ServiceCode::encryption_required);
}

TEST_F(Messages, WhomOrWhatIsNotThereIsNotFound) {
  EXPECT_EQ(refused(ann, world.message(ConversationId{12345}, "x")), ServiceCode::not_found);
  NewMessage message = world.message({}, "x");
  message.receiver = UserId{12345};
  EXPECT_EQ(refused(ann, message), ServiceCode::not_found);
  EXPECT_EQ(world.count("conversations"), 0);
}

TEST_F(Messages, BlockingStopsDirectMessagesBothWaysAndNotGroups) {
  const ConversationId direct = world.direct(ann, ben)->id;
  const ConversationId group = world.group(ann, {ben});
  ASSERT_TRUE(world.say(ann, direct, "before"));
  ASSERT_TRUE(
      world.write([&](Store& db, WriteContext& c) { return world.contacts.block(db, c, ben, ann.user); }));
  EXPECT_EQ(world.events_of<VisibilityChanged>().size(), 1u);
  EXPECT_EQ(world.say(ann, direct, "x").error().code, ServiceCode::blocked);
  EXPECT_EQ(world.say(ann, ben, "x").error().code, ServiceCode::blocked);
  EXPECT_EQ(world.say(ben, direct, "x").error().code, ServiceCode::blocked);
  EXPECT_TRUE(world.say(ann, group, "x"));
  ASSERT_TRUE(
      world.write([&](Store& db, WriteContext& c) { return world.contacts.unblock(db, c, ben, ann.user); }));
  EXPECT_TRUE(world.say(ann, direct, "x"));
}

TEST_F(Messages, BlockingBeforeTheFirstMessageLeavesNoConversation) {
  ASSERT_TRUE(
      world.write([&](Store& db, WriteContext& c) { return world.contacts.block(db, c, ben, ann.user); }));
  EXPECT_EQ(world.say(ann, ben, "x").error().code, ServiceCode::blocked);
  EXPECT_EQ(world.count("conversations"), 0);
}

TEST_F(Messages, AReplyRefersToAMessageOfTheConversationThatTheSenderCanSee) {
  const ConversationId group = world.group(ann, {});
  const MessageId before = world.say(ann, group, "before")->id;
  const MessageId elsewhere = world.say(ann, ben, "elsewhere")->id;
  world.add(ann, group, ben);
  const MessageId after = world.say(ann, group, "after")->id;
  NewMessage reply = world.message(group, "re");
  reply.reply_to = before;
  EXPECT_EQ(refused(ben, reply), ServiceCode::bad_request);
  reply.reply_to = elsewhere;
  EXPECT_EQ(refused(ben, reply), ServiceCode::bad_request);
  reply.reply_to = after;
  ASSERT_TRUE(world.send(ben, reply));
  EXPECT_EQ(world.history_page(ann, group, {})->messages[0].message->reply_to, after);
}

TEST_F(Messages, AGroupThatGrowsPastTheThresholdLosesAndDoublesNothing) {
  Limits limits;
  limits.write_fanout_members = 2;
  World growing(limits);
  const Caller dan = growing.person("Dan"), eve = growing.person("Eve"), fay = growing.person("Fay");
  const ConversationId group = growing.group(dan, {eve});
  ASSERT_TRUE(growing.say(dan, group, "1"));
  growing.add(dan, group, fay);
  ASSERT_TRUE(growing.say(eve, group, "2"));
  growing.remove(dan, group, fay);
  ASSERT_TRUE(growing.say(dan, group, "3"));
  EXPECT_THAT(growing.texts(eve), ElementsAre("1", "2", "3"));
  EXPECT_THAT(growing.texts(fay), ElementsAre("2"));
  EXPECT_THAT(growing.history(eve, group), ElementsAre("3", "2", "1"));
}

}  // namespace
}  // namespace sotto::server
