#include "server/storage/batch_writer.hpp"

#include <utility>

#include "base/mutant.hpp"

namespace sotto::server {

bool BatchWriter::attempt(std::span<const std::unique_ptr<WriteJob>> jobs, Timestamp now) {
  auto batch = std::make_shared<EventBatch>();
  batch->events.reserve(2 * jobs.size());  // a message is two: stored, and answered
  WriteContext context{now, ids_, random_, *batch};
  if (store_.begin()) {
    for (const auto& job : jobs) {
      job->run(store_, context);
      if (store_.failed()) break;
    }
  }
  if (mutant(Mutant::ack_before_commit) && !store_.failed())
    events_.committed(std::exchange(batch, std::make_shared<EventBatch>()));
  if (!store_.failed() && store_.commit(ids_.last())) {
    if (!batch->events.empty()) events_.committed(std::move(batch));
    return true;
  }
  last_fault_ = store_.fault();
  store_.rollback();
  ++failures_;
  return false;
}

void BatchWriter::run(std::span<const std::unique_ptr<WriteJob>> jobs, Timestamp now) {
  if (jobs.empty()) return;
  bool committed = attempt(jobs, now);
  if (!committed && last_fault_.kind == StoreFault::Kind::full && store_.give_room_back())
    committed = attempt(jobs, now);
  if (committed || jobs.size() == 1 || last_fault_.kind != StoreFault::Kind::work) {
    for (const auto& job : jobs)
      job->done(committed);
    return;
  }
  const std::size_t half = jobs.size() / 2;
  run(jobs.first(half), now);
  run(jobs.subspan(half), now);
}

}  // namespace sotto::server
