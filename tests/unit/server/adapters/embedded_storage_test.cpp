// The storage on its threads: nothing is lost, everything is in order, and closing ends what was taken.
#include "server/adapters/embedded/embedded_storage.hpp"

#include <atomic>
#include <condition_variable>
#include <latch>
#include <mutex>
#include <sys/stat.h>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/adapters/memory/memory_session_registry.hpp"
#include "server/metrics/metrics.hpp"
#include "tests/unit/server/world.hpp"

namespace sotto::server {
namespace {

using ::testing::HasSubstr;
using testing::TempFolder;

class Write final : public WriteJob {
 public:
  Write(std::function<void(Store&, WriteContext&)> run, std::function<void(bool)> done)
      : run_(std::move(run)), done_(std::move(done)) {}
  void run(Store& store, WriteContext& context) override { run_(store, context); }
  void done(bool committed) override { done_(committed); }

 private:
  std::function<void(Store&, WriteContext&)> run_;
  std::function<void(bool)> done_;
};

class Read final : public ReadJob {
 public:
  Read(std::function<void(const Store&)> run, std::function<void(bool)> done)
      : run_(std::move(run)), done_(std::move(done)) {}
  void run(const Store& store, Timestamp) override { run_(store); }
  void done(bool read) override { done_(read); }

 private:
  std::function<void(const Store&)> run_;
  std::function<void(bool)> done_;
};

class Sink final : public EventSink {
 public:
  void committed(std::shared_ptr<const EventBatch> batch) override { events += batch->events.size(); }
  std::atomic<std::size_t> events{0};
};

class Embedded : public ::testing::Test {
 protected:
  std::unique_ptr<EmbeddedStorage> open(std::size_t capacity = 1024) {
    EmbeddedOptions options;
    options.path = path;
    options.threads.queue_capacity = capacity;
    auto opened = EmbeddedStorage::open(options);
    EXPECT_TRUE(opened) << (opened ? "" : opened.error().text);
    return *std::move(opened);
  }
  static User user(std::uint64_t id) {
    User made;
    made.id = UserId{id};
    made.phone_number = "+49151" + std::to_string(1'000'000 + id);
    return made;
  }
  static std::unique_ptr<WriteJob> insert(
      std::uint64_t id, std::function<void(bool)> done = [](bool) {}) {
    return std::make_unique<Write>(
        [id](Store& store, WriteContext& context) {
          store.accounts().insert_user(user(id));
          context.events.events.emplace_back(VisibilityChanged{UserId{id}});
        },
        std::move(done));
  }

