#include <algorithm>
#include <random>

#include "sdk/store/search/letter_case.hpp"
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

/// What a search has to find: everything, looked at one by one.
std::vector<std::string> scan(const std::vector<std::string>& texts, const std::string& wanted) {
  std::vector<std::string> found;
  for (auto text = texts.rbegin(); text != texts.rend(); ++text)
    if (fold_case(*text).find(fold_case(wanted)) != std::string::npos) found.push_back(*text);
  return found;
}

TEST(SearchAtRandom, FindsWhatAScanFinds) {
  // Few characters, so that most words stand somewhere; with syntax, quotes, marks that could be taken for
  // our own, letters whose case changes their length, the last character of Unicode, and one outside the BMP.
  const std::vector<std::string> characters{"a", "A", "b", "京", "北", "ς",    "Σ",          "Ⱥ", "\"",
                                            "*", " ", "-", "é",  "我", "\x03", "\U0010ffff", "𐐀", "👋"};
  std::mt19937 random(7);
  const auto any_text = [&](std::size_t longest) {
    std::string text;
    for (std::size_t n = 1 + random() % longest; n > 0; --n)
      text += characters[random() % characters.size()];
    return text;
  };
  OpenStore store;
  const ConversationRow chat = store.chat(900);
  std::vector<std::string> texts;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    texts.push_back(any_text(12));
    store.receive(chat, 1000 + i, texts.back());
  }
  store.commit();
  for (int i = 0; i < 1000; ++i) {
    const std::string wanted = any_text(4);
    ASSERT_EQ(store.search(wanted, {}, texts.size()), scan(texts, wanted)) << wanted;
    ASSERT_EQ(store.search(wanted, chat, texts.size()), scan(texts, wanted)) << wanted;
  }
}

TEST_F(Search, ACharacterThatIsEverywhereFillsAPage) {
  // More places than the index is asked for.
  for (std::uint64_t i = 0; i < 11'000; ++i)
    store.receive(chat, 10'000 + i, "q" + std::to_string(i));
  store.commit();
  EXPECT_EQ(store.search("q", {}, 3), (std::vector<std::string>{"q10999", "q10998", "q10997"}));
  EXPECT_EQ(store.search("q77", {}, 2), (std::vector<std::string>{"q7799", "q7798"}));
}

TEST_F(Search, WhatComesAfterAZeroCharacterIsFoundToo) {
  store.receive(chat, 2000, std::string("before\0after", 12));
  store.commit();
  for (const char* text : {"after", "af", "er", "f", "before"})
    EXPECT_EQ(store.search(text).size(), 1u) << text;
}

/// A store as version 1 left it.
void make_version_1(OpenStore& store) {
  store->db.run("DROP TABLE search_places");
  store->db.run("DROP TABLE search_rebuild");
  store->db.run("DROP TABLE search");
  store->db.run("CREATE VIRTUAL TABLE search USING fts5 (text, content = '', tokenize = 'trigram')");
  store->db.run("INSERT INTO search (rowid, text) SELECT row, text FROM messages");
  store->db.run("PRAGMA user_version = 1");
  ASSERT_FALSE(store->db.failed());
}

TEST_F(Search, AStoreOfVersion1IsIndexedAnewWhenItIsOpened) {
  const LocalId gone = store.write(chat, "needle 北京", 1);
  for (std::uint64_t i = 0; i < 6'000; ++i)  // more than are indexed in one transaction
    store.receive(chat, 10'000 + i, "number " + std::to_string(i));
  store.commit();
  make_version_1(store);
  store.open();
  EXPECT_EQ(store.search("number").size(), 50u);
  EXPECT_EQ(store.search("number 0"), std::vector<std::string>{"number 0"});
  EXPECT_EQ(store.search("5999"), std::vector<std::string>{"number 5999"});
  EXPECT_EQ(store.search("北京"), (std::vector<std::string>{"needle 北京", kScripts[3].text}));
  store.begin();
  store->messages.remove(gone);
  store.commit();
  store.open();
  EXPECT_EQ(store.search("北京"), std::vector<std::string>{kScripts[3].text});
}

TEST_F(Search, ARebuildGoesOnWhereItWasKilled) {
  for (std::uint64_t i = 0; i < 10; ++i)
    store.receive(chat, 10'000 + i, "number " + std::to_string(i));
  const LocalId last = store.receive(chat, 20'000, "needle 北京");
  store.commit();
  // As after a batch: everything but the last message is there.
  store.begin();
  store->search.remove(last, "needle 北京");
  store->db.run("INSERT INTO search_rebuild (from_row) VALUES (?1)", last);
  store.commit();
  EXPECT_TRUE(store.search("needle").empty());
  store.open();
  EXPECT_EQ(store.search("needle"), std::vector<std::string>{"needle 北京"});
  EXPECT_EQ(store.search("number").size(), 10u);
}

TEST(LetterCase, FoldsWhatHasCaseAndLeavesTheRest) {
  EXPECT_EQ(fold_case("ABC xyz"), "abc xyz");
  EXPECT_EQ(fold_case("ÀÖØÞ×"), "àöøþ×");
  EXPECT_EQ(fold_case("ŁŽŸ"), "łžÿ");
  EXPECT_EQ(fold_case("ΑΣς"), "ασσ");
  EXPECT_EQ(fold_case("ЁЖЯҐ"), "ёжяґ");
  EXPECT_EQ(fold_case("ԱՖ"), "աֆ");
  EXPECT_EQ(fold_case("ƠƯẞἈⰀႠ𐐀"), "ơưßἀⰰⴀ𐐨");
  EXPECT_EQ(fold_case("İSTANBUL ılık"), "istanbul ılık");
  EXPECT_EQ(fold_case("ǅǆ"), "ǆǆ");
  EXPECT_EQ(fold_case("我👋ا"), "我👋ا");
}

}  // namespace
}  // namespace sotto::store::testing
