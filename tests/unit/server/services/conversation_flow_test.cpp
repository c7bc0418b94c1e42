// What people see, whichever way messages are stored: every test here runs with mailboxes (write fan-out) and
// with the conversation's log (read fan-out).
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/server/world.hpp"

namespace sotto::server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::World;

class Conversations : public ::testing::TestWithParam<std::size_t> {
 protected:
  static Limits limits() {
    Limits limits;
    limits.write_fanout_members = GetParam();
    return limits;
  }
  World world{limits()};
  Caller ann = world.person("Ann");
  Caller ben = world.person("Ben");
  Caller cid = world.person("Cid");
};

INSTANTIATE_TEST_SUITE_P(FanOut, Conversations, ::testing::Values(std::size_t{100}, std::size_t{1}),
                         [](const auto& threshold) { return threshold.param == 1 ? "Read" : "Write"; });

TEST_P(Conversations, AMessageReachesEveryMemberAndTheSendersOtherDevices) {
  const ConversationId group = world.group(ann, {ben, cid});
  const auto ack = world.say(ann, group, "hello");
  ASSERT_TRUE(ack);
  const auto told = world.told<MessageView>();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].people().size(), 3u);
  EXPECT_EQ(told[0].audience.except, ann.device);
  EXPECT_EQ(told[0].value.message->id, ack->id);
  EXPECT_EQ(told[0].place, place_of(ack->id));
  for (const Caller& who : {ann, ben, cid, world.device_of(ann)}) {
    EXPECT_THAT(world.catch_up(who), ElementsAre("created", "hello"));
    EXPECT_THAT(world.history(who, group), ElementsAre("hello"));
  }
}

TEST_P(Conversations, AMessageIsStoredOncePerRecipientOrOnceInAll) {
  const ConversationId group = world.group(ann, {ben, cid});
  ASSERT_TRUE(world.say(ann, group, "hello"));
  EXPECT_EQ(world.count("mailbox"), GetParam() == 1 ? 0 : 3);
}

TEST_P(Conversations, CatchUpGoesOnFromAnyPlaceWithPagesOfAnySize) {
  const ConversationId group = world.group(ann, {ben, cid});
  const ConversationId direct = world.direct(ann, ben)->id;
  std::vector<std::string> sent;
  std::vector<Place> places;
  for (int i = 0; i < 12; ++i) {
    sent.push_back("m" + std::to_string(i));
    const auto ack = world.say(i % 2 == 0 ? ann : ben, i % 3 == 0 ? direct : group, sent.back());
    places.push_back(Place{ack->id.value});
    world.now += Milliseconds(7);
  }
  for (const std::size_t page : {1u, 2u, 5u, 100u}) {
    EXPECT_EQ(world.texts(ben, {}, page), sent);
    for (std::size_t i = 0; i < places.size(); ++i) {
      const std::vector<std::string> rest(sent.begin() + static_cast<std::ptrdiff_t>(i) + 1, sent.end());
      EXPECT_EQ(world.texts(ben, places[i], page), rest);
    }
  }
}

TEST_P(Conversations, APageEndsBeforeTheElementThatIsNotTaken) {
  const ConversationId direct = world.direct(ann, ben)->id;
  for (int i = 0; i < 10; ++i)
    ASSERT_TRUE(world.say(ann, direct, "hello"));
  std::vector<Place> taken;
  const StreamPage page = world.read([&](const Store& db, Timestamp) {
    return world.stream.page(db, ben, {}, {}, [&](const StreamElement& element) {
      if (taken.size() == 4) return false;
      taken.push_back(element.place);
      return true;
    });
  });
  EXPECT_FALSE(page.complete);
  EXPECT_EQ(page.next, taken.back());
  EXPECT_EQ(world.texts(ben, page.next).size(), 7u) << "the change and three messages were taken";
}

