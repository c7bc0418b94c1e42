#include "sdk/store/tables/account_table.hpp"

namespace sotto::store {

std::optional<StoredAccount> AccountTable::load() {
  auto q = db_.query(
      "SELECT user_id, device_id, access_token, refresh_token, access_expires_at, cursor, delivered_told, "
      "inbox_loaded, stream_start, limits, stream_id "
      "FROM account WHERE id = 1");
  if (!q.next()) return std::nullopt;
  StoredAccount a;
  a.account = {q.id<UserId>(0), q.id<DeviceId>(1)};
  a.tokens.access = SecretBytes(q.blob(2));
  a.tokens.refresh = SecretBytes(q.blob(3));
  a.tokens.access_expires_at = q.time(4);
  a.cursor = static_cast<std::uint64_t>(q.int64(5));
  a.delivered_told = static_cast<std::uint64_t>(q.int64(6));
  a.inbox_loaded = q.boolean(7);
  a.stream_start = static_cast<std::uint64_t>(q.int64(8));
  const ByteView limits = q.blob(9);
  a.limits.assign(limits.begin(), limits.end());
  a.stream_id = static_cast<std::uint64_t>(q.int64(10));
  return a;
}

std::string AccountTable::server() {
  auto q = db_.query("SELECT address FROM server WHERE id = 1");
  return q.next() ? q.text(0) : std::string();
}

void AccountTable::set_server(std::string_view address) {
  db_.run("INSERT OR REPLACE INTO server (id, address) VALUES (1, ?1)", address);
}

void AccountTable::create(const Account& account, const Tokens& tokens) {
  db_.run(
      "INSERT INTO account (id, user_id, device_id, access_token, refresh_token, access_expires_at, cursor, "
      "delivered_told, inbox_loaded, stream_start) VALUES (1, ?1, ?2, ?3, ?4, ?5, ?2, ?2, 0, ?2)",
      account.user_id, account.device_id, tokens.access.view(), tokens.refresh.view(),
      tokens.access_expires_at);
}

void AccountTable::set_device(DeviceId device) {
  db_.run("UPDATE account SET device_id = ?1 WHERE id = 1", device);
}

void AccountTable::set_tokens(const Tokens& tokens) {
  db_.run("UPDATE account SET access_token = ?1, refresh_token = ?2, access_expires_at = ?3 WHERE id = 1",
          tokens.access.view(), tokens.refresh.view(), tokens.access_expires_at);
}

void AccountTable::forget_tokens() {
  db_.run("UPDATE account SET access_token = x'', refresh_token = x'', access_expires_at = 0 WHERE id = 1");
}

void AccountTable::set_cursor(std::uint64_t cursor) {
  db_.run("UPDATE account SET cursor = ?1 WHERE id = 1", cursor);
}

void AccountTable::set_delivered_told(std::uint64_t position) {
  db_.run("UPDATE account SET delivered_told = ?1 WHERE id = 1", position);
}

void AccountTable::set_inbox_loaded(bool loaded) {
  db_.run("UPDATE account SET inbox_loaded = ?1 WHERE id = 1", loaded);
}

void AccountTable::set_stream_id(std::uint64_t id) {
  db_.run("UPDATE account SET stream_id = ?1 WHERE id = 1", static_cast<std::int64_t>(id));
}

void AccountTable::set_limits(ByteView limits) {
  db_.run("UPDATE account SET limits = ?1 WHERE id = 1", limits);
}

}  // namespace sotto::store
