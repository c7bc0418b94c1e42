// A store in a folder of its own, and rows to put into it.
//
//   OpenStore store;
//   ConversationRow chat = store.chat(900);
//   store.receive(chat, 1000, "hello");
//   store.commit();
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <unistd.h>

#include <gtest/gtest.h>

#include "sdk/store/store.hpp"

namespace sotto::store::testing {

inline constexpr UserId kMe{100};
inline constexpr UserId kPeer{101};

class OpenStore {
 public:
  OpenStore() {
    static std::atomic<int> next{0};
    directory = std::filesystem::temp_directory_path() /
                ("sotto-store-" + std::to_string(getpid()) + "-" + std::to_string(next++));
    open();
  }
  ~OpenStore() {
    store.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
  }
  void open(StoreKey key = StoreKey::none()) {
    store.reset();
    auto opened = Store::open({directory, std::move(key)});
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    store = std::move(*opened);
  }
  Store* operator->() { return store.get(); }

  void begin() {
    if (store->db.in_transaction()) return;
    ASSERT_TRUE(store->db.begin().ok());
  }
  void commit() {
    auto done = store->db.commit();
    ASSERT_TRUE(done.ok()) << done.error().message;
  }
  ConversationRow chat(std::uint64_t id) {
    begin();
    return store->conversations.create(ConversationId{id}, ConversationKind::direct).row;
  }
  LocalId receive(ConversationRow chat, std::uint64_t id, const std::string& text) {
    begin();
    NewMessage m;
    m.conversation = chat;
    m.message_id = MessageId{id};
    m.sender_id = kPeer;
    m.text = text;
    m.created_at = from_unix_ms(static_cast<std::int64_t>(id));
    return store->messages.insert(m);
  }
  LocalId write(ConversationRow chat, const std::string& text, std::uint8_t key) {
    begin();
    NewMessage m;
    m.conversation = chat;
    m.sender_id = kMe;
    m.is_mine = true;
    m.text = text;
    m.state = MessageState::queued;
    m.key = Uuid{};
    m.key->bytes[0] = key;
    return store->messages.insert(m);
  }
  std::vector<std::string> search(const std::string& text, ConversationRow chat = {},
                                  std::size_t limit = 50) {
    std::vector<std::string> texts;
    for (const auto& hit : store->search.find(SearchWords(text), chat, {}, limit))
      texts.push_back(hit.message.text);
    EXPECT_FALSE(store->db.failed());
    return texts;
  }

  std::filesystem::path directory;
  std::unique_ptr<Store> store;
};

}  // namespace sotto::store::testing