TEST_P(Conversations, ReceiptsThatFollowEachOtherAreOneElementAndNoMoreThanAHundred) {
  const ConversationId direct = world.direct(ann, ben)->id;
  std::vector<MessageId> sent;
  for (int i = 0; i < 150; ++i)
    sent.push_back(world.say(ann, direct, "hello")->id);
  world.delivered(ben, direct, sent);
  const auto last = world.say(ann, direct, "the last one");
  const World::Page page = world.page(ann, place_of(sent.back()), {});
  ASSERT_EQ(page.elements.size(), 3u);
  EXPECT_EQ(std::get<Receipts>(page.elements[0].value).items.size(), 100u);
  const auto& rest = std::get<Receipts>(page.elements[1].value).items;
  EXPECT_EQ(rest.size(), 50u);
  EXPECT_EQ(page.elements[1].place, place_of(rest.back().id));
  EXPECT_EQ(page.elements[2].place, place_of(last->id));
}

TEST_P(Conversations, AnAddedMemberSeesNothingThatWasSentBefore) {
  const ConversationId group = world.group(ann, {ben});
  const auto before = world.say(ann, group, "before");
  world.add(ann, group, cid);
  ASSERT_TRUE(world.say(ann, group, "after"));

  EXPECT_THAT(world.catch_up(cid), ElementsAre("members_added", "after"));
  EXPECT_THAT(world.history(cid, group), ElementsAre("after"));
  EXPECT_EQ(world.unread(cid, group), 1u);
  const auto receipts = world.drill_down(cid, group, before->id);
  ASSERT_FALSE(receipts);
  EXPECT_EQ(receipts.error().code, ServiceCode::not_found);
}

TEST_P(Conversations, ARemovedMemberSeesNothingThatWasSentAfter) {
  const ConversationId group = world.group(ann, {ben, cid});
  ASSERT_TRUE(world.say(ann, group, "before"));
  world.remove(ann, group, cid);
  const auto changes = world.told<ConversationChange>();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_THAT(changes[0].people(), ::testing::UnorderedElementsAre(ann.user, ben.user, cid.user));
  EXPECT_FALSE(changes[0].value.shows_members_to(cid.user));
  EXPECT_TRUE(changes[0].value.shows_members_to(ben.user));

  const auto after = world.say(ann, group, "after");
  EXPECT_THAT(world.told<MessageView>()[0].people(), ElementsAre(ann.user, ben.user));
  EXPECT_THAT(world.catch_up(cid), ElementsAre("created", "before", "members_removed"));
  EXPECT_THAT(world.history(cid, group), ElementsAre("before"));
  EXPECT_FALSE(world.drill_down(cid, group, after->id));
  const auto refused = world.say(cid, group, "still here?");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ServiceCode::not_a_member);
}

TEST_P(Conversations, AMemberWhoComesBackSeesBothTimesAndNotTheTimeBetween) {
  const ConversationId group = world.group(ann, {ben, cid});
  ASSERT_TRUE(world.say(ann, group, "1"));
  world.remove(ann, group, cid);
  ASSERT_TRUE(world.say(ann, group, "2"));
  world.add(ann, group, cid);
  ASSERT_TRUE(world.say(ann, group, "3"));
  ASSERT_TRUE(world.say(cid, group, "4"));

  EXPECT_THAT(world.texts(cid), ElementsAre("1", "3", "4"));
  EXPECT_THAT(world.history(cid, group), ElementsAre("4", "3", "1"));
  HistoryRequest page;
  page.limit = 2;
  EXPECT_THAT(world.history(cid, group, page), ElementsAre("4", "3"));
  page.after = MessageId{1};
  EXPECT_THAT(world.history(cid, group, page), ElementsAre("1", "3"));
  EXPECT_EQ(world.unread(cid, group), 2u);
  EXPECT_THAT(world.history(ben, group), ElementsAre("4", "3", "2", "1"));
}

