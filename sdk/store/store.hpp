// Everything a device keeps: one SQLite database in the account's directory.
//
//   Result<std::unique_ptr<Store>> store = Store::open({.directory = dir, .key = StoreKey::none()});
//
//   if (auto begun = store->db.begin(); !begun) return begun.error();
//   store->drafts.set(row, draft);
//   return store->db.commit();
//
// One connection, alone with the file (another process gets `store_in_use`), with synchronous=EXTRA: what a
// commit has confirmed survives power loss. An error inside a transaction sticks until commit
// (connection.hpp).
//
// Thread rules: one thread at a time.
#pragma once

#include <filesystem>
#include <memory>

#include "sdk/store/connection.hpp"
#include "sdk/store/open_database.hpp"
#include "sdk/store/search/search_index.hpp"
#include "sdk/store/tables/account_table.hpp"
#include "sdk/store/tables/conversation_table.hpp"
#include "sdk/store/tables/draft_table.hpp"
#include "sdk/store/tables/hole_table.hpp"
#include "sdk/store/tables/member_table.hpp"
#include "sdk/store/tables/message_table.hpp"
#include "sdk/store/tables/outbox_table.hpp"
#include "sdk/store/tables/people_table.hpp"
#include "sdk/store/tables/receipt_table.hpp"
#include "sotto/error.hpp"
#include "sotto/options.hpp"
#include "sotto/result.hpp"

namespace sotto::store {

class Store {
 public:
  /// Opens, and brings the schema up to date. Fails with one of the `store_` errors; nothing is deleted.
  static Result<std::unique_ptr<Store>> open(StoreOptions options);

  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Closes all files; no lock is held afterwards (suspend). `reopen` opens them again. A store in memory
  /// stays open.
  void close();
  Result<void> reopen();
  [[nodiscard]] bool is_open() const { return db.is_open(); }

  Connection db;
  AccountTable account{db};
  ConversationTable conversations{db};
  MemberTable members{db};
  MessageTable messages{db};
  OutboxTable outbox{db};
  ReceiptTable receipts{db};
  HoleTable holes{db};
  DraftTable drafts{db};
  PeopleTable people{db};
  SearchIndex search{db};

 private:
  explicit Store(StoreOptions options) : options_(std::move(options)) {}
  Result<void> open_files();

  StoreOptions options_;
};

}  // namespace sotto::store
