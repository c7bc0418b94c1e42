// A storage on threads: one writer with group commit, a few readers, bounded queues.
//
//   ThreadedStorage storage({.writer = ..., .readers = ..., .token_key = ..., .last_id = ...}, options);
//   storage.start(dispatcher);
//   ...
//   storage.close();        // what was taken is done, nothing more is taken
//
// The writer takes everything that waits as one batch and runs it in one transaction (batch_writer.hpp): the
// longer a sync takes, the more messages it serves. The next batch simply tries again, so a full disk that
// has room again needs nobody. Which database it is, only the stores know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/secret.hpp"
#include "base/snowflake.hpp"
#include "server/ports/storage.hpp"
#include "server/storage/transactional_store.hpp"

namespace sotto::server {

struct Metrics;

/// A database that is open and fit to be served.
struct OpenedStores {
  std::unique_ptr<TransactionalStore> writer;
  std::vector<std::unique_ptr<TransactionalStore>> readers;
  SecretBytes token_key;
  std::uint64_t last_id = 0;  ///< every new id is greater
  StreamOrigin stream;
};

struct ThreadedStorageOptions {
  std::uint32_t node = 0;  ///< of the ids
  /// Jobs that may wait. A full queue is about 30 MB of messages and half a second of the writer's time.
  std::size_t queue_capacity = 32 * 1024;
  std::size_t batch_limit = 4096;  ///< jobs in one transaction: bounds how long a batch takes
  std::function<Timestamp()> clock = wall_clock_now;
  Random* random = nullptr;    ///< nullptr: the system's
  Metrics* metrics = nullptr;  ///< nullptr: nothing is counted
};

class ThreadedStorage final : public Storage {
 public:
  ThreadedStorage(OpenedStores stores, ThreadedStorageOptions options);
  ~ThreadedStorage() override;  ///< closes

  [[nodiscard]] bool write(std::unique_ptr<WriteJob>& job) override;
  [[nodiscard]] bool read(std::unique_ptr<ReadJob>& job) override;
  [[nodiscard]] SecretBytes token_key() const override;
  [[nodiscard]] StreamOrigin stream() const override;
  void start(EventSink& events) override;
  void close() override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sotto::server
