// Who may see what: every route and every frame, by every kind of person, with every id at its ends. Each
// secret of the world is a word that occurs nowhere else, so whatever an answer says can be searched for what
// it must not say.
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/server/whole/whole_server.hpp"

namespace sotto::server {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;
using testing::SignedIn;
using testing::WholeServer;

const std::string kEnds[] = {"0", "1", "9223372036854775807", "9223372036854775808", "18446744073709551615"};

bool is_beyond_ids(const std::string& number) {
  return number == "9223372036854775808" || number == "18446744073709551615";
}

class WhoMaySeeWhat : public ::testing::Test {
 protected:
  WhoMaySeeWhat() {
    for (const char* name : {"ann", "ben", "cid", "dan", "eve", "fay", "gil"})
      people[name] = server.sign_in(server.world.person(std::string("Person ") + name));
    expired = server.sign_in(ann().caller);
    server.world.now += kAccessTokenLifetime + 1s;
    for (auto& [name, who] : people)
      who = server.sign_in(who.caller);
    revoked = server.sign_in(ben().caller);
    group = server.world.group(ann().caller, {ben().caller, dan().caller, eve().caller}, "NAME-FIRST");
    message("TEXT-BEFORE-CID", {"ann", "ben", "dan", "eve"});
    server.world.add(ann().caller, group, cid().caller);
    message("TEXT-WITH-CID", {"ann", "ben", "cid", "dan", "eve"});
    server.world.remove(ann().caller, group, dan().caller);
    message("TEXT-AFTER-DAN", {"ann", "ben", "cid", "eve"});
    server.world.remove(ann().caller, group, eve().caller);
    message("TEXT-WITHOUT-EVE", {"ann", "ben", "cid"});
    rename("NAME-SECOND");
    server.world.add(ann().caller, group, eve().caller);
    message("TEXT-EVE-BACK", {"ann", "ben", "cid", "eve"});
    rename("NAME-NOW");
    may_see["NAME-FIRST"] = {"ann", "ben", "cid", "dan", "eve"};
    may_see["NAME-SECOND"] = may_see["NAME-NOW"] = {"ann", "ben", "cid", "eve"};

    direct = server.world.direct(ann().caller, gil().caller)->id;
    const auto sent = server.world.say(ann().caller, direct, "TEXT-DIRECT");
    messages.push_back(to_string(sent->id));
    may_see["TEXT-DIRECT"] = {"ann", "gil"};
    const std::string anns_number = server.world.me(ann().caller)->phone_number;
    EXPECT_EQ(
        server.call(ben().token, "POST", "/api/contacts", R"({"phone_numbers":[")" + anns_number + "\"]}")
            .status,
        200);
    for (const auto& [name, who] : people)
      may_see[server.world.me(who.caller)->phone_number] = {name};
    may_see[anns_number].insert("ben");
    EXPECT_EQ(server.call(ann().token, "PUT", "/api/blocks/" + to_string(gil().caller.user)).status, 204);
    EXPECT_EQ(server.call(revoked.token, "POST", "/api/auth/logout").status, 204);
  }

  SignedIn& ann() { return people.at("ann"); }  // the admin
  SignedIn& ben() { return people.at("ben"); }  // a plain member
  SignedIn& cid() { return people.at("cid"); }  // a later member
  SignedIn& dan() { return people.at("dan"); }  // removed
  SignedIn& eve() { return people.at("eve"); }  // removed, and back
  SignedIn& gil() { return people.at("gil"); }  // not in the group; blocked by Ann. Fay is a stranger.

  void message(const std::string& text, std::set<std::string> readers) {
    const auto sent = server.world.say(ann().caller, group, text);
    ASSERT_TRUE(sent);
    messages.push_back(to_string(sent->id));
    may_see[text] = std::move(readers);
  }
  void rename(const std::string& name) {
    const auto done = server.world.write([&](Store& db, WriteContext& c) {
      return server.world.groups.rename(db, c, ann().caller, group, name);
    });
    ASSERT_TRUE(done);
  }

  /// Notes what was seen, and complains of what must not be.
  void look(const std::string& name, const std::string& said, const std::string& where) {
    for (const auto& [word, readers] : may_see) {
      if (said.find(word) == std::string::npos) continue;
      seen[word].insert(name);
      EXPECT_TRUE(readers.contains(name)) << name << " is told " << word << " by " << where;
    }
  }
  void look(const std::string& name, const std::vector<v1::ServerFrame>& frames, const std::string& where) {
    for (const v1::ServerFrame& frame : frames)
      look(name, frame.SerializeAsString(), where);
  }

