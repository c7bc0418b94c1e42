// Profiles, contacts, push tokens, whom to wake.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/services/presence/push_service.hpp"
#include "tests/unit/server/world.hpp"

namespace sotto::server {
namespace {

using testing::World;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class People : public ::testing::Test {
 protected:
  auto update(const ProfileChange& change) {
    return world.write([&](Store& db, WriteContext& c) { return world.users.update(db, c, ann, change); });
  }
  auto find(const std::vector<std::string>& numbers) {
    return world.write([&](Store& db, WriteContext& c) { return world.contacts.add(db, c, ann, numbers); });
  }
  std::string number_of(const Caller& who) { return world.me(who)->phone_number; }
  World world;
  Caller ann = world.person("Ann");
  Caller ben = world.person("Ben");
};

TEST_F(People, AProfileChangesOnlyWhereItIsTold) {
  ASSERT_TRUE(update({.about = "line 1\nline 2"}));
  const auto me = update({.display_name = "Anna", .avatar_media_id = std::optional<std::uint64_t>(7)});
  EXPECT_EQ(me->display_name, "Anna");
  EXPECT_EQ(me->about, "line 1\nline 2");
  EXPECT_EQ(me->avatar_media_id, 7u);
  EXPECT_EQ(update({.avatar_media_id = std::optional<std::uint64_t>()})->avatar_media_id, std::nullopt);
  EXPECT_EQ(world.me(ann)->display_name, "Anna");
}

TEST_F(People, ABadValueChangesNothingAtAll) {
  const auto refused = update({.display_name = "Anna", .about = std::string(kMaxAbout + 1, 'x')});
  EXPECT_EQ(refused.error().code, ServiceCode::bad_request);
  EXPECT_THAT(refused.error().detail, ::testing::HasSubstr("about"));
  EXPECT_EQ(world.me(ann)->display_name, "Ann");
  EXPECT_FALSE(update({.display_name = ""}));
  EXPECT_FALSE(update({.display_name = "a\x01"}));
}

TEST_F(People, OthersSeeNeitherNumberNorPrivacyNorLastSeen) {
  ASSERT_TRUE(update({.privacy = Privacy{LastSeenPrivacy::nobody}}));
  const auto seen =
      world.read([&](const Store& db, Timestamp) { return world.users.find(db, ben, ann.user); });
  EXPECT_EQ(seen->display_name, "Ann");
  EXPECT_EQ(seen->phone_number, "");
  EXPECT_EQ(seen->privacy, Privacy{});
}

TEST_F(People, ChangingPrivacyIsTold) {
  ASSERT_TRUE(update({.privacy = Privacy{LastSeenPrivacy::nobody}}));
  EXPECT_EQ(world.events_of<VisibilityChanged>().size(), 1u);
  ASSERT_TRUE(update({.privacy = Privacy{LastSeenPrivacy::nobody}}));
  EXPECT_THAT(world.events, IsEmpty());
}

TEST_F(People, DiscoveryAnswersOnlyWithNumbersThatHaveAnAccount) {
  const auto found = find({number_of(ben), "+4915999999999", number_of(ann)});
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ((*found)[0].user, ben.user);
  EXPECT_EQ((*found)[0].phone_number, number_of(ben));
  const auto list = world.read(
      [&](const Store& db, Timestamp) { return world.contacts.list(db, ann, std::nullopt)->contacts; });
  EXPECT_EQ(list.size(), 1u);
  const auto bens = world.read(
      [&](const Store& db, Timestamp) { return world.contacts.list(db, ben, std::nullopt)->contacts; });
  EXPECT_THAT(bens, IsEmpty()) << "the other one learns nothing";
}

TEST_F(People, WhoHasBlockedSomebodyIsNotFoundByThem) {
  ASSERT_TRUE(
      world.write([&](Store& db, WriteContext& c) { return world.contacts.block(db, c, ben, ann.user); }));
  EXPECT_THAT(*find({number_of(ben)}), IsEmpty());
}

TEST_F(People, DiscoveryIsLimitedPerDay) {
  std::vector<std::string> numbers;
  for (std::size_t i = 0; i < kMaxPhoneLookups; ++i)
    numbers.push_back("+49160" + std::to_string(1'000'000 + i));
  for (unsigned i = 0; i < world.limits.contact_lookups_per_day / kMaxPhoneLookups; ++i)
    ASSERT_TRUE(find(numbers));
  EXPECT_EQ(find({number_of(ben)}).error().code, ServiceCode::rate_limited);
  world.now += 24h;
  EXPECT_TRUE(find({number_of(ben)}));
  numbers.push_back(numbers[0]);
  EXPECT_EQ(find(numbers).error().code, ServiceCode::bad_request);
  const auto malformed = find({number_of(ben), "0151"});
  EXPECT_THAT(malformed.error().detail, ::testing::HasSubstr("phone_numbers[1]"));
}

TEST_F(People, AChatWithADeletedAccountStaysTheirsInTheInbox) {
  ASSERT_TRUE(world.say(ben, ann, "hello"));
  ASSERT_TRUE(world.write([&](Store& db, WriteContext& c) { return world.users.remove(db, c, ben); }));
  const auto inbox = world.inbox(ann, std::nullopt, 10);
  ASSERT_EQ(inbox->entries.size(), 1u);
  EXPECT_EQ(inbox->entries[0].conversation->peer_of(ann.user), ben.user) << "no note to oneself";
  EXPECT_EQ(inbox->entries[0].name, "");
}

TEST_F(People, AMessageBehindTheDeletionOfItsSenderBringsNothingBack) {
  ASSERT_TRUE(world.write([&](Store& db, WriteContext& c) { return world.users.remove(db, c, ben); }));
  EXPECT_FALSE(world.say(ben, ann, "one more"));
  EXPECT_TRUE(world.inbox(ann, std::nullopt, 10)->entries.empty());
}

TEST_F(People, BlockingOneselfOrNobodyIsRefused) {
  const auto block = [&](UserId user) {
    return world.write([&](Store& db, WriteContext& c) { return world.contacts.block(db, c, ann, user); });
  };
  EXPECT_EQ(block(ann.user).error().code, ServiceCode::bad_request);
  EXPECT_EQ(block(UserId{3}).error().code, ServiceCode::not_found);
  EXPECT_TRUE(block(ben.user));
  EXPECT_TRUE(block(ben.user));
}

TEST_F(People, RemovingAContactThatIsNoneIsNotFound) {
  const auto remove = [&] {
    return world.write(
        [&](Store& db, WriteContext& c) { return world.contacts.remove(db, c, ann, ben.user); });
  };
  EXPECT_EQ(remove().error().code, ServiceCode::not_found);
  ASSERT_TRUE(find({number_of(ben)}));
  EXPECT_TRUE(remove());
  EXPECT_FALSE(remove());
}

TEST_F(People, PushGoesToEveryDeviceWithATokenAndNotAgainUntilItIsNeeded) {
  ASSERT_TRUE(world.write([&](Store& db, WriteContext& c) {
    return world.devices.set_push_token(db, c, ben, PushPlatform::fcm, "token");
  }));
  world.device_of(ben);  // has none
  ASSERT_TRUE(world.say(ann, ben, "hello"));
  PushService push;
  const std::vector<UserId> offline = {ann.user, ben.user};
  const auto wanted = push.wanted(ann.user, offline, world.now);
  EXPECT_THAT(wanted, ElementsAre(ben.user)) << "never the sender";
  const auto notices =
      world.read([&](const Store& db, Timestamp) { return PushService::notices(db, wanted); });
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_EQ(notices[0].token, "token");
  EXPECT_EQ(notices[0].platform, PushPlatform::fcm);

  EXPECT_THAT(push.wanted(ann.user, offline, world.now + 1s), IsEmpty());
  EXPECT_THAT(push.wanted(ann.user, offline, world.now + 6s), ElementsAre(ben.user))
      << "the first may be lost";
}

TEST_F(People, PushTokensAreChecked) {
  const auto set = [&](PushPlatform platform, const std::string& token) {
    return world.write([&](Store& db, WriteContext& c) {
      return world.devices.set_push_token(db, c, ann, platform, token);
    });
  };
  EXPECT_EQ(set(PushPlatform::none, "t").error().code, ServiceCode::bad_request);
  EXPECT_EQ(set(PushPlatform::apns, "").error().code, ServiceCode::bad_request);
  EXPECT_EQ(set(PushPlatform::apns, "a b").error().code, ServiceCode::bad_request);
  EXPECT_EQ(set(PushPlatform::apns, std::string(kMaxPushToken + 1, 't')).error().code,
            ServiceCode::too_large);
  EXPECT_TRUE(set(PushPlatform::apns, std::string(kMaxPushToken, 't')));
}

TEST(TokenBuckets, RefillWithTimeUpToTheirBurst) {
  TokenBucket bucket(2, 1000ms);
  const Timestamp start = from_unix_ms(1'000'000);
  EXPECT_EQ(bucket.take(start), 0ms);
  EXPECT_EQ(bucket.take(start), 0ms);
  EXPECT_EQ(bucket.take(start), 500ms);
  EXPECT_EQ(bucket.take(start + 500ms), 0ms);
  EXPECT_EQ(bucket.take(start + 100ms), 500ms) << "a clock that steps back gives nothing";
  EXPECT_EQ(bucket.take(start + 1h), 0ms);
  EXPECT_EQ(bucket.take(start + 1h), 0ms);
  EXPECT_GT(bucket.take(start + 1h), 0ms);
}

TEST(TokenBuckets, ALimiterForgetsWhoWasAwayLongest) {
  RateLimiter<int> limiter(1, 1000ms, 2);
  const Timestamp now = from_unix_ms(1'000'000);
  EXPECT_EQ(limiter.take(1, now), 0ms);
  EXPECT_EQ(limiter.take(2, now), 0ms);
  EXPECT_GT(limiter.take(1, now), 0ms);
  EXPECT_EQ(limiter.take(3, now), 0ms);  // in place of 2
  EXPECT_GT(limiter.take(1, now), 0ms);
  EXPECT_EQ(limiter.size(), 2u);
}

}  // namespace
}  // namespace sotto::server
