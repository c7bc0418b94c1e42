#include "sdk/client/delivery.hpp"

#include <atomic>
#include <future>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "tests/unit/sdk/client/app_thread.hpp"

namespace sotto::client {

namespace {

Event event(std::uint64_t number) {
  return CatchUpProgress{number, false};
}
std::vector<Event> events(std::uint64_t first, std::uint64_t count) {
  std::vector<Event> out;
  for (std::uint64_t i = 0; i < count; ++i)
    out.push_back(event(first + i));
  return out;
}
std::uint64_t number_of(const Event& e) {
  return std::get<CatchUpProgress>(e).applied;
}
std::vector<std::uint64_t> numbers(const std::vector<Event>& batch) {
  std::vector<std::uint64_t> out;
  for (const auto& e : batch)
    out.push_back(number_of(e));
  return out;
}

class DeliveryTest : public testing::Test {
 protected:
  std::shared_ptr<Delivery> delivery_ = std::make_shared<Delivery>(1000);
};

}  // namespace

// ------------------------------------------------------------------ polling

TEST_F(DeliveryTest, PollReturnsEventsInOrderAndEachOnce) {
  delivery_->publish(events(0, 3));
  delivery_->publish(events(3, 2));
  const auto batch = delivery_->poll();
  delivery_->publish(events(5, 1));
  EXPECT_EQ(numbers(batch), (std::vector<std::uint64_t>{0, 1, 2, 3, 4}));  // what came later changed no batch
  EXPECT_EQ(numbers(delivery_->poll()), (std::vector<std::uint64_t>{5}));
  EXPECT_TRUE(delivery_->poll().empty());
}

TEST_F(DeliveryTest, PollRunsHandlersInOrderOnTheCallersThread) {
  std::string order;
  const auto here = std::this_thread::get_id();
  for (const char c : {'a', 'b', 'c'}) {
    delivery_->complete([&, c] {
      EXPECT_EQ(std::this_thread::get_id(), here);
      order += c;
    });
  }
  EXPECT_EQ(order, "");
  delivery_->poll();
  EXPECT_EQ(order, "abc");
}

TEST_F(DeliveryTest, AHandlerThatCompletesAnotherDoesNotKeepPollForEver) {
  int ran = 0;
  std::function<void()> again = [&] {
    ++ran;
    delivery_->complete(again);
  };
  delivery_->complete(again);
  delivery_->poll();
  EXPECT_EQ(ran, 1);
  delivery_->poll();
  EXPECT_EQ(ran, 2);
}

TEST_F(DeliveryTest, PollInsideAHandlerDoesNotOvertake) {
  std::string order;
  delivery_->complete([&] {
    order += 'a';
    EXPECT_TRUE(delivery_->poll().empty());
    order += 'b';
  });
  delivery_->complete([&] { order += 'c'; });
  delivery_->publish(events(0, 1));
  EXPECT_EQ(delivery_->poll().size(), 1u);
  EXPECT_EQ(order, "abc");
}

TEST_F(DeliveryTest, AHandlerThatThrowsLosesNothing) {
  bool ran = false;
  delivery_->complete([] { throw std::runtime_error("the app's own"); });
  delivery_->complete([&] { ran = true; });
  delivery_->publish(events(0, 1));
  EXPECT_THROW(delivery_->poll(), std::runtime_error);
  EXPECT_EQ(numbers(delivery_->poll()), (std::vector<std::uint64_t>{0}));
  EXPECT_TRUE(ran);
}

TEST_F(DeliveryTest, AnAppThatDoesNotPollLosesTheOldestEventsAndIsToldHowMany) {
  delivery_->publish(events(0, 1003));
  bool ran = false;
  delivery_->complete([&] { ran = true; });
  auto batch = delivery_->poll();
  ASSERT_EQ(batch.size(), 1001u);
  EXPECT_EQ(std::get<EventsDropped>(batch.front()).count, 3u);
  EXPECT_EQ(number_of(batch[1]), 3u);
  EXPECT_EQ(number_of(batch.back()), 1002u);
  EXPECT_TRUE(ran);  // a handler is never dropped
  delivery_->publish(events(0, 1));
  EXPECT_EQ(delivery_->poll().size(), 1u);  // told once
}

// ------------------------------------------------------------------ the wake-up

TEST_F(DeliveryTest, WakesOnceUntilTheNextPoll) {
  int wakes = 0;
  delivery_->set_wake_up([&] { ++wakes; });
  EXPECT_EQ(wakes, 0);
  delivery_->publish(events(0, 1));
  delivery_->publish(events(1, 1));
  delivery_->complete([] {});
  delivery_->view_changed();
  EXPECT_EQ(wakes, 1);
  delivery_->poll();
  EXPECT_EQ(wakes, 1);
  delivery_->complete([] {});
  EXPECT_EQ(wakes, 2);
  delivery_->poll();
  delivery_->view_changed();
  EXPECT_EQ(wakes, 3);
}

TEST_F(DeliveryTest, WhatCameBeforeTheHookIsWorthAWakeUp) {
  delivery_->publish(events(0, 1));
  int wakes = 0;
  delivery_->set_wake_up([&] { ++wakes; });
  delivery_->publish({});  // what Client posts after setting the hook
  EXPECT_EQ(wakes, 1);
}

TEST_F(DeliveryTest, OnceSetWakeUpHasReturnedTheOldHookIsNotRunning) {
  std::promise<void> entered;
  std::promise<void> leave;
  std::atomic<bool> inside = false;
  delivery_->set_wake_up([&] {
    inside = true;
    entered.set_value();
    leave.get_future().wait();
    inside = false;
  });
  std::thread library([&] { delivery_->publish(events(0, 1)); });
  entered.get_future().wait();
  auto replaced = std::async(std::launch::async, [&] {
    delivery_->set_wake_up({});
    return inside.load();
  });
  leave.set_value();
  EXPECT_FALSE(replaced.get());
  library.join();
}

TEST_F(DeliveryTest, AHookMayReplaceItself) {
  int second = 0;
  delivery_->set_wake_up([&] { delivery_->set_wake_up([&] { ++second; }); });
  delivery_->publish(events(0, 1));
  EXPECT_EQ(second, 1);  // the new hook has not been called for what is waiting
}

// ------------------------------------------------------------------ executors

TEST_F(DeliveryTest, AnExecutorGetsEventsAndHandlersInOneOrderOnItsThread) {
  AppThread app;
  std::vector<std::uint64_t> seen;
  delivery_->on_event(app.executor(), [&](const Event& e) {
    EXPECT_EQ(std::this_thread::get_id(), app.id());
    seen.push_back(number_of(e));
  });
  std::vector<std::uint64_t> expected;
  for (std::uint64_t i = 0; i < 1000; i += 2) {
    delivery_->publish({event(i)});
    delivery_->complete([&, i] {
      EXPECT_EQ(std::this_thread::get_id(), app.id());
      seen.push_back(i + 1);
    });
    expected.push_back(i);
    expected.push_back(i + 1);
  }
  std::promise<void> end;
  delivery_->complete([&] { end.set_value(); });
  end.get_future().wait();
  EXPECT_EQ(seen, expected);
}

TEST_F(DeliveryTest, AnExecutorOfSeveralThreadsStillRunsOneHandlerAtATime) {
  AppThread threads[3];
  std::atomic<unsigned> next = 0;
  std::atomic<int> inside = 0;
  std::vector<std::uint64_t> seen;
  delivery_->on_event([&](std::function<void()> task) { threads[next++ % 3].post(std::move(task)); },
                      [&](const Event& e) {
                        EXPECT_EQ(++inside, 1);
                        seen.push_back(number_of(e));
                        --inside;
                      });
  for (std::uint64_t i = 0; i < 500; ++i)
    delivery_->publish({event(i)});
  std::promise<void> end;
  delivery_->complete([&] { end.set_value(); });
  end.get_future().wait();
  ASSERT_EQ(seen.size(), 500u);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
}

TEST_F(DeliveryTest, WhatWaitedForAPollGoesToTheExecutor) {
  delivery_->publish(events(0, 2));
  AppThread app;
  std::vector<std::uint64_t> seen;
  delivery_->on_event(app.executor(), [&](const Event& e) { seen.push_back(number_of(e)); });
  app.sync();
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{0, 1}));
  EXPECT_TRUE(delivery_->poll().empty());
}

