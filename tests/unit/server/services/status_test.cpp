// The status of a group message, on the vectors that the SDK is tested with too.
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

TEST(MessageStatus, IsAsTheSharedVectorsSay) {
  std::ifstream file(std::string(SOTTO_VECTORS) + "/status.json");
  std::stringstream text;
  text << file.rdbuf();
  const json::value vectors = json::parse(text.str());
  ASSERT_GE(vectors.at("cases").as_array().size(), 10u);
  for (const json::value& each : vectors.at("cases").as_array()) {
    World world;
    std::map<std::string, Caller> people;
    for (const char* name : {"ann", "ben", "cid", "dan"})
      people[name] = world.person(name);
    const ConversationId group = world.group(people["ann"], {people["ben"], people["cid"]});
    std::map<std::int64_t, MessageId> ids;
    for (const json::value& event : each.at("events").as_array()) {
      const json::object& o = event.as_object();
      const json::value& what = o.begin()->value();
      const auto who = [&](const char* key) { return people.at(json::value_to<std::string>(what.at(key))); };
      if (o.contains("message"))
        ids[what.at("id").as_int64()] = world.say(who("sender"), group, "x")->id;
      else if (o.contains("delivered"))
        world.delivered(who("user"), group, {ids.at(what.at("id").as_int64())});
      else if (o.contains("read"))
        world.read_up_to(who("user"), group, ids.at(what.at("up_to").as_int64()));
      else if (o.contains("join"))
        world.add(people["ann"], group, who("user"));
      else
        world.remove(people["ann"], group, who("user"));
    }
    const auto* of = each.as_object().if_contains("of");
    EXPECT_EQ(to_string(world.status(people["ann"], group, ids.at(of != nullptr ? of->as_int64() : 1))),
              json::value_to<std::string>(each.at("status")))
        << each.at("name");
  }
}

}  // namespace
}  // namespace sotto::server
