// The storage of one node: one SQLite file, held by this process alone, on threads.
//
//   auto storage = EmbeddedStorage::open({.path = folder + "/server.db", .threads = {.metrics = &metrics}});
//   if (!storage) return fail(storage.error().text);      // one line: what is wrong with which file
//   (*storage)->start(gateway.events());
//   ...
//   (*storage)->close();
#pragma once

#include <memory>
#include <string>

#include "server/adapters/embedded/file_lock.hpp"
#include "server/adapters/sqlite/open.hpp"
#include "server/storage/threaded_storage.hpp"

namespace sotto::server {

struct EmbeddedOptions {
  std::string path;  ///< the database file; made if it is not there, its folder has to exist
  unsigned readers = defaults::kStorageReaders;
  Milliseconds max_clock_lag = defaults::kClockLag;
  /// What is logged is joined to fewer writes (joined_log.hpp). False: SQLite's own way to the disk.
  bool joined_log = true;
  ThreadedStorageOptions threads = {};
};

class EmbeddedStorage final : public Storage {
 public:
  /// Opens or makes the file, brings its schema up to date, and refuses what it should not touch: another
  /// program's file, a newer schema, a file another process has open, one that is damaged or half restored, a
  /// clock further behind what is stored than `max_clock_lag`.
  static Result<std::unique_ptr<EmbeddedStorage>, OpenError> open(EmbeddedOptions options);

  [[nodiscard]] bool write(std::unique_ptr<WriteJob>& job) override { return threads_.write(job); }
  [[nodiscard]] bool read(std::unique_ptr<ReadJob>& job) override { return threads_.read(job); }
  [[nodiscard]] SecretBytes token_key() const override { return threads_.token_key(); }
  [[nodiscard]] StreamOrigin stream() const override { return threads_.stream(); }
  void start(EventSink& events) override { threads_.start(events); }
  void close() override { threads_.close(); }

 private:
  EmbeddedStorage(FileLock lock, OpenedStores stores, ThreadedStorageOptions options)
      : lock_(std::move(lock)), threads_(std::move(stores), std::move(options)) {}

  FileLock lock_;  // held until the file is closed
  ThreadedStorage threads_;
};

}  // namespace sotto::server
