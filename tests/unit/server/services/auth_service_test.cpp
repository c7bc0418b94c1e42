// Signing in, staying signed in, and being thrown out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/services/accounts/access_token.hpp"
#include "tests/unit/server/world.hpp"

namespace sotto::server {
namespace {

using testing::World;
using namespace std::chrono_literals;

constexpr const char* kNumber = "+4915100000001";
constexpr const char* kHome = "192.0.2.1";
constexpr const char* kElsewhere = "198.51.100.7";

class Auth : public ::testing::Test {
 protected:
  ServiceResult<OtpMessage> ask(const std::string& number = kNumber, const std::string& address = kHome) {
    return world.write([&](Store& db, WriteContext& c) {
      return world.auth.request_otp(db, c, {number, address});
    });
  }
  ServiceResult<TokenPair> login(const std::string& otp, std::optional<DeviceId> device = {},
                                 const std::string& number = kNumber, const std::string& address = kHome) {
    LoginRequest request{number, otp, "phone", device, address};
    return world.write([&](Store& db, WriteContext& c) { return world.auth.login(db, c, request); });
  }
  TokenPair sign_in(std::optional<DeviceId> device = {}) { return *login(ask()->code, device); }
  ServiceResult<TokenPair> refresh(const std::string& token) {
    return world.write([&](Store& db, WriteContext& c) { return world.auth.refresh(db, c, token); });
  }
  bool accepted(const std::string& access_token) {
    return world.read(
        [&](const Store& db, Timestamp now) { return world.auth.authenticate(db, now, access_token).ok(); });
  }
  static std::string wrong(const std::string& code) { return code == "123456" ? "654321" : "123456"; }

