// Time and randomness of one simulated run. Everything that happens is an event at a virtual time, and every
// decision comes from the seed. So a run repeats exactly, and a simulated day takes milliseconds.
//
//   World world(seed);
//   world.after(5ms, [&] { deliver(frame); });
//   world.run_until(10min);
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace sotto::sim {

using namespace std::chrono_literals;

class World {
 public:
  /// Where the virtual wall clocks start: any time far from that of real clocks.
  static constexpr Timestamp kStart{Milliseconds{1'800'000'000'000}};

  explicit World(std::uint64_t seed) : random_(seed) {}

  /// Time since the run began; never jumps. Any thread, unlike everything else here.
  [[nodiscard]] Milliseconds now() const { return now_.load(std::memory_order_relaxed); }
  [[nodiscard]] Timestamp true_time() const { return kStart + now(); }

  void at(Milliseconds when, std::function<void()> what);
  void after(Milliseconds delay, std::function<void()> what) { at(now() + delay, std::move(what)); }
  /// Runs the next event, if one is due by `end`.
  bool step(Milliseconds end);
  /// Runs everything due by `end`, in order; the clock then stands at `end`. Stops early once `done` is true.
  void run_until(Milliseconds end, const std::function<bool()>& done = {});

  [[nodiscard]] Random& random() { return random_; }
  [[nodiscard]] std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }
  [[nodiscard]] bool chance(unsigned percent) { return random_.below(100) < percent; }
  [[nodiscard]] Milliseconds between(Milliseconds low, Milliseconds high);

  /// Sets the listener of the run's log, one line for each event, with its time.
  void listen(std::function<void(std::string)> listener) { listener_ = std::move(listener); }
  /// Writes a line of the log. Calls `text` only if there is a listener.
  void tell(const std::function<std::string()>& text);
  [[nodiscard]] std::uint64_t events() const { return events_; }

 private:
  struct Due {
    Milliseconds when;
    std::uint64_t order;
    std::function<void()> what;
    friend bool operator>(const Due& a, const Due& b) {
      return a.when != b.when ? a.when > b.when : a.order > b.order;
    }
  };

  SeededRandom random_;
  std::atomic<Milliseconds> now_{Milliseconds{0}};
  std::uint64_t next_order_ = 0;
  std::uint64_t events_ = 0;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> queue_;
  std::function<void(std::string)> listener_;
};

}  // namespace sotto::sim