  std::vector<std::string> values_of(const std::string& parameter) {
    std::vector<std::string> values(std::begin(kEnds), std::end(kEnds));
    if (parameter == "user_id")
      for (const auto& [name, who] : people)
        values.push_back(to_string(who.caller.user));
    if (parameter == "device_id")
      for (const auto& [name, who] : people)
        values.push_back(to_string(who.caller.device));
    if (parameter == "conversation_id") values.insert(values.end(), {to_string(group), to_string(direct)});
    if (parameter == "message_id") values.insert(values.end(), messages.begin(), messages.end());
    return values;
  }

  /// The pattern with its parameters in every combination of values.
  std::vector<std::string> paths_of(std::string_view pattern) {
    std::vector<std::string> done, open{std::string(pattern)};
    while (!open.empty()) {
      const std::string path = open.back();
      open.pop_back();
      const auto begin = path.find('{');
      if (begin == std::string::npos) {
        done.push_back(path);
        continue;
      }
      const auto end = path.find('}');
      for (const std::string& value : values_of(path.substr(begin + 1, end - begin - 1)))
        open.push_back(path.substr(0, begin) + value + path.substr(end + 1));
    }
    return done;
  }

  std::vector<std::string> queries_of(const Route& route) {
    std::vector<std::string> queries{"", "?limit=100"};
    std::vector<std::string> ids = values_of("message_id");
    if (route.pattern.ends_with("/messages")) {
      for (const std::string& id : ids) {
        queries.push_back("?limit=100&before_id=" + id);
        queries.push_back("?limit=100&after_id=" + id);
        for (const std::string& end : kEnds)
          queries.push_back("?limit=100&after_id=" + id + "&before_id=" + end);
      }
    }
    if (route.pattern == "/api/conversations" || route.pattern == "/api/contacts")
      for (const std::string& id : ids)
        queries.push_back("?cursor=" + id);
    return queries;
  }

  /// The group and everything in it, as it is stored.
  std::string state_of_group() {
    std::string state = *server.world.store().connection().db().scalar_text(
        "SELECT group_concat(user_id || '/' || joined_id || '/' || coalesce(left_id, '') || '/' || role) "
        "FROM memberships");
    state +=
        *server.world.store().connection().db().scalar_text("SELECT group_concat(name) FROM conversations");
    return state + std::to_string(server.world.count("messages")) + "/" +
           std::to_string(server.world.count("changes"));
  }

  WholeServer server;
  std::map<std::string, SignedIn> people;
  SignedIn expired, revoked;
  ConversationId group, direct;
  std::vector<std::string> messages;
  std::map<std::string, std::set<std::string>> may_see;  ///< a word, and who may be told it
  std::map<std::string, std::set<std::string>> seen;
};

TEST_F(WhoMaySeeWhat, EveryReadingRouteTellsEveryoneTheirOwnAndNobodyMore) {
  for (const Route& route : server.routes) {
    if (route.method != "GET" || route.access == Access::open) continue;
    for (const std::string& path : paths_of(route.pattern)) {
      for (const std::string& query : queries_of(route)) {
        const std::string target = path + query;
        const bool no_id = target.find("9223372036854775808") != std::string::npos ||
                           target.find("18446744073709551615") != std::string::npos;
        for (const auto& [name, who] : people) {
          const HttpResponse answer = server.call(who.token, "GET", target);
          EXPECT_LT(answer.status, 500) << target;
          if (no_id) {
            EXPECT_EQ(answer.status, 400) << name << " " << target;
          }
          look(name, answer.body, "GET " + target);
        }
        for (const SignedIn* nobody : {&expired, &revoked}) {
          const HttpResponse answer = server.call(nobody->token, "GET", target);
          EXPECT_EQ(answer.status, 401) << target;
          look("nobody", answer.body, "GET " + target);
        }
      }
    }
  }
  // The looking itself works: everybody has found what is theirs. (The names of then are told by frames.)
  for (const auto& [word, readers] : may_see) {
    if (word == "NAME-NOW" || word.starts_with("TEXT-") || word.starts_with("+")) {
      EXPECT_EQ(seen[word], readers) << word;
    }
  }
}

