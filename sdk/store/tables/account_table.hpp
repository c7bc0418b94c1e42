// Who is signed in, the tokens, and the place in the server's stream.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/secret.hpp"
#include "sdk/store/connection.hpp"
#include "sotto/ids.hpp"
#include "sotto/person.hpp"

namespace sotto::store {

struct Tokens {
  SecretBytes access;
  SecretBytes refresh;
  Timestamp access_expires_at{};
};

struct StoredAccount {
  Account account;
  Tokens tokens;  ///< empty: signed out
  std::uint64_t cursor = 0;
  std::uint64_t delivered_told = 0;
  std::uint64_t stream_start = 0;
  bool inbox_loaded = false;
  std::uint64_t stream_id = 0;  ///< the stream that `cursor` is a place in; 0: none was named yet
  Bytes limits;                 ///< as the server told them last; empty before that
};

class AccountTable {
 public:
  explicit AccountTable(Connection& db) : db_(db) {}

  std::optional<StoredAccount> load();
  /// The server that the account is or will be at; "" where none has been said.
  std::string server();
  void set_server(std::string_view address);
  /// The first sign-in of this store: the stream begins at the device's own id, since nothing before can be
  /// meant for it.
  void create(const Account& account, const Tokens& tokens);
  void set_device(DeviceId device);
  void set_tokens(const Tokens& tokens);
  void forget_tokens();
  void set_cursor(std::uint64_t cursor);
  void set_delivered_told(std::uint64_t position);
  void set_inbox_loaded(bool loaded);
  void set_limits(ByteView limits);
  void set_stream_id(std::uint64_t id);

 private:
  Connection& db_;
};

}  // namespace sotto::store
