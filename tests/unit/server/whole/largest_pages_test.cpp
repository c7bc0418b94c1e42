// Every page at its largest: within its bound, taken by the SDK, and with a way on to the rest.
#include <set>
#include <string>
#include <vector>

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sdk/engine/json.hpp"
#include "server/gateway/session/frames.hpp"
#include "server/gateway/session/session_jobs.hpp"
#include "server/services/messages/wire_size.hpp"
#include "tests/unit/server/whole/whole_server.hpp"

namespace sotto::server {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using testing::SignedIn;
using testing::WholeServer;

constexpr std::size_t kFrame = 64 * 1024;
/// A message that is as large as can be: each of its characters takes six bytes of JSON.
const std::string kLargest(kFrame, '\x01');
/// What a page may take: its bound, or one message that is larger by itself.
constexpr std::size_t kLargestPage = kFrame * 6 + 4096;
/// The largest frame that clients take.
constexpr std::size_t kClientFrame = 1024 * 1024;

class LargestPages : public ::testing::Test {
 protected:
  LargestPages() {
    // Text of four bytes a character, and of two in JSON: what names may hold.
    for (std::size_t i = 0; i < kMaxDisplayName; ++i)
      long_name += i % 2 == 0 ? "\xf0\x9f\x98\x80" : "\"";
    ann = server.sign_in(server.world.person("Ann"));
    ben = server.sign_in(server.world.person("Ben"));
  }

