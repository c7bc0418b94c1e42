#include "sdk/store/vfs/open_encrypted.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include <sqlite3.h>

#include "sdk/store/vfs/cipher.hpp"
#include "sqlite/transaction.hpp"
#include "tests/unit/sdk/store/vfs/fixture.hpp"

namespace sotto::vfs {
namespace {

constexpr std::string_view kSecret = "the whisper nobody else may read";
constexpr char kInsertSecret[] =
    "CREATE TABLE t (a TEXT NOT NULL) STRICT;"
    "INSERT INTO t VALUES ('the whisper nobody else may read')";

class OpenEncrypted : public testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return folder_.file("a.db"); }

  void make_database() { ASSERT_DONE(open_or_die(path()).exec(kInsertSecret)); }

  [[nodiscard]] Bytes file_bytes(const std::string& name) const {
    std::ifstream in(name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  void overwrite(const std::string& name, const Bytes& bytes) {
    std::ofstream out(name, std::ios::binary | std::ios::trunc);
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  /// The names of the files in the folder that hold `needle`.
  [[nodiscard]] std::vector<std::string> files_with(ByteView needle) const {
    std::vector<std::string> found;
    const auto folder = std::filesystem::path(path()).parent_path();
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const Bytes bytes = file_bytes(entry.path().string());
      if (std::search(bytes.begin(), bytes.end(), needle.begin(), needle.end()) != bytes.end()) {
        found.push_back(entry.path().filename().string());
      }
    }
    return found;
  }
  static std::string content(Database& db) { return db.scalar_text("SELECT a FROM t").value_or("?"); }

  TempFolder folder_;
};

TEST_F(OpenEncrypted, WhatWasWrittenIsThereAfterOpeningAgain) {
  make_database();
  Database db = open_or_die(path());
  EXPECT_EQ(content(db), kSecret);
  EXPECT_EQ(db.scalar_text("PRAGMA integrity_check").value_or("?"), "ok");
}

TEST_F(OpenEncrypted, NoFileHoldsPlaintextOrTheKeyWhileOpenOrAfterACrash) {
  for (const JournalMode mode : {JournalMode::wal, JournalMode::rollback}) {
    TempFolder folder;
    const std::string name = folder.file("b.db");
    Database db = open_or_die(name, {.tuning = {.journal = mode, .exclusive = true, .secure_delete = true}});
    ASSERT_DONE(db.exec(kInsertSecret));
    sqlite::SqliteResult<Transaction> tx = Transaction::begin(db);  // leaves a journal on the disk
    ASSERT_DONE(tx);
    ASSERT_DONE(
        db.exec("UPDATE t SET a = a || '!'; PRAGMA cache_spill = ON; PRAGMA cache_size = 1;"
                "CREATE TABLE filler (b BLOB) STRICT; INSERT INTO filler WITH RECURSIVE n(i) AS"
                " (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50)"
                " SELECT randomblob(3000) FROM n"));
    // A copy of every file now is what a crash would leave.
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(name).parent_path()))
      std::filesystem::copy_file(entry.path(), folder_.file(entry.path().filename().c_str()));
    ASSERT_TRUE(
        std::filesystem::exists(folder_.file(mode == JournalMode::wal ? "b.db-wal" : "b.db-journal")));

    EXPECT_THAT(files_with(as_bytes(kSecret)), testing::IsEmpty());
    EXPECT_THAT(files_with(as_bytes("whisper")), testing::IsEmpty());
    EXPECT_THAT(files_with(as_bytes("CREATE TABLE")), testing::IsEmpty());
    EXPECT_THAT(files_with(as_bytes("SQLite format")), testing::IsEmpty());
    EXPECT_THAT(files_with(test_key().secret().view()), testing::IsEmpty());

    Database after = open_or_die(folder_.file("b.db"));
    EXPECT_EQ(content(after), kSecret);
    after = sqlite::open_or_die();
    for (const char* left : {"b.db", "b.db-wal", "b.db-journal", "b.db-key"})
      std::filesystem::remove(folder_.file(left));
  }
}

