// Group commit: runs jobs together in one transaction, makes them durable with one sync, tells the world.
//
//   BatchWriter writer(store, ids, random, events);
//   writer.run(jobs, now);          // every job's `done` has been called when this returns
//
// A batch that fails is rolled back whole. If the disk is the reason, all its jobs fail, unless it was full
// and the write-ahead log could be emptied, which is tried once. Otherwise one of them is, and the halves run
// again on their own, until it fails alone and all others are stored, in order. One thread.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "server/ports/event_sink.hpp"
#include "server/ports/storage.hpp"
#include "server/storage/transactional_store.hpp"

namespace sotto::server {

class BatchWriter {
 public:
  BatchWriter(TransactionalStore& store, SnowflakeGenerator& ids, Random& random, EventSink& events)
      : store_(store), ids_(ids), random_(random), events_(events) {}

  void run(std::span<const std::unique_ptr<WriteJob>> jobs, Timestamp now);
  /// Transactions that were rolled back, ever.
  [[nodiscard]] std::uint64_t failures() const { return failures_; }
  /// Why the last one was; only after one.
  [[nodiscard]] const StoreFault& last_fault() const { return last_fault_; }

 private:
  bool attempt(std::span<const std::unique_ptr<WriteJob>> jobs, Timestamp now);

  TransactionalStore& store_;
  SnowflakeGenerator& ids_;
  Random& random_;
  EventSink& events_;
  StoreFault last_fault_;
  std::uint64_t failures_ = 0;
};

}  // namespace sotto::server