  /// The answer, once it is known to be within the bound and to be read by the SDK.
  json::value page(const std::string& target, std::size_t bound = kPageBytes) {
    const HttpResponse answer = server.call(ann.token, "GET", target);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_LE(answer.body.size(), bound) << target;
    EXPECT_TRUE(engine::JsonObject::parse(answer.body)) << target;
    largest = std::max(largest, answer.body.size());
    return json::parse(answer.body);
  }
  static std::string text(const json::value& value, const char* name) {
    return std::string(value.at(name).as_string());
  }
  std::vector<Caller> people(std::size_t count) {
    std::vector<Caller> made;
    server.world.write([&](Store& db, WriteContext& context) {
      for (std::size_t i = 0; i < count; ++i) {
        User user;
        user.id = context.next_id<UserId>();
        user.phone_number = "+4917" + std::to_string(10'000'000'000 + i);
        user.display_name = long_name;
        user.created_at = context.now;
        db.accounts().insert_user(user);
        made.push_back({user.id, DeviceId{1}});
      }
      return 0;
    });
    return made;
  }

  WholeServer server{limits()};
  static Limits limits() {
    Limits limits = WholeServer::without_rates();
    limits.group_members = kMaxGroupMembers;
    return limits;
  }
  std::string long_name;
  SignedIn ann, ben;
  std::size_t largest = 0;
};

TEST_F(LargestPages, HistoryOfTheLargestMessagesComesOneByOneAndWhole) {
  const ConversationId direct = server.world.direct(ann.caller, ben.caller)->id;
  for (int i = 0; i < 12; ++i)
    ASSERT_TRUE(server.world.say(i % 2 == 0 ? ann.caller : ben.caller, direct, kLargest));
  const std::string path = "/api/conversations/" + to_string(direct) + "/messages?limit=100";
  for (const bool oldest_first : {false, true}) {
    std::set<std::string> ids;
    std::string place = oldest_first ? "&after_id=0" : "";
    for (bool more = true; more;) {
      const json::value got = page(path + place, kLargestPage);
      ASSERT_FALSE(got.at("messages").as_array().empty());
      for (const json::value& message : got.at("messages").as_array())
        EXPECT_TRUE(ids.insert(text(message, "message_id")).second);
      place = (oldest_first ? "&after_id=" : "&before_id=") +
              text(got.at("messages").as_array().back(), "message_id");
      more = got.at("has_more").as_bool();
    }
    EXPECT_EQ(ids.size(), 12u);
  }
}

TEST_F(LargestPages, HistoryOfManyMessagesFillsItsPageAndNoMore) {
  const ConversationId direct = server.world.direct(ann.caller, ben.caller)->id;
  const std::string url = "https://media.example/" + std::string(1000, '"');
  for (int i = 0; i < 120; ++i) {
    NewMessage message = server.world.message(direct, std::string(4000, '"'));
    message.media_url = url;
    ASSERT_TRUE(server.world.send(ben.caller, message));
  }
  const json::value got = page("/api/conversations/" + to_string(direct) + "/messages?limit=100");
  EXPECT_TRUE(got.at("has_more").as_bool());
  EXPECT_GT(largest, kPageBytes * 9 / 10) << "not cut short";
}

TEST_F(LargestPages, AnInboxOfLargeMessagesLeadsThroughAllConversationsOnce) {
  for (int i = 0; i < 30; ++i) {
    const ConversationId group =
        server.world.group(ben.caller, {ann.caller}, std::string(kMaxGroupName, '"'));
    ASSERT_TRUE(server.world.say(ben.caller, group, i % 10 == 0 ? kLargest : std::string(20'000, 'x')));
  }
  std::set<std::string> ids;
  std::string cursor;
  for (bool more = true; more;) {
    const json::value got = page("/api/conversations?limit=100" + cursor, kLargestPage);
    ASSERT_FALSE(got.at("conversations").as_array().empty());
    for (const json::value& entry : got.at("conversations").as_array())
      EXPECT_TRUE(ids.insert(text(entry, "conversation_id")).second);
    more = got.at("next_cursor").is_string();
    if (more) cursor = "&cursor=" + text(got, "next_cursor");
  }
  EXPECT_EQ(ids.size(), 30u);
}

TEST_F(LargestPages, ContactsComeInPagesThatAreTogetherAllOfThem) {
  const auto known = people(1200);
  server.world.write([&](Store& db, WriteContext&) {
    for (const Caller& person : known)
      db.contacts().put_contact(ann.caller.user, {person.user, "+4917000000000"});
    return 0;
  });
  std::set<std::string> ids;
  std::string cursor;
  for (bool more = true; more;) {
    const json::value got = page("/api/contacts" + cursor);
    for (const json::value& contact : got.at("contacts").as_array())
      EXPECT_TRUE(ids.insert(text(contact, "user_id")).second);
    more = got.at("next_cursor").is_string();
    if (more) cursor = "?cursor=" + text(got, "next_cursor");
  }
  EXPECT_EQ(ids.size(), 1200u);
}

TEST_F(LargestPages, TheLargestGroupFitsOneAnswerOneRequestAndOneFrame) {
  std::vector<Caller> members = people(kMaxGroupMembers - 2);
  members.push_back(ben.caller);
  std::string body = R"({"name":")";
  for (std::size_t i = 0; i < kMaxGroupName; ++i)
    body += "\\ud83d\\ude00";
  body += R"(","member_ids":[)";
  for (const Caller& member : members)
    body += "\"" + to_string(member.user) + "\"" + (member == members.back() ? "" : ",");
  body += "]}";
  EXPECT_LE(body.size(), kGroupBodyHead + kMaxGroupMembers * kIdInBody);
  EXPECT_LE(body.size(), 64u * 1024) << "the default of max_body_size";
  const HttpResponse made = server.call(ann.token, "POST", "/api/groups", body);
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_LE(made.body.size(), kPageBytes);
  const ConversationId group{std::stoull(text(json::parse(made.body), "conversation_id"))};
  EXPECT_EQ(page("/api/groups/" + to_string(group)).at("members").as_array().size(), kMaxGroupMembers);

  const auto told = server.world.told<ConversationChange>();
  ASSERT_EQ(told.size(), 1u);
  for (const WireFormat format : {WireFormat::binary, WireFormat::json})
    EXPECT_LE(make_frame(format, to_frame(told[0].value, true))->wire().size(), kClientFrame);
  const auto sent = server.world.say(ann.caller, group, "hello all");
  ASSERT_TRUE(sent);
  const json::value receipts =
      page("/api/conversations/" + to_string(group) + "/messages/" + to_string(sent->id) + "/receipts");
  EXPECT_EQ(receipts.at("receipts").as_array().size(), kMaxGroupMembers - 1);
}

TEST_F(LargestPages, DevicesAndProfilesAreSmall) {
  for (std::size_t i = 1; i < kMaxDevices; ++i) {
    ann = server.sign_in(ann.caller);
    server.world.write([&](Store& db, WriteContext&) {
      Device device = *db.accounts().find_device(ann.caller.device);
      device.name = long_name;
      db.accounts().update_device(device);
      return 0;
    });
  }
  EXPECT_EQ(page("/api/devices").at("devices").as_array().size(), kMaxDevices);
  std::string about;
  for (std::size_t i = 0; i < kMaxAbout; ++i)
    about += "\n";
  server.call(ann.token, "PATCH", "/api/users/me", R"({"about":")" + std::string(kMaxAbout, 'a') + "\"}");
  page("/api/users/me");
  page("/api/users/" + to_string(ben.caller.user));
}

TEST_F(LargestPages, APageOfTheStreamIsWithinItsBoundInEitherFormAndLeadsToItsEnd) {
  const ConversationId direct = server.world.direct(ann.caller, ben.caller)->id;
  for (int i = 0; i < 40; ++i)
    ASSERT_TRUE(server.world.say(ben.caller, direct, i % 8 == 0 ? kLargest : std::string(5'000, '\n')));
  for (const WireFormat format : {WireFormat::binary, WireFormat::json}) {
    constexpr std::size_t kBytes = 128 * 1024;
    Place after;
    std::size_t frames = 0;
    for (bool complete = false; !complete;) {
      std::shared_ptr<CatchUpPage> got;
      PageJob job(server.world.stream,
                  {.caller = ann.caller, .format = format, .after = after, .options = {}, .bytes = kBytes},
                  [&](std::shared_ptr<CatchUpPage> page) { got = std::move(page); });
      server.world.read([&](const Store& db, Timestamp now) {
        job.run(db, now);
        return 0;
      });
      job.done(true);
      std::size_t bytes = 0;
      for (const FramePtr& frame : got->frames) {
        EXPECT_LE(frame->wire().size(), kClientFrame);
        bytes += frame->wire().size();
      }
      if (got->frames.size() > 1) {
        EXPECT_LE(bytes, kBytes);
      }
      frames += got->frames.size();
      ASSERT_TRUE(got->complete || got->next > after);
      after = got->next;
      complete = got->complete;
    }
    EXPECT_EQ(frames, 41u) << "the conversation, and its messages";
  }
}

TEST_F(LargestPages, WhatAMessageIsReckonedToTakeIsNeverLessThanItTakes) {
  StoredMessage message;
  message.id = MessageId{kMaxId};
  message.conversation = ConversationId{kMaxId};
  message.sender = UserId{kMaxId};
  message.sender_device = DeviceId{kMaxId};
  message.epoch = UINT64_MAX;
  message.reply_to = MessageId{kMaxId};
  for (const std::string& url : {std::string("https://x.example/\""), std::string(kMaxMediaUrl, '\\')}) {
    message.media_url = url;
    for (const BodyKind kind : {BodyKind::content, BodyKind::ciphertext}) {
      for (const std::string& body : {std::string(), std::string("plain"), std::string(1000, '"'),
                                      std::string(1001, '\x1f'), std::string(999, '\t'), long_name}) {
        message.body = {kind, body};
        const MessageView view{std::make_shared<const StoredMessage>(message), Status::delivered};
        const std::size_t size = make_frame(WireFormat::json, to_frame(view))->wire().size();
        EXPECT_LE(size, json_size(message));
        EXPECT_LE(json_size(message), size + 400 + 5 * body.size()) << "and not many more";
      }
    }
  }
}

}  // namespace
}  // namespace sotto::server