TEST_P(Conversations, ADeletedGroupIsGoneForEveryone) {
  const ConversationId group = world.group(ann, {ben});
  ASSERT_TRUE(world.say(ann, group, "hello"));
  const auto deleted = world.write(
      [&](Store& db, WriteContext& context) { return world.groups.remove(db, context, ann, group); });
  ASSERT_TRUE(deleted);
  EXPECT_EQ(world.told<ConversationChange>()[0].people().size(), 2u);
  EXPECT_THAT(world.history(ben, group), ElementsAre("not_found"));
  EXPECT_THAT(world.catch_up(ben), ElementsAre("created", "deleted"));
  EXPECT_EQ(world.say(ann, group, "anyone?").error().code, ServiceCode::not_found);
  EXPECT_EQ(world.unread(ben, group), 0u);

  world.clean_up();
  EXPECT_THAT(world.catch_up(ben), ElementsAre("created", "deleted"));
  EXPECT_EQ(world.count("messages"), 0);
  EXPECT_EQ(world.count("mailbox"), 0);
}

TEST_P(Conversations, HistoryIsPagedInBothDirections) {
  const ConversationId direct = world.direct(ann, ben)->id;
  std::vector<MessageId> ids;
  for (int i = 0; i < 7; ++i)
    ids.push_back(world.say(ann, direct, std::to_string(i))->id);

  HistoryRequest request;
  request.limit = 3;
  EXPECT_TRUE(world.history_page(ben, direct, request)->has_more);
  EXPECT_THAT(world.history(ben, direct, request), ElementsAre("6", "5", "4"));
  request.before = ids[4];
  EXPECT_THAT(world.history(ben, direct, request), ElementsAre("3", "2", "1"));
  request.before = ids[1];
  EXPECT_THAT(world.history(ben, direct, request), ElementsAre("0"));
  EXPECT_FALSE(world.history_page(ben, direct, request)->has_more);

  request.before.reset();
  request.after = ids[2];
  EXPECT_THAT(world.history(ben, direct, request), ElementsAre("3", "4", "5"));
  request.before = ids[4];
  EXPECT_THAT(world.history(ben, direct, request), ElementsAre("3"));
  request.before = MessageId{0};
  EXPECT_THAT(world.history(ben, direct, request), IsEmpty());
}

TEST_P(Conversations, HistoryRefusesStrangersAndBadLimits) {
  const ConversationId direct = world.direct(ann, ben)->id;
  EXPECT_THAT(world.history(cid, direct), ElementsAre("not_found"));
  EXPECT_THAT(world.history(cid, ConversationId{77}), ElementsAre("not_found"));
  HistoryRequest request;
  request.limit = 0;
  EXPECT_THAT(world.history(ann, direct, request), ElementsAre("bad_request"));
  request.limit = kMaxPage + 1;
  EXPECT_THAT(world.history(ann, direct, request), ElementsAre("bad_request"));
}

// ---------------------------------------------------------------- receipts

TEST_P(Conversations, AStatusRisesFromSentToDeliveredToReadAndNeverGoesBack) {
  const ConversationId direct = world.direct(ann, ben)->id;
  const MessageId first = world.say(ann, direct, "1")->id;
  const MessageId second = world.say(ann, direct, "2")->id;
  EXPECT_EQ(world.status(ann, direct, first), Status::sent);

  world.delivered(ben, direct, {first});
  const auto told = world.told<Receipts>();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_THAT(told[0].people(), ElementsAre(ann.user));
  EXPECT_EQ(world.status(ann, direct, first), Status::delivered);
  EXPECT_EQ(world.status(ann, direct, second), Status::sent);

  world.read_up_to(ben, direct, second);
  EXPECT_EQ(world.status(ann, direct, first), Status::read);
  EXPECT_EQ(world.status(ann, direct, second), Status::read);
  EXPECT_EQ(world.told<Receipts>().size(), 2u);  // the sender, and the reader's other devices

  world.read_up_to(ben, direct, first);
  EXPECT_THAT(world.events, IsEmpty());
  world.delivered(ben, direct, {first, second});
  EXPECT_THAT(world.events, IsEmpty());
  EXPECT_EQ(world.status(ann, direct, first), Status::read);
  EXPECT_EQ(world.status(ann, direct, second), Status::read);
}

