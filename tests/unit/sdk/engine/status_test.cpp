// The status of a group message, on the vectors that the server is tested with too
// (tests/vectors/status.json).
#include <fstream>
#include <map>
#include <sstream>

#include <boost/json.hpp>

#include "tests/unit/sdk/engine/device.hpp"

namespace sotto::engine::testing {
namespace {

namespace json = boost::json;

const std::map<std::string, UserId> kPeople = {
    {"ann", kMe}, {"ben", kPeer}, {"cid", kThird}, {"dan", UserId{103}}};

/// Ann's device plays a case; the state of her message.
MessageState play(const json::object& each) {
  Device device;
  device.sign_in();
  device.go_online();
  std::uint64_t next = 1000;
  std::map<UserId, std::uint64_t> members = {{kMe, 950}, {kPeer, 950}, {kThird, 950}};
  std::map<std::int64_t, LocalId> sent;
  std::map<std::int64_t, std::uint64_t> ids;
  const auto change = [&](lite::Conversation::Change kind, std::uint64_t id, UserId about) {
    std::vector<UserId> users;
    for (const auto& [user, since] : members)
      users.push_back(user);
    auto frame = group_change(kind, id, kGroup.value, users);
    for (const auto& [user, since] : members)
      frame = joined(std::move(frame), user, since);
    if (about) frame.mutable_conversation()->add_affected_user_ids(about.value);
    device.receive(frame);
  };
  change(lite::Conversation::created, 950, {});
  for (const json::value& event : each.at("events").as_array()) {
    const json::object& o = event.as_object();
    const json::value& what = o.begin()->value();
    const std::uint64_t id = next++;
    const auto who = [&] { return kPeople.at(json::value_to<std::string>(what.at("user"))); };
    if (o.contains("message")) {
      const std::int64_t number = what.at("id").as_int64();
      sent[number] = device.send(kGroup, "x");
      ids[number] = id;
      device.receive(ack_of(device.take_message(), id, kGroup.value));
    } else if (o.contains("delivered")) {
      device.receive(
          receipt(lite::Status::delivered, who(), id, kGroup.value, ids.at(what.at("id").as_int64())));
    } else if (o.contains("read")) {
      device.receive(
          receipt(lite::Status::read, who(), id, kGroup.value, ids.at(what.at("up_to").as_int64())));
    } else if (o.contains("join")) {
      members[who()] = id;
      change(lite::Conversation::members_added, id, who());
    } else {
      members.erase(who());
      change(lite::Conversation::members_removed, id, who());
    }
  }
  const auto* of = each.if_contains("of");
  return device.message(sent.at(of != nullptr ? of->as_int64() : 1)).state;
}

TEST(GroupStatus, IsAsTheSharedVectorsSay) {
  const std::map<std::string, MessageState> states = {
      {"sent", MessageState::sent}, {"delivered", MessageState::delivered}, {"read", MessageState::read}};
  std::ifstream file(SOTTO_VECTORS "/status.json");
  std::stringstream text;
  text << file.rdbuf();
  const json::value vectors = json::parse(text.str());
  ASSERT_GE(vectors.at("cases").as_array().size(), 10u);
  for (const json::value& each : vectors.at("cases").as_array())
    EXPECT_EQ(play(each.as_object()), states.at(json::value_to<std::string>(each.at("status"))))
        << json::value_to<std::string>(each.at("name"));
}

}  // namespace
}  // namespace sotto::engine::testing
