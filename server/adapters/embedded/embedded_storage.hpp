// The storage of one node: one SQLite file, one writer thread, a few reader threads.
//
//   auto storage = EmbeddedStorage::open({.path = data_dir + "/server.db", .metrics = &metrics});
//   if (!storage) return fail(storage.error().text);      // one line: what is wrong with which file
//   AuthService auth(limits, (*storage)->token_key(), dev);
//   (*storage)->start(gateway.events());
//   ...
//   (*storage)->close();                                  // what was taken is done, nothing more is taken
//
// The writer takes everything that waits as one batch, runs it in one transaction and syncs the disk once
// (group commit): the longer a sync takes, the more messages it serves. A batch that fails is rolled back;
// unless the disk itself is the reason, its halves then run again, until a bad job fails alone
// (batch_writer.hpp). The next batch simply tries again, so a full disk that has room again needs nobody.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/secret.hpp"
#include "server/adapters/sqlite/open.hpp"
#include "server/ports/event_sink.hpp"
#include "server/ports/storage.hpp"

namespace sotto::server {

struct Metrics;

struct EmbeddedOptions {
  std::string path;  ///< the database file; made if it is not there, its folder has to exist
  std::uint32_t node = 0;
  unsigned readers = 2;
  /// Jobs that may wait. A full queue is about 30 MB of messages and half a second of the writer's time.
  std::size_t queue_capacity = 32 * 1024;
  std::size_t batch_limit = 4096;  ///< jobs in one transaction: bounds how long a batch takes
  std::function<Timestamp()> clock = wall_clock_now;
  Random* random = nullptr;    ///< nullptr: the system's
  Metrics* metrics = nullptr;  ///< nullptr: nothing is counted
};

class EmbeddedStorage final : public Storage {
 public:
  /// Opens or makes the file, brings its schema up to date, and refuses what it should not touch: another
  /// program's file, a newer schema, a file another process has open, a clock more than 5 s behind what is
  /// stored.
  static Result<std::unique_ptr<EmbeddedStorage>, OpenError> open(EmbeddedOptions options);
  ~EmbeddedStorage() override;  ///< closes

  /// The key of access tokens, made with the file.
  [[nodiscard]] SecretBytes token_key() const;

  /// Starts the threads. Jobs handed in before wait for it. `events` has to live until `close` returns.
  void start(EventSink& events);
  /// Everything taken is run and its `done` called; then the threads end and the file is closed. Jobs of a
  /// storage that was never started are given up.
  void close();

  [[nodiscard]] bool write(std::unique_ptr<WriteJob>& job) override;
  [[nodiscard]] bool read(std::unique_ptr<ReadJob>& job) override;

 private:
  class Impl;
  explicit EmbeddedStorage(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sotto::server