TEST_P(Conversations, ADeliveredReceiptIsStoredOnceHoweverOftenItComes) {
  const ConversationId direct = world.direct(ann, ben)->id;
  const MessageId message = world.say(ann, direct, "1")->id;
  world.delivered(ben, direct, {message, message});
  EXPECT_EQ(world.told<Receipts>().size(), 1u);
  world.delivered(world.device_of(ben), direct, {message});
  EXPECT_THAT(world.events, IsEmpty());
  EXPECT_EQ(world.count("receipts"), 1);
}

TEST_P(Conversations, ReceiptsForWhatOneMayNotSeeAreIgnored) {
  const ConversationId group = world.group(ann, {ben});
  const MessageId before = world.say(ann, group, "before")->id;
  world.add(ann, group, cid);
  const ConversationId elsewhere = world.direct(ann, cid)->id;

  world.delivered(cid, group, {before});                       // sent before they came
  world.delivered(cid, elsewhere, {before});                   // of another conversation
  world.delivered(ann, group, {before});                       // their own
  world.delivered(ben, group, {MessageId{before.value + 1}});  // none
  world.read_up_to(cid, group, before);
  world.read_up_to(cid, ConversationId{99}, before);
  EXPECT_EQ(world.count("receipts"), 0);
}

TEST_P(Conversations, ReadingUpToANumberFromTheFutureReadsOnlyWhatIsThere) {
  const ConversationId direct = world.direct(ann, ben)->id;
  const MessageId first = world.say(ann, direct, "1")->id;
  world.read_up_to(ben, direct, MessageId{kMaxId});
  const auto told = world.told<Receipts>();
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told[0].value.items[0].message, first);
  const MessageId second = world.say(ann, direct, "2")->id;
  EXPECT_EQ(world.status(ann, direct, second), Status::sent);
  EXPECT_EQ(world.unread(ben, direct), 1u);
}

TEST_P(Conversations, AGroupsMessageIsAsFarAsItsLastMember) {
  const ConversationId group = world.group(ann, {ben, cid});
  const MessageId message = world.say(ann, group, "hello")->id;
  world.delivered(ben, group, {message});
  EXPECT_EQ(world.status(ann, group, message), Status::sent);
  world.delivered(cid, group, {message});
  EXPECT_EQ(world.status(ann, group, message), Status::delivered);
  world.read_up_to(ben, group, message);
  EXPECT_EQ(world.status(ann, group, message), Status::delivered);

  world.add(ann, group, world.person("Dan"));  // was not there then, and does not count
  world.read_up_to(cid, group, message);
  EXPECT_EQ(world.status(ann, group, message), Status::read);
  world.remove(ann, group, cid);
  EXPECT_EQ(world.status(ann, group, message), Status::read);
}

TEST_P(Conversations, DrillDownShowsEachMembersStatusAndWhen) {
  const ConversationId group = world.group(ann, {ben, cid});
  const MessageId message = world.say(ann, group, "hello")->id;
  const Timestamp sent = world.now;
  world.now += Milliseconds(1000);
  world.delivered(ben, group, {message});
  world.now += Milliseconds(1000);
  const Timestamp read = world.now;
  world.read_up_to(ben, group, message);
  world.now += Milliseconds(1000);
  world.read_up_to(ben, group, world.say(ann, group, "more")->id);

  const auto receipts = world.drill_down(cid, group, message);
  ASSERT_TRUE(receipts);
  ASSERT_EQ(receipts->size(), 2u);
  EXPECT_EQ((*receipts)[0].user, ben.user);
  EXPECT_EQ((*receipts)[0].status, Status::read);
  EXPECT_EQ((*receipts)[0].updated_at, read);
  EXPECT_EQ((*receipts)[1].user, cid.user);
  EXPECT_EQ((*receipts)[1].status, Status::sent);
  EXPECT_EQ((*receipts)[1].updated_at, sent);
}

