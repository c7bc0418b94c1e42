#include <algorithm>
#include <random>

#include "sdk/store/search/text_folding.hpp"
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
  for (const char* text :
       {"https://exa", "?b=c&d", "=\"e\"", "OR NOT*", "NOT* OR", "e\" OR", "=\"", "\"see https\""})
    EXPECT_EQ(store.search(text).size(), 1u) << text;
  EXPECT_TRUE(store.search("example.com").empty());
}

TEST_F(Search, TakesWordsInAnyOrderAndWantsAllOfThem) {
  store.receive(chat, 2000, "the quick brown fox");
  store.commit();
  for (const char* text :
       {"quick fox", "fox quick", "FOX the", "ow ick", "br ox", "fox \t\n quick", "x k", "fox fox o"})
    EXPECT_EQ(store.search(text), std::vector<std::string>{"the quick brown fox"}) << text;
  for (const char* text : {"quick dog", "quick qq", "zz quick", "zz qq"})
    EXPECT_TRUE(store.search(text).empty()) << text;
}

TEST_F(Search, WhatStandsInQuotesStandsTogether) {
  store.receive(chat, 2000, "the quick brown fox");
  store.receive(chat, 2001, "a quick\n fox, and brown");
  store.commit();
  EXPECT_EQ(store.search("quick fox").size(), 2u);
  EXPECT_EQ(store.search("\"quick fox\""), std::vector<std::string>{"a quick\n fox, and brown"});
  EXPECT_EQ(store.search("“quick fox”"), std::vector<std::string>{"a quick\n fox, and brown"});
  EXPECT_EQ(store.search("brown \"quick fox"), std::vector<std::string>{"a quick\n fox, and brown"});
  EXPECT_EQ(store.search("\"quick brown\" fox"), std::vector<std::string>{"the quick brown fox"});
  EXPECT_TRUE(store.search("\"fox quick\"").empty());
}

TEST_F(Search, AccentsMakeNoDifference) {
  store.receive(chat, 2000, "Sie ließ sich aus Übermut nach Łódź fahren");
  store.receive(chat, 2001, "u\u0308BERMUT");
  store.commit();
  for (const char* text : {"ubermut", "Übermut", "ÜBERMUT", "u\u0308bermut"})
    EXPECT_EQ(store.search(text).size(), 2u) << text;
  for (const char* text : {"liess lodz", "LIEẞ", "ließ"})
    EXPECT_EQ(store.search(text).size(), 1u) << text;
}

