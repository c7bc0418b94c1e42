// Messages on their way through the writer: order, bounds, and the barrier behind one that could not be
// stored.
#include "tests/unit/server/gateway/session_fixture.hpp"

namespace sotto::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class SessionMessages : public SessionTest {};

TEST_F(SessionMessages, AreAckedOnlyWhenTheyAreStored) {
  EXPECT_TRUE(send_message(1));
  EXPECT_THAT(told(), IsEmpty());
  ASSERT_THAT(host.submitted, SizeIs(1));
  EXPECT_EQ(host.submitted[0].body.bytes, "hello");
  answer(1);
  EXPECT_THAT(told(), ElementsAre("ack 1"));
}

TEST_F(SessionMessages, AreTakenBeforeTheFirstSync) {
  send_message(1);
  answer(1);
  EXPECT_THAT(told(), ElementsAre("ack 1"));
}

TEST_F(SessionMessages, AreRefusedWithTheirKeyAndTheNameOfWhatIsWrong) {
  v1::ClientFrame frame;
  frame.mutable_message()->set_idempotency_key(to_string(key(1)));
  receive(frame);  // neither receiver nor conversation
  frame.mutable_message()->set_conversation_id(5);
  receive(frame);  // no body
  frame.mutable_message()->set_idempotency_key("not a key");
  receive(frame);
  const auto refused = sink.take();
  ASSERT_THAT(refused, SizeIs(3));
  EXPECT_EQ(refused[0].error().code(), "bad_frame");
  EXPECT_EQ(refused[0].error().idempotency_key(), to_string(key(1)));
  EXPECT_THAT(refused[0].error().message(), HasSubstr("receiver_id"));
  EXPECT_THAT(refused[1].error().message(), HasSubstr("content"));
  EXPECT_EQ(refused[2].error().idempotency_key(), "not a key");
  EXPECT_THAT(refused[2].error().message(), HasSubstr("idempotency_key"));
  EXPECT_THAT(host.submitted, IsEmpty());
}

TEST_F(SessionMessages, ARefusalOfTheServiceIsToldAndStopsNothing) {
  send_message(1);
  send_message(2);
  session->on_answered(key(1), refuse(ServiceCode::not_a_member, "conversation_id: not yours"));
  answer(2);
  EXPECT_THAT(told(), ElementsAre("error not_a_member", "ack 2"));
  EXPECT_THAT(sink.pings, IsEmpty());
}

TEST_F(SessionMessages, ThatWaitForTheirCommitAreBounded) {
  int taken = 0;
  while (send_message(1) && taken < 1000)
    ++taken;
  EXPECT_EQ(taken, 255);
  EXPECT_THAT(host.submitted, SizeIs(256));
  for (int i = 0; i < 127; ++i)
    answer(1);
  EXPECT_EQ(sink.resumed, 0);
  answer(1);
  EXPECT_EQ(sink.resumed, 1) << "half of them answered: reading goes on";
}

TEST_F(SessionMessages, ThatWaitForTheirCommitAreBoundedInBytes) {
  int taken = 1;
  while (send_message(1, std::string(60'000, 'x')) && taken < 1000)
    ++taken;
  EXPECT_EQ(taken, 18);  // the first to reach 1 MiB
}

TEST_F(SessionMessages, AreHeldNotLostWhileTheWriterIsBusy) {
  host.busy = true;
  EXPECT_FALSE(send_message(1)) << "reading pauses";
  advance(Milliseconds(5));
  EXPECT_EQ(sink.resumed, 0);
  host.busy = false;
  advance(Milliseconds(5));
  EXPECT_EQ(sink.resumed, 1);
  ASSERT_THAT(host.submitted, SizeIs(1));
  EXPECT_EQ(host.submitted[0].key, key(1));
  answer(1);
  EXPECT_THAT(told(), ElementsAre("ack 1"));
}

TEST_F(SessionMessages, BehindOneThatFailedAreRefusedUntilTheClientHasSeenTheError) {
  send_message(1);
  fail(1);
  EXPECT_TRUE(host.barrier->load()) << "those already with the writer are refused there";
  send_message(2);  // sent before the client knew
  EXPECT_THAT(told(), ElementsAre("error internal", "error internal"));
  EXPECT_THAT(host.submitted, SizeIs(1));
  ASSERT_THAT(sink.pings, SizeIs(1));

  // The answer to a ping from before the second error says nothing about that one.
  session->on_pong(sink.pings[0]);
  EXPECT_TRUE(host.barrier->load());
  send_message(3);
  EXPECT_THAT(told(), ElementsAre("error internal"));
  ASSERT_THAT(sink.pings, SizeIs(2));
  session->on_pong(sink.pings[0]);  // an old one again
  session->on_pong("made up");
  EXPECT_TRUE(host.barrier->load());

  session->on_pong(sink.pings[1]);
  ASSERT_THAT(sink.pings, SizeIs(3)) << "one more, behind the error of 3";
  session->on_pong(sink.pings[2]);
  EXPECT_FALSE(host.barrier->load());
  send_message(1);
  EXPECT_THAT(host.submitted, SizeIs(2));
  answer(1);
  EXPECT_THAT(told(), ElementsAre("ack 1"));
}

TEST_F(SessionMessages, StillWithTheWriterKeepTheBarrierUp) {
  send_message(1);
  send_message(2);
  fail(1);
  session->on_pong(sink.pings.at(0));
  EXPECT_TRUE(host.barrier->load()) << "2 has not come back yet";
  fail(2);
  ASSERT_THAT(sink.pings, SizeIs(2));
  session->on_pong(sink.pings[1]);
  EXPECT_FALSE(host.barrier->load());
}

TEST_F(SessionMessages, ErrorIsFollowedByItsPing) {
  send_message(1);
  EXPECT_THAT(sink.pings, IsEmpty());
  fail(1);
  EXPECT_THAT(told(), ElementsAre("error internal"));
  EXPECT_THAT(sink.pings, SizeIs(1));
}

}  // namespace
}  // namespace sotto::server