TEST_P(Conversations, ReadingTellsEverySenderOfWhatWasRead) {
  const ConversationId group = world.group(ann, {ben, cid});
  ASSERT_TRUE(world.say(ann, group, "a"));
  ASSERT_TRUE(world.say(ben, group, "b"));
  ASSERT_TRUE(world.say(cid, group, "c"));
  const MessageId last = world.say(ann, group, "d")->id;
  world.read_up_to(cid, group, last);
  std::vector<UserId> told;
  for (const auto& receipts : world.told<Receipts>())
    told.push_back(receipts.people().at(0));
  EXPECT_THAT(told, ::testing::UnorderedElementsAre(ann.user, ben.user, cid.user));
}

TEST_P(Conversations, ReceiptsAreCaughtUpOnUnlessFromTheBeginning) {
  const ConversationId direct = world.direct(ann, ben)->id;
  const auto first = world.say(ann, direct, "1");
  world.delivered(ben, direct, {first->id});
  world.read_up_to(ben, direct, first->id);
  const Place place{first->id.value};
  EXPECT_THAT(world.catch_up(ann, place), ElementsAre("delivered Ben", "read Ben"));
  EXPECT_THAT(world.catch_up(ben, place), ElementsAre("read Ben"));
  EXPECT_THAT(world.catch_up(ann), ElementsAre("created", "1"));
}

// ---------------------------------------------------------------- inbox

TEST_P(Conversations, TheInboxIsNewestFirstWithLastMessageAndUnread) {
  const ConversationId group = world.group(ann, {ben, cid}, "Three");
  const ConversationId direct = world.direct(ann, ben)->id;
  ASSERT_TRUE(world.say(ben, group, "in the group"));
  ASSERT_TRUE(world.say(ben, direct, "1"));
  world.now += Milliseconds(10);
  ASSERT_TRUE(world.say(ben, direct, "2"));

  const auto page = world.inbox(ann, std::nullopt, 1);
  ASSERT_EQ(page->entries.size(), 1u);
  EXPECT_EQ(page->entries[0].conversation->id, direct);
  EXPECT_EQ(page->entries[0].name, "Ben");
  EXPECT_EQ(page->entries[0].last_message->message->body.bytes, "2");
  EXPECT_EQ(page->entries[0].unread, 2u);
  EXPECT_EQ(page->entries[0].updated_at, world.now);
  ASSERT_TRUE(page->next);
  const auto rest = world.inbox(ann, page->next, 10);
  ASSERT_EQ(rest->entries.size(), 1u);
  EXPECT_EQ(rest->entries[0].name, "Three");
  EXPECT_EQ(rest->entries[0].unread, 1u);
  EXPECT_FALSE(rest->next);
  EXPECT_EQ(world.inbox(ann, "x", 10).error().code, ServiceCode::bad_request);
}

TEST_P(Conversations, APlaceBeyondEverythingGivenOutIsNotKnown) {
  const ConversationId direct = world.direct(ann, ben)->id;
  const auto last = world.say(ann, direct, "hello");
  const auto page_after = [&](std::uint64_t place) { return world.page(ben, Place{place}, {}); };
  EXPECT_TRUE(page_after(last->id.value).known);
  for (const std::uint64_t beyond : {last->id.value + 1, std::uint64_t{1} << 62, ~std::uint64_t{0}}) {
    const World::Page page = page_after(beyond);
    EXPECT_FALSE(page.known) << beyond;
    EXPECT_TRUE(page.elements.empty());
  }
}

// ---------------------------------------------------------------- retention

