// Where everything durable is read and written, as units of work.
//
//   class Rename final : public WriteJob {
//     void run(Store& store, WriteContext& context) override {
//       answer_ = groups_.rename(store, context, caller_, ...);
//     }
//     void done(bool committed) override {
//       post([...] { respond(committed ? answer_ : storage_failed()); });
//     }
//   };
//   if (!storage.write(job)) slow_down();     // the queue is full; `job` is still the caller's
//
// A write job runs inside one transaction together with others, in the order in which they were handed in.
// `run` decides and writes; a refusal is simply an answer (what was written before it, such as a counted
// wrong try, stays). It may run more than once: when the batch it was in fails, everything is rolled back and
// it runs again, so it sets its answer anew each time and has no other effects. `done` is called exactly
// once, after the batch is durable (true) or was given up (false: nothing of the job is stored; answer
// `internal`). Events of the batch reach the EventSink before any `done`.
//
// Thread rules: `write` and `read` from any thread. `run` and `done` are called on the storage's threads, one
// job at a time for writes; `done` only posts. Nothing may assume which threads, how many, or that there are
// any: the simulation's storage is single-threaded and steps.
#pragma once

#include <memory>
#include <utility>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"
#include "base/snowflake.hpp"
#include "server/model/event.hpp"
#include "server/model/stream.hpp"

namespace sotto::server {

class EventSink;
class Store;

/// What a write may use beside the store.
struct WriteContext {
  Timestamp now;            ///< of the whole batch
  SnowflakeGenerator& ids;  ///< every id of the stream comes from here, in commit order
  Random& random;
  EventBatch& events;  ///< published once the batch is durable, dropped if it is not

  template <class T>
  T next_id() {
    return T{ids.next(now)};
  }
  /// Once the batch is durable.
  void tell(StreamElement element, Audience audience) {
    events.events.emplace_back(ElementStored{std::move(element), std::move(audience)});
  }
};

class WriteJob {
 public:
  virtual ~WriteJob() = default;
  virtual void run(Store& store, WriteContext& context) = 0;
  virtual void done(bool committed) = 0;
};

class ReadJob {
 public:
  virtual ~ReadJob() = default;
  /// For whom it reads: people take turns, so that nobody's reads wait behind all of another's. 0: the
  /// server's own.
  [[nodiscard]] virtual UserId owner() const { return {}; }
  /// Sees one snapshot: everything whose `done(true)` or event was given before the job was handed in, and no
  /// half of a batch.
  virtual void run(const Store& store, Timestamp now) = 0;
  /// False: the store could not be read; whatever `run` made of it is worthless.
  virtual void done(bool read) = 0;
};

class Storage {
 public:
  virtual ~Storage() = default;
  /// Taken (and moved from), or, at the bound of the queue or while closing, refused and left to the caller,
  /// who slows down and tries again later. A read is also refused where too many of its owner's wait.
  [[nodiscard]] virtual bool write(std::unique_ptr<WriteJob>& job) = 0;
  [[nodiscard]] virtual bool read(std::unique_ptr<ReadJob>& job) = 0;

  /// The key that access tokens are signed with, made with the database.
  [[nodiscard]] virtual SecretBytes token_key() const = 0;
  /// Which stream its ids belong to.
  [[nodiscard]] virtual StreamOrigin stream() const = 0;

  /// Jobs handed in before wait for it. `events` has to live until `close` returns.
  virtual void start(EventSink& events) = 0;
  /// Everything taken is run and its `done` called; from then on nothing is taken. Jobs of a storage that was
  /// never started are given up.
  virtual void close() = 0;
};

}  // namespace sotto::server