  World world{unlimited()};
  static Limits unlimited() {
    Limits limits;
    limits.rate_limits = false;
    return limits;
  }
};

TEST_F(Auth, TheFirstLoginCreatesTheUserAndLaterOnesFindThem) {
  const TokenPair first = sign_in();
  const TokenPair second = sign_in();
  EXPECT_EQ(first.caller.user, second.caller.user);
  EXPECT_NE(first.caller.device, second.caller.device);
  EXPECT_EQ(world.count("users"), 1);
  EXPECT_TRUE(accepted(first.access_token));
  EXPECT_EQ(first.expires_in, kAccessTokenLifetime);
}

TEST_F(Auth, ACodeIsGoodOnce) {
  const std::string code = ask()->code;
  EXPECT_EQ(code.size(), 6u);
  ASSERT_TRUE(login(code));
  EXPECT_EQ(login(code).error().code, ServiceCode::otp_invalid);
}

TEST_F(Auth, ACodeIsGoodForFiveMinutes) {
  std::string code = ask()->code;
  world.now += kOtpLifetime - 1ms;
  EXPECT_TRUE(login(code));
  code = ask()->code;
  world.now += kOtpLifetime;
  EXPECT_EQ(login(code).error().code, ServiceCode::otp_expired);
}

TEST_F(Auth, AfterFiveWrongTriesEvenTheRightCodeIsRefused) {
  const std::string code = ask()->code;
  for (int i = 0; i < kOtpTries; ++i)
    EXPECT_EQ(login(wrong(code)).error().code, ServiceCode::otp_invalid);
  EXPECT_EQ(login(code).error().code, ServiceCode::otp_exhausted);
  world.restart();
  EXPECT_EQ(login(code).error().code, ServiceCode::otp_exhausted);
  EXPECT_TRUE(login(ask()->code)) << "a new code starts anew";
}

TEST_F(Auth, WrongTriesElsewhereTakeNothingFromWhoeverAsked) {
  const std::string code = ask()->code;
  for (int i = 0; i < kOtpTriesElsewhere; ++i)
    EXPECT_EQ(login(wrong(code), {}, kNumber, kElsewhere).error().code, ServiceCode::otp_invalid);
  EXPECT_EQ(login(code, {}, kNumber, kElsewhere).error().code, ServiceCode::otp_exhausted)
      << "not even the right one: no more guessing from elsewhere";
  EXPECT_TRUE(login(code));
}

TEST_F(Auth, ACodeAskedForElsewhereTakesNothingFromTheOneAskedForHere) {
  const std::string code = ask()->code;
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(ask(kNumber, kElsewhere));
  EXPECT_TRUE(login(code));
}

TEST_F(Auth, ACodeIsGoodAfterTheNetworkHasChanged) {
  const std::string code = ask()->code;
  EXPECT_TRUE(login(code, {}, kNumber, kElsewhere));
  EXPECT_EQ(login(code).error().code, ServiceCode::otp_invalid) << "used once";
}

TEST_F(Auth, WhoeverAsksIsWhoeverHasTheSameIpv6Network) {
  const std::string code = ask(kNumber, "2001:db8:1:2::3")->code;
  for (int i = 0; i < kOtpTries; ++i)
    EXPECT_EQ(login(wrong(code), {}, kNumber, "2001:db8:1:2::" + std::to_string(10 + i)).error().code,
              ServiceCode::otp_invalid);
  EXPECT_EQ(login(code, {}, kNumber, "2001:db8:1:2::3").error().code, ServiceCode::otp_exhausted);
}

TEST_F(Auth, OfTwoCodesOfOnePlaceTheNewerIsGood) {
  const std::string first = ask()->code;
  world.now += 1s;
  const std::string second = ask()->code;
  ASSERT_NE(first, second);
  EXPECT_EQ(login(first).error().code, ServiceCode::otp_invalid);
  EXPECT_TRUE(login(second));
}

TEST_F(Auth, WhatAnEarlierVersionStoredIsGood) {
  // As migration 2 takes it over: asked for from nobody knows where.
  const std::string code = ask()->code;
  ASSERT_TRUE(world.store().connection().db().exec("UPDATE sign_in_codes SET place = zeroblob(32)"));
  EXPECT_TRUE(login(code));
}

TEST_F(Auth, AnUnknownNumberLooksLikeAKnownOne) {
  EXPECT_EQ(login("123456", {}, "+4915100000099").error().code, ServiceCode::otp_invalid);
  EXPECT_EQ(world.count("users"), 0);
}

TEST_F(Auth, MalformedNumbersAreRefused) {
  for (const char* number : {"", "+", "4915100000001", "+0915100000001", "+49 151", "+49151abc0000",
                             "+123456", "+1234567890123456"}) {
    EXPECT_EQ(ask(number).error().code, ServiceCode::bad_request) << number;
  }
}

TEST_F(Auth, ACodeOfAnotherLengthIsAWrongCodeAndCountsAsATry) {
  const std::string code = ask()->code;
  for (int i = 0; i < kOtpTries; ++i)
    EXPECT_EQ(login(i % 2 == 0 ? "12345" : "").error().code, ServiceCode::otp_invalid);
  EXPECT_EQ(login(code).error().code, ServiceCode::otp_exhausted);
}

TEST_F(Auth, TheDevelopmentCodeWorksOnlyWhereItIsAccepted) {
  EXPECT_EQ(login("000000").error().code, ServiceCode::otp_invalid);
  world.services.emplace(world.limits, SecretBytes(32), true);
  EXPECT_TRUE(login("000000"));
}

TEST_F(Auth, ADeviceSignsInAgainUnderItsIdIfItIsTheirs) {
  const TokenPair first = sign_in();
  const TokenPair again = sign_in(first.caller.device);
  EXPECT_EQ(again.caller.device, first.caller.device);
  EXPECT_FALSE(refresh(first.refresh_token)) << "what it had before is void";
  EXPECT_TRUE(refresh(again.refresh_token));

  const auto code = ask("+4915100000002")->code;
  const auto stranger = login(code, first.caller.device, "+4915100000002");
  ASSERT_TRUE(stranger);
  EXPECT_NE(stranger->caller.device, first.caller.device);
}

TEST_F(Auth, ARefreshGivesANewPairAndTheOldTokenAMinutesGrace) {
  const TokenPair first = sign_in();
  const auto second = refresh(first.refresh_token);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->caller, first.caller);
  world.now += kRefreshGrace - 1ms;
  const auto lost_answer = refresh(first.refresh_token);
  ASSERT_TRUE(lost_answer);
  world.now += 10min;
  EXPECT_TRUE(refresh(lost_answer->refresh_token));
}

TEST_F(Auth, TheGraceHoldsHoweverOldTheTokenIs) {
  const TokenPair first = sign_in();
  world.now += 24h * 31;  // switched off for a month
  ASSERT_TRUE(refresh(first.refresh_token));
  world.now += kRefreshGrace - 1ms;
  EXPECT_TRUE(refresh(first.refresh_token)) << "the answer was lost";
}

TEST_F(Auth, ReuseIsRememberedForAMonthAfterTheTokenWasReplaced) {
  const TokenPair first = sign_in();
  world.now += 24h * 31;
  std::string token = refresh(first.refresh_token)->refresh_token;
  world.now += 24h * 29;
  token = refresh(token)->refresh_token;
  EXPECT_EQ(refresh(first.refresh_token).error().code, ServiceCode::unauthorized);
  EXPECT_FALSE(refresh(token)) << "the device is revoked";
}

TEST_F(Auth, TokensReplacedLongAgoAreForgotten) {
  std::string token = sign_in().refresh_token;
  for (int month = 0; month < 4; ++month) {
    world.now += 24h * 31;
    token = refresh(token)->refresh_token;
  }
  EXPECT_EQ(world.count("refresh_tokens"), 2) << "the one in use and the one before it";
}

TEST_F(Auth, AnAccessTokenOfAClockThatWasAheadIsNotGoodUntilThatTime) {
  world.now += 24h * 365;
  const TokenPair pair = sign_in();
  EXPECT_TRUE(accepted(pair.access_token));
  world.now -= 1min;
  EXPECT_TRUE(accepted(pair.access_token)) << "a clock set right by a little changes nothing";
  world.now -= 24h * 365;
  EXPECT_FALSE(accepted(pair.access_token));
}

TEST_F(Auth, WhicheverOfTwoAnswersArrivedGoesOn) {
  const TokenPair first = sign_in();
  const auto early = refresh(first.refresh_token);
  const auto late = refresh(first.refresh_token);
  world.now += 10min;
  const auto next = refresh(early->refresh_token);
  ASSERT_TRUE(next);
  world.now += 10min;
  EXPECT_FALSE(refresh(late->refresh_token)) << "using one supersedes the other";
}

TEST_F(Auth, ReuseAfterTheGraceRevokesTheDevice) {
  const TokenPair first = sign_in();
  const auto second = refresh(first.refresh_token);
  world.now += kRefreshGrace;
  EXPECT_EQ(refresh(first.refresh_token).error().code, ServiceCode::unauthorized);
  ASSERT_EQ(world.events_of<DeviceRevoked>().size(), 1u);
  EXPECT_FALSE(refresh(second->refresh_token));
  EXPECT_FALSE(accepted(second->access_token));
}

TEST_F(Auth, ReuseIsNoticedManyRotationsLater) {
  const TokenPair first = sign_in();
  std::string token = first.refresh_token;
  for (int i = 0; i < 5; ++i) {
    world.now += 1h;
    token = refresh(token)->refresh_token;
  }
  EXPECT_FALSE(refresh(first.refresh_token));
  EXPECT_FALSE(refresh(token));
}

TEST_F(Auth, AMadeUpTokenRevokesNobody) {
  const TokenPair pair = sign_in();
  EXPECT_FALSE(refresh("nonsense"));
  EXPECT_FALSE(refresh(""));
  EXPECT_TRUE(world.events.empty());
  EXPECT_TRUE(refresh(pair.refresh_token));
}

TEST_F(Auth, AnAccessTokenExpiresAndCannotBeChanged) {
  const TokenPair pair = sign_in();
  for (std::size_t i = 0; i < pair.access_token.size(); ++i) {
    std::string forged = pair.access_token;
    forged[i] = forged[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(accepted(forged)) << i;
  }
  EXPECT_FALSE(accepted(pair.access_token + "A"));
  EXPECT_FALSE(accepted(""));
  EXPECT_FALSE(accepted(std::string(1 << 20, 'A')));
  world.now += kAccessTokenLifetime - 1ms;
  EXPECT_TRUE(accepted(pair.access_token));
  world.now += 1ms;
  EXPECT_FALSE(accepted(pair.access_token));
}

TEST_F(Auth, LoggingOutCountsAtOnce) {
  const TokenPair pair = sign_in();
  ASSERT_TRUE(world.write([&](Store& db, WriteContext& c) { return world.auth.logout(db, c, pair.caller); }));
  EXPECT_EQ(world.events_of<DeviceRevoked>()[0].device, pair.caller.device);
  EXPECT_FALSE(accepted(pair.access_token));
  EXPECT_FALSE(refresh(pair.refresh_token));
}

TEST_F(Auth, OneRevokesOnlyOnesOwnDevices) {
  const TokenPair pair = sign_in();
  const Caller stranger = world.person("Eve");
  const auto revoke = [&](const Caller& who) {
    return world.write(
        [&](Store& db, WriteContext& c) { return world.devices.revoke(db, c, who, pair.caller.device); });
  };
  EXPECT_EQ(revoke(stranger).error().code, ServiceCode::not_found);
  EXPECT_TRUE(accepted(pair.access_token));
  EXPECT_TRUE(revoke(pair.caller));
  EXPECT_FALSE(accepted(pair.access_token));
}

TEST_F(Auth, ThePastDeviceMakesRoomWhenThereAreTooMany) {
  std::vector<TokenPair> pairs;
  for (std::size_t i = 0; i < kMaxDevices + 1; ++i) {
    pairs.push_back(sign_in());
    world.now += 1s;
  }
  EXPECT_FALSE(accepted(pairs[0].access_token));
  EXPECT_TRUE(accepted(pairs[1].access_token));
  EXPECT_EQ(world.count("devices"), static_cast<std::int64_t>(kMaxDevices));
}

TEST_F(Auth, NoTokenAndNoCodeIsStoredInTheClear) {
  sign_in();
  const auto hashes =
      world.store().connection().db().scalar_text("SELECT hex(token_hash) FROM refresh_tokens");
  EXPECT_EQ(hashes->size(), 64u);
  ASSERT_TRUE(ask());
  EXPECT_EQ(world.store()
                .connection()
                .db()
                .scalar_text("SELECT hex(code_hash) FROM sign_in_codes WHERE code_hash IS NOT NULL")
                ->size(),
            64u);
}

TEST(RefreshLimits, RefreshesOfADeviceAreLimited) {
  World world;
  OtpRequest ask{kNumber, "192.0.2.1"};
  const auto code =
      world.write([&](Store& db, WriteContext& c) { return world.auth.request_otp(db, c, ask); });
  ASSERT_TRUE(code);
  LoginRequest login{kNumber, code->code, "phone", {}, "192.0.2.1"};
  const auto pair = world.write([&](Store& db, WriteContext& c) { return world.auth.login(db, c, login); });
  ASSERT_TRUE(pair);
  const auto refresh = [&] {
    return world.write(
        [&](Store& db, WriteContext& c) { return world.auth.refresh(db, c, pair->refresh_token); });
  };
  for (std::uint32_t i = 0; i < kRefreshesPerHour; ++i)
    ASSERT_TRUE(refresh()) << i;
  const auto refused = refresh();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ServiceCode::rate_limited);
  EXPECT_GT(refused.error().retry_after, 0ms);
  EXPECT_EQ(world.count("refresh_tokens"), 1 + kRefreshesPerHour) << "nothing is written for one refused";
  EXPECT_TRUE(world.events_of<DeviceRevoked>().empty());
}

class AuthLimits : public ::testing::Test {
 protected:
  ServiceResult<OtpMessage> ask(const std::string& address, const std::string& number = kNumber) {
    return world.write([&](Store& db, WriteContext& c) {
      return world.auth.request_otp(db, c, {number, address});
    });
  }
  ServiceResult<TokenPair> login(const std::string& code, const std::string& address,
                                 const std::string& number = kNumber) {
    const LoginRequest request{number, code, {}, {}, address};
    return world.write([&](Store& db, WriteContext& c) { return world.auth.login(db, c, request); });
  }
  /// Asks from so many networks as are needed until somebody new is refused.
  void strangers_use_up_their_codes() {
    for (int network = 1; network < 100; ++network) {
      for (unsigned i = 0; i < world.limits.otp_per_hour; ++i) {
        if (!ask("203.0.113." + std::to_string(network))) return;
      }
    }
    FAIL() << "there is no limit for all of them together";
  }

