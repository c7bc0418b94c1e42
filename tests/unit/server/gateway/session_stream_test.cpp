// Catch-up and live: the stream of a device is complete, in order, and told once.
#include "tests/unit/server/gateway/session_fixture.hpp"

namespace sotto::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SessionStream : public SessionTest {};

TEST_F(SessionStream, PushesNothingBeforeTheFirstSync) {
  live(101);
  FrameSource typing(typing_frame(ConversationId{5}, UserId{8}));
  session->tell(typing);
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_THAT(host.pages, IsEmpty());
}

TEST_F(SessionStream, AnswersASyncWithWhatIsMissingThenSynced) {
  EXPECT_TRUE(sync(3));
  ASSERT_EQ(host.pages.size(), 1u);
  EXPECT_EQ(host.pages[0].after, Place{3});
  page({4, 5}, 9);
  EXPECT_THAT(told(), ElementsAre("message 4", "message 5", "synced 9"));
  live(10);
  EXPECT_THAT(told(), ElementsAre("message 10"));
}

TEST_F(SessionStream, ASyncFromAPlaceItNeverGaveOutIsRefusedAndTheClientMaySyncAgain) {
  sync(900);
  live(11);
  CatchUpPage beyond;
  beyond.read = true;
  beyond.known = false;
  beyond.snapshot = Place{10};
  session->on_page(std::move(beyond));
  live(12);
  EXPECT_THAT(told(), ElementsAre("error unknown_place")) << "nothing is pushed until the next sync";
  EXPECT_EQ(sink.closed_with, 0);
  sync(3);
  ASSERT_EQ(host.pages.size(), 2u);
  page({11, 12}, 12);
  EXPECT_THAT(told(), ElementsAre("message 11", "message 12", "synced 12"));
}

TEST_F(SessionStream, TellsOnceThatItCannotReadAndTriesOnUntilItCan) {
  sync(3);
  for (int i = 0; i < 3; ++i) {
    session->on_page({});
    advance(std::chrono::seconds(1));
  }
  ASSERT_EQ(host.pages.size(), 4u);
  EXPECT_EQ(host.pages[3].after, Place{3});
  EXPECT_THAT(told(), ElementsAre("error internal"));
  page({4}, 9);
  EXPECT_THAT(told(), ElementsAre("message 4", "synced 9"));
}

TEST_F(SessionStream, HelloNamesTheStream) {
  host.limits.stream = {77, Place{5}};
  Session another(SessionRef{0, 2}, Caller{UserId{7}, DeviceId{70}}, WireFormat::binary, sink, host);
  another.start("token");
  const auto frames = sink.take();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].hello().stream_id(), 77u);
  EXPECT_EQ(frames[0].hello().stream_from(), 5u);
}

TEST_F(SessionStream, ReadsPageAfterPageFromWhereTheLastOneEnded) {
  sync(0);
  page({1, 2}, 50, false);
  page({3, 4}, 50, false);
  page({5}, 50);
  ASSERT_EQ(host.pages.size(), 3u);
  EXPECT_EQ(host.pages[1].after, Place{2});
  EXPECT_EQ(host.pages[2].after, Place{4});
  EXPECT_THAT(told(),
              ElementsAre("message 1", "message 2", "message 3", "message 4", "message 5", "synced 50"));
}

TEST_F(SessionStream, ReadsOnWhenSomethingWasCommittedAfterThePageWasRead) {
  sync(3);
  live(11);  // committed after the page's snapshot, told before the page arrived
  page({4}, 10);
  EXPECT_THAT(told(), ElementsAre("message 4"));  // not synced yet, and 11 does not overtake
  ASSERT_EQ(host.pages.size(), 2u);
  EXPECT_EQ(host.pages[1].after, Place{10});
  page({11}, 11);
  EXPECT_THAT(told(), ElementsAre("message 11", "synced 11"));
}

TEST_F(SessionStream, DropsALiveEventThatWasInThePage) {
  sync(3);
  page({4, 10}, 10);
  live(10);  // its news was still on its way
  live(11);
  EXPECT_THAT(told(), ElementsAre("message 4", "message 10", "synced 10", "message 11"));
}

