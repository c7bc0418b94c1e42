#include "server/gateway/api/model_json.hpp"

#include <memory>

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include "base/snowflake.hpp"

namespace sotto::server {
namespace {

namespace json = boost::json;

User ada() {
  User user;
  user.id = UserId{18446744073709551615u};
  user.phone_number = "+491511234567";
  user.display_name = "Ada \"L\" ü";
  user.privacy = Privacy{LastSeenPrivacy::contacts};
  return user;
}

MessageView message(std::uint64_t id, std::string text) {
  StoredMessage stored;
  stored.id = MessageId{id};
  stored.conversation = ConversationId{5};
  stored.sender = UserId{7};
  stored.sender_device = DeviceId{8};
  stored.body = {BodyKind::content, std::move(text)};
  return {std::make_shared<const StoredMessage>(std::move(stored)), Status::delivered};
}

std::shared_ptr<ConversationState> conversation(ConversationKind kind) {
  auto state = std::make_shared<ConversationState>();
  state->id = ConversationId{5};
  state->kind = kind;
  state->members = {Member{UserId{1}, Role::admin, Place{3}}, Member{UserId{2}, Role::member, Place{3}}};
  return state;
}

TEST(ModelJson, ShowsPhoneNumberAndPrivacyToNobodyButTheOwner) {
  const json::object others = public_profile(ada());
  EXPECT_EQ(others.at("user_id"), "18446744073709551615");
  EXPECT_EQ(others.at("display_name"), "Ada \"L\" ü");
  EXPECT_TRUE(others.at("avatar_media_id").is_null());
  EXPECT_FALSE(others.contains("phone_number"));
  EXPECT_FALSE(others.contains("privacy"));
  const json::object own = own_profile(ada());
  EXPECT_EQ(own.at("phone_number"), "+491511234567");
  EXPECT_EQ(own.at("privacy").at("last_seen"), "contacts");
}

TEST(ModelJson, WritesAGroupWithItsRoles) {
  const auto state = conversation(ConversationKind::group);
  state->last_change = Place{9};
  const json::object group = group_json(*state, UserId{2});
  EXPECT_EQ(group.at("conversation_id"), "5");
  EXPECT_EQ(group.at("change_id"), "9");
  EXPECT_EQ(group.at("members").at(0).at("role"), "admin");
  EXPECT_EQ(group.at("members").at(0).at("joined_id"), "3");
  EXPECT_EQ(group.at("members").at(1).at("user_id"), "2");
}

TEST(ModelJson, ShowsAGroupsNameAndMembersToItsMembersOnly) {
  const auto state = conversation(ConversationKind::group);
  state->name = "friends";
  const auto shows_nothing = [](const json::object& group) {
    return !group.contains("name") && !group.contains("members") && group.contains("change_id");
  };
  EXPECT_FALSE(shows_nothing(group_json(*state, UserId{1})));
  EXPECT_TRUE(shows_nothing(group_json(*state, UserId{3})));
  state->deleted = true;
  EXPECT_TRUE(shows_nothing(group_json(*state, UserId{1})));
  EXPECT_EQ(group_json(*state, UserId{1}).at("deleted"), true);
}

TEST(ModelJson, WritesHistoryWithTheMessagesOfTheFrames) {
  const HistoryPage page{{message(10, "a \"b\"\n"), message(9, "c")}, true, std::nullopt};
  const auto parsed = json::parse(history_json(page));
  EXPECT_EQ(parsed.at("messages").as_array().size(), 2u);
  EXPECT_EQ(parsed.at("messages").at(0).at("content"), "a \"b\"\n");
  EXPECT_EQ(parsed.at("messages").at(0).at("message_id"), "10");
  EXPECT_EQ(parsed.at("messages").at(1).at("status"), "delivered");
  EXPECT_EQ(parsed.at("has_more"), true);
  EXPECT_FALSE(parsed.as_object().contains("gap"));
}

TEST(ModelJson, WritesAnEmptyHistoryAndAGap) {
  const HistoryPage page{{}, false, Gap{ConversationId{5}, MessageId{1}, MessageId{3}}};
  const auto parsed = json::parse(history_json(page));
  EXPECT_TRUE(parsed.at("messages").as_array().empty());
  EXPECT_EQ(parsed.at("has_more"), false);
  EXPECT_EQ(parsed.at("gap").at("to_message_id"), "3");
}

TEST(ModelJson, WritesTheInboxWithAndWithoutALastMessage) {
  InboxPage page;
  page.entries.push_back({conversation(ConversationKind::direct), "Bob", message(10, "hi"), 3, Timestamp{}});
  page.entries.push_back({conversation(ConversationKind::group), "Walks", std::nullopt, 0, Timestamp{}});
  page.next = "cursor";
  const auto parsed = json::parse(inbox_json(page, UserId{1}));
  const auto& entries = parsed.at("conversations").as_array();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].at("name"), "Bob");
  EXPECT_EQ(entries[0].at("peer_user_id"), "2");
  EXPECT_EQ(entries[0].at("unread_count"), 3);
  EXPECT_EQ(entries[0].at("last_message").at("content"), "hi");
  EXPECT_EQ(entries[1].at("kind"), "group");
  EXPECT_TRUE(entries[1].at("last_message").is_null());
  EXPECT_FALSE(entries[1].as_object().contains("peer_user_id"));
  EXPECT_EQ(parsed.at("next_cursor"), "cursor");
  EXPECT_TRUE(json::parse(inbox_json(InboxPage{}, UserId{1})).at("next_cursor").is_null());
}

}  // namespace
}  // namespace sotto::server
