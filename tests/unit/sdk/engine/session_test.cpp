#include "sdk/engine/timing.hpp"
#include "tests/unit/sdk/engine/device.hpp"

namespace sotto::engine::testing {
namespace {

struct Session : ::testing::Test {
  Device device;
  void SetUp() override { device.sign_in(); }
  ConnectionState state() { return device.engine->connection_state(); }
  void ignore_inbox() { device.requests.clear(); }
};

TEST_F(Session, GoesThroughItsStatesAndTellsEach) {
  device.go_online();
  std::vector<ConnectionState> states;
  for (const auto& event : device.take_events<ConnectionChanged>())
    states.push_back(event.state);
  EXPECT_EQ(states, (std::vector<ConnectionState>{ConnectionState::connecting, ConnectionState::catching_up,
                                                  ConnectionState::online}));
}

TEST_F(Session, ReconnectsAtOnceAfterALossAndThenBacksOffTo30Seconds) {
  device.go_online();
  device.lose_connection();
  EXPECT_EQ(state(), ConnectionState::waiting);
  device.pass(kFirstRetryJitter);
  EXPECT_EQ(state(), ConnectionState::connecting);
  // Nobody answers: full jitter on 1, 2, 4, ... 30 s.
  Milliseconds most = kBackoffBase;
  for (int i = 0; i < 8; ++i) {
    device.lose_connection();
    const auto due = device.engine->next_deadline();
    ASSERT_TRUE(due.has_value());
    EXPECT_LE(*due - device.now.steady, most);
    device.pass(most);
    EXPECT_EQ(state(), ConnectionState::connecting);
    most = std::min(most * 2, kBackoffCap);
  }
}

TEST_F(Session, AMinuteOfHealthStartsTheBackoffAnew) {
  device.go_online();
  for (int i = 0; i < 6; ++i) {
    device.lose_connection();
    device.pass(kBackoffCap);
  }
  device.go_online();
  for (int i = 0; i < 3; ++i) {
    device.pass(kPingEvery);
    device.engine->on_pong(device.connection, device.now);
  }
  device.lose_connection();
  EXPECT_LE(*device.engine->next_deadline() - device.now.steady, kFirstRetryJitter);
}

TEST_F(Session, PingsEvery25SecondsAndGivesUpWithoutAPongIn5) {
  device.go_online();
  ignore_inbox();
  device.pass(kPingEvery - Milliseconds{100});
  EXPECT_EQ(device.pings, 0u);
  device.pass(Milliseconds{100});
  EXPECT_EQ(device.pings, 1u);
  device.pass(kPongWithin - Milliseconds{200});
  EXPECT_EQ(state(), ConnectionState::online);
  device.pass(Milliseconds{200});
  EXPECT_NE(state(), ConnectionState::online);
  EXPECT_EQ(device.closed_with.size(), 1u);
}

TEST_F(Session, AfterAChangeOfNetworkTheConnectionHas3SecondsToProveItself) {
  device.go_online();
  device.engine->network_changed(device.now);
  device.drain();
  EXPECT_EQ(device.pings, 1u);
  device.pass(kProbeWithin + Milliseconds{20});
  EXPECT_EQ(device.closed_with.size(), 1u);
}

TEST_F(Session, AChangeOfNetworkEndsTheWaiting) {
  device.go_online();
  for (int i = 0; i < 6; ++i) {
    device.lose_connection();
    if (i < 5) device.pass(kBackoffCap);
  }
  ASSERT_EQ(state(), ConnectionState::waiting);
  device.engine->network_changed(device.now);
  EXPECT_EQ(state(), ConnectionState::connecting);
}

TEST_F(Session, GivesUpAnAttemptAfter25Seconds) {
  device.engine->connect(device.now, {});
  device.drain();
  device.pass(kConnectTotalTimeout - Milliseconds{1});
  EXPECT_TRUE(device.connection_open);
  device.pass(Milliseconds{1});
  EXPECT_FALSE(device.closed_with.empty());
}

TEST_F(Session, AServerThatDoesNotSayHelloIsLeftAfter10Seconds) {
  device.engine->connect(device.now, {});
  device.drain();
  device.engine->on_connected(device.connection, device.now);
  device.pass(kHelloWithin);
  EXPECT_FALSE(device.closed_with.empty());
}

TEST_F(Session, ANewerConnectionOfTheDeviceIsNotFought) {
  device.go_online();
  device.lose_connection(4002);
  EXPECT_EQ(state(), ConnectionState::superseded);
  device.pass(std::chrono::hours(1));
  EXPECT_EQ(state(), ConnectionState::superseded);
  device.engine->connect(device.now, {});
  EXPECT_EQ(state(), ConnectionState::connecting);
}

TEST_F(Session, GoingAwayComesBackAfterTheTimeGivenAndABit) {
  device.go_online();
  lite::ServerFrame frame;
  frame.mutable_going_away()->set_reconnect_after_ms(3000);
  device.receive(frame);
  device.lose_connection(1012);
  device.pass(Milliseconds{2900});
  EXPECT_EQ(state(), ConnectionState::waiting);
  device.pass(kGoingAwayJitter + Milliseconds{100});
  EXPECT_EQ(state(), ConnectionState::connecting);
}

TEST_F(Session, AServerCannotKeepAClientAwayForLong) {
  device.go_online();
  lite::ServerFrame frame;
  frame.mutable_going_away()->set_reconnect_after_ms(0xffff'ffff);
  device.receive(frame);
  device.lose_connection(1012);
  device.pass(kLongestServerDelay + kGoingAwayJitter);
  EXPECT_EQ(state(), ConnectionState::connecting);
}

TEST_F(Session, ARefusedTokenIsRefreshedOnceAndThenSignsOut) {
  device.go_online();
  device.lose_connection(4001);
  auto refresh = device.take_request();
  EXPECT_EQ(refresh.what.path, "/api/auth/refresh");
  EXPECT_EQ(refresh.what.body, R"({"refresh_token":"R1"})");
  device.respond(refresh, 200, R"({"access_token":"A2","refresh_token":"R2","expires_in":3600})");
  EXPECT_EQ(state(), ConnectionState::connecting);
  CloseReason refused;
  refused.http_status = 401;
  device.engine->on_closed(device.connection, refused, device.now);
  EXPECT_EQ(state(), ConnectionState::signed_out);
  EXPECT_EQ(device.take_events<SignedOut>().size(), 1u);
}

TEST_F(Session, ARefusalOfATokenThatCouldNotBeRefreshedYetDoesNotSignOut) {
  // Found by seed 853: every attempt to refresh was lost, and the next connection was refused with the old
  // token.
  device.go_online();
  const CloseReason refused{0, 401, std::nullopt};
  device.lose_connection(4001);
  for (auto attempts = 0; !device.requests.empty(); ++attempts) {
    ASSERT_LT(attempts, 10);
    device.engine->on_request_failed(device.take_request().request, Error(ErrorCode::timed_out, "lost"),
                                     device.now);
    device.drain();
  }
  device.pass(kBackoffBase);
  ASSERT_EQ(state(), ConnectionState::connecting);
  device.engine->on_closed(device.connection, refused, device.now);
  EXPECT_EQ(state(), ConnectionState::connecting);
  device.respond(device.take_request(), 200,
                 R"({"access_token":"A2","refresh_token":"R2","expires_in":3600})");
  EXPECT_EQ(device.say_hello(), kDevice.value);
}

TEST_F(Session, ATokenThatWasFreshOnceMayBeRefusedLater) {
  device.go_online();
  const CloseReason refused{0, 401, std::nullopt};
  device.lose_connection(4001);
  device.respond(device.take_request(), 200,
                 R"({"access_token":"A2","refresh_token":"R2","expires_in":3600})");
  device.lose_connection();  // before the server has said anything about it
  device.pass(kBackoffBase);
  device.engine->on_closed(device.connection, refused, device.now);
  EXPECT_EQ(state(), ConnectionState::connecting);
  EXPECT_EQ(device.take_request().what.body, R"({"refresh_token":"R2"})");
}

TEST_F(Session, ARefreshTokenThatIsRefusedSignsOutAndDeletesNothing) {
  device.go_online();
  device.send(kPeer, "kept");
  device.lose_connection(4001);
  device.respond(device.take_request(), 401, R"({"code":"token_invalid"})");
  EXPECT_EQ(state(), ConnectionState::signed_out);
  EXPECT_FALSE(device.engine->account().has_value());
  device.crash();
  EXPECT_FALSE(device.engine->account().has_value());
  EXPECT_EQ(device.engine->conversations()->size(), 1u);
  // Signing in again goes on where it was.
  device.sign_in();
  EXPECT_EQ(device.say_hello(), kDevice.value);
  EXPECT_EQ(device.take_message().content(), "kept");
}

TEST_F(Session, AnAccessTokenAboutToEndIsRefreshedBeforeConnecting) {
  device.now.wall += std::chrono::hours(30 * 24) - Milliseconds{30'000};
  device.engine->connect(device.now, {});
  device.drain();
  EXPECT_EQ(device.opened, 0u);
  device.respond(device.take_request(), 200,
                 R"({"access_token":"A2","refresh_token":"R2","expires_in":3600})");
  EXPECT_EQ(device.opened, 1u);
  device.crash();
  EXPECT_EQ(as_text(device.store->account.load()->tokens.refresh.view()), "R2");
}

struct SessionOfAnHour : Session {
  void SetUp() override {
    Session::SetUp();
    device.go_online();
    device.lose_connection(4001);
    device.respond(device.take_request(), 200,
                   R"({"access_token":"A2","refresh_token":"R2","expires_in":3600})");
    device.go_online();
    ignore_inbox();
    device.take_frames();
  }
  /// Alive all the time: the pongs come before the device gives up waiting for them.
  void pass(Milliseconds time) {
    constexpr Milliseconds kStep = kPongWithin / 2;
    for (Milliseconds left = time; left > Milliseconds(0); left -= kStep) {
      device.pass(std::min(left, kStep));
      device.engine->on_pong(device.connection, device.now);
    }
  }
  std::vector<std::string> renewals() {
    std::vector<std::string> tokens;
    for (const auto& frame : device.take_frames())
      if (frame.has_renew()) tokens.push_back(frame.renew().access_token());
    return tokens;
  }
};

TEST_F(SessionOfAnHour, AConnectionGoesOnWithANewTokenBeforeItsOldOneExpires) {
  pass(seconds(3600) - kRefreshAhead - seconds(20));
  EXPECT_TRUE(device.requests.empty());
  pass(seconds(20));
  const auto refresh = device.take_request();
  EXPECT_EQ(refresh.what.path, "/api/auth/refresh");
  EXPECT_TRUE(renewals().empty());
  device.respond(refresh, 200, R"({"access_token":"A3","refresh_token":"R3","expires_in":3600})");
  EXPECT_EQ(renewals(), std::vector<std::string>{"A3"});
  EXPECT_EQ(state(), ConnectionState::online);
  pass(seconds(3600) - kRefreshAhead - seconds(20));
  EXPECT_TRUE(device.requests.empty()) << "and so on, an hour later";
  pass(seconds(20));
  EXPECT_EQ(device.take_request().what.body, R"({"refresh_token":"R3"})");
}

TEST_F(SessionOfAnHour, ATokenThatCouldNotBeHadIsAskedForAgainInTenSeconds) {
  pass(seconds(3600) - kRefreshAhead);
  device.respond(device.take_request(), 503);
  EXPECT_TRUE(device.requests.empty());
  device.pass(kRenewRetry);
  EXPECT_EQ(device.take_request().what.path, "/api/auth/refresh");
  EXPECT_EQ(state(), ConnectionState::online);
}

TEST_F(SessionOfAnHour, AServerWhoseTokensLastNoTimeIsNotAskedWithoutPause) {
  pass(seconds(3600) - kRefreshAhead);
  device.respond(device.take_request(), 200, R"({"access_token":"A3","refresh_token":"R3","expires_in":0})");
  EXPECT_EQ(renewals(), std::vector<std::string>{"A3"});
  EXPECT_TRUE(device.requests.empty());
  device.pass(kRenewRetry - Milliseconds(1));
  EXPECT_TRUE(device.requests.empty());
}

TEST_F(Session, ALostAnswerToARefreshIsAskedForAgainWithTheSameToken) {
  device.go_online();
  device.lose_connection(4001);
  const auto first = device.take_request();
  device.engine->on_request_failed(first.request, Error(ErrorCode::timed_out, "lost"), device.now);
  const auto second = device.take_request();
  EXPECT_EQ(second.what.body, first.what.body);
  device.respond(second, 200, R"({"access_token":"A2","refresh_token":"R2","expires_in":3600})");
  EXPECT_EQ(state(), ConnectionState::connecting);
}

TEST_F(Session, OneRefreshServesAllWhoWait) {
  device.go_online();
  device.now.wall += std::chrono::hours(31 * 24);
  int answers = 0;
  for (int i = 0; i < 3; ++i)
    device.engine->devices(device.now,
                           [&](Result<std::vector<sotto::Device>> r) { answers += r.ok() ? 1 : 0; });
  device.drain();
  ASSERT_EQ(device.requests.size(), 1u);
  device.respond(device.take_request(), 200,
                 R"({"access_token":"A2","refresh_token":"R2","expires_in":3600})");
  ASSERT_EQ(device.requests.size(), 3u);
  for (int i = 0; i < 3; ++i) {
    auto request = device.take_request();
    EXPECT_EQ(as_text(request.what.bearer.view()), "A2");
    device.respond(request, 200, R"({"devices":[]})");
  }
  EXPECT_EQ(answers, 3);
}

TEST_F(Session, ARequestRefusedWith401IsRepeatedOnceWithANewToken) {
  Result<Profile> me = Error(ErrorCode::internal, "");
  device.engine->me(device.now, [&](Result<Profile> r) { me = std::move(r); });
  device.respond(device.take_request(), 401, R"({"code":"unauthorized"})");
  device.respond(device.take_request(), 200,
                 R"({"access_token":"A2","refresh_token":"R2","expires_in":3600})");
  auto again = device.take_request();
  EXPECT_EQ(as_text(again.what.bearer.view()), "A2");
  device.respond(again, 401, R"({"code":"unauthorized"})");
  ASSERT_FALSE(me.ok());
  EXPECT_EQ(me.error().code, ErrorCode::signed_out);
}

TEST_F(Session, SkewIsMeasuredAtHello) {
  device.now.wall += Milliseconds{1500};
  device.go_online();
  EXPECT_EQ(device.engine->clock_skew(), Milliseconds{1500});
}

TEST_F(Session, InputsOfAnOldConnectionAreIgnored) {
  device.go_online();
  const auto old = device.connection;
  device.lose_connection();
  device.pass(Milliseconds{1000});
  device.go_online();
  device.engine->on_closed(old, {}, device.now);
  device.engine->on_frame(old, as_bytes("\xff\xff"), device.now);
  EXPECT_EQ(state(), ConnectionState::online);
}

TEST_F(Session, SuspendClosesTheFilesAndResumeGoesOn) {
  device.go_online();
  bool suspended = false;
  device.engine->suspend(device.now, [&](Result<void> r) {
    suspended = r.ok();
    EXPECT_FALSE(device.store->is_open());
  });
  device.drain();
  EXPECT_TRUE(suspended);
  EXPECT_FALSE(device.connection_open);
  auto other = store::Store::open({device.directory, StoreKey::none()});
  EXPECT_TRUE(other.ok()) << "no lock is held";
  other = Error(ErrorCode::internal, "closed again");
  EXPECT_EQ(device.try_send(kPeer, "x").error().code, ErrorCode::invalid_state);
  EXPECT_FALSE(device.engine->next_deadline().has_value());

  bool resumed = false;
  device.engine->resume(device.now, [&](Result<void> r) { resumed = r.ok(); });
  device.drain();
  EXPECT_TRUE(resumed);
  EXPECT_TRUE(device.connection_open);
  device.go_online();
}

TEST_F(Session, CloseEndsWhatIsOutstandingWithCancelled) {
  ErrorCode code = ErrorCode::internal;
  device.engine->me(device.now, [&](Result<Profile> r) { code = r.error().code; });
  bool closed = false;
  device.engine->close(device.now, [&](Result<void>) { closed = true; });
  EXPECT_TRUE(closed);
  EXPECT_EQ(code, ErrorCode::cancelled);
  EXPECT_EQ(device.try_send(kPeer, "x").error().code, ErrorCode::invalid_state);
}

TEST_F(Session, ACancelledOperationEndsOnceAndItsRequestToo) {
  int replies = 0;
  const auto number = device.engine->me(device.now, [&](Result<Profile> r) {
    ++replies;
    EXPECT_EQ(r.error().code, ErrorCode::cancelled);
  });
  const auto request = device.take_request();
  device.engine->cancel(number, device.now);
  device.engine->cancel(number, device.now);
  device.respond(request, 200);
  EXPECT_EQ(replies, 1);
  EXPECT_EQ(device.cancelled_requests, std::vector<RequestNumber>{request.request});
}

TEST_F(Session, WaitUntilSyncedWaitsForTheStreamAndTheOutbox) {
  device.send(kPeer, "x");
  Result<void> synced_up = Error(ErrorCode::internal, "");
  device.engine->wait_until_synced(Milliseconds{60'000}, device.now, [&](Result<void> r) { synced_up = r; });
  device.go_online();
  EXPECT_FALSE(synced_up.ok());
  device.receive(ack_of(device.take_message(), 1000, 900));
  EXPECT_TRUE(synced_up.ok());
}

TEST_F(Session, WaitUntilSyncedTimesOut) {
  ErrorCode code = ErrorCode::internal;
  device.engine->wait_until_synced(Milliseconds{5000}, device.now,
                                   [&](Result<void> r) { code = r.error().code; });
  device.pass(Milliseconds{5000});
  EXPECT_EQ(code, ErrorCode::timed_out);
}

TEST_F(Session, HelloOfAnotherAccountOrDeviceEndsTheConnection) {
  for (int i = 0; i < 3; ++i) {
    device.engine->connect(device.now, {});
    device.drain();
    device.engine->on_connected(device.connection, device.now);
    auto frame = hello();
    if (i == 0) frame.mutable_hello()->set_user_id(5);
    if (i == 1) frame.mutable_hello()->set_device_id(5);
    if (i == 2) frame.mutable_hello()->set_server_time(INT64_MIN);
    device.receive(frame);
    EXPECT_EQ(device.closed_with.size(), static_cast<std::size_t>(i + 1));
  }
}

}  // namespace
}  // namespace sotto::engine::testing
