// A Store with its units of work: what an adapter for a database implements, and all that the batching and
// the threads above it know.
//
//   store.begin();
//   job->run(store, context);
//   if (!store.commit(last_id)) log(store.fault());   // nothing of the job is stored
//
// A writer's unit of work is a transaction, a reader's a snapshot. One thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "server/ports/store.hpp"

namespace sotto::server {

/// Why a unit of work came to nothing.
struct StoreFault {
  enum class Kind : std::uint8_t {
    work,  ///< something this unit of work did; others may succeed
    disk,  ///< the database itself: every unit of work would fail now
    full,  ///< the disk has no room
  };
  Kind kind = Kind::work;
  int code = 0;           ///< the database's own number for it, for the log
  std::string_view text;  ///< the database's own words; lives as long as the program
};

class TransactionalStore : public Store {
 public:
  /// Begins a transaction, or a snapshot. False: a fault.
  virtual bool begin() = 0;
  /// What was written becomes durable, with `last_id` as the highest id handed out. False: a fault, and
  /// nothing of it is stored.
  virtual bool commit(std::uint64_t last_id) = 0;
  /// What was written is dropped; a snapshot is let go. Clears the fault.
  virtual void rollback() = 0;
  /// After a rollback because the disk was full: whether there is room now that there was not before.
  virtual bool give_room_back() = 0;

  /// A call since `begin` has failed, and the store answers nothing (store.hpp).
  [[nodiscard]] virtual bool failed() const = 0;
  /// Why; only after `failed`.
  [[nodiscard]] virtual StoreFault fault() const = 0;
};

}  // namespace sotto::server