TEST_P(Conversations, WhatIsNoLongerKeptIsToldAsAGapAndIsNotUnread) {
  Limits keep_a_month = limits();
  keep_a_month.retention_days = 30;
  keep_a_month.clock_jump = std::chrono::hours(24 * 40);
  World keeping(keep_a_month);
  const Caller dan = keeping.person("Dan");
  const Caller eve = keeping.person("Eve");
  const ConversationId direct = keeping.direct(dan, eve)->id;
  const auto first = keeping.say(dan, direct, "old 1");
  const auto second = keeping.say(dan, direct, "old 2");
  keeping.delivered(eve, direct, {first->id});
  keeping.now += std::chrono::hours(24 * 31);
  ASSERT_TRUE(keeping.say(dan, direct, "new"));
  EXPECT_EQ(keeping.unread(eve, direct), 3u);

  keeping.clean_up();
  EXPECT_EQ(keeping.unread(eve, direct), 1u);
  EXPECT_THAT(keeping.catch_up(eve), ElementsAre("created", "gap", "new"));
  EXPECT_THAT(keeping.catch_up(eve, Place{first->id.value}), ElementsAre("gap", "new"));
  EXPECT_THAT(keeping.catch_up(eve, Place{second->id.value}), ElementsAre("new"));
  const auto page = keeping.history_page(eve, direct, {});
  EXPECT_EQ(page->messages.size(), 1u);
  ASSERT_TRUE(page->gap);
  EXPECT_EQ(page->gap->to, second->id);
  EXPECT_EQ(keeping.count("receipts"), 0);
  EXPECT_EQ(keeping.count("messages"), 1);
}

TEST_P(Conversations, WhatWasReadBeforeItWasDeletedIsReadOnTheOtherDevicesTooAndNothingElseIs) {
  Limits keep_a_month = limits();
  keep_a_month.retention_days = 30;
  keep_a_month.clock_jump = std::chrono::hours(24 * 40);
  World keeping(keep_a_month);
  const Caller dan = keeping.person("Dan");
  const Caller eve = keeping.person("Eve");
  const ConversationId direct = keeping.direct(dan, eve)->id;
  ASSERT_TRUE(keeping.say(dan, direct, "old 1"));
  const auto second = keeping.say(dan, direct, "old 2");
  keeping.now += std::chrono::hours(24 * 31);
  const auto newest = keeping.say(dan, direct, "new");
  keeping.clean_up();

  keeping.read_up_to(eve, direct, second->id);
  EXPECT_THAT(keeping.catch_up(eve, Place{newest->id.value}), ElementsAre("read Eve"));
  EXPECT_EQ(keeping.unread(eve, direct), 1u);
  EXPECT_THAT(keeping.catch_up(dan, Place{newest->id.value}), ElementsAre());
  keeping.read_up_to(eve, direct, newest->id);
  EXPECT_EQ(keeping.unread(eve, direct), 0u);
}

// ---------------------------------------------------------------- damage

/// What the disk does to a message that is stored.
class Damage : public ::testing::Test {
 protected:
  void change(const std::string& sql) {
    const auto done = world.store().connection().db().exec(sql.c_str());
    ASSERT_TRUE(done) << done.error().text;
  }
  World world;
  const Caller ann = world.person("Ann");
  const Caller ben = world.person("Ben");
  const ConversationId chat = world.direct(ann, ben)->id;
};

TEST_F(Damage, WithinABodyIsNoticedAndToldAsAGap) {
  ASSERT_TRUE(world.say(ann, chat, "before"));
  const NewMessage damaged = world.message(chat, "damaged");
  ASSERT_TRUE(world.send(ann, damaged));
  ASSERT_TRUE(world.say(ann, chat, "after"));
  change("UPDATE messages SET body = CAST('damageD' AS BLOB) WHERE body = CAST('damaged' AS BLOB)");
  EXPECT_THAT(world.catch_up(ben), ElementsAre("created", "before", "gap", "after"));
  EXPECT_THAT(world.history(ben, chat), ElementsAre("after", "before"));
  EXPECT_TRUE(world.send(ann, damaged)->repeated) << "it is not stored a second time";
}

