#include <algorithm>

#include "sdk/store/letter_case.hpp"
#include "tests/unit/sdk/store/open_store.hpp"

namespace sotto::store::testing {
namespace {

struct Script {
  const char* name;
  const char* text;
  const char* part;        ///< three characters or more
  const char* two;         ///< two characters
  const char* one;         ///< one
  const char* other_case;  ///< the part in the other letter case; "" where there is none
};

constexpr Script kScripts[] = {
    {"Latin", "Straßenbahn nach Köln", "ßenb", "öl", "K", "KÖLN"},
    {"Cyrillic", "Привет, мир", "рив", "ми", "П", "ПРИВЕТ"},
    {"Greek", "Καλημέρα κόσμε", "λημ", "κό", "σ", "ΚΌΣΜΕ"},
    {"Chinese", "我们明天在北京见面吧", "在北京", "北京", "见", ""},
    {"Arabic", "مرحبا بالعالم", "رحب", "با", "م", ""},
    {"Devanagari", "नमस्ते दुनिया", "मस्ते", "दु", "न", ""},
};

struct Search : ::testing::Test {
  OpenStore store;
  ConversationRow chat;
  void SetUp() override {
    chat = store.chat(900);
    std::uint64_t id = 1000;
    for (const Script& script : kScripts)
      store.receive(chat, id++, script.text);
    store.commit();
  }
};

TEST_F(Search, FindsAnyPartOfAMessageInSixScripts) {
  for (const Script& script : kScripts) {
    const std::vector<std::string> expected{script.text};
    EXPECT_EQ(store.search(script.part), expected) << script.name;
    EXPECT_EQ(store.search(script.two), expected) << script.name;
    EXPECT_EQ(store.search(script.text), expected) << script.name;
    const auto by_one = store.search(script.one);
    EXPECT_NE(std::find(by_one.begin(), by_one.end(), script.text), by_one.end()) << script.name;
    if (*script.other_case != '\0') {
      EXPECT_EQ(store.search(script.other_case), expected) << script.name;
    }
  }
}

TEST_F(Search, FindsUrlsAndWhatLooksLikeSyntax) {
  store.receive(chat, 2000, "see https://example.org/a?b=c&d=\"e\" OR NOT*");
  store.commit();
  for (const char* text : {"https://exa", "?b=c&d", "\"e\"", "OR NOT*", "e\" OR", "=\""})
    EXPECT_EQ(store.search(text).size(), 1u) << text;
  EXPECT_TRUE(store.search("example.com").empty());
}

TEST_F(Search, IsNewestFirstAndPaged) {
  for (std::uint64_t i = 0; i < 10; ++i)
    store.receive(chat, 3000 + i, "needle " + std::to_string(i));
  store.commit();
  for (const char* text : {"needle", "ne"}) {
    std::vector<std::string> found;
    LocalId after;
    for (;;) {
      const auto page = store->search.find(text, {}, after, 4);
      if (page.empty()) break;
      for (const auto& hit : page)
        found.push_back(hit.message.text);
      after = page.back().message.local_id;
    }
    ASSERT_EQ(found.size(), 10u) << text;
    EXPECT_EQ(found.front(), "needle 9");
    EXPECT_EQ(found.back(), "needle 0");
  }
}

TEST_F(Search, KeepsToAConversation) {
  const ConversationRow other = store.chat(901);
  store.receive(other, 4000, "needle here");
  store.receive(chat, 4001, "needle there");
  store.commit();
  EXPECT_EQ(store.search("needle", other), std::vector<std::string>{"needle here"});
  EXPECT_EQ(store.search("ne", other), std::vector<std::string>{"needle here"});
}

TEST_F(Search, HistoryComesAfterWhatIsNewer) {
  store.receive(chat, 5000, "needle new");
  NewMessage old;
  old.conversation = chat;
  old.sender_id = kPeer;
  old.message_id = MessageId{500};
  old.text = "needle old";
  store->messages.insert_history(old);
  store.receive(chat, 5001, "needle newest");
  store.commit();
  EXPECT_EQ(store.search("needle"), (std::vector<std::string>{"needle newest", "needle new", "needle old"}));
}

TEST_F(Search, ADeletedMessageIsFoundNoMore) {
  const LocalId gone = store.write(chat, "needle", 1);
  store->messages.remove(gone);
  store.commit();
  EXPECT_TRUE(store.search("needle").empty());
}

TEST(LetterCase, FoldsWhatHasCaseAndLeavesTheRest) {
  EXPECT_EQ(fold_case("ABC xyz"), "abc xyz");
  EXPECT_EQ(fold_case("ÀÖØÞ×"), "àöøþ×");
  EXPECT_EQ(fold_case("ŁŽŸ"), "łžÿ");
  EXPECT_EQ(fold_case("ΑΣς"), "ασσ");
  EXPECT_EQ(fold_case("ЁЖЯҐ"), "ёжяґ");
  EXPECT_EQ(fold_case("ԱՖ"), "աֆ");
  EXPECT_EQ(fold_case("我👋ا"), "我👋ا");
}

}  // namespace
}  // namespace sotto::store::testing