  World world;
};

TEST_F(AuthLimits, CodesAreLimitedForANumberAndAnAddress) {
  for (unsigned i = 0; i < world.limits.otp_per_hour; ++i) {
    EXPECT_TRUE(ask(kHome));
    world.now += 1min;
  }
  const auto refused = ask(kHome);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ServiceCode::rate_limited);
  EXPECT_EQ(refused.error().retry_after, 55min);
  EXPECT_TRUE(ask(kHome, "+4915100000002")) << "another number";
  EXPECT_TRUE(ask(kElsewhere)) << "whoever else asks takes nothing from the owner, nor the other way round";
  world.now += 55min;
  EXPECT_TRUE(ask(kHome));
}

TEST_F(AuthLimits, ARestartGivesNoMoreCodes) {
  for (unsigned i = 0; i < world.limits.otp_per_hour; ++i)
    EXPECT_TRUE(ask(kHome));
  world.restart();
  EXPECT_EQ(ask(kHome).error().code, ServiceCode::rate_limited);
}

TEST_F(AuthLimits, StrangersOfManyNetworksCannotLockTheOwnerOutWhereTheyHaveSignedInBefore) {
  ASSERT_TRUE(login(ask(kHome)->code, kHome));
  world.now += 2h;
  strangers_use_up_their_codes();
  const auto code = ask(kHome);
  ASSERT_TRUE(code) << code.error().detail;
  EXPECT_TRUE(login(code->code, kHome));
}