TEST_F(Damage, WithinAMediaUrlIsNoticed) {
  NewMessage picture = world.message(chat, "look");
  picture.media_url = "https://media.example/1";
  ASSERT_TRUE(world.send(ann, picture));
  change("UPDATE messages SET media_url = 'https://media.example/2'");
  EXPECT_THAT(world.catch_up(ben), ElementsAre("created", "gap"));
}

TEST_F(Damage, OfAMessageFromBeforeThereWereChecksIsNoticedWhereItIsNoText) {
  ASSERT_TRUE(world.say(ann, chat, "an old one"));
  ASSERT_TRUE(world.say(ann, chat, "another"));
  change("UPDATE messages SET body_check = NULL");
  change("UPDATE messages SET body = x'ff00fe' WHERE body = CAST('another' AS BLOB)");
  EXPECT_THAT(world.catch_up(ben), ElementsAre("created", "an old one", "gap"));
}

class Retention : public ::testing::Test {
 protected:
  static Limits a_month() {
    Limits limits;
    limits.retention_days = 30;
    return limits;
  }
  /// The hourly look, for so long.
  void run_for(int hours) {
    for (int hour = 0; hour < hours; ++hour) {
      world.now += std::chrono::hours(1);
      world.uptime += std::chrono::hours(1);
      world.clean_up();
    }
  }
  void restart() {
    world.restart();
    world.retention = RetentionService(world.limits);
    world.uptime = Milliseconds{0};
    world.clean_up();
  }

  World world{a_month()};
  const Caller ann = world.person("Ann");
  const Caller ben = world.person("Ben");
};

TEST_F(Retention, DeletesNothingByAClockThatJumpedUntilTheServerHasRunWithItForADay) {
  ASSERT_TRUE(world.say(ann, ben, "hello"));
  run_for(1);
  world.now += std::chrono::hours(24 * 40);
  world.clean_up();
  EXPECT_TRUE(world.retention.doubts_the_clock());
  run_for(23);
  EXPECT_EQ(world.count("messages"), 1);
  run_for(1);
  EXPECT_EQ(world.count("messages"), 0);
  EXPECT_FALSE(world.retention.doubts_the_clock());
}

TEST_F(Retention, DeletesNothingWhereTheClockIsSetRightWithinTheDay) {
  ASSERT_TRUE(world.say(ann, ben, "hello"));
  run_for(1);
  world.now += std::chrono::hours(24 * 40);
  run_for(20);
  world.now -= std::chrono::hours(24 * 40);
  run_for(24 * 5);
  EXPECT_FALSE(world.retention.doubts_the_clock());
  EXPECT_EQ(world.count("messages"), 1);
}

TEST_F(Retention, ARestartAndMessagesWithAWrongClockDoNotMakeItRight) {
  ASSERT_TRUE(world.say(ann, ben, "hello"));
  run_for(1);
  world.now += std::chrono::hours(24 * 40);
  for (int i = 0; i < 3; ++i) {
    restart();
    ASSERT_TRUE(world.say(ann, ben, "from the future"));
    run_for(20);
  }
  EXPECT_EQ(world.count("messages"), 4);
}

TEST_F(Retention, GoesOnAfterAnOrdinaryNightAndAsTimePasses) {
  ASSERT_TRUE(world.say(ann, ben, "hello"));
  run_for(24 * 29);
  world.now += std::chrono::hours(20);  // switched off
  restart();
  EXPECT_FALSE(world.retention.doubts_the_clock());
  EXPECT_EQ(world.count("messages"), 1);
  run_for(5);
  EXPECT_EQ(world.count("messages"), 0);
}

}  // namespace
}  // namespace sotto::server
