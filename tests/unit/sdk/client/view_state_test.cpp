#include "sdk/client/view_state.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace sotto::client {

namespace {

using Rows = std::vector<Conversation>;
using Changes = std::vector<ConversationListChange>;
using Kind = ConversationListChange::Kind;

Conversation row(std::uint64_t id, std::uint32_t unread = 0) {
  Conversation out;
  out.id = ConversationId{id};
  out.unread_count = unread;
  return out;
}

/// (id, unread) of each row.
std::vector<std::pair<std::uint64_t, std::uint32_t>> content(const Rows& rows) {
  std::vector<std::pair<std::uint64_t, std::uint32_t>> out;
  for (const auto& r : rows)
    out.emplace_back(r.id.value, r.unread_count);
  return out;
}

/// A random difference that fits `rows`, already applied to it.
ConversationListChange random_change(Random& random, Rows& rows, std::uint64_t& next_id) {
  ConversationListChange change;
  // Short lists: what goes wrong there goes wrong in long ones, and a hundred runs take no time.
  change.kind = rows.size() > 30 ? Kind::remove : static_cast<Kind>(random.below(rows.empty() ? 2 : 5));
  change.count = 1 + random.below(3);
  if (change.kind == Kind::remove || change.kind == Kind::update) {
    change.index = random.below(rows.size());
    change.count = std::min(change.count, rows.size() - change.index);
  } else if (change.kind == Kind::insert) {
    change.index = random.below(rows.size() + 1);
  }
  for (std::size_t i = 0; i < change.count && change.kind != Kind::remove; ++i) {
    change.rows.push_back(change.kind == Kind::update
                              ? row(rows[change.index + i].id.value, static_cast<std::uint32_t>(next_id++))
                              : row(next_id++));
  }
  sotto::apply(change, rows);
  return change;
}

}  // namespace

TEST(ViewDifference, OfEqualListsUpdatesAndNeverRemoves) {
  const Rows rows{row(1), row(2)};
  const auto changes = difference(rows, {row(1, 5), row(2)});
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].kind, Kind::update);
  EXPECT_TRUE(difference(Rows{}, Rows{}).empty());
}

TEST(ViewDifference, KeepsWhatBothBeginAndEndWith) {
  const auto changes = difference(Rows{row(1), row(2), row(9)}, Rows{row(1), row(3), row(4), row(9)});
  ASSERT_GE(changes.size(), 2u);
  EXPECT_EQ(changes[0].kind, Kind::remove);
  EXPECT_EQ(changes[0].index, 1u);
  EXPECT_EQ(changes[0].count, 1u);
  EXPECT_EQ(changes[1].kind, Kind::insert);
  EXPECT_EQ(changes[1].index, 1u);
  EXPECT_EQ(content(changes[1].rows), content({row(3), row(4)}));
}

TEST(ViewDifference, TurnsAnyListIntoAnyOther) {
  SeededRandom random(1);
  for (int i = 0; i < 2000; ++i) {
    const auto list = [&] {
      Rows rows;
      for (std::uint64_t n = random.below(6); n > 0; --n)
        rows.push_back(row(random.below(4), static_cast<std::uint32_t>(random.below(3))));
      return rows;
    };
    Rows before = list();
    const Rows after = list();
    for (const auto& change : difference(before, after)) {
      ASSERT_LE(change.index, before.size());
      sotto::apply(change, before);
    }
    ASSERT_EQ(content(before), content(after));
  }
}

TEST(ViewState, AfterAnySequenceOfDifferencesTheAppHasWhatThereIs) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SeededRandom random(seed);
    ConversationListState state;
    Rows truth;
    Rows app;
    Rows replayed;
    std::uint64_t next_id = 1;
    for (int step = 0; step < 100; ++step) {
      // Now and then so many at once that they are merged.
      const auto count = random.below(20) == 0 ? kMaxPendingChanges + 10 : random.below(4);
      for (std::uint64_t i = 0; i < count; ++i)
        state.add({random_change(random, truth, next_id)});
      if (random.below(2) == 0) continue;
      for (const auto& change : state.take(app))
        sotto::apply(change, replayed);
      ASSERT_EQ(content(app), content(truth));
      ASSERT_EQ(content(replayed), content(truth));
    }
  }
}

TEST(ViewState, WhileNobodyPollsItDoesNotGrow) {
  ConversationListState state;
  Rows app;
  state.add({{Kind::append, 0, 1, {row(1)}}});
  for (std::uint32_t i = 0; i < 10'000; ++i)
    state.add({{Kind::update, 0, 1, {row(1, i)}}});
  EXPECT_LE(state.take(app).size(), kMaxPendingChanges);
  EXPECT_EQ(content(app), content({row(1, 9'999)}));
}

TEST(ViewState, SmallDifferencesArriveAsTheyWere) {
  ConversationListState state;
  Rows app;
  state.add({{Kind::append, 0, 2, {row(1), row(2)}}});
  state.take(app);
  state.add({{Kind::prepend, 0, 1, {row(3)}}, {Kind::remove, 1, 1, {}}});
  const auto changes = state.take(app);
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].kind, Kind::prepend);
  EXPECT_EQ(changes[1].kind, Kind::remove);
  EXPECT_EQ(content(app), content({row(3), row(2)}));
}

}  // namespace sotto::client
