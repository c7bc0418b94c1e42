#include "sdk/store/search/search_words.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sdk/store/search/text_folding.hpp"

namespace sotto::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> parts_of(std::string_view text, std::string_view typed) {
  std::vector<std::string> parts;
  for (const auto& range : SearchWords(typed).places_in(text))
    parts.emplace_back(text.substr(range.begin, range.end - range.begin));
  return parts;
}

TEST(SearchWords, StandBetweenSpacesAndInQuotes) {
  EXPECT_THAT(SearchWords("  brown\tfox ").list(), ElementsAre("brown", "fox"));
  EXPECT_THAT(SearchWords("a \"quick fox\"").list(), ElementsAre("quick fox", "a"));
  EXPECT_THAT(SearchWords("„quick fox“»brown dog«").list(), ElementsAre("quick fox", "brown dog"));
  EXPECT_THAT(SearchWords("\" quick  fox \"").list(), ElementsAre("quick fox"));
  EXPECT_THAT(SearchWords("say \"quick fo").list(), ElementsAre("quick fo", "say"));
  EXPECT_THAT(SearchWords("19\" screen").list(), ElementsAre("screen", "19\""));
  EXPECT_THAT(SearchWords("don’t").list(), ElementsAre("don't"));
}

TEST(SearchWords, LeaveOutWhatAnotherHolds) {
  EXPECT_THAT(SearchWords("fox foxes Ox").list(), ElementsAre("foxes"));
}

TEST(SearchWords, OfNothingAreNone) {
  for (std::string_view typed : {"", " \t\n", "\u0301", "\u200b"})
    EXPECT_TRUE(SearchWords(typed).empty()) << typed;
  EXPECT_THAT(SearchWords("\"\"").list(), ElementsAre("\"\""));
}

TEST(SearchPlaces, AreTheWordsInTheTextAsWritten) {
  EXPECT_THAT(parts_of("The quick brown Fox", "fox quick"), ElementsAre("quick", "Fox"));
  EXPECT_THAT(parts_of("Übermut und U\u0308BERMUT", "ubermut"), ElementsAre("Übermut", "U\u0308BERMUT"));
  EXPECT_THAT(parts_of("mitu\u0308", "u"), ElementsAre("u\u0308"));
  EXPECT_THAT(parts_of("我们明天在北京见面吧", "北京 见"), ElementsAre("北京见"));
  EXPECT_THAT(parts_of("quick \n\n fox", "\"quick fox\""), ElementsAre("quick \n\n fox"));
  EXPECT_THAT(parts_of("nothing", "fox"), IsEmpty());
}

TEST(SearchPlaces, AreWholeCharacters) {
  EXPECT_THAT(parts_of("Straße", "tras"), ElementsAre("traß"));
  EXPECT_THAT(parts_of("Straße", "se"), ElementsAre("ße"));
  EXPECT_THAT(parts_of("офи\u0306с", "й"), ElementsAre("и\u0306"));
  EXPECT_THAT(parts_of("❤️ ok", "❤"), ElementsAre("❤️"));
}

