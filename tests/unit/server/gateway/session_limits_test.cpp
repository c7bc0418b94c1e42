// What a session does about clients that are too fast, too slow, silent, or not speaking the protocol; and
// how it ends.
#include "tests/unit/server/gateway/session_fixture.hpp"

namespace sotto::server {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::Gt;
using testing::IsEmpty;
using testing::SizeIs;

class SessionLimits : public SessionTest {};

class LimitedSession : public SessionTest {
 protected:
  LimitedSession() : SessionTest({.frames_per_second = 20, .frames_burst = 100}) {}
  bool typing() {
    v1::ClientFrame frame;
    frame.mutable_typing()->set_conversation_id(5);
    return receive(frame);
  }
};

TEST_F(LimitedSession, IsReadOnAtItsRateAndNothingIsSkipped) {
  int burst = 1;
  while (send_message(1))
    ++burst;
  EXPECT_EQ(burst, 100);
  EXPECT_THAT(host.submitted, SizeIs(100));
  EXPECT_EQ(host.wake, host.time + Milliseconds(50)) << "20 a second";
  advance(Milliseconds(49));
  EXPECT_EQ(sink.resumed, 0);
  advance(Milliseconds(1));
  EXPECT_EQ(sink.resumed, 1);
  EXPECT_FALSE(send_message(2)) << "the next one waits again";
  EXPECT_THAT(host.submitted, SizeIs(101));
  EXPECT_THAT(told(), IsEmpty()) << "no message is ever answered rate_limited";
}

TEST_F(LimitedSession, IsToldThatItTypesTooMuchAndInTheEndCut) {
  for (int i = 0; i < 100; ++i)
    typing();
  EXPECT_THAT(host.typed, SizeIs(100));
  EXPECT_THAT(told(), IsEmpty());
  for (int i = 0; i < 199; ++i)
    typing();
  EXPECT_THAT(host.typed, SizeIs(100));
  const auto refused = sink.take();
  ASSERT_THAT(refused, SizeIs(199));
  EXPECT_EQ(refused[0].error().code(), "rate_limited");
  EXPECT_THAT(refused[0].error().retry_after_ms(), Gt(0u));
  EXPECT_EQ(sink.closed_with, 0);
  EXPECT_TRUE(send_message(1)) << "typing delays no message";
  EXPECT_THAT(host.submitted, SizeIs(1));
  typing();
  EXPECT_EQ(sink.closed_with, 4003);
}

TEST_F(LimitedSession, ConnectingAnewDoesNotFillTheAllowance) {
  while (send_message(1)) {
  }
  FakeSink second_sink;
  Session second({0, 2}, session->caller(), WireFormat::binary, second_sink, host);
  second.start("token");
  EXPECT_FALSE(second.may_read());
  host.time += Milliseconds(50);
  second.on_wake();
  EXPECT_TRUE(second.may_read());
  EXPECT_EQ(second_sink.resumed, 1);

  FakeSink other_sink;
  Session other({0, 3}, {UserId{7}, DeviceId{71}}, WireFormat::binary, other_sink, host);
  other.start("token");
  EXPECT_TRUE(other.may_read()) << "another device has its own";
}

class ByteLimitedSession : public SessionTest {
 protected:
  ByteLimitedSession() : SessionTest({.bytes_per_second = 1000, .bytes_burst = 50'000}) {}
};

TEST_F(ByteLimitedSession, IsReadOnAtTheRateOfItsBytesHoweverFewItsFrames) {
  int burst = 1;
  while (send_message(1, std::string(10'000, 'x')))
    ++burst;
  EXPECT_EQ(burst, 5);
  EXPECT_THAT(host.submitted, SizeIs(5)) << "the frame that is too much is taken; the next waits";
  advance(Milliseconds(100));
  EXPECT_EQ(sink.resumed, 0);
  advance(seconds(10));
  EXPECT_EQ(sink.resumed, 1);
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_FALSE(send_message(2, std::string(10'000, 'x')));
  EXPECT_THAT(host.submitted, SizeIs(6));
}

TEST_F(ByteLimitedSession, SmallFramesAreNotHeldUp) {
  for (int i = 0; i < 200; ++i)
    EXPECT_TRUE(send_message(1));
}

TEST(DeviceRates, KeepsWhatADeviceHasSpentUntilItsAllowanceIsFullAgain) {
  DeviceRates rates({.frames_per_second = 20, .frames_burst = 100});
  Timestamp now = from_unix_ms(1'800'000'000'000);
  std::shared_ptr<DeviceRate> here = rates.of(DeviceId{1}, now);
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(here->take_frame(now, 0), Milliseconds(0));
  for (std::uint64_t id = 2; id < 2000; ++id)
    (void)rates.of(DeviceId{id}, now);
  EXPECT_EQ(rates.of(DeviceId{1}, now), here);
  here.reset();
  now += seconds(1);
  for (std::uint64_t id = 2000; id < 5000; ++id)
    (void)rates.of(DeviceId{id}, now);
  int taken = 0;
  while (rates.of(DeviceId{1}, now)->take_frame(now, 0) == Milliseconds(0))
    ++taken;
  EXPECT_EQ(taken, 20) << "not forgotten: a second has given 20 back";

  now += seconds(60);
  for (std::uint64_t id = 5000; id < 20'000; ++id)
    (void)rates.of(DeviceId{id}, now);
  taken = 0;
  while (rates.of(DeviceId{1}, now)->take_frame(now, 0) == Milliseconds(0))
    ++taken;
  EXPECT_EQ(taken, 100);
}

TEST_F(SessionLimits, AreToldInHello) {
  Session other({0, 2}, {UserId{7}, DeviceId{71}}, WireFormat::binary, sink, host);
  other.start("t");
  const auto hello = sink.take();
  ASSERT_THAT(hello, SizeIs(1));
  EXPECT_EQ(hello[0].hello().user_id(), 7u);
  EXPECT_EQ(hello[0].hello().device_id(), 71u);
  EXPECT_EQ(hello[0].hello().limits().frame_bytes(), 64u * 1024);
  EXPECT_EQ(hello[0].hello().server_time(), to_unix_ms(host.time));
}

TEST_F(SessionLimits, ABadFrameGetsAnErrorAndTheConnectionStays) {
  EXPECT_TRUE(session->on_frame("\xff", false));
  EXPECT_TRUE(session->on_frame(std::string("\x3a\x00", 2), false));
  EXPECT_TRUE(session->on_frame(R"({"type":"sync"})", true)) << "text on a binary connection";
  EXPECT_THAT(told(), ElementsAre("error bad_frame", "error unknown_type", "error bad_frame"));
  EXPECT_EQ(sink.closed_with, 0);
}

TEST_F(SessionLimits, NothingButBadFramesEndsTheConnection) {
  for (int i = 0; i < 99; ++i)
    EXPECT_TRUE(session->on_frame("\xff", false));
  sync(1);  // a good one in between
  for (int i = 0; i < 99; ++i)
    EXPECT_TRUE(session->on_frame("\xff", false));
  EXPECT_EQ(sink.closed_with, 0);
  EXPECT_FALSE(session->on_frame("\xff", false));
  EXPECT_EQ(sink.closed_with, 4000);
}

TEST_F(SessionLimits, AClientThatDoesNotReadItsAnswersIsNotReadEither) {
  sink.queued = 257 * 1024;
  EXPECT_FALSE(session->on_frame("\xff", false));
  sink.queued = 200 * 1024;
  session->on_written();
  EXPECT_EQ(sink.resumed, 0);
  client_reads_everything();
  EXPECT_EQ(sink.resumed, 1);
}

TEST_F(SessionLimits, PingsEveryHalfMinute) {
  advance(seconds(29));
  EXPECT_THAT(sink.pings, IsEmpty());
  advance(seconds(1));
  EXPECT_THAT(sink.pings, SizeIs(1));
  session->on_pong({});
  advance(seconds(30));
  EXPECT_THAT(sink.pings, SizeIs(2));
}

TEST_F(SessionLimits, ClosesAfterSilence) {
  advance(seconds(74));
  EXPECT_EQ(sink.closed_with, 0);
  session->on_pong({});
  advance(seconds(74));
  EXPECT_EQ(sink.closed_with, 0);
  EXPECT_LE(host.wake, host.time + seconds(1));
  advance(seconds(1));
  EXPECT_EQ(sink.closed_with, 1001);
  EXPECT_EQ(host.left_calls, 1);
}

TEST_F(SessionLimits, DoesNotCallSilentWhomAStoppedProcessCouldNotHear) {
  advance(std::chrono::minutes(10));  // SIGSTOP, a suspended machine: the timers run before anything is read
  EXPECT_EQ(sink.closed_with, 0);
  EXPECT_LE(host.wake, host.time + seconds(5));
  session->on_heard();  // what had arrived meanwhile
  advance(seconds(74));
  EXPECT_EQ(sink.closed_with, 0);
  advance(seconds(1));
  EXPECT_EQ(sink.closed_with, 1001);
}

TEST_F(SessionLimits, ClosesSoonAfterAStopWhereNothingHadArrived) {
  advance(std::chrono::minutes(10));
  advance(seconds(5));
  EXPECT_EQ(sink.closed_with, 1001);
}

TEST_F(SessionLimits, DoesNotCallSilentWhomItDoesNotListenTo) {
  host.busy = true;
  send_message(1);
  advance(seconds(200));
  EXPECT_EQ(sink.closed_with, 0);
  host.busy = false;
  advance(Milliseconds(5));
  advance(seconds(74));
  EXPECT_EQ(sink.closed_with, 0);
  advance(seconds(1));
  EXPECT_EQ(sink.closed_with, 1001);
}

TEST_F(SessionLimits, ClosesAClientThatNeitherReadsNorSpeaks) {
  sink.queued = 300 * 1024;
  (void)session->on_frame("\xff", false);
  advance(seconds(74));
  session->on_written();  // it reads a little: alive
  advance(seconds(74));
  EXPECT_EQ(sink.closed_with, 0);
  advance(seconds(1));
  EXPECT_EQ(sink.closed_with, 1001);
}

TEST_F(SessionLimits, SaysThatTheDeviceIsHereEveryMinute) {
  EXPECT_EQ(host.heartbeats, 1);
  for (int i = 0; i < 4; ++i) {
    session->on_pong({});
    advance(seconds(30));
  }
  EXPECT_EQ(host.heartbeats, 3);
}

TEST_F(SessionLimits, ReceiptsPauseReadingWhileTheyCannotBeWritten) {
  v1::ClientFrame frame;
  frame.mutable_delivered()->set_conversation_id(5);
  frame.mutable_delivered()->add_message_ids(11);
  EXPECT_TRUE(receive(frame));
  host.receipts_room = false;
  EXPECT_FALSE(receive(frame));
  EXPECT_THAT(host.delivered_ids, SizeIs(2)) << "taken all the same";
  advance(Milliseconds(5));
  EXPECT_EQ(sink.resumed, 0);
  host.receipts_room = true;
  advance(Milliseconds(5));
  EXPECT_EQ(sink.resumed, 1);
}

TEST_F(SessionLimits, AConfirmIsAnsweredWhenTheHostSaysSo) {
  v1::ClientFrame frame;
  frame.mutable_confirm()->set_number(7);
  EXPECT_TRUE(receive(frame));
  EXPECT_THAT(host.confirms, ElementsAre(7u));
  EXPECT_THAT(sink.frames, IsEmpty());
  session->on_confirmed(7);
  ASSERT_THAT(sink.frames, SizeIs(1));
  EXPECT_EQ(sink.frames[0].confirmed().number(), 7u);
}

TEST_F(SessionLimits, ReceiptsNameTheirConversationAndMessages) {
  v1::ClientFrame delivered;
  delivered.mutable_delivered()->add_message_ids(11);
  receive(delivered);
  v1::ClientFrame zero;
  zero.mutable_delivered()->set_conversation_id(5);
  zero.mutable_delivered()->add_message_ids(0);
  receive(zero);
  v1::ClientFrame read;
  read.mutable_read()->set_conversation_id(5);
  receive(read);
  v1::ClientFrame many;
  many.mutable_delivered()->set_conversation_id(5);
  for (std::uint64_t i = 1; i <= 1001; ++i)
    many.mutable_delivered()->add_message_ids(i);
  receive(many);
  EXPECT_THAT(told(),
              ElementsAre("error bad_frame", "error bad_frame", "error bad_frame", "error too_large"));
  EXPECT_THAT(host.delivered_ids, IsEmpty());
  EXPECT_THAT(host.read, IsEmpty());
}

class SessionWithAToken : public SessionTest {
 protected:
  SessionWithAToken() {
    host.limits.silence_limit = std::chrono::hours(24);
    lasts(seconds(600));
  }
  void lasts(Milliseconds time) { session->on_token(Bearer{session->caller(), time}); }
  void renew(const std::string& token) {
    v1::ClientFrame frame;
    frame.mutable_renew()->set_access_token(token);
    receive(frame);
  }
};

TEST_F(SessionWithAToken, EndsAMinuteAfterItsAccessTokenExpires) {
  EXPECT_LE(host.wake, host.time + seconds(660));
  advance(seconds(659));
  EXPECT_EQ(sink.closed_with, 0);
  EXPECT_LE(host.wake, host.time + seconds(1));
  advance(seconds(1));
  EXPECT_EQ(sink.closed_with, 4001);
}

TEST_F(SessionWithAToken, ANewerTokenKeepsIt) {
  advance(seconds(590));
  renew("newer");
  EXPECT_EQ(host.checked_token, "newer");
  lasts(seconds(3600));
  advance(seconds(3600));
  EXPECT_EQ(sink.closed_with, 0);
  advance(seconds(60));
  EXPECT_EQ(sink.closed_with, 4001);
}

TEST_F(SessionWithAToken, ANewerTokenIsLookedAtOnceTheStorageHasRoom) {
  host.busy = true;
  renew("newer");
  EXPECT_EQ(host.checked_token, "token");
  host.busy = false;
  advance(Milliseconds(5));
  EXPECT_EQ(host.checked_token, "newer");
}

TEST_F(SessionWithAToken, ATokenOfAnotherDeviceEndsIt) {
  renew("of another device");
  session->on_token(Bearer{{session->caller().user, DeviceId{71}}, seconds(3600)});
  EXPECT_EQ(sink.closed_with, 4001);
}

TEST_F(SessionWithAToken, AStoreThatCannotBeReadSaysNothingAboutATokenButItsEndStays) {
  renew("newer");
  session->on_token(storage_failed());
  EXPECT_EQ(sink.closed_with, 0);
  advance(seconds(660));
  EXPECT_EQ(sink.closed_with, 4001);
}

TEST_F(SessionLimits, ATokenThatWasRevokedMeanwhileEndsIt) {
  EXPECT_EQ(host.checked_token, "token");
  session->on_token(refuse(ServiceCode::unauthorized, "the device is signed out"));
  EXPECT_EQ(sink.closed_with, 4001);
  EXPECT_EQ(host.left_calls, 1);
}

TEST_F(SessionLimits, NothingIsSentOrTakenOnceClosed) {
  go_live();
  session->close(4002, "superseded");
  live(101);
  EXPECT_FALSE(send_message(1));
  session->close(4001, "again");
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_THAT(host.submitted, IsEmpty());
  EXPECT_EQ(sink.closed_with, 4002);
  EXPECT_EQ(host.left_calls, 1);
}

TEST_F(SessionLimits, DrainingAnswersWhatItHasTakenThenCloses) {
  go_live();
  send_message(1);
  send_message(2);
  session->drain(Milliseconds(1234));
  EXPECT_THAT(told(), ElementsAre("going_away"));
  EXPECT_EQ(sink.closed_with, 0);
  EXPECT_FALSE(send_message(3)) << "not taken: the client has no answer and sends it again";
  live(101);
  answer(1);
  EXPECT_EQ(sink.closed_with, 0);
  answer(2);
  EXPECT_EQ(sink.closed_with, 1012);
  EXPECT_THAT(told(), ElementsAre("ack 1", "ack 2"));
}

TEST_F(SessionLimits, DrainingAnIdleSessionClosesAtOnce) {
  session->drain(Milliseconds(0));
  EXPECT_EQ(sink.closed_with, 1012);
}

TEST_F(SessionLimits, DrainingDoesNotWaitForAMessageThatTheWriterNeverGot) {
  host.busy = true;
  send_message(1);
  session->drain(Milliseconds(0));
  EXPECT_EQ(sink.closed_with, 1012);
}

}  // namespace
}  // namespace sotto::server