TEST_F(DeliveryTest, AnEmptyHandlerGoesBackToPolling) {
  AppThread app;
  delivery_->on_event(app.executor(), [](const Event&) { FAIL() << "nothing was published yet"; });
  delivery_->on_event({}, {});
  delivery_->publish(events(0, 2));
  app.sync();
  EXPECT_EQ(delivery_->poll().size(), 2u);
}

TEST_F(DeliveryTest, TurnsThatTheExecutorStillHoldsDoNothingOnceItWasReplaced) {
  std::vector<std::function<void()>> held;
  delivery_->on_event([&](std::function<void()> task) { held.push_back(std::move(task)); },
                      [](const Event&) { FAIL() << "replaced"; });
  delivery_->publish(events(0, 1));
  ASSERT_EQ(held.size(), 1u);
  delivery_->on_event({}, {});
  held.front()();
  EXPECT_EQ(delivery_->poll().size(), 1u);
}

TEST_F(DeliveryTest, AnEventHandlerMayChooseAnotherExecutor) {
  AppThread first;
  AppThread second;
  std::vector<std::uint64_t> seen;
  std::promise<void> end;
  delivery_->on_event(first.executor(), [&](const Event& e) {
    seen.push_back(number_of(e));
    delivery_->on_event(second.executor(), [&](const Event& later) {
      EXPECT_EQ(std::this_thread::get_id(), second.id());
      seen.push_back(number_of(later));
      if (seen.size() == 3) end.set_value();
    });
  });
  delivery_->publish(events(0, 3));
  end.get_future().wait();
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{0, 1, 2}));
}

