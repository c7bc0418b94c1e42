// No statement of the store may walk a table: its cost would grow with what is stored.
#include <gtest/gtest.h>

#include "tests/unit/server/world.hpp"

namespace sotto::server {
namespace {

using testing::World;

/// The steps of a plan, one a line.
std::string plan_of(sqlite::Database& db, const std::string& sql) {
  auto explain = db.prepare("EXPLAIN QUERY PLAN " + sql);
  if (!explain) return "cannot be compiled: " + explain.error().text;
  std::string plan;
  while (*explain->step()) {
    const std::string step(explain->text(3));
    // What stands in the statement itself is no table.
    if (!step.ends_with("CONSTANT ROWS")) plan += step + "\n";
  }
  return plan;
}

TEST(QueryPlans, EveryStatementFindsItsRowsByAnIndex) {
  World world;
  auto& connection = world.store().connection();
  ASSERT_GT(connection.queries().size(), 60u);
  for (const Query* query : connection.queries()) {
    const std::string plan = plan_of(connection.db(), query->sql());
    EXPECT_EQ(plan.find("cannot be compiled"), std::string::npos) << query->sql() << "\n" << plan;
    EXPECT_EQ(plan.find("SCAN"), std::string::npos) << query->sql() << "\n" << plan;
    EXPECT_EQ(plan.find("TEMP B-TREE"), std::string::npos) << query->sql() << "\n" << plan;
  }
}

TEST(QueryPlans, WhatRunsForEveryMessageIsAnsweredFromItsIndexAlone) {
  World world;
  int covered = 0;
  for (const Query* query : world.store().connection().queries()) {
    const std::string_view sql = query->sql();
    if (sql.find("INDEXED BY messages_by_conversation") == std::string_view::npos) continue;
    const std::string plan = plan_of(world.store().connection().db(), query->sql());
    EXPECT_NE(plan.find("COVERING INDEX messages_by_conversation (conversation_id=? AND message_id"),
              std::string::npos)
        << plan;
    ++covered;
  }
  EXPECT_EQ(covered, 5);
}

}  // namespace
}  // namespace sotto::server
