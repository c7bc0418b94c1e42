#include "sdk/net/loop.hpp"

#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "sdk/net/io_loop.hpp"

namespace sotto::net {

TEST(Loop, RunsTasksInTheOrderInWhichTheyWerePosted) {
  IoLoop loop;
  std::string order;
  loop.post([&] {
    order += 'a';
    loop.post([&] {
      order += 'c';
      loop.stop();
    });
    order += 'b';  // a task never runs inside post()
  });
  loop.run();
  EXPECT_EQ(order, "abc");
}

TEST(Loop, TimersFireInTheOrderOfTheirTimes) {
  IoLoop loop;
  std::string order;
  auto late = loop.after(Milliseconds{20}, [&] {
    order += 'b';
    loop.stop();
  });
  auto early = loop.after(Milliseconds{1}, [&] { order += 'a'; });
  loop.run();
  EXPECT_EQ(order, "ab");
}

TEST(Loop, ADestroyedTimerDoesNotFireEvenIfItWasDue) {
  IoLoop loop;
  bool fired = false;
  std::unique_ptr<Timer> victim;
  // Both are due at the loop's first look, so the victim's handler is already queued when it is destroyed.
  auto killer = loop.after(Milliseconds{0}, [&] { victim.reset(); });
  victim = loop.after(Milliseconds{0}, [&] { fired = true; });
  auto end = loop.after(Milliseconds{5}, [&] { loop.stop(); });
  loop.run();
  EXPECT_FALSE(fired);
}

TEST(Loop, ATimerMayDestroyItself) {
  IoLoop loop;
  const auto watched = std::make_shared<int>(7);
  std::unique_ptr<Timer> timer;
  timer = loop.after(Milliseconds{0}, [&, watched] {
    timer.reset();
    EXPECT_EQ(*watched, 7);  // what the task holds lives until it returns
    loop.stop();
  });
  loop.run();
  EXPECT_EQ(watched.use_count(), 1);
}

TEST(Loop, StopBeforeRunIsNotLost) {
  IoLoop loop;
  loop.stop();
  loop.run();
}

TEST(Loop, OtherThreadsPostThroughTheGateUntilItsEnd) {
  auto loop = std::make_unique<IoLoop>();
  const auto gate = loop->impl().gate;
  bool ran = false;
  std::thread([&] { gate->post([&] { ran = true, loop->stop(); }); }).join();
  loop->run();
  EXPECT_TRUE(ran);
  loop.reset();
  gate->post([] { FAIL() << "the loop is gone"; });
}

}  // namespace sotto::net
