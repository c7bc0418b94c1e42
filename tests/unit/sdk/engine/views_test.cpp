#include "sdk/engine/views/differences.hpp"
#include "tests/unit/sdk/engine/device.hpp"

namespace sotto::engine::testing {
namespace {

struct Views : ::testing::Test {
  Device device;
  std::vector<TimelineRow> rows;
  std::vector<Conversation> list;

  void SetUp() override {
    device.sign_in();
    device.go_online();
    device.receive(direct_created(950, kChat.value, kPeer));
  }
  ViewNumber open(TimelineOptions options = {}) {
    auto view = device.engine->open_timeline(kChat, options, device.now);
    EXPECT_TRUE(view.ok());
    apply_changes();
    return view.ok() ? *view : ViewNumber::none;
  }
  void apply_changes() {
    device.drain();
    for (const auto& changed : std::exchange(device.timeline_changes, {}))
      for (const auto& change : changed.changes)
        apply(change, rows);
    for (const auto& changed : std::exchange(device.list_changes, {}))
      for (const auto& change : changed.changes)
        apply(change, list);
  }
  std::vector<std::string> shown() {
    apply_changes();
    std::vector<std::string> texts;
    for (const auto& row : rows) {
      const auto* message = std::get_if<Message>(&row.content);
      texts.push_back(message != nullptr ? message->text : "(hole)");
    }
    return texts;
  }
  void fill(std::uint64_t count) {
    std::vector<lite::ServerFrame> frames;
    for (std::uint64_t i = 0; i < count; ++i)
      frames.push_back(message_from(kPeer, 1000 + i, kChat.value, std::to_string(i)));
    device.receive_all(frames);
  }
  bool load_older(ViewNumber view, std::size_t count) {
    bool more = false;
    device.engine->load_older(view, count, device.now, [&](Result<bool> r) { more = r.ok() && *r; });
    return more;
  }
};

TEST_F(Views, ATimelineAppendsWhatComesAndUpdatesWhatChanges) {
  fill(2);
  open();
  EXPECT_EQ(shown(), (std::vector<std::string>{"0", "1"}));
  device.send(kChat, "mine");
  EXPECT_EQ(shown(), (std::vector<std::string>{"0", "1", "mine"}));
  device.receive(message_from(kPeer, 1002, kChat.value, "2"));
  EXPECT_EQ(shown(), (std::vector<std::string>{"0", "1", "2", "mine"}))
      << "what is not acknowledged stands last";
  device.receive(ack_of(device.take_message(), 1003, kChat.value));
  EXPECT_EQ(shown().back(), "mine");
  EXPECT_EQ(std::get<Message>(rows.back().content).state, MessageState::sent);
}

TEST_F(Views, ATimelineBeginsAtTheEndAndGrowsBackOnDemand) {
  fill(120);
  const ViewNumber view = open({MessageId{}, 50, 50});
  EXPECT_EQ(shown().size(), 50u);
  EXPECT_EQ(shown().front(), "70");
  EXPECT_TRUE(load_older(view, 50));
  EXPECT_EQ(shown().front(), "20");
  EXPECT_FALSE(load_older(view, 50));
  EXPECT_EQ(shown().size(), 120u);
}

TEST_F(Views, ATimelineAroundAnAnchorGrowsAtBothEnds) {
  fill(100);
  const ViewNumber view = open({MessageId{1050}, 10, 10});
  EXPECT_EQ(shown().front(), "40");
  EXPECT_EQ(shown().back(), "60");
  device.receive(message_from(kPeer, 1100, kChat.value, "100"));
  EXPECT_EQ(shown().back(), "60") << "the window does not reach the end";
  bool more = true;
  while (more) {
    bool answered = false;
    device.engine->load_newer(view, 30, device.now, [&](Result<bool> r) {
      answered = true;
      more = r.ok() && *r;
    });
    ASSERT_TRUE(answered);
  }
  EXPECT_EQ(shown().back(), "100");
  device.receive(message_from(kPeer, 1101, kChat.value, "101"));
  EXPECT_EQ(shown().back(), "101");
}

TEST_F(Views, OlderMessagesThanThisDeviceComeFromTheServerThroughAHole) {
  constexpr ConversationId kOld{150};  // older than the device, which is 200
  device.receive(message_from(kPeer, 1000, kOld.value, "new"));
  auto view = device.engine->open_timeline(kOld, {}, device.now);
  ASSERT_TRUE(view.ok());
  EXPECT_EQ(shown(), (std::vector<std::string>{"(hole)", "new"}));
  device.requests.clear();
  bool answered = false;
  bool more = true;
  device.engine->load_older(*view, 2, device.now, [&](Result<bool> r) {
    answered = true;
    more = r.ok() && *r;
  });
  const auto request = device.take_request();
  EXPECT_EQ(request.what.path, "/api/conversations/150/messages?before_id=200&limit=2");
  device.respond(
      request, 200,
      R"({"messages":[{"message_id":"190","conversation_id":"150","sender_id":"101","content":"b","created_at":"1790000000000","status":"sent"},
                                 {"message_id":"180","conversation_id":"150","sender_id":"100","content":"a","created_at":"1790000000000","status":"read"}],
                    "has_more":false})");
  EXPECT_TRUE(answered);
  EXPECT_FALSE(more);
  EXPECT_EQ(shown(), (std::vector<std::string>{"a", "b", "new"}));
  EXPECT_EQ(device.engine->conversation(kOld)->unread_count, 1u) << "history is not news";
}