TEST_F(OpenEncrypted, AMissingKeyAWrongKeyADamagedFileAndAForeignFileAreFourErrors) {
  make_database();
  EXPECT_EQ(code_of(open_encrypted(path(), DatabaseKey())), "store_key_missing");
  EXPECT_EQ(code_of(open_encrypted(path(), test_key(0x42))), "store_key_wrong");
  EXPECT_EQ(code_of(open_encrypted(path(), test_passphrase())), "store_key_wrong");

  Bytes bytes = file_bytes(path());
  bytes[50] ^= 1;
  overwrite(path(), bytes);
  EXPECT_EQ(code_of(open_encrypted(path(), test_key())), "store_damaged");
  bytes[50] ^= 1;
  overwrite(path(), bytes);
  EXPECT_EQ(code_of(open_encrypted(path(), test_key())), "ok");

  ASSERT_DONE(sqlite::open_or_die(folder_.file("plain.db")).exec(kInsertSecret));
  EXPECT_EQ(code_of(open_encrypted(folder_.file("plain.db"), test_key())), "store_not_sotto");
  overwrite(folder_.file("letter.txt"), to_bytes(as_bytes("Dear Ada,")));
  EXPECT_EQ(code_of(open_encrypted(folder_.file("letter.txt"), test_key())), "store_not_sotto");
}

TEST_F(OpenEncrypted, ARefusedOpeningChangesNothing) {
  make_database();
  const Bytes before = file_bytes(path());
  const Bytes key_before = file_bytes(path() + "-key");
  EXPECT_FALSE(open_encrypted(path(), DatabaseKey()));
  EXPECT_FALSE(open_encrypted(path(), test_key(0x42)));
  EXPECT_EQ(file_bytes(path()), before);
  EXPECT_EQ(file_bytes(path() + "-key"), key_before);
}

TEST_F(OpenEncrypted, ALostKeyFileIsDamageAndIsNotMadeAnew) {
  make_database();
  const Bytes key = file_bytes(path() + "-key");
  std::filesystem::remove(path() + "-key");
  EXPECT_EQ(code_of(open_encrypted(path(), test_key())), "store_damaged");
  EXPECT_FALSE(std::filesystem::exists(path() + "-key"));
  overwrite(path() + "-key", key);
  EXPECT_EQ(code_of(open_encrypted(path(), test_key())), "ok");
}

TEST_F(OpenEncrypted, EitherCopyInTheKeyFileIsEnoughAndNoneIsDamage) {
  make_database();
  const Bytes whole = file_bytes(path() + "-key");
  for (const std::size_t slot : {0u, 512u}) {
    Bytes half = whole;
    half[slot + 70] ^= 1;
    overwrite(path() + "-key", half);
    EXPECT_EQ(code_of(open_encrypted(path(), test_key())), "ok");
  }
  Bytes none = whole;
  none[70] ^= 1;
  none[512 + 70] ^= 1;
  overwrite(path() + "-key", none);
  EXPECT_EQ(code_of(open_encrypted(path(), test_key())), "store_damaged");
  overwrite(path() + "-key", {});
  EXPECT_EQ(code_of(open_encrypted(path(), test_key())), "store_damaged");
}

TEST_F(OpenEncrypted, AKeyFileThatACrashLeftHalfWrittenIsMadeAgain) {
  overwrite(path() + "-key", Bytes(40, 7));
  overwrite(path(), {});
  EXPECT_EQ(code_of(open_encrypted(path(), test_key())), "ok");
  make_database();
  EXPECT_EQ(code_of(open_encrypted(path(), test_key())), "ok");
}

TEST_F(OpenEncrypted, AWholeKeyFileIsNeverReplacedEvenWithoutData) {
  { Database db = open_or_die(path()); }
  overwrite(path(), {});
  const Bytes key = file_bytes(path() + "-key");
  EXPECT_EQ(code_of(open_encrypted(path(), test_key(0x42))), "store_key_wrong");
  EXPECT_EQ(file_bytes(path() + "-key"), key);
}

TEST_F(OpenEncrypted, AFileThatIsNotThereIsMadeOnlyWhenAsked) {
  EXPECT_EQ(code_of(open_encrypted(path(), test_key(), {.mode = OpenMode::read_write})), "not_found");
  EXPECT_FALSE(std::filesystem::exists(path()));
  EXPECT_FALSE(std::filesystem::exists(path() + "-key"));
}