TEST_F(WhoMaySeeWhat, NoRouteLetsWhoMayNotChangeAGroup) {
  const std::string before = state_of_group();
  int calls = 0;
  for (const Route& route : server.routes) {
    if (route.method == "GET" || !route.pattern.starts_with("/api/groups/")) continue;
    for (const std::string& path : paths_of(route.pattern)) {
      for (const auto& [name, who] : people) {
        const std::string self = to_string(who.caller.user);
        const bool leaves = route.method == "DELETE" && path.ends_with("/members/" + self);
        if (name == "ann" || leaves) continue;
        for (const std::string& user : values_of("user_id")) {
          const std::string body = R"({"name":"changed","role":"admin","user_ids":[")" + user +
                                   R"("],"member_ids":[")" + user + "\"]}";
          const HttpResponse answer = server.call(who.token, std::string(route.method), path, body);
          EXPECT_GE(answer.status, 400) << name << " " << route.method << " " << path << " " << body;
          EXPECT_LT(answer.status, 500) << name << " " << route.method << " " << path << " " << body;
          look(name, answer.body, path);
          ++calls;
          if (route.method == "DELETE" || route.pattern.ends_with("_id}")) break;  // no ids in the body
        }
      }
      for (const SignedIn* nobody : {&expired, &revoked})
        EXPECT_EQ(server.call(nobody->token, std::string(route.method), path, "{}").status, 401);
    }
  }
  EXPECT_GT(calls, 500);
  EXPECT_EQ(state_of_group(), before);
  EXPECT_EQ(server.call(ann().token, "PATCH", "/api/groups/" + to_string(group), R"({"name":"x"})").status,
            200)
      << "who may, can";
}

TEST_F(WhoMaySeeWhat, NobodyRevokesAnothersDevice) {
  for (const auto& [name, who] : people) {
    for (const std::string& device : values_of("device_id")) {
      if (device == to_string(who.caller.device)) continue;
      const int status = server.call(who.token, "DELETE", "/api/devices/" + device).status;
      EXPECT_EQ(status, is_beyond_ids(device) ? 400 : 404) << name;
    }
  }
  for (const auto& [name, who] : people)
    EXPECT_EQ(server.call(who.token, "GET", "/api/users/me").status, 200) << name;
}

TEST_F(WhoMaySeeWhat, WhoAsksForAGroupWithSomebodyWhoHasBlockedThemIsRefused) {
  const std::string ann_id = to_string(ann().caller.user);
  const auto made =
      server.call(gil().token, "POST", "/api/groups", R"({"name":"x","member_ids":[")" + ann_id + "\"]}");
  EXPECT_EQ(made.status, 403);
  EXPECT_THAT(made.body, HasSubstr("blocked"));
  const auto own = server.world.group(gil().caller, {});
  EXPECT_EQ(server
                .call(gil().token, "POST", "/api/groups/" + to_string(own) + "/members",
                      R"({"user_ids":[")" + ann_id + "\"]}")
                .status,
            403);
}

TEST_F(WhoMaySeeWhat, TheStreamTellsEveryoneTheirOwnAndNobodyMoreFromWhereverItBegins) {
  std::vector<std::string> cursors = values_of("message_id");
  for (const std::string& id : messages)
    cursors.push_back(std::to_string(std::stoull(id) - 1));
  for (const auto& [name, who] : people) {
    for (const std::string& cursor : cursors) {
      v1::ClientFrame sync;
      sync.mutable_sync()->set_last_seen_message_id(std::stoull(cursor));
      const auto told = server.say(who, {sync});
      look(name, told, "sync " + cursor);
      if (is_beyond_ids(cursor)) {
        ASSERT_EQ(told.size(), 2u) << "hello, error";
        EXPECT_EQ(told[1].error().code(), "bad_frame");
      }
    }
  }
  for (const auto& [word, readers] : may_see) {
    if (word.starts_with("TEXT-")) {
      EXPECT_EQ(seen[word], readers) << word;
    }
  }
  EXPECT_EQ(seen["NAME-NOW"], (std::set<std::string>{"ann", "ben", "cid", "eve"}));
  EXPECT_EQ(seen["NAME-FIRST"], (std::set<std::string>{"dan"})) << "what it was called when they left";
}

