// What encryption costs the local database: a page sealed and opened, and whole statements on an encrypted
// database next to a plain one. `vfs_bench --benchmark_counters_tabular=true`
#include <array>
#include <filesystem>
#include <string>

#include "sdk/store/vfs/cipher.hpp"
#include "sdk/store/vfs/open_encrypted.hpp"
#include "sqlite/transaction.hpp"
#include "sqlite/tuning.hpp"
#include <benchmark/benchmark.h>

namespace sotto::vfs {
namespace {

using Page = std::array<std::uint8_t, kPageSize>;
constexpr std::array<std::uint8_t, 8> kPosition{};

void seal_page(benchmark::State& state) {
  const PageCipher cipher(SecretBytes(kFileKeySize), FileRole::main, system_random());
  Page plain{};
  Page sealed{};
  for (auto _ : state) {
    cipher.seal(plain.data(), sealed.data(), kPosition);
    benchmark::DoNotOptimize(sealed);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kPageSize));
}
BENCHMARK(seal_page);

void open_page(benchmark::State& state) {
  const PageCipher cipher(SecretBytes(kFileKeySize), FileRole::main, system_random());
  Page plain{};
  Page sealed{};
  cipher.seal(plain.data(), sealed.data(), kPosition);
  for (auto _ : state)
    benchmark::DoNotOptimize(cipher.open(sealed.data(), plain.data(), kPosition));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kPageSize));
}
BENCHMARK(open_page);

/// A database in a folder of its own. Benchmarks stop at the first error: there is nobody to hand it to.
class Scene {
 public:
  explicit Scene(bool encrypted, int cache_kib) {
    std::array<std::uint8_t, 8> name{};
    system_random().fill(name);
    folder_ = std::filesystem::temp_directory_path() / ("sotto-bench-" + to_hex(name));
    std::filesystem::create_directory(folder_);
    const std::string path = (folder_ / "a.db").string();
    // NORMAL: the disk's fsync would drown what is measured here.
    const sqlite::Tuning tuning{.durability = sqlite::Durability::normal,
                                .cache_kib = cache_kib,
                                .exclusive = true,
                                .secure_delete = true};
    if (encrypted) {
      db_.emplace(
          *open_encrypted(path, DatabaseKey::raw(SecretBytes(DatabaseKey::kRawSize)), {.tuning = tuning}));
    } else {
      db_.emplace(*sqlite::Database::open(path, sqlite::OpenMode::create));
      require(sqlite::tune(*db_, tuning));
    }
    require(db_->exec("CREATE TABLE messages (id INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT"));
  }
  ~Scene() {
    db_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  sqlite::Database& db() { return *db_; }

  /// One transaction of so many messages.
  void add(sqlite::Statement& insert, std::int64_t first, std::int64_t count) {
    sqlite::Transaction tx = *sqlite::Transaction::begin(*db_);
    for (std::int64_t id = first; id < first + count; ++id) {
      sqlite::StatementScope use(insert);
      use->bind_all(id, std::string_view(body_));
      require(use->run());
    }
    require(tx.commit());
  }

  static void require(const sqlite::SqliteResult<void>& done) {
    if (!done) std::abort();
  }

 private:
  std::filesystem::path folder_;
  std::optional<sqlite::Database> db_;
  std::string body_ = std::string(200, 'x');  // a chat message with its columns
};

constexpr int kRoomyCacheKib = 8 * 1024;
constexpr int kTinyCacheKib = 64;  // nearly every read goes to the file
constexpr std::int64_t kBatch = 100;

void write_batch(benchmark::State& state, bool encrypted) {
  Scene scene(encrypted, kRoomyCacheKib);
  sqlite::Statement insert = *scene.db().prepare("INSERT INTO messages (id, body) VALUES (?1, ?2)");
  std::int64_t next = 1;
  for (auto _ : state) {
    scene.add(insert, next, kBatch);
    next += kBatch;
  }
  state.SetItemsProcessed(state.iterations() * kBatch);
}
BENCHMARK_CAPTURE(write_batch, plain, false)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(write_batch, encrypted, true)->Unit(benchmark::kMicrosecond);

void read_cold(benchmark::State& state, bool encrypted) {
  constexpr std::int64_t kRows = 50'000;
  Scene scene(encrypted, kTinyCacheKib);
  {
    sqlite::Statement insert = *scene.db().prepare("INSERT INTO messages (id, body) VALUES (?1, ?2)");
    for (std::int64_t first = 1; first < kRows; first += 1000)
      scene.add(insert, first, 1000);
  }
  Scene::require(scene.db().exec("PRAGMA wal_checkpoint(TRUNCATE)"));
  sqlite::Statement find = *scene.db().prepare("SELECT body FROM messages WHERE id = ?1");
  SeededRandom random(1);
  for (auto _ : state) {
    sqlite::StatementScope use(find);
    use->bind(1, 1 + random.below(kRows - 1));
    if (!*use->step()) std::abort();
    benchmark::DoNotOptimize(use->text(0));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(read_cold, plain, false);
BENCHMARK_CAPTURE(read_cold, encrypted, true);

}  // namespace
}  // namespace sotto::vfs

BENCHMARK_MAIN();