TEST_F(DeliveryTest, AnExecutorThatRunsAtOnceWorksToo) {
  std::vector<std::uint64_t> seen;
  delivery_->on_event([](const std::function<void()>& task) { task(); },
                      [&](const Event& e) {
                        seen.push_back(number_of(e));
                        if (seen.size() == 1) delivery_->publish({event(7)});
                      });
  delivery_->publish(events(0, 2));
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{0, 1, 7}));
}

// ------------------------------------------------------------------ the end

TEST_F(DeliveryTest, OnceSealedNothingIsCalledAndTheRestWaitsForAPoll) {
  std::vector<std::function<void()>> held;
  int calls = 0;
  delivery_->set_wake_up([&] { ++calls; });
  delivery_->on_event([&](std::function<void()> task) { held.push_back(std::move(task)); },
                      [&](const Event&) { ++calls; });
  delivery_->publish(events(0, 1));
  delivery_->complete([&] { ++calls; });
  delivery_->seal({});
  for (auto& turn : held)
    turn();
  delivery_->complete([&] { ++calls; });
  delivery_->set_wake_up([&] { ++calls; });
  delivery_->on_event([&](const std::function<void()>& task) { task(); }, [&](const Event&) { ++calls; });
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(delivery_->poll().size(), 1u);
  EXPECT_EQ(calls, 2);  // the two handlers, inside poll
}

