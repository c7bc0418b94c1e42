// Who is here, and who may know.
#include "server/services/presence/presence_service.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/server/world.hpp"

namespace sotto::server {
namespace {

using testing::World;
using namespace std::chrono_literals;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Presence : public ::testing::Test {
 protected:
  void watch(SessionRef session, UserId viewer, std::vector<PresenceView> views) {
    presence.subscribe(session, viewer, views, effects);
  }
  PresenceEffects take() { return std::exchange(effects, {}); }

  PresenceService presence{Limits{}};
  PresenceEffects effects;
  const UserId ann{1}, ben{2};
  const SessionRef phone{0, 1}, desk{1, 2}, bens{0, 3};
  Timestamp now = from_unix_ms(1'790'000'000'000);
};

TEST_F(Presence, ComingAndGoingIsToldToWatchersOnce) {
  watch(bens, ben, {{ann, true, std::nullopt}});
  EXPECT_FALSE(take().notices.at(0).online);
  presence.heartbeat(ann, phone, now, effects);
  presence.heartbeat(ann, desk, now, effects);
  const auto came = take();
  ASSERT_THAT(came.notices, SizeIs(1));
  EXPECT_TRUE(came.notices[0].online);
  EXPECT_EQ(came.notices[0].to, bens);

  presence.closed(ann, phone, now + 1s, effects);
  EXPECT_THAT(take().notices, IsEmpty());
  presence.closed(ann, desk, now + 2s, effects);
  const auto went = take();
  ASSERT_THAT(went.notices, SizeIs(1));
  EXPECT_FALSE(went.notices[0].online);
  EXPECT_EQ(went.notices[0].last_seen_at, now + 2s);
  ASSERT_THAT(went.seen, SizeIs(1));
  EXPECT_EQ(went.seen[0].at, now + 2s);
}

TEST_F(Presence, WithoutHeartbeatsOneIsGoneAfterTheTtl) {
  watch(bens, ben, {{ann, true, std::nullopt}});
  presence.heartbeat(ann, phone, now, effects);
  take();
  presence.tick(now + 89s, effects);
  EXPECT_THAT(take().notices, IsEmpty());
  presence.heartbeat(ann, phone, now + 60s, effects);
  presence.tick(now + 149s, effects);
  EXPECT_THAT(take().notices, IsEmpty());
  presence.tick(now + 150s, effects);
  const auto gone = take();
  ASSERT_THAT(gone.notices, SizeIs(1));
  EXPECT_EQ(gone.notices[0].last_seen_at, now + 60s);
  EXPECT_FALSE(presence.online(ann));
}

TEST_F(Presence, LastSeenIsWrittenHourlyAndNotAtEachHeartbeat) {
  std::size_t written = 0;
  for (int minute = 0; minute <= 180; ++minute) {
    presence.heartbeat(ann, phone, now + std::chrono::minutes(minute), effects);
    presence.tick(now + std::chrono::minutes(minute), effects);
    written += take().seen.size();
  }
  EXPECT_EQ(written, 3u);
}

TEST_F(Presence, SomebodyHiddenLooksLikeSomebodyWhoWasNeverHere) {
  presence.heartbeat(ann, phone, now, effects);
  take();
  watch(bens, ben, {{ann, false, now}});
  const auto notice = take().notices.at(0);
  EXPECT_FALSE(notice.online);
  EXPECT_EQ(notice.last_seen_at, std::nullopt);
  presence.closed(ann, phone, now + 1s, effects);
  EXPECT_THAT(take().notices, IsEmpty());
}

TEST_F(Presence, ASubscriptionReplacesTheOneBeforeAndEndsWithItsConnection) {
  watch(bens, ben, {{ann, true, std::nullopt}});
  watch(bens, ben, {{UserId{3}, true, std::nullopt}, {UserId{3}, true, std::nullopt}});
  EXPECT_THAT(take().notices, SizeIs(2)) << "one for each, and none for a repetition";
  presence.heartbeat(ann, phone, now, effects);
  EXPECT_THAT(take().notices, IsEmpty());
  presence.closed(ben, bens, now, effects);
  presence.heartbeat(UserId{3}, desk, now, effects);
  EXPECT_THAT(take().notices, IsEmpty());
}

TEST_F(Presence, AChangeOfVisibilityIsToldAndOnlyThat) {
  presence.heartbeat(ann, phone, now, effects);
  watch(bens, ben, {{ann, true, std::nullopt}});
  take();
  const auto affected = presence.affected_by(ann);
  ASSERT_THAT(affected, SizeIs(1));
  EXPECT_EQ(affected[0].viewer, ben);
  EXPECT_THAT(affected[0].users, ::testing::ElementsAre(ann));
  EXPECT_THAT(presence.affected_by(ben), SizeIs(1)) << "what they watch";

  const PresenceView hidden{ann, false, std::nullopt};
  presence.refresh(bens, std::span(&hidden, 1), effects);
  presence.refresh(bens, std::span(&hidden, 1), effects);
  const auto told = take();
  ASSERT_THAT(told.notices, SizeIs(1));
  EXPECT_FALSE(told.notices[0].online);
}

TEST(PresencePrivacy, FollowsSettingContactsAndBlocks) {
  World world;
  const Caller ann = world.person("Ann"), ben = world.person("Ben");
  const auto visible = [&](const Caller& viewer, const Caller& who) {
    const UserId id = who.user;
    return world.read([&](const Store& db, Timestamp) {
      return PresenceService::look(db, viewer.user, std::span(&id, 1)).at(0).visible;
    });
  };
  const auto set = [&](LastSeenPrivacy privacy) {
    ASSERT_TRUE(world.write([&](Store& db, WriteContext& c) {
      return world.users.update(db, c, ann, {.privacy = Privacy{privacy}});
    }));
  };
  EXPECT_TRUE(visible(ben, ann));
  set(LastSeenPrivacy::nobody);
  EXPECT_FALSE(visible(ben, ann));
  EXPECT_TRUE(visible(ann, ann));
  set(LastSeenPrivacy::contacts);
  EXPECT_FALSE(visible(ben, ann));
  ASSERT_TRUE(world.write([&](Store& db, WriteContext& c) {
    return world.contacts.add(db, c, ann, {db.accounts().find_user(ben.user)->phone_number});
  }));
  EXPECT_TRUE(visible(ben, ann));
  ASSERT_TRUE(
      world.write([&](Store& db, WriteContext& c) { return world.contacts.block(db, c, ben, ann.user); }));
  EXPECT_FALSE(visible(ben, ann)) << "both ways";
  EXPECT_FALSE(visible(ann, ben));
  const UserId nobody{5};
  EXPECT_FALSE(world.read([&](const Store& db, Timestamp) {
    return PresenceService::look(db, ann.user, std::span(&nobody, 1)).at(0).visible;
  }));
}

TEST(PresencePrivacy, LastSeenIsStoredAndNeverGoesBack) {
  World world;
  const Caller ann = world.person("Ann");
  const auto record = [&](Timestamp at) {
    world.write([&](Store& db, WriteContext&) {
      const LastSeen seen{ann.user, at};
      PresenceService::record(db, std::span(&seen, 1));
      return 0;
    });
  };
  record(world.now);
  record(world.now - 10s);
  EXPECT_EQ(world.me(ann)->last_seen_at, world.now);
}

}  // namespace
}  // namespace sotto::server
