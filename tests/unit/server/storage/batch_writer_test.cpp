// Group commit: order, failures, recovery.
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "tests/support/crash_vfs.hpp"
#include "tests/unit/server/world.hpp"

namespace sotto::server {
namespace {

using ::testing::ElementsAre;
using testing::World;

class Batches : public ::testing::Test {
 protected:
  using Run = std::function<void(Store&, WriteContext&)>;

  class Job final : public WriteJob {
   public:
    Job(Run run, std::vector<int>& done, int number) : run_(std::move(run)), done_(done), number_(number) {}
    void run(Store& store, WriteContext& context) override { run_(store, context); }
    // A job that was given up reports its number as negative.
    void done(bool committed) override { done_.push_back(committed ? number_ : -number_); }

   private:
    Run run_;
    std::vector<int>& done_;
    int number_;
  };

  void submit(Run run) {
    const int number = static_cast<int>(jobs.size()) + 1;
    jobs.push_back(std::make_unique<Job>(std::move(run), done, number));
  }
  void say(const std::string& text) {
    submit([this, message = world.message(direct, text)](Store& store, WriteContext& context) {
      EXPECT_TRUE(world.messages.accept(store, context, ann, message));
    });
  }
  /// Writes something and then breaks a rule of the database that no service would break.
  void poison() {
    submit([this, message = world.message(direct, "poison")](Store& store, WriteContext& context) {
      EXPECT_TRUE(world.messages.accept(store, context, ann, message));
      const auto user = store.accounts().find_user(ann.user);
      store.accounts().insert_user(*user);
    });
  }
  void run() {
    world.batches = 0;
    world.run(jobs);
    jobs.clear();
  }
  /// From now on the database file may grow by so many pages.
  void limit_pages(int more) {
    auto& db = world.store().connection().db();
    const auto pages = *db.scalar("PRAGMA page_count");
    const std::string sql = "PRAGMA max_page_count = " + std::to_string(pages + more);
    ASSERT_TRUE(db.exec(sql.c_str()));
  }

