// The rule that server and SDK share, from the same vectors (tests/vectors/unread.json).
#include <fstream>
#include <sstream>

#include <boost/json.hpp>

#include "tests/unit/sdk/store/open_store.hpp"

namespace sotto::store::testing {
namespace {

namespace json = boost::json;

/// What a device of `me` sees of a case: only what was sent while `me` was a member.
std::uint32_t play(const json::object& each) {
  OpenStore store;
  const ConversationRow chat = store.chat(900);
  const std::string me = json::value_to<std::string>(each.at("me"));
  // Whoever is never said to join was there from the start.
  bool member = true;
  for (const json::value& event : each.at("events").as_array()) {
    const auto* join = event.as_object().if_contains("join");
    const auto* leave = event.as_object().if_contains("leave");
    const auto is_me = [&](const json::value* v) {
      return v != nullptr && json::value_to<std::string>(v->at("user")) == me;
    };
    if (is_me(leave)) break;
    if (is_me(join)) {
      member = false;
      break;
    }
  }
  for (const json::value& event : each.at("events").as_array()) {
    const json::object& o = event.as_object();
    if (const auto* message = o.if_contains("message")) {
      if (!member) continue;
      const bool mine = json::value_to<std::string>(message->at("sender")) == me;
      NewMessage row;
      row.conversation = chat;
      row.message_id = MessageId{1000 + json::value_to<std::uint64_t>(message->at("id"))};
      row.sender_id = mine ? kMe : kPeer;
      row.is_mine = mine;
      store->messages.insert(row);
      const auto now = store->conversations.find(chat);
      if (!mine && row.message_id > now->read_up_to) store->conversations.add_unread(chat, 1);
    } else if (const auto* read = o.if_contains("read")) {
      if (json::value_to<std::string>(read->at("user")) != me) continue;
      const MessageId up_to{1000 + json::value_to<std::uint64_t>(read->at("up_to"))};
      const auto now = store->conversations.find(chat);
      if (up_to > now->read_up_to)
        store->conversations.set_read(chat, up_to, store->messages.count_unread(chat, up_to));
    } else if (const auto* join = o.if_contains("join")) {
      if (json::value_to<std::string>(join->at("user")) == me) member = true;
    } else if (const auto* leave = o.if_contains("leave")) {
      if (json::value_to<std::string>(leave->at("user")) == me) member = false;
    }
  }
  const auto now = store->conversations.find(chat);
  EXPECT_EQ(now->unread, store->messages.count_unread(chat, now->read_up_to)) << "kept up and recomputed";
  store.commit();
  return now->unread;
}

TEST(Unread, FollowsTheSharedVectors) {
  std::ifstream file(SOTTO_VECTORS "/unread.json");
  ASSERT_TRUE(file.good());
  std::stringstream text;
  text << file.rdbuf();
  const json::value vectors = json::parse(text.str());
  const auto& cases = vectors.at("cases").as_array();
  ASSERT_GE(cases.size(), 10u);
  for (const json::value& each : cases)
    EXPECT_EQ(play(each.as_object()), json::value_to<std::uint32_t>(each.at("unread")))
        << json::value_to<std::string>(each.at("name"));
}

}  // namespace
}  // namespace sotto::store::testing
