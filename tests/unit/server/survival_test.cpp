// Fail the n-th operation: one scenario of the real services on the real store, in which the first, the
// second, the third... change of the disk fails, until nothing is left to fail. After each the same requests
// are made again with the same keys, as clients do.
#include <functional>
#include <map>
#include <set>

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "tests/support/crash_vfs.hpp"
#include "tests/unit/server/world.hpp"

namespace sotto::server {
namespace {

using testing::World;

/// People who want some of everything done, and ask until it is.
class Scenario {
 public:
  explicit Scenario(test::CrashDisk& disk) : world(limits(), disk) {
    ann = world.person("Ann");
    ben = world.person("Ben");
    cat = world.person("Cat");
    chat = world.direct(ann, ben)->id;
    // On the other side of the fan-out's threshold: its messages are read from the group's log.
    group = world.group(ann, {ben, cat});
    for (int i = 0; i < 4; ++i)
      chat_messages.push_back(world.message(chat, "chat " + std::to_string(i)));
    for (int i = 0; i < 2; ++i)
      group_messages.push_back(world.message(group, "group " + std::to_string(i)));
  }

  /// Everything once, whatever becomes of it.
  void play() {
    send(ann, chat_messages[0]);
    send_together({chat_messages[1], chat_messages[2]});
    send(ben, group_messages[0]);
    found_group();
    tell();
    send(ann, chat_messages[3]);
    send(cat, group_messages[1]);
    change_role();
    tell();
  }

  /// Whoever got no answer asks again; whoever got one must get the same again.
  void play_again() {
    play();
    for (const auto* list : {&chat_messages, &group_messages}) {
      for (const NewMessage& message : *list)
        EXPECT_TRUE(acked.contains(message.body.bytes)) << message.body.bytes << " is refused for good";
    }
    EXPECT_TRUE(founded.has_value());
  }

  void expect_everything_once() {
    using Texts = std::multiset<std::string>;
    const auto seen = [&](const Caller& who) {
      const auto texts = world.texts(who);
      return Texts(texts.begin(), texts.end());
    };
    const Texts group_texts{"group 0", "group 1"};
    Texts all = group_texts;
    all.insert({"chat 0", "chat 1", "chat 2", "chat 3"});
    EXPECT_EQ(seen(ben), all);
    EXPECT_EQ(seen(cat), group_texts);
    EXPECT_EQ(world.count("messages"), 6);
    EXPECT_EQ(world.count("conversations"), 3) << "the chat and two groups";
    for (const MessageId id : published)
      EXPECT_TRUE(is_stored(id)) << "message " << to_string(id) << " was published and is not there";
    EXPECT_EQ(world.unread(ben, chat), 0u);
    EXPECT_EQ(world.status(ann, chat, acked.at("chat 3")), Status::read);
    EXPECT_EQ(world.unread(cat, group), 1u) << "Ben's; she told nothing";
    auto statement = world.store().connection().db().prepare("PRAGMA integrity_check");
    ASSERT_TRUE(statement && statement->step());
    EXPECT_EQ(statement->text(0), "ok");
  }

  /// Every answer that somebody got is true.
  void expect_what_was_acked_is_there() {
    for (const auto& [text, id] : acked)
      EXPECT_TRUE(is_stored(id)) << text << " was acked and is not there";
  }

  World world;

 private:
  static Limits limits() {
    Limits limits;
    limits.write_fanout_members = 2;
    return limits;
  }

  void note(const NewMessage& message, const ServiceResult<Ack>& answer) {
    if (!answer) {
      EXPECT_EQ(answer.error().code, ServiceCode::internal) << answer.error().detail;
      return;
    }
    const auto [known, fresh] = acked.emplace(message.body.bytes, answer->id);
    EXPECT_EQ(known->second, answer->id) << message.body.bytes << " got another id";
    EXPECT_TRUE(fresh || answer->repeated);
  }
  void note_events() {
    for (const auto& told : world.told<MessageView>())
      EXPECT_TRUE(published.insert(told.value.message->id).second) << "published twice";
    world.events.clear();
  }