  World world;
  Caller ann = world.person("Ann");
  Caller ben = world.person("Ben");
  ConversationId direct = world.direct(ann, ben)->id;
  std::vector<std::unique_ptr<WriteJob>> jobs;
  std::vector<int> done;
};

TEST_F(Batches, AWholeBatchIsOneTransactionAndItsEventsAreInTheOrderOfIds) {
  say("1");
  submit([this](Store& store, WriteContext& context) {
    EXPECT_TRUE(world.groups.create(store, context, ann, {"G", {ben.user}, {}}));
  });
  say("2");
  run();
  EXPECT_THAT(done, ElementsAre(1, 2, 3));
  EXPECT_EQ(world.batches, 1);
  Place last;
  for (const ElementStored& stored : world.events_of<ElementStored>()) {
    EXPECT_GT(stored.element.place, last);
    last = stored.element.place;
  }
  EXPECT_EQ(world.events.size(), 3u);
  EXPECT_EQ(world.read([](const Store& db, Timestamp) { return db.snapshot().value; }), world.ids().last());
}

TEST_F(Batches, ABadJobFailsAloneAndTheOthersKeepTheirOrder) {
  for (int i = 1; i <= 3; ++i)
    say(std::to_string(i));
  poison();
  for (int i = 4; i <= 7; ++i)
    say(std::to_string(i));
  run();
  EXPECT_THAT(done, ElementsAre(1, 2, 3, -4, 5, 6, 7, 8));
  EXPECT_THAT(world.texts(ben), ElementsAre("1", "2", "3", "4", "5", "6", "7"));
  EXPECT_EQ(world.told<MessageView>().size(), 7u);
  EXPECT_EQ(world.unread(ben, direct), 7u);
}

TEST_F(Batches, NothingOfAFailedBatchIsLeftBehindNotEvenInMemory) {
  submit([this](Store& store, WriteContext& context) {
    EXPECT_TRUE(world.groups.create(store, context, ann, {"G", {ben.user}, "key"}));
    store.conversations().rename(direct, "renamed");
    EXPECT_EQ(store.conversations().find(direct)->name, "renamed");
    store.accounts().insert_user(*store.accounts().find_user(ann.user));
  });
  run();
  EXPECT_THAT(done, ElementsAre(-1));
  EXPECT_TRUE(world.events.empty());
  EXPECT_EQ(world.count("conversations"), 1);
  // The writer's own view, where its cache answers.
  world.write([&](Store& store, WriteContext&) {
    EXPECT_EQ(store.conversations().find(direct)->name, "");
    return 0;
  });
}

TEST_F(Batches, AfterAFaultTheStoreAnswersNothingAndDoesNothing) {
  submit([this](Store& store, WriteContext&) {
    const User user = *store.accounts().find_user(ann.user);
    store.accounts().insert_user(user);
    EXPECT_FALSE(store.accounts().find_user(ann.user));
    EXPECT_EQ(store.conversations().find(ConversationId{1}), nullptr);
    EXPECT_TRUE(std::as_const(store).stream().next({ann.user, {}, {}, 10}).entries.empty());
  });
  run();
  EXPECT_THAT(done, ElementsAre(-1));
}

TEST_F(Batches, AFullDiskFailsTheWholeBatchOnceAndRecoversByItself) {
  ASSERT_TRUE(world.say(ann, direct, "before"));
  limit_pages(2);
  for (int i = 0; i < 3; ++i)
    say("small");
  say(std::string(60'000, 'x'));
  say("small");
  run();
  EXPECT_THAT(done, ElementsAre(-1, -2, -3, -4, -5));
  EXPECT_TRUE(world.events.empty());
  EXPECT_THAT(world.texts(ben), ElementsAre("before")) << "reads go on";

  limit_pages(1000);
  done.clear();
  say("after");
  run();
  EXPECT_THAT(done, ElementsAre(1));
  EXPECT_THAT(world.texts(ben), ElementsAre("before", "after"));
  EXPECT_EQ(*world.store().connection().db().scalar_text("PRAGMA integrity_check"), "ok");
}

TEST_F(Batches, AJobThatRefusesIsNoFailure) {
  say("1");
  submit([this](Store& store, WriteContext& context) {
    EXPECT_FALSE(world.messages.accept(store, context, ann, world.message(ConversationId{9}, "x")));
  });
  run();
  EXPECT_THAT(done, ElementsAre(1, 2));
}

TEST_F(Batches, CountsInTheBatchAreSeenByThoseWhoNeedThem) {
  const auto first = world.message(direct, "1");
  submit([&](Store& store, WriteContext& context) {
    const auto ack = world.messages.accept(store, context, ann, first);
    EXPECT_EQ(store.messages().count(direct), 1u);
    ReceiptBatch batch;
    batch.read.push_back({ben.user, direct, ack->id});
    world.receipts.record(store, context, batch);
  });
  say("2");
  run();
  EXPECT_EQ(world.unread(ben, direct), 1u);
}

TEST(BatchesOnAFullDisk, AreTriedAgainOnceTheLogHasBeenEmptied) {
  test::CrashDisk disk(1);
  World world({}, disk);
  const Caller ann = world.person("Ann");
  const Caller ben = world.person("Ben");
  const ConversationId direct = world.direct(ann, ben)->id;
  world.batches = 0;
  // What has been logged is what can be given back. Then one write finds no room: that of the batch.
  disk.fail_at(1, SQLITE_FULL);
  const auto accepted = world.write([&](Store& store, WriteContext& context) {
    return world.messages.accept(store, context, ann, world.message(direct, "at the second try"));
  });
  EXPECT_TRUE(disk.struck());
  EXPECT_TRUE(accepted);
  EXPECT_EQ(world.batches, 1) << "published once";
  EXPECT_THAT(world.texts(ben), ElementsAre("at the second try"));
}

}  // namespace
}  // namespace sotto::server