  TempFolder folder;
  std::string path = folder.file("server.db");
  Sink sink;
};

TEST_F(Embedded, WhatManyThreadsHandInIsAllStoredBeforeItsDone) {
  constexpr std::uint64_t kThreads = 4, kEach = 200;
  auto storage = open();
  storage->start(sink);
  std::latch done(kThreads * kEach);
  std::atomic<int> failed{0};
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < kEach; ++i) {
        auto job = insert(1 + t * kEach + i, [&](bool committed) {
          if (!committed) ++failed;
          done.count_down();
        });
        while (!storage->write(job))
          std::this_thread::yield();
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
  done.wait();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(sink.events, kThreads * kEach);

  // What is done is there for every reader.
  std::latch read(1);
  std::size_t found = 0;
  std::unique_ptr<ReadJob> job = std::make_unique<Read>(
      [&](const Store& store) {
        for (std::uint64_t id = 1; id <= kThreads * kEach; ++id) {
          if (store.accounts().find_user(UserId{id})) ++found;
        }
      },
      [&](bool ok) {
        EXPECT_TRUE(ok);
        read.count_down();
      });
  ASSERT_TRUE(storage->read(job));
  read.wait();
  EXPECT_EQ(found, kThreads * kEach);
}

TEST_F(Embedded, AtTheBoundOfTheQueueAJobStaysWithItsCaller) {
  auto storage = open(2);
  std::atomic<int> done{0};
  const auto count = [&](bool committed) { done += committed ? 1 : 100; };
  auto first = insert(1, count), second = insert(2, count), third = insert(3, count);
  EXPECT_TRUE(storage->write(first));
  EXPECT_TRUE(storage->write(second));
  EXPECT_FALSE(storage->write(third));
  EXPECT_NE(third, nullptr);
  storage->start(sink);
  storage->close();
  EXPECT_EQ(done, 2) << "closing ends what was taken";
  EXPECT_FALSE(storage->write(third));
}

TEST_F(Embedded, APoisonedJobFailsAndTheThreadsGoOn) {
  auto storage = open();
  std::vector<bool> results;
  const auto note = [&](bool committed) { results.push_back(committed); };
  for (const std::uint64_t id : {1u, 2u, 2u, 3u}) {
    auto job = insert(id, note);
    ASSERT_TRUE(storage->write(job));
  }
  storage->start(sink);
  storage->close();
  EXPECT_EQ(results, (std::vector<bool>{true, true, false, true}));
  EXPECT_EQ(sink.events, 3u);
}

TEST_F(Embedded, IdsGoOnAboveThoseOfTheRunBefore) {
  std::uint64_t first = 0, second = 0;
  for (std::uint64_t* id : {&first, &second}) {
    auto storage = open();
    std::unique_ptr<WriteJob> job = std::make_unique<Write>(
        [id](Store& store, WriteContext& context) {
          *id = context.ids.next(context.now);
          store.accounts().insert_user(user(*id));
        },
        [](bool committed) { EXPECT_TRUE(committed); });
    ASSERT_TRUE(storage->write(job));
    storage->start(sink);
    storage->close();
  }
  EXPECT_GT(second, first);
}

TEST_F(Embedded, JobsOfAStorageThatNeverStartsAreGivenUp) {
  auto storage = open();
  int given_up = 0;
  auto job = insert(1, [&](bool committed) { given_up += committed ? 0 : 1; });
  ASSERT_TRUE(storage->write(job));
  storage->close();
  EXPECT_EQ(given_up, 1);
}

TEST_F(Embedded, NobodyElseMayReadTheFile) {
  const auto storage = open();
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
}

TEST_F(Embedded, OneProcessOpensAFile) {
  const auto storage = open();
  EmbeddedOptions options;
  options.path = path;
  const auto second = EmbeddedStorage::open(options);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().text, HasSubstr("in use"));
}

TEST_F(Embedded, CountsItsBatches) {
  Metrics metrics;
  EmbeddedOptions options;
  options.path = path;
  options.threads.metrics = &metrics;
  auto storage = *EmbeddedStorage::open(options);
  for (const std::uint64_t id : {1u, 2u, 2u}) {
    auto job = insert(id);
    ASSERT_TRUE(storage->write(job));
  }
  storage->start(sink);
  storage->close();
  EXPECT_EQ(metrics.batch_jobs.sum(), 3);
  EXPECT_GT(metrics.commits_failed.value(), 0u);
}

TEST(SessionRegistry, TheNewerConnectionOfADeviceWins) {
  MemorySessionRegistry registry;
  const UserId ann{1}, ben{2};
  EXPECT_FALSE(registry.add(ann, {{0, 1}, DeviceId{10}}));
  EXPECT_FALSE(registry.add(ann, {{1, 2}, DeviceId{11}}));
  const auto older = registry.add(ann, {{1, 3}, DeviceId{10}});
  ASSERT_TRUE(older);
  EXPECT_EQ(older->session.connection, 1u);
  registry.remove(ann, {0, 1});  // late news of the older one
  EXPECT_EQ(registry.find(ann).size(), 2u);

  std::vector<std::size_t> counts;
  const std::vector<UserId> users = {ben, ann};
  registry.find_all(users, [&](std::size_t, auto locations) { counts.push_back(locations.size()); });
  EXPECT_EQ(counts, (std::vector<std::size_t>{0, 2}));
  registry.remove(ann, {1, 3});
  registry.remove(ann, {1, 2});
  EXPECT_TRUE(registry.find(ann).empty());
}

}  // namespace
}  // namespace sotto::server