TEST_F(OpenEncrypted, ASecondProcessIsToldThatTheDatabaseIsInUse) {
  make_database();
  EncryptedOptions options;
  options.tuning.busy_timeout = std::chrono::milliseconds(0);
  Database first = open_or_die(path(), options);
  EXPECT_EQ(code_of(open_encrypted(path(), test_key(), options)), "store_in_use");
}

TEST_F(OpenEncrypted, ReadersMayShareADatabaseThatIsNotExclusive) {
  EncryptedOptions shared;
  shared.tuning.exclusive = false;
  Database writer = open_or_die(path(), shared);
  ASSERT_DONE(writer.exec(kInsertSecret));
  shared.mode = OpenMode::read_only;
  Database reader = open_or_die(path(), shared);
  EXPECT_EQ(content(reader), kSecret);
  ASSERT_DONE(writer.exec("UPDATE t SET a = 'new'"));
  EXPECT_EQ(content(reader), "new");
  EXPECT_THAT(files_with(as_bytes("whisper")), testing::IsEmpty());
}

TEST_F(OpenEncrypted, APassphraseOpensWhatItMade) {
  ASSERT_TRUE(open_encrypted(path(), test_passphrase()));
  EXPECT_EQ(code_of(open_encrypted(path(), test_passphrase())), "ok");
  EXPECT_EQ(code_of(open_encrypted(path(), test_passphrase("wrong horse"))), "store_key_wrong");
  EXPECT_EQ(code_of(open_encrypted(path(), test_key())), "store_key_wrong");
  EXPECT_EQ(code_of(open_encrypted(path(), test_passphrase(""))), "invalid_argument");
}

TEST_F(OpenEncrypted, AKeyOfAnotherSizeIsAnInvalidArgument) {
  EXPECT_EQ(code_of(open_encrypted(path(), DatabaseKey::raw(SecretBytes(16)))), "invalid_argument");
  EXPECT_FALSE(std::filesystem::exists(path() + "-key"));
}

TEST_F(OpenEncrypted, AChangedKeyOpensAndTheOldOneDoesNot) {
  make_database();
  Result<void> changed = change_key(path(), test_key(), test_passphrase());
  ASSERT_TRUE(changed) << changed.error().message;
  EXPECT_EQ(code_of(open_encrypted(path(), test_key())), "store_key_wrong");
  Result<Database> db = open_encrypted(path(), test_passphrase());
  ASSERT_TRUE(db) << db.error().message;
  EXPECT_EQ(content(*db), kSecret);
  Result<void> refused = change_key(path(), test_key(), test_key(9));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::store_key_wrong);
}

TEST_F(OpenEncrypted, PagesOfOneDatabaseDoNotOpenInAnotherOfTheSameKey) {
  make_database();
  ASSERT_DONE(open_or_die(folder_.file("b.db")).exec(kInsertSecret));
  overwrite(folder_.file("b.db"), file_bytes(path()));
  EXPECT_EQ(code_of(open_encrypted(folder_.file("b.db"), test_key())), "store_damaged");
}

TEST_F(OpenEncrypted, PagesThatChangedPlacesAreDamage) {
  make_database();
  {
    Database db = open_or_die(path());
    ASSERT_DONE(db.exec("CREATE TABLE u (a TEXT NOT NULL) STRICT; INSERT INTO u VALUES ('other')"));
  }
  Bytes bytes = file_bytes(path());
  ASSERT_EQ(bytes.size(), 3 * kPageSize);
  std::swap_ranges(bytes.begin() + kPageSize, bytes.begin() + 2 * kPageSize, bytes.begin() + 2 * kPageSize);
  overwrite(path(), bytes);
  Result<Database> db = open_encrypted(path(), test_key());
  ASSERT_TRUE(db);  // page 1 is well
  sqlite::SqliteResult<std::string> row = db->scalar_text("SELECT a FROM t");
  ASSERT_FALSE(row);
  EXPECT_EQ(row.error().code, SQLITE_IOERR_DATA);
  EXPECT_EQ(to_error(row.error()).code, ErrorCode::store_damaged);
}