TEST_F(SessionStream, DoesNotReadAgainForAnEventThatThePageAlreadyHas) {
  sync(3);
  live(10);
  page({4, 10}, 10);
  EXPECT_EQ(host.pages.size(), 1u);
  EXPECT_THAT(told(), ElementsAre("message 4", "message 10", "synced 10"));
}

TEST_F(SessionStream, FallsBackToTheStoreWhenTheClientReadsTooSlowly) {
  go_live(100);
  live(101, 300 * 1024);  // more than may be queued
  live(102);
  live(103);
  EXPECT_THAT(told(), ElementsAre("message 101"));
  EXPECT_EQ(host.pages.size(), 1u) << "nothing is read while the queue is full";

  client_reads_everything();
  ASSERT_EQ(host.pages.size(), 2u);
  EXPECT_EQ(host.pages[1].after, Place{101});
  live(104);
  page({102, 103}, 103);  // read before 104 was committed
  page({104}, 104);
  live(105);
  EXPECT_THAT(told(), ElementsAre("message 102", "message 103", "message 104", "message 105"));
}

TEST_F(SessionStream, ReadsTheNextPageOnlyWhenThereIsRoom) {
  sync(0);
  sink.queued = 200 * 1024;
  page({1}, 50, false);
  EXPECT_EQ(host.pages.size(), 1u);
  session->on_written();  // some, but not enough
  EXPECT_EQ(host.pages.size(), 1u);
  client_reads_everything();
  EXPECT_EQ(host.pages.size(), 2u);
}

TEST_F(SessionStream, StartsOverWhenTheClientSyncsAgain) {
  go_live(100);
  sync(40);
  live(101);
  page({50}, 101);
  EXPECT_THAT(told(), ElementsAre("message 50", "synced 101"));
}

TEST_F(SessionStream, IgnoresThePageOfASyncThatWasReplaced) {
  sync(3);
  sync(40);  // while the first page is under way
  EXPECT_EQ(host.pages.size(), 1u) << "one read at a time, however often a client asks";
  page({4, 5}, 100);
  EXPECT_THAT(told(), IsEmpty());
  ASSERT_EQ(host.pages.size(), 2u);
  EXPECT_EQ(host.pages[1].after, Place{40});
  page({41}, 100);
  EXPECT_THAT(told(), ElementsAre("message 41", "synced 100"));
}

TEST_F(SessionStream, AsksAgainWhileTheReadersAreBusy) {
  host.busy = true;
  sync(3);
  EXPECT_THAT(host.pages, IsEmpty());
  host.busy = false;
  advance(Milliseconds(5));
  EXPECT_EQ(host.pages.size(), 1u);
}

TEST_F(SessionStream, LeavesOutReceiptsOnlyUpToTheFirstPageOfACatchUpFromTheBeginning) {
  sync(0);
  page({1}, 50, false);
  page({2}, 60, false);
  page({3}, 70);
  ASSERT_EQ(host.pages.size(), 3u);
  EXPECT_EQ(host.pages[0].receipts_after.value, ~std::uint64_t{0});
  EXPECT_EQ(host.pages[1].receipts_after, Place{50});
  EXPECT_EQ(host.pages[2].receipts_after, Place{50});

  sync(3);
  EXPECT_EQ(host.pages[3].receipts_after, Place{0});
}

TEST_F(SessionStream, DropsTypingAndPresenceFirst) {
  go_live();
  FrameSource typing(typing_frame(ConversationId{5}, UserId{8}));
  session->tell(typing);
  EXPECT_EQ(told().size(), 1u);
  sink.queued = 200 * 1024;  // messages still fit
  session->tell(typing);
  EXPECT_THAT(told(), IsEmpty());
  live(101);
  EXPECT_THAT(told(), ElementsAre("message 101"));
}

TEST_F(SessionStream, WatchesOnceTheFirstSyncHasCome) {
  v1::ClientFrame frame;
  frame.mutable_presence_subscribe()->add_user_ids(8);
  receive(frame);
  EXPECT_THAT(host.watched, IsEmpty());
  sync(1);
  EXPECT_THAT(host.watched, ElementsAre(ElementsAre(UserId{8})));
}

}  // namespace
}  // namespace sotto::server
