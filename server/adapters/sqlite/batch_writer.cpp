#include "server/adapters/sqlite/batch_writer.hpp"

#include <utility>

#include <sqlite3.h>

#include "base/mutant.hpp"

namespace sotto::server {

namespace {
/// Would another try with fewer jobs fail just the same?
bool is_the_disk(int primary_code) {
  switch (primary_code) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_BUSY:
    case SQLITE_NOMEM:
      return true;
    default:
      return false;
  }
}
}  // namespace

bool BatchWriter::attempt(std::span<const std::unique_ptr<WriteJob>> jobs, Timestamp now) {
  auto batch = std::make_shared<EventBatch>();
  batch->events.reserve(2 * jobs.size());  // a message is two: stored, and answered
  WriteContext context{now, ids_, random_, *batch};
  if (store_.begin()) {
    for (const auto& job : jobs) {
      job->run(store_, context);
      if (store_.fault()) break;
    }
  }
  if (mutant(Mutant::ack_before_commit) && !store_.fault())
    events_.committed(std::exchange(batch, std::make_shared<EventBatch>()));
  if (!store_.fault() && store_.commit(ids_.last())) {
    if (!batch->events.empty()) events_.committed(std::move(batch));
    return true;
  }
  last_error_ = store_.fault()->primary();
  store_.rollback();
  ++failures_;
  return false;
}

void BatchWriter::run(std::span<const std::unique_ptr<WriteJob>> jobs, Timestamp now) {
  if (jobs.empty()) return;
  bool committed = attempt(jobs, now);
  if (!committed && last_error_ == SQLITE_FULL && store_.give_room_back()) committed = attempt(jobs, now);
  if (committed || jobs.size() == 1 || is_the_disk(last_error_)) {
    for (const auto& job : jobs)
      job->done(committed);
    return;
  }
  const std::size_t half = jobs.size() / 2;
  run(jobs.first(half), now);
  run(jobs.subspan(half), now);
}

}  // namespace sotto::server