TEST_F(OpenEncrypted, ABlankedOrCutOffPageIsDamageAndNotEmptyData) {
  {
    Database db = open_or_die(path());
    ASSERT_DONE(db.exec("CREATE TABLE t (a BLOB NOT NULL) STRICT; INSERT INTO t VALUES (zeroblob(9000))"));
  }
  const Bytes whole = file_bytes(path());
  const std::size_t last = whole.size() - kPageSize;
  Bytes blanked = whole;
  std::fill(blanked.begin() + static_cast<std::ptrdiff_t>(last), blanked.end(), 0);
  overwrite(path(), blanked);
  sqlite::SqliteResult<std::int64_t> sum = open_or_die(path()).scalar("SELECT length(hex(a)) FROM t");
  ASSERT_FALSE(sum);
  EXPECT_EQ(to_error(sum.error()).code, ErrorCode::store_damaged);

  for (const std::size_t size : {last, last + 100}) {
    overwrite(path(), Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
    Result<Database> db = open_encrypted(path(), test_key());
    if (!db) {
      EXPECT_EQ(db.error().code, ErrorCode::store_damaged);
      continue;
    }
    sum = db->scalar("SELECT length(hex(a)) FROM t");
    ASSERT_FALSE(sum) << size;
    EXPECT_EQ(to_error(sum.error()).code, ErrorCode::store_damaged);
  }
}

TEST_F(OpenEncrypted, VacuumKeepsContentAndReservedBytes) {
  make_database();
  Database db = open_or_die(path());
  ASSERT_DONE(db.exec("CREATE TABLE gone (b BLOB) STRICT; INSERT INTO gone VALUES (zeroblob(100000))"));
  ASSERT_DONE(db.exec("DROP TABLE gone; VACUUM"));
  EXPECT_EQ(content(db), kSecret);
  EXPECT_EQ(db.scalar_text("PRAGMA integrity_check").value_or("?"), "ok");
  EXPECT_EQ(db.scalar("PRAGMA page_count").value_or(-1), 2);
  EXPECT_THAT(files_with(as_bytes("whisper")), testing::IsEmpty());
}

TEST_F(OpenEncrypted, VacuumIntoMakesAnEncryptedCopyWithItsOwnKeyFile) {
  make_database();
  {
    Database db = open_or_die(path());
    const std::string sql = "VACUUM INTO '" + folder_.file("copy.db") + "'";
    ASSERT_DONE(db.exec(sql.c_str()));
  }
  EXPECT_THAT(files_with(as_bytes("whisper")), testing::IsEmpty());
  EXPECT_NE(file_bytes(path() + "-key"), file_bytes(folder_.file("copy.db-key")));
  Database copy = open_or_die(folder_.file("copy.db"));
  EXPECT_EQ(content(copy), kSecret);
}

TEST_F(OpenEncrypted, ABackupGoesIntoAnotherEncryptedDatabase) {
  make_database();
  {
    Database from = open_or_die(path());
    Database to = open_or_die(folder_.file("backup.db"));
    sqlite3_backup* backup = sqlite3_backup_init(to.handle(), "main", from.handle(), "main");
    ASSERT_NE(backup, nullptr) << sqlite3_errmsg(to.handle());
    EXPECT_EQ(sqlite3_backup_step(backup, -1), SQLITE_DONE);
    EXPECT_EQ(sqlite3_backup_finish(backup), SQLITE_OK);
  }
  EXPECT_THAT(files_with(as_bytes("whisper")), testing::IsEmpty());
  Database copy = open_or_die(folder_.file("backup.db"));
  EXPECT_EQ(content(copy), kSecret);
}

TEST_F(OpenEncrypted, FullTextSearchWorks) {
  Database db = open_or_die(path());
  ASSERT_DONE(
      db.exec("CREATE VIRTUAL TABLE f USING fts5(body, tokenize='trigram');"
              "INSERT INTO f VALUES ('the whisper nobody hears'), ('something else')"));
  EXPECT_EQ(db.scalar("SELECT rowid FROM f WHERE f MATCH 'hispe'").value_or(-1), 1);
  EXPECT_THAT(files_with(as_bytes("whisper")), testing::IsEmpty());
}

TEST_F(OpenEncrypted, TemporaryFilesAreRefusedInsteadOfWrittenInTheClear) {
  Database db = open_or_die(path());
  ASSERT_DONE(db.exec("PRAGMA temp_store = FILE; PRAGMA cache_size = 10; CREATE TEMP TABLE big (b BLOB)"));
  // In memory as long as it fits the cache; then SQLite wants its file.
  sqlite::SqliteResult<void> done = db.exec(
      "INSERT INTO big WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
      " SELECT randomblob(3000) FROM n");
  ASSERT_FALSE(done);
  EXPECT_TRUE(done.error().is(SQLITE_CANTOPEN)) << done.error().text;
}

TEST_F(OpenEncrypted, ADatabaseAttachedWithoutReservedBytesCannotWriteInTheClear) {
  Database db = open_or_die(path());
  const std::string attach = "ATTACH '" + folder_.file("b.db") + "' AS b";
  ASSERT_DONE(db.exec(attach.c_str()));
  EXPECT_FALSE(db.exec("CREATE TABLE b.t (a TEXT); INSERT INTO b.t VALUES ('whisper')"));
  EXPECT_THAT(files_with(as_bytes("whisper")), testing::IsEmpty());
}

TEST_F(OpenEncrypted, ATransactionAcrossAttachedDatabasesWorksInBothJournalModes) {
  for (const JournalMode mode : {JournalMode::wal, JournalMode::rollback}) {
    TempFolder folder;
    Database db = open_or_die(folder.file("a.db"),
                              {.tuning = {.journal = mode, .exclusive = true, .secure_delete = true}});
    const std::string attach = "ATTACH '" + folder.file("b.db") + "' AS b";
    ASSERT_DONE(db.exec(attach.c_str()));
    int reserved = kReserved;
    ASSERT_EQ(sqlite3_file_control(db.handle(), "b", SQLITE_FCNTL_RESERVE_BYTES, &reserved), SQLITE_OK);
    ASSERT_DONE(
        db.exec("CREATE TABLE main.t (a TEXT); CREATE TABLE b.t (a TEXT); BEGIN IMMEDIATE;"
                "INSERT INTO main.t VALUES ('one'); INSERT INTO b.t VALUES ('two'); COMMIT"));
    EXPECT_EQ(db.scalar_text("SELECT group_concat(a) FROM (SELECT a FROM main.t UNION ALL SELECT a FROM b.t)")
                  .value_or("?"),
              "one,two");
  }
}

TEST_F(OpenEncrypted, EveryJournalModeRollsBack) {
  for (const char* mode : {"DELETE", "TRUNCATE", "PERSIST", "WAL", "MEMORY"}) {
    TempFolder folder;
    Database db = open_or_die(
        folder.file("a.db"),
        {.tuning = {.journal = JournalMode::rollback, .exclusive = false, .secure_delete = true}});
    ASSERT_DONE(db.exec((std::string("PRAGMA journal_mode = ") + mode).c_str()));
    ASSERT_DONE(db.exec(kInsertSecret));
    for (int round = 0; round < 3; ++round) {
      ASSERT_DONE(
          db.exec("BEGIN; UPDATE t SET a = 'undone'; SAVEPOINT s; UPDATE t SET a = 'too';"
                  "ROLLBACK TO s; RELEASE s; ROLLBACK"));
      EXPECT_EQ(content(db), kSecret) << mode;
      ASSERT_DONE(db.exec("UPDATE t SET a = a"));
    }
    EXPECT_EQ(db.scalar_text("PRAGMA integrity_check").value_or("?"), "ok") << mode;
  }
}

TEST_F(OpenEncrypted, StatementsMayOutliveTheConnection) {
  make_database();
  Statement left;
  {
    Database db = open_or_die(path());
    sqlite::SqliteResult<Statement> made = db.prepare("SELECT a FROM t");
    ASSERT_DONE(made);
    left = *std::move(made);
  }
  sqlite::SqliteResult<bool> row = left.step();
  ASSERT_TRUE(row && *row);
  EXPECT_EQ(left.text(0), kSecret);
}

}  // namespace
}  // namespace sotto::vfs
