// Short words for what every test of the encrypted VFS does.
#pragma once

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sdk/store/vfs/open_encrypted.hpp"
#include "tests/unit/sqlite/fixture.hpp"

namespace sotto::vfs {

using sqlite::Database;
using sqlite::JournalMode;
using sqlite::OpenMode;
using sqlite::Statement;
using sqlite::StatementScope;
using sqlite::TempFolder;
using sqlite::Transaction;

/// 32 bytes that only this byte decides.
inline DatabaseKey test_key(std::uint8_t fill = 0x41) {
  SecretBytes key(DatabaseKey::kRawSize);
  std::fill(key.span().begin(), key.span().end(), fill);
  return DatabaseKey::raw(std::move(key));
}

/// The cheapest passphrase that is allowed: tests derive it often.
inline DatabaseKey test_passphrase(std::string_view text = "correct horse") {
  return DatabaseKey::passphrase(SecretBytes(as_bytes(text)), {.passes = 1, .memory_kib = 8});
}

inline std::string code_of(const Result<Database>& db) {
  return db.ok() ? "ok" : std::string(to_string(db.error().code));
}

inline Database open_or_die(const std::string& path, const EncryptedOptions& options = {}) {
  Result<Database> db = open_encrypted(path, test_key(), options);
  if (!db) {
    ADD_FAILURE() << db.error().message;
    std::abort();
  }
  return *std::move(db);
}

}  // namespace sotto::vfs
