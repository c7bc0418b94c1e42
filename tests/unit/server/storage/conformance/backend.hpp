// What every database behind the server has to do, as tests that any adapter can be run against:
//
//   INSTANTIATE_TEST_SUITE_P(Backends, StoreConformance, testing::ValuesIn(backends()), name_of);
//
// A test writes as the server does, in units of work, and reads with a connection of its own.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/storage/transactional_store.hpp"
#include "tests/unit/server/world.hpp"

namespace sotto::server {

/// An adapter under test. `path` is a place of the test's own, empty at first.
struct Backend {
  std::string name;
  std::function<std::unique_ptr<TransactionalStore>(const std::string& path)> open_writer;
  std::function<std::unique_ptr<TransactionalStore>(const std::string& path)> open_reader;
};

/// All there are.
std::vector<Backend> backends();

inline std::string name_of(const ::testing::TestParamInfo<Backend>& info) {
  return info.param.name;
}

class StoreConformance : public ::testing::TestWithParam<Backend> {
 protected:
  StoreConformance()
      : writer(GetParam().open_writer(folder_.file("db"))),
        reader(GetParam().open_reader(folder_.file("db"))) {}

  /// One unit of work that is committed.
  template <class F>
  void write(F&& work) {
    ASSERT_TRUE(writer->begin());
    work(static_cast<Store&>(*writer));
    ASSERT_TRUE(writer->commit(next_id_)) << writer->fault().text;
  }
  /// The same, dropped at its end.
  template <class F>
  void drop(F&& work) {
    ASSERT_TRUE(writer->begin());
    work(static_cast<Store&>(*writer));
    writer->rollback();
  }
  /// What a reader sees now.
  template <class F>
  auto read(F&& question) {
    EXPECT_TRUE(reader->begin());
    auto answer = question(std::as_const(static_cast<Store&>(*reader)));
    EXPECT_FALSE(reader->failed());
    reader->rollback();
    return answer;
  }
  /// Everything is closed and opened again.
  void reopen() {
    reader.reset();
    writer.reset();
    writer = GetParam().open_writer(folder_.file("db"));
    reader = GetParam().open_reader(folder_.file("db"));
  }

  /// The places of a person's stream.
  std::vector<Place> stream_of(UserId user, Place after = {}) {
    return read([&](const Store& store) {
      std::vector<Place> places;
      for (const StreamEntry& entry : store.stream().next({user, after, {}, 100}).entries)
        places.push_back(entry.place);
      return places;
    });
  }

  template <class T>
  T id() {
    return T{++next_id_};
  }
  User user(const std::string& phone) {
    User made;
    made.id = id<UserId>();
    made.phone_number = phone;
    made.display_name = "Name of " + phone;
    made.created_at = from_unix_ms(1'790'000'000'000);
    return made;
  }
  UserId person() {
    const User made = user("+49151" + std::to_string(1'000'000 + next_id_));
    write([&](Store& store) { store.accounts().insert_user(made); });
    return made.id;
  }
  DeviceId device_of(UserId owner) {
    Device device;
    device.id = id<DeviceId>();
    device.user = owner;
    write([&](Store& store) { store.accounts().insert_device(device); });
    return device.id;
  }
  /// A group of these people, who are members from its creation on.
  ConversationId group(const std::vector<UserId>& people) {
    ConversationState state;
    state.id = id<ConversationId>();
    state.kind = ConversationKind::group;
    state.name = "Group";
    state.last_change = Place{state.id.value};
    for (const UserId who : people)
      state.members.push_back({who, Role::member, Place{state.id.value}});
    write([&](Store& store) { store.conversations().insert(state, people.front(), std::nullopt); });
    return state.id;
  }
  StoredMessage message(ConversationId conversation, UserId sender, const std::string& text = "hello") {
    StoredMessage made;
    made.id = id<MessageId>();
    made.conversation = conversation;
    made.sender = sender;
    made.sender_device = DeviceId{1};
    made.body = {BodyKind::content, text};
    made.key.bytes.fill(static_cast<std::uint8_t>(made.id.value));
    return made;
  }
  StoredMessage say(ConversationId conversation, UserId sender, const std::vector<UserId>& recipients) {
    const StoredMessage made = message(conversation, sender);
    std::vector<Member> mailboxes;
    for (const UserId who : recipients)
      mailboxes.push_back({who, Role::member, {}});
    write([&](Store& store) { store.messages().append(made, mailboxes); });
    return made;
  }

 private:
  testing::TempFolder folder_;
  std::uint64_t next_id_ = 1000;

 protected:
  std::unique_ptr<TransactionalStore> writer;
  std::unique_ptr<TransactionalStore> reader;
};

}  // namespace sotto::server
