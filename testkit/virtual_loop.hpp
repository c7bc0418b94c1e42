// A client's loop on virtual time. The client's thread runs posted tasks at once, as a real loop does, but
// touches nothing outside. Its requests to the world (a timer, a frame to send) wait until every client is
// idle; then the world, on the test's thread, takes them, one client after the other. So the speed of the
// threads has no effect, and a seed repeats a run.
//
//   VirtualLoop loop(seed);
//   std::shared_ptr<LoopControl> control = loop.control();
//   ...                                     // the client owns the loop and runs it on its thread
//   control->wait_until_idle();
//   for (auto& ask : control->take_asks()) ask(world);
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/random.hpp"
#include "sdk/net/loop.hpp"
#include "testkit/world.hpp"

namespace sotto::sim {

/// The state of one loop. It lives as long as either side needs it.
class LoopControl : public std::enable_shared_from_this<LoopControl> {
 public:
  /// A request to the world. It only schedules: it never posts to a loop itself.
  using Ask = std::function<void(World&)>;

  // ---- any thread
  void post(net::Task task);
  void stop();
  // ---- the client's thread
  void run();
  void ask(Ask what);
  // ---- the world's thread
  /// False: still busy after `kPatience` of real time.
  [[nodiscard]] bool wait_until_idle();
  [[nodiscard]] std::vector<Ask> take_asks();
  /// Whether run() has returned.
  [[nodiscard]] bool ended();

 private:
  [[nodiscard]] bool is_stopped();

  std::mutex mutex_;  // guards all below: the app's threads post, the client's runs, the world's waits
  std::condition_variable posted_;
  std::condition_variable idle_again_;
  std::vector<net::Task> tasks_;
  std::vector<Ask> asks_;
  bool idle_ = false;
  bool stopped_ = false;
  bool ended_ = false;
};

class VirtualLoop final : public net::Loop {
 public:
  /// `seed` is for the client's own randomness.
  explicit VirtualLoop(std::uint64_t seed) : random_(seed) {}

  void run() override { control_->run(); }
  void stop() override { control_->stop(); }
  void post(net::Task task) override { control_->post(std::move(task)); }
  [[nodiscard]] std::unique_ptr<net::Timer> after(Milliseconds delay, net::Task task) override;

  [[nodiscard]] const std::shared_ptr<LoopControl>& control() const { return control_; }
  /// For objects that live on this loop.
  [[nodiscard]] Random& random() { return random_; }

 private:
  std::shared_ptr<LoopControl> control_ = std::make_shared<LoopControl>();
  SeededRandom random_;
};

}  // namespace sotto::sim
