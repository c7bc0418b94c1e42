// Two people in a world of the test kit, and what a test wants to know of them.
//
//   People people;
//   people.world.network().cut(*people.alice);
//   people.say("hello");
//   EXPECT_TRUE(people.bob_gets({"hello"}));
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sotto/testing.hpp"

namespace sotto::testing {

using namespace std::chrono_literals;

inline const std::string kAlicesPhone = "+491700000001";
inline const std::string kBobsPhone = "+491700000002";

struct People {
  explicit People(std::uint64_t seed = 1, World::Options options = {}) : world(seed, options) {
    alice = open("alice");
    bob = open("bob");
    world.sign_in(*alice, kAlicesPhone);
    world.sign_in(*bob, kBobsPhone);
  }

  std::unique_ptr<Client> open(const std::string& name) {
    ClientOptions options;
    options.directory = world.folder() / name;
    return world.open(options);
  }
  /// From Alice to Bob: stored when this returns.
  SendReceipt say(const std::string& text) {
    const auto sent = world.wait(alice->send(PhoneNumber{kBobsPhone}, {text}));
    EXPECT_TRUE(sent.ok());
    return *sent;
  }
  MessageState state_of(const SendReceipt& sent) { return world.wait(alice->message(sent.local_id))->state; }
  bool comes_to(const SendReceipt& sent, MessageState state, Milliseconds within = World::kPatience) {
    return world.run_until([&] { return state_of(sent) == state; }, within);
  }
  /// The texts that a client holds in all its conversations, in their order.
  std::vector<std::string> texts(Client& client) {
    std::vector<std::string> all;
    const auto conversations = world.wait(client.conversations());
    for (const auto& conversation : *conversations) {
      std::vector<std::string> newest_first;
      MessagesQuery query;
      query.conversation = conversation.id;
      for (bool more = true; more;) {
        const auto page = world.wait(client.messages(query));
        for (const auto& message : page->messages)
          newest_first.push_back(message.text);
        more = !page->messages.empty();
        if (more) query.before_local = page->messages.back().local_id;
      }
      all.insert(all.end(), newest_first.rbegin(), newest_first.rend());
    }
    return all;
  }
  bool bob_gets(const std::vector<std::string>& wanted, Milliseconds within = World::kPatience) {
    return world.run_until([&] { return texts(*bob) == wanted; }, within);
  }

  World world;
  std::unique_ptr<Client> alice;
  std::unique_ptr<Client> bob;
};

}  // namespace sotto::testing