TEST_F(DeliveryTest, SealWaitsForTheCallbackThatIsRunning) {
  AppThread app;
  std::promise<void> entered;
  std::promise<void> leave;
  std::atomic<bool> inside = false;
  delivery_->on_event(app.executor(), [&](const Event&) {
    inside = true;
    entered.set_value();
    leave.get_future().wait();
    inside = false;
  });
  delivery_->publish(events(0, 1));
  entered.get_future().wait();
  auto sealed = std::async(std::launch::async, [&] {
    delivery_->seal({});
    return inside.load();
  });
  leave.set_value();
  EXPECT_FALSE(sealed.get());
}

TEST_F(DeliveryTest, SealDoesNotWaitForACallbackThatWaitsForIt) {
  AppThread app;
  std::promise<void> sealed;
  delivery_->on_event(app.executor(), [&](const Event&) {
    std::thread library([&, closer = std::this_thread::get_id()] { delivery_->seal(closer); });
    library.join();  // as a callback does that waits for client.close()
    sealed.set_value();
  });
  delivery_->publish(events(0, 1));
  sealed.get_future().wait();
}

TEST_F(DeliveryTest, DiscardedInsideAHandlerTheRestNeverRuns) {
  std::string order;
  delivery_->publish(events(0, 1));
  delivery_->complete([&] {
    order += 'a';
    delivery_->discard(std::this_thread::get_id());
  });
  delivery_->complete([&] { order += 'b'; });
  EXPECT_TRUE(delivery_->poll().empty());
  delivery_->complete([&] { order += 'c'; });
  EXPECT_TRUE(delivery_->poll().empty());
  EXPECT_EQ(order, "a");
}

TEST_F(DeliveryTest, WhatAHandlerHoldsEndsWithoutALock) {
  // A destructor of the app that calls the library would deadlock under a lock.
  struct Calls {
    std::shared_ptr<Delivery> delivery;
    ~Calls() { delivery->view_changed(); }
  };
  const auto held = [&] { return std::make_shared<Calls>(Calls{delivery_}); };
  delivery_->complete([x = held()] {});
  delivery_->poll();
  delivery_->set_wake_up([x = held()] {});
  delivery_->set_wake_up([x = held()] {});
  delivery_->on_event([x = held()](const std::function<void()>& task) { task(); },
                      [x = held()](const Event&) {});
  delivery_->complete([x = held()] {});
  delivery_->on_event({}, {});
  delivery_->complete([x = held()] {});
  delivery_->discard({});
  delivery_->complete([x = held()] {});
}

/// Everything at once, from every thread, for as long as chance wills; TSan and the checks inside do the
/// rest.
TEST_F(DeliveryTest, KeepsItsRulesWhateverHappensAtOnce) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    SeededRandom random(seed);
    auto delivery = std::make_shared<Delivery>(1'000'000);
    constexpr int kHandlers = 300;
    std::atomic<bool> over = false;
    std::atomic<int> inside = 0;
    std::vector<int> seen;  // guarded by the rule that one handler runs at a time
    const auto handler = [&](int number) {
      EXPECT_FALSE(over);
      EXPECT_EQ(++inside, 1);
      seen.push_back(number);
      --inside;
    };
    {
      AppThread app;
      const auto until = random.below(kHandlers);
      std::thread library([&] {
        for (int i = 0; i < kHandlers; ++i)
          delivery->complete([&handler, i] { handler(i); });
      });
      std::thread switching([&, turns = random.below(20)] {
        for (std::uint64_t i = 0; i < turns; ++i) {
          delivery->on_event(app.executor(), [](const Event&) {});
          std::this_thread::yield();
          delivery->on_event({}, {});
          delivery->poll();
        }
      });
      while (true) {
        delivery->poll();
        std::promise<std::size_t> size;
        delivery->complete([&] { size.set_value(seen.size()); });
        delivery->on_event(app.executor(), [](const Event&) {});
        if (size.get_future().get() >= until) break;
        delivery->on_event({}, {});
      }
      delivery->discard(std::this_thread::get_id());
      over = true;
      library.join();
      switching.join();
      delivery->poll();
    }
    EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
    EXPECT_TRUE(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
  }
}

}  // namespace sotto::client