TEST_F(Search, IsNewestFirstAndPaged) {
  for (std::uint64_t i = 0; i < 10; ++i)
    store.receive(chat, 3000 + i, "needle " + std::to_string(i));
  store.commit();
  for (const char* text : {"needle", "ne"}) {
    std::vector<std::string> found;
    LocalId after;
    for (;;) {
      const auto page = store->search.find(SearchWords(text), {}, after, 4);
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
  const SearchWords words(wanted);
  for (auto text = texts.rbegin(); text != texts.rend(); ++text)
    if (!words.empty() && words.all_in(fold(*text))) found.push_back(*text);
  return found;
}

TEST(SearchAtRandom, FindsWhatAScanFinds) {
  // Few characters, so that most words stand somewhere; with syntax, quotes, marks that could be taken for
  // our own, letters that fold to more or fewer bytes, the last character of Unicode, and one outside the
  // BMP.
  const std::vector<std::string> characters{"a",  "A",    "b",          "京", "北", "ς",     "Σ",
                                            "Ⱥ",  "\"",   "ß",          "*",  " ",  "-",     "é",
                                            "我", "\x03", "\U0010ffff", "𐐀",  "👋",  "\u0301"};
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
    const std::string wanted = any_text(1 + static_cast<std::size_t>(i) % 12);
    const auto expected = scan(texts, wanted);
    ASSERT_EQ(store.search(wanted, {}, texts.size()), expected) << wanted;
    ASSERT_EQ(store.search(wanted, chat, texts.size()), expected) << wanted;
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

TEST_F(Search, ACommonWordAndARareOneFindEachOther) {
  // "q" and "q1" stand in too many places for the index; "z9" in few, "needle" and "haystack" in many or one.
  for (std::uint64_t i = 0; i < 11'000; ++i)
    store.receive(chat, 10'000 + i, "q1 haystack " + std::to_string(i) + (i % 100 == 7 ? " z9" : ""));
  store.receive(chat, 30'000, "q1 needle");
  store.commit();
  EXPECT_EQ(store.search("q needle"), std::vector<std::string>{"q1 needle"});
  EXPECT_EQ(store.search("q z9", {}, 1), std::vector<std::string>{"q1 haystack 10907 z9"});
  EXPECT_EQ(store.search("haystack z9 q", {}, 1), std::vector<std::string>{"q1 haystack 10907 z9"});
  EXPECT_EQ(store.search("haystack q", {}, 1), std::vector<std::string>{"q1 haystack 10999"});
  EXPECT_TRUE(store.search("needle z9").empty());
  EXPECT_TRUE(store.search("haystack z8").empty());
}

TEST_F(Search, HostileWordsAreWordsLikeOthers) {
  store.receive(chat, 2000, "plain");
  store.commit();
  std::string many;
  for (int i = 0; i < 256; ++i)
    many += "w" + std::to_string(100 + i) + " ";
  std::string quotes(1024, '"');
  std::string spaces(1024, ' ');
  for (const std::string& text :
       {many, quotes, spaces, std::string(1024, 'a'), std::string(1024, '\0'), std::string(64 << 10, 'x'),
        std::string("\"\0\"", 3), std::string("NEAR(a b, 2)"), std::string("text: plain AND OR"),
        std::string("^plain*"), std::string("-plain"), std::string("' OR 1=1 --"), std::string("\u0301")})
    EXPECT_TRUE(store.search(text).empty()) << text.substr(0, 20);
  EXPECT_EQ(store.search(std::string("pl\0ain", 6)).size(), 1u);
  store.receive(chat, 2001, many);
  store.commit();
  EXPECT_EQ(store.search(many).size(), 1u);
}

TEST_F(Search, WhatComesAfterAZeroCharacterIsFoundToo) {
  store.receive(chat, 2000, std::string("before\0after", 12));
  store.commit();
  for (const char* text : {"after", "af", "er", "f", "before"})
    EXPECT_EQ(store.search(text).size(), 1u) << text;
}

/// A store as an earlier version left it.
void make_version(int version, OpenStore& store) {
  store->db.run("DROP TABLE server");
  store->db.run("DROP TABLE search_places");
  store->db.run("DROP TABLE search_rebuild");
  store->db.run("DROP TABLE search");
  store->db.run("ALTER TABLE account DROP COLUMN limits");
  store->db.run("ALTER TABLE account DROP COLUMN stream_id");
  store->db.run("ALTER TABLE holes DROP COLUMN cause");
  if (version == 1) {
    store->db.run("CREATE VIRTUAL TABLE search USING fts5 (text, content = '', tokenize = 'trigram')");
    store->db.run("PRAGMA user_version = 1");
  } else {
    store->db.run(
        "CREATE VIRTUAL TABLE search USING fts5 (text, content = '', columnsize = 0, tokenize = 'trigram "
        "case_sensitive 1')");
    store->db.run("CREATE VIRTUAL TABLE search_places USING fts5vocab (search, instance)");
    store->db.run("CREATE TABLE search_rebuild (from_row INTEGER PRIMARY KEY) STRICT");
    store->db.run("PRAGMA user_version = 2");
  }
  store->db.run("INSERT INTO search (rowid, text) SELECT row, lower(text) FROM messages");
  ASSERT_FALSE(store->db.failed());
}

/// One step of making the index anew, as the engine does it.
SearchIndex::Progress index_some(OpenStore& store, std::size_t most) {
  store.begin();
  const auto progress = store->search.index_some(most);
  store.commit();
  return progress;
}

class OldIndex : public Search, public ::testing::WithParamInterface<int> {
 protected:
  void SetUp() override {
    Search::SetUp();
    for (std::uint64_t i = 0; i < 100; ++i)
      store.receive(chat, 10'000 + i, "Nümber " + std::to_string(i));
    store.commit();
    make_version(GetParam(), store);
    store.open();
  }
};

TEST_P(OldIndex, IsMadeAnewTheNewestFirst) {
  EXPECT_FALSE(store->search.is_complete());
  EXPECT_TRUE(store.search("number").empty());
  auto progress = index_some(store, 10);
  EXPECT_EQ(progress.indexed, 10u);
  EXPECT_EQ(progress.total, 106u);
  EXPECT_EQ(store.search("number").size(), 10u);
  EXPECT_EQ(store.search("number", {}, 1), std::vector<std::string>{"Nümber 99"});
  while (!progress.done)
    progress = index_some(store, 10);
  EXPECT_EQ(progress.indexed, 106u);
  EXPECT_TRUE(store->search.is_complete());
  EXPECT_EQ(store.search("number", {}, 200).size(), 100u);
  EXPECT_EQ(store.search("京 北").size(), 1u);
  EXPECT_TRUE(index_some(store, 10).done);
}

TEST_P(OldIndex, GoesOnWhereItWasKilled) {
  index_some(store, 30);
  store.begin();
  store->search.index_some(30);  // and never committed
  store.open();
  EXPECT_EQ(store.search("number", {}, 200).size(), 30u);
  while (!index_some(store, 30).done) {
  }
  EXPECT_EQ(store.search("number", {}, 200).size(), 100u);
}

TEST_P(OldIndex, TakesWhatComesAndGoesMeanwhile) {
  std::vector<LocalId> numbers;
  for (const auto& message : store->messages.before(chat, INT64_MAX, 100))
    numbers.push_back(message.message.local_id);  // the newest first
  index_some(store, 30);
  store.begin();
  store->messages.remove(numbers[5]);   // reached
  store->messages.remove(numbers[50]);  // not reached
  NewMessage old;
  old.conversation = chat;
  old.sender_id = kPeer;
  old.message_id = MessageId{500};
  old.text = "number of history";
  store->messages.insert_history(old);
  store.receive(chat, 20'000, "number of today");
  store.commit();
  EXPECT_EQ(store.search("number", {}, 200).size(), 30u);
  while (!index_some(store, 30).done) {
  }
  EXPECT_EQ(store.search("number", {}, 200).size(), 100u);
  EXPECT_EQ(store.search("number 94").size(), 0u);
  EXPECT_EQ(store.search("number 49").size(), 0u);
  EXPECT_EQ(store.search("number of").size(), 2u);
  // FTS5's own check: what is indexed is what was added, each once.
  store->db.run("INSERT INTO search (search) VALUES ('integrity-check')");
  EXPECT_FALSE(store->db.failed());
}

INSTANTIATE_TEST_SUITE_P(Versions, OldIndex, ::testing::Values(1, 2));

}  // namespace
}  // namespace sotto::store::testing