TEST_F(AuthLimits, HowOftenCanBeGuessedIsBoundedForAllNetworksTogether) {
  int tries = 0;
  for (int network = 1; network < 200; ++network) {
    const std::string address = "203.0.113." + std::to_string(network);
    for (unsigned i = 0; i < world.limits.otp_per_hour; ++i)
      (void)ask(address);
    for (unsigned i = 0; i < world.limits.logins_per_minute; ++i) {
      if (login("no code", address).error().code == ServiceCode::otp_invalid) ++tries;
    }
    world.now += 1s;
  }
  const int codes = static_cast<int>(world.limits.otp_per_hour * kOtpStrangers);
  EXPECT_LE(tries, codes * (kOtpTries + kOtpTriesElsewhere));
}

TEST_F(AuthLimits, AttemptsToSignInAreLimitedForAnAddress) {
  for (unsigned i = 0; i < world.limits.logins_per_minute; ++i)
    EXPECT_EQ(login("123456", "198.51.100.1", "+491510000010" + std::to_string(i % 10)).error().code,
              ServiceCode::otp_invalid);
  EXPECT_EQ(ask("198.51.100.1", "+4915100000444").error().code, ServiceCode::rate_limited);
  EXPECT_TRUE(ask("198.51.100.2", "+4915100000444"));
}

TEST_F(AuthLimits, AnIpv6NetworkIsOneAddress) {
  unsigned asked = 0;
  for (unsigned i = 0; i < 50; ++i) {
    if (ask("2001:db8:0:1::" + std::to_string(i + 1), "+49151000010" + std::to_string(10 + i))) ++asked;
  }
  EXPECT_EQ(asked, world.limits.logins_per_minute);
  EXPECT_TRUE(ask("2001:db8:0:2::1", "+4915100002000"));
}

}  // namespace
}  // namespace sotto::server
