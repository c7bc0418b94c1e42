// The app's own test, without a server and without waiting: a day of bad network takes milliseconds.
#include "screen.hpp"

#include <cstdlib>
#include <iostream>

#include <sotto/testing.hpp>

using namespace std::chrono_literals;

void expect(bool holds, const char* what) {
  std::cout << (holds ? "ok      " : "FAILED  ") << what << '\n';
  if (!holds) std::exit(1);
}

int main() {
  sotto::testing::World world(7);  // the seed: this run, every time
  const auto open = [&](const char* name) {
    sotto::ClientOptions options;
    options.directory = world.folder() / name;
    return world.open(options);
  };
  Screen alice(open("alice"));
  Screen bob(open("bob"));
  world.sign_in(alice.client(), "+491700000001");
  world.sign_in(bob.client(), "+491700000002");

  world.network().cut(alice.client());
  alice.say("+491700000002", "I am on the train");
  world.run_for(10min);
  alice.update();
  expect(alice.text() == "I am on the train (waiting)\n",
         "without a network a message waits, and shows that");

  world.network().restore(alice.client());
  const bool arrived = world.run_until([&] {
    alice.update();
    bob.update();
    return alice.text() == "I am on the train (arrived)\n";
  });
  expect(arrived && bob.text() == "I am on the train\n", "it arrives once there is one");

  world.server().kill();
  alice.say("+491700000002", "Nobody will read this");
  world.run_for(24h + 1min);
  alice.update();
  expect(alice.text().find("read this (NOT SENT)") != std::string::npos,
         "a message that waited for a day says so");
}
