// The unread rule, on the vectors that the SDK is tested with too, and on random histories against plain
// counting.
#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "tests/unit/server/world.hpp"

namespace sotto::server {
namespace {

using testing::World;
namespace json = boost::json;

json::value load(const std::string& name) {
  std::ifstream file(std::string(SOTTO_VECTORS) + "/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return json::parse(text.str());
}

/// Plays one case: a group of everybody named, the first to speak being its admin.
class Play {
 public:
  explicit Play(World& world) : world_(world) {
    const std::vector<std::string> names = {"ann", "ben", "cid"};
    for (const std::string& name : names)
      people_[name] = world_.person(name);
    admin_ = world_.person("admin");
    group_ = world_.group(admin_, {people_["ann"], people_["ben"], people_["cid"]});
  }

  void event(const json::object& event) {
    if (const auto* message = event.if_contains("message")) {
      const std::int64_t id = message->at("id").as_int64();
      ids_[id] = world_.say(who(message->at("sender")), group_, std::to_string(id))->id;
    } else if (const auto* read = event.if_contains("read")) {
      world_.read_up_to(who(read->at("user")), group_, ids_.at(read->at("up_to").as_int64()));
    } else if (const auto* join = event.if_contains("join")) {
      world_.add(admin_, group_, who(join->at("user")));
    } else {
      world_.remove(admin_, group_, who(event.at("leave").at("user")));
    }
  }

  std::uint64_t unread(const std::string& name) { return world_.unread(people_[name], group_); }

 private:
  const Caller& who(const json::value& name) {
    const std::string key = json::value_to<std::string>(name);
    if (!people_.contains(key)) people_[key] = world_.person(key);
    return people_[key];
  }

  World& world_;
  std::map<std::string, Caller> people_;
  std::map<std::int64_t, MessageId> ids_;
  Caller admin_;
  ConversationId group_;
};

TEST(Unread, CountsAsTheSharedVectorsSay) {
  const json::value vectors = load("unread.json");
  ASSERT_GE(vectors.at("cases").as_array().size(), 10u);
  for (const json::value& each : vectors.at("cases").as_array()) {
    for (const std::size_t threshold : {1u, 100u}) {
      Limits limits;
      limits.write_fanout_members = threshold;
      World world(limits);
      Play play(world);
      for (const json::value& event : each.at("events").as_array())
        play.event(event.as_object());
      EXPECT_EQ(play.unread(json::value_to<std::string>(each.at("me"))),
                each.at("unread").to_number<std::uint64_t>())
          << each.at("name");
    }
  }
}

TEST(Unread, TheCountKeptUpIsTheOneThatCountingGives) {
  SeededRandom random(7);
  World world;
  const Caller admin = world.person("admin");
  std::vector<Caller> people;
  for (int i = 0; i < 4; ++i)
    people.push_back(world.person("p" + std::to_string(i)));
  const ConversationId group = world.group(admin, people);
  struct Model {
    bool in = true;
    std::vector<std::pair<MessageId, UserId>> visible;
    MessageId position;
  };
  std::map<UserId, Model> models;
  for (const Caller& who : people)
    models[who.user];

  for (int step = 0; step < 400; ++step) {
    const Caller& who = people[random.below(people.size())];
    Model& model = models[who.user];
    switch (random.below(8)) {
      case 0:
        model.in ? world.remove(admin, group, who) : world.add(admin, group, who);
        model.in = !model.in;
        break;
      case 1:
      case 2:
        if (!model.visible.empty()) {
          const MessageId up_to = model.visible[random.below(model.visible.size())].first;
          world.read_up_to(who, group, up_to);
          model.position = std::max(model.position, up_to);
        }
        break;
      default:
        if (!model.in) break;
        const MessageId id = world.say(who, group, "x")->id;
        for (auto& [user, other] : models) {
          if (other.in) other.visible.emplace_back(id, who.user);
        }
    }
    for (const Caller& each : people) {
      const Model& wanted = models[each.user];
      if (!wanted.in) continue;  // not in the inbox
      const auto unread =
          std::count_if(wanted.visible.begin(), wanted.visible.end(), [&](const auto& message) {
            return message.first > wanted.position && message.second != each.user;
          });
      ASSERT_EQ(world.unread(each, group), static_cast<std::uint64_t>(unread)) << "step " << step;
    }
  }
}

}  // namespace
}  // namespace sotto::server
