// Reads take turns between people.
#include "server/storage/fair_queue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sotto::server {
namespace {

using ::testing::ElementsAre;

struct Job {
  UserId who;
  int number;
  [[nodiscard]] UserId owner() const { return who; }
};

class Fair : public ::testing::Test {
 protected:
  bool push(std::uint64_t who, int number) {
    auto job = std::make_unique<Job>(Job{UserId{who}, number});
    const bool taken = queue.push(job);
    EXPECT_EQ(job == nullptr, taken) << "what is refused stays the caller's";
    return taken;
  }
  std::vector<int> take(int count) {
    std::vector<int> numbers;
    for (int i = 0; i < count; ++i)
      numbers.push_back(queue.take()->number);
    return numbers;
  }

  FairQueue<Job> queue{8, 4};
};

TEST_F(Fair, WhoeverAsksForLittleDoesNotWaitBehindWhoeverAsksForMuch) {
  for (int i = 1; i <= 4; ++i)
    EXPECT_TRUE(push(1, i));
  EXPECT_TRUE(push(2, 20));
  EXPECT_TRUE(push(3, 30));
  EXPECT_THAT(take(6), ElementsAre(1, 20, 30, 2, 3, 4)) << "and everybody's own stay in order";
}

TEST_F(Fair, NobodyFillsItAlone) {
  for (int i = 1; i <= 4; ++i)
    EXPECT_TRUE(push(1, i));
  EXPECT_FALSE(push(1, 5));
  EXPECT_TRUE(push(2, 20));
  EXPECT_EQ(queue.size(), 5u);
  take(1);
  EXPECT_TRUE(push(1, 5));
}

TEST_F(Fair, AllTogetherHaveABoundAndTheServersOwnJobsNoOther) {
  for (int i = 1; i <= 8; ++i)
    EXPECT_TRUE(push(0, i));
  EXPECT_FALSE(push(0, 9));
  EXPECT_FALSE(push(7, 1));
}

TEST_F(Fair, OnceClosedItHandsOutWhatItHas) {
  push(1, 1);
  queue.close();
  EXPECT_FALSE(push(1, 2));
  EXPECT_THAT(take(1), ElementsAre(1));
  EXPECT_EQ(queue.take(), nullptr);
}

}  // namespace
}  // namespace sotto::server