TEST(SearchPlaces, AreApartFromEachOtherAndNotTooMany) {
  EXPECT_THAT(parts_of("aaaa", "a"), ElementsAre("aaaa"));
  EXPECT_THAT(parts_of("abcabc", "abc bca"), ElementsAre("abcabc"));
  std::string text;
  for (int i = 0; i < 5'000; ++i)
    text += "a b ";
  EXPECT_EQ(parts_of(text, "a b").size(), kMaxPlaces);
}

TEST(TextFolding, LeavesOutCaseInEveryScriptThatHasIt) {
  EXPECT_EQ(fold("ABC xyz"), "abc xyz");
  EXPECT_EQ(fold("ΑΣς"), "ασσ");
  EXPECT_EQ(fold("ЖЯҐ"), "жяґ");
  EXPECT_EQ(fold("ԱՖ"), "աֆ");
  EXPECT_EQ(fold("ⰀႠ𐐀"), "ⰰⴀ𐐨");
  EXPECT_EQ(fold("Ǆǅǆ"), "ǆǆǆ");
}

TEST(TextFolding, LeavesOutAccents) {
  EXPECT_EQ(fold("ÀÖØÞ× ŁŽŸ ơưẤ đ"), "aooth× lzy oua d");
  EXPECT_EQ(fold("Άέΐᾳ"), "αεια");
  EXPECT_EQ(fold("e\u0301 A\u030a\u0301"), "e a");
  EXPECT_EQ(fold("שָׁלוֹם"), "שלום");
  EXPECT_EQ(fold("مُحَمَّد أحمد"), "محمد احمد");
}

TEST(TextFolding, WritesOutWhatIsTwoLetters) {
  EXPECT_EQ(fold("Straße STRAẞE ﬁne Æsir œuvre"), "strasse strasse fine aesir oeuvre");
}

TEST(TextFolding, TakesAllTurkishIsForOne) {
  EXPECT_EQ(fold("İSTANBUL Istanbul ılık"), "istanbul istanbul ilik");
  EXPECT_EQ(fold("I\u0307"), "i");
}

TEST(TextFolding, KeepsTheLettersOfCyrillicApartFromYo) {
  EXPECT_EQ(fold("ЁЛКА ёлка е\u0308лка"), "елка елка елка");
  EXPECT_EQ(fold("Й й И\u0306 и\u0306"), "й й й й");
  EXPECT_EQ(fold("їхній i\u0308 і\u0308"), "їхній i ї");
  EXPECT_EQ(fold("за\u0301мок"), "замок");
}

TEST(TextFolding, ChangesNothingInScriptsWithoutCase) {
  for (const char* text : {"我们在北京", "がぎパピ", "안녕하세요", "नमस्ते", "สวัสดี", "👋🏽"})
    EXPECT_EQ(fold(text), text);
  EXPECT_EQ(fold("か\u3099ハ\u309a क\u093c"), "がパ \u0958");
  EXPECT_EQ(fold("ＡＢＣ１２３"), "abc123");
}

TEST(TextFolding, LeavesNoControlCharactersAndOneSpaceAtATime) {
  EXPECT_EQ(fold(std::string_view("a\0\x03\r\n\u00a0\u3000b\u0085c", 14)), "a b c");
  EXPECT_EQ(fold("so\u00adft می\u200cخواهم \u202eabc"), "soft میخواهم abc");
}

TEST(TextFolding, KnowsWhereEachByteComesFrom) {
  const FoldedText folded = fold_with_source("aß  e\u0301京");
  EXPECT_EQ(folded.form, "ass e京");
  EXPECT_THAT(folded.source, ElementsAre(0, 1, 1, 3, 5, 8, 8, 8));
}

TEST(TextFolding, IsTheSameDoneTwice) {
  for (char32_t c = 1; c < 0x30000; ++c) {
    if (c >= 0xd800 && c < 0xe000) continue;
    std::string text;
    if (c < 0x80)
      text = {static_cast<char>(c)};
    else if (c < 0x800)
      text = {static_cast<char>(0xc0 | c >> 6), static_cast<char>(0x80 | (c & 0x3f))};
    else if (c < 0x10000)
      text = {static_cast<char>(0xe0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 0x3f)),
              static_cast<char>(0x80 | (c & 0x3f))};
    else
      text = {static_cast<char>(0xf0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 0x3f)),
              static_cast<char>(0x80 | (c >> 6 & 0x3f)), static_cast<char>(0x80 | (c & 0x3f))};
    const std::string once = fold(text);
    EXPECT_EQ(fold(once), once) << std::hex << static_cast<std::uint32_t>(c);
    EXPECT_LE(once.size(), 2 * text.size());
    EXPECT_EQ(fold_with_source(text).form, once);
  }
}

}  // namespace
}  // namespace sotto::store