TEST_F(WhoMaySeeWhat, NoFrameTellsOrChangesWhatIsNotTheSendersWhateverItsIds) {
  const auto frames_of = [&] {
    std::vector<v1::ClientFrame> frames;
    std::uint8_t key = 0;
    for (const std::string& conversation : values_of("conversation_id")) {
      for (const std::string& id : values_of("message_id")) {
        v1::ClientFrame delivered, read, reply;
        delivered.mutable_delivered()->set_conversation_id(std::stoull(conversation));
        delivered.mutable_delivered()->add_message_ids(std::stoull(id));
        read.mutable_read()->set_conversation_id(std::stoull(conversation));
        read.mutable_read()->set_up_to_message_id(std::stoull(id));
        Uuid uuid;
        uuid.bytes.fill(++key);
        reply.mutable_message()->set_idempotency_key(to_string(uuid));
        reply.mutable_message()->set_conversation_id(std::stoull(conversation));
        reply.mutable_message()->set_reply_to_message_id(std::stoull(id));
        reply.mutable_message()->set_content("a reply");
        frames.insert(frames.end(), {delivered, read, reply});
      }
      v1::ClientFrame typing;
      typing.mutable_typing()->set_conversation_id(std::stoull(conversation));
      frames.push_back(typing);
    }
    v1::ClientFrame presence;
    for (const std::string& user : values_of("user_id")) {
      presence.mutable_presence_subscribe()->add_user_ids(std::stoull(user));
      v1::ClientFrame one;
      one.mutable_presence_subscribe()->add_user_ids(std::stoull(user));
      frames.push_back(one);
    }
    frames.push_back(presence);
    return frames;
  };
  // Fay is in nothing, and Gil is blocked: nobody but Gil's own devices hears of what they say.
  const auto told = [&] {
    return std::to_string(server.world.count("messages")) + " messages, " +
           std::to_string(*server.world.store().connection().db().scalar(
               ("SELECT count(*) FROM receipts WHERE audience_id <> " + to_string(gil().caller.user))
                   .c_str())) +
           " receipts";
  };
  const std::string before = told();
  for (const std::string name : {"fay", "gil"})
    look(name, server.say(people.at(name), frames_of()), "frames");
  EXPECT_EQ(told(), before);
  // Dan may say that he has what he saw, and no more.
  look("dan", server.say(dan(), frames_of()), "frames");
  EXPECT_EQ(server.world.count("messages"), static_cast<std::int64_t>(messages.size()));
  for (const std::string name : {"ann", "ben", "cid", "eve"})
    look(name, server.say(people.at(name), frames_of()), "frames");
}

TEST_F(WhoMaySeeWhat, WhoeverIsBlockedIsToldNothingOfDeliveryOrReading) {
  // Before the block: told.
  const auto other = server.world.direct(ben().caller, cid().caller)->id;
  const auto early = server.world.say(ben().caller, other, "early");
  server.world.read_up_to(cid().caller, other, early->id);
  const auto late = server.world.say(ben().caller, other, "late");
  ASSERT_EQ(server.call(cid().token, "PUT", "/api/blocks/" + to_string(ben().caller.user)).status, 204);
  server.world.delivered(cid().caller, other, {late->id});
  EXPECT_TRUE(server.world.told<Receipts>().empty());
  server.world.read_up_to(cid().caller, other, late->id);
  for (const auto& told : server.world.told<Receipts>())
    EXPECT_THAT(told.people(), ::testing::ElementsAre(cid().caller.user)) << "the reader's own devices";
  EXPECT_EQ(server.world.unread(cid().caller, other), 0u);
  EXPECT_EQ(server.world.status(ben().caller, other, early->id), Status::read) << "never goes back";
  EXPECT_EQ(server.world.status(ben().caller, other, late->id), Status::sent);
  const std::string receipts =
      "/api/conversations/" + to_string(other) + "/messages/" + to_string(late->id) + "/receipts";
  EXPECT_THAT(server.call(ben().token, "GET", receipts).body, HasSubstr(R"("status":"sent")"));

  ASSERT_EQ(server.call(cid().token, "DELETE", "/api/blocks/" + to_string(ben().caller.user)).status, 204);
  const auto again = server.world.say(ben().caller, other, "again");
  server.world.read_up_to(cid().caller, other, again->id);
  EXPECT_EQ(server.world.status(ben().caller, other, late->id), Status::read);
}

}  // namespace
}  // namespace sotto::server