  void send(const Caller& who, const NewMessage& message) {
    note(message, world.send(who, message));
    note_events();
  }

  void send_together(const std::vector<NewMessage>& batch) {
    std::vector<std::optional<ServiceResult<Ack>>> answers(batch.size());
    auto committed = std::make_unique<bool[]>(batch.size());
    std::vector<std::unique_ptr<WriteJob>> jobs;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      auto accept = [this, &message = batch[i]](Store& db, WriteContext& context) {
        return world.messages.accept(db, context, ann, message);
      };
      jobs.push_back(
          std::make_unique<testing::LambdaJob<decltype(accept)>>(accept, answers[i], committed[i]));
    }
    world.run(jobs);
    for (std::size_t i = 0; i < batch.size(); ++i)
      note(batch[i], committed[i] ? *answers[i] : ServiceResult<Ack>(storage_failed()));
    note_events();
  }

  void found_group() {
    const NewGroup wanted{"Founded", {ben.user}, "key of the founding"};
    const auto made = world.write(
        [&](Store& db, WriteContext& context) { return world.groups.create(db, context, ann, wanted); });
    if (!made) return;
    EXPECT_EQ(founded.value_or((*made)->id), (*made)->id);
    founded = (*made)->id;
  }

  void change_role() {
    (void)world.write([&](Store& db, WriteContext& context) {
      return world.groups.set_role(db, context, ann, group, cat.user, Role::admin);
    });
  }

  /// Ben has and has read what he was sent in the chat.
  void tell() {
    for (const auto& [text, id] : acked) {
      if (!text.starts_with("chat")) continue;
      world.delivered(ben, chat, {id});
      world.read_up_to(ben, chat, id);
    }
  }

  bool is_stored(MessageId id) {
    return world.read([&](const Store& db, Timestamp) { return db.messages().find(id) != nullptr; });
  }

  Caller ann, ben, cat;
  ConversationId chat, group;
  std::vector<NewMessage> chat_messages, group_messages;
  std::map<std::string, MessageId> acked;
  std::optional<ConversationId> founded;
  std::set<MessageId> published;
};

/// `arm` sets the fault, `mend` ends it; until one n does not strike any more.
void for_each_change(const std::function<void(test::CrashDisk&, std::int64_t)>& arm,
                     const std::function<void(test::CrashDisk&, World&)>& mend) {
  for (std::int64_t n = 1; !::testing::Test::HasFailure(); ++n) {
    SCOPED_TRACE("change " + std::to_string(n));
    test::CrashDisk disk(static_cast<std::uint64_t>(n));
    Scenario scenario(disk);
    arm(disk, n);
    scenario.play();
    const bool struck = disk.struck();
    mend(disk, scenario.world);
    scenario.expect_what_was_acked_is_there();
    scenario.play_again();
    scenario.expect_everything_once();
    if (!struck) {
      EXPECT_GT(n, 20) << "the scenario does not use the disk";
      break;
    }
  }
}

TEST(ServerSurvival, OneFailedWriteAnywhereLosesNothingAndDoublesNothing) {
  for_each_change([](auto& disk, std::int64_t n) { disk.fail_at(n, SQLITE_IOERR_WRITE); },
                  [](auto& disk, World&) { disk.heal(); });
}

TEST(ServerSurvival, ADiskThatIsFullFromAnyWriteOnLosesNothingOnceThereIsRoom) {
  for_each_change([](auto& disk, std::int64_t n) { disk.fail_at(n, SQLITE_FULL, /*from_then_on=*/true); },
                  [](auto& disk, World&) { disk.heal(); });
}

TEST(ServerSurvival, APowerCutAtAnyChangeOfTheDiskLosesNothingThatWasAcked) {
  for_each_change([](auto& disk, std::int64_t n) { disk.crash_at(n); },
                  [](auto& disk, World& world) {
                    disk.power_cycle();
                    world.restart();
                  });
}

}  // namespace
}  // namespace sotto::server