TEST_F(Views, TheConversationListHasTheNewestFirst) {
  ASSERT_TRUE(device.engine->open_conversation_list(device.now).ok());
  apply_changes();
  ASSERT_EQ(list.size(), 1u);
  device.receive(message_from(kThird, 1000, 901, "hi"));
  apply_changes();
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].id, ConversationId{901});
  device.receive(message_from(kPeer, 1001, kChat.value, "ho"));
  apply_changes();
  EXPECT_EQ(list[0].id, kChat);
  EXPECT_EQ(list[0].unread_count, 1u);
}

TEST_F(Views, AfterAnyHistoryAViewEqualsAFreshQuery) {
  SeededRandom random(11);
  const ViewNumber view = open({MessageId{}, 5, 5});
  ASSERT_TRUE(device.engine->open_conversation_list(device.now).ok());
  std::uint64_t id = 1000;
  std::vector<lite::OutgoingMessage> unanswered;
  for (int step = 0; step < 300; ++step) {
    switch (random.below(8)) {
      case 0:
        device.send(kChat, "mine " + std::to_string(step));
        break;
      case 1:
        device.send(kThird, "to a third " + std::to_string(step));
        break;
      case 2:
      case 3: {
        for (auto& message : device.take_messages())
          unanswered.push_back(message);
        if (unanswered.empty()) break;
        const auto next = unanswered.front();
        unanswered.erase(unanswered.begin());
        device.receive(
            random.below(10) == 0
                ? error_of(next, "too_large")
                : ack_of(next, ++id,
                         next.receiver_id() != 0 || next.conversation_id() == 902 ? 902 : kChat.value));
        break;
      }
      case 4:
        ++id;
        device.receive(receipt(lite::Status::read, kPeer, id, kChat.value, id - 1));
        break;
      case 5:
        load_older(view, 3);
        break;
      case 6:
        if (auto conversation = device.engine->conversation(kChat); conversation->blocked_by)
          device.engine->delete_message(*conversation->blocked_by, device.now, {});
        break;
      default:
        device.receive(message_from(kPeer, ++id, kChat.value, "theirs " + std::to_string(step)));
    }
    apply_changes();
    auto conversations = device.engine->conversations();
    ASSERT_TRUE(conversations.ok());
    ASSERT_EQ(list, *conversations) << "after step " << step;
    auto page = device.engine->messages({kChat, {}, {}, 100});
    ASSERT_TRUE(page.ok());
    ASSERT_LE(rows.size(), 1000u);
    // The window reaches the end: its rows are the newest ones.
    const std::size_t count = std::min(rows.size(), page->messages.size());
    for (std::size_t i = 0; i < count; ++i)
      ASSERT_EQ(std::get<Message>(rows[rows.size() - 1 - i].content), page->messages[i])
          << "after step " << step;
  }
}

TEST(Differences, TurnAnyListIntoAnyOther) {
  SeededRandom random(5);
  struct Row {
    std::uint64_t key = 0;
    std::uint64_t value = 0;
    bool operator==(const Row&) const = default;
  };
  const auto some_list = [&] {
    std::vector<Row> rows;
    for (std::uint64_t key = 0; key < 12; ++key)
      if (random.below(3) != 0) rows.push_back({key, random.below(2)});
    for (std::size_t i = rows.size(); i > 1; --i)
      if (random.below(3) == 0) std::swap(rows[i - 1], rows[random.below(i)]);
    return rows;
  };
  for (int round = 0; round < 2000; ++round) {
    auto before = some_list();
    const auto after = some_list();
    for (const auto& change : differences(before, after, [](const Row& r) { return r.key; })) {
      ASSERT_LE(change.index, before.size());
      apply(change, before);
    }
    ASSERT_EQ(before, after);
  }
}

TEST(Differences, AreNoneForEqualListsAndOneForOneChange) {
  const auto key = [](int row) { return row / 10; };
  const std::vector<int> list{10, 20, 30};
  EXPECT_TRUE(differences(list, list, key).empty());
  const auto append = differences(list, std::vector<int>{10, 20, 30, 40}, key);
  ASSERT_EQ(append.size(), 1u);
  EXPECT_EQ(append[0].kind, Change<int>::Kind::append);
  const auto prepend = differences(list, std::vector<int>{1, 10, 20, 30}, key);
  ASSERT_EQ(prepend.size(), 1u);
  EXPECT_EQ(prepend[0].kind, Change<int>::Kind::prepend);
  const auto update = differences(list, std::vector<int>{10, 25, 30}, key);
  ASSERT_EQ(update.size(), 1u);
  EXPECT_EQ(update[0].kind, Change<int>::Kind::update);
  EXPECT_EQ(update[0].index, 1u);
}

}  // namespace
}  // namespace sotto::engine::testing
