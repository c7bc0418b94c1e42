// What a unit of work sees of the database (storage.hpp): one small interface for each concept. A write job
// gets a `Store&`, a read job a `const Store&`, and the const methods of the parts are exactly those that
// read.
//
//   std::optional<User> user = store.accounts().find_user(id);
//   store.accounts().update_user(*user);
//
// Failures: a store that cannot read or write (damaged file, full disk) notes the fault, answers "nothing"
// from then on and does nothing more; the storage gives the whole unit of work up and reports it as such. So
// services need not look, and nothing they decided on made-up answers can become durable or be told to
// anyone.
#pragma once

#include "server/ports/account_store.hpp"
#include "server/ports/contact_store.hpp"
#include "server/ports/conversation_store.hpp"
#include "server/ports/message_store.hpp"
#include "server/ports/receipt_store.hpp"
#include "server/ports/stream_store.hpp"

namespace sotto::server {

class Store {
 public:
  virtual ~Store() = default;

  virtual AccountStore& accounts() = 0;
  virtual ContactStore& contacts() = 0;
  virtual ConversationStore& conversations() = 0;
  virtual MessageStore& messages() = 0;
  virtual ReceiptStore& receipts() = 0;

  [[nodiscard]] virtual const AccountStore& accounts() const = 0;
  [[nodiscard]] virtual const ContactStore& contacts() const = 0;
  [[nodiscard]] virtual const ConversationStore& conversations() const = 0;
  [[nodiscard]] virtual const MessageStore& messages() const = 0;
  [[nodiscard]] virtual const ReceiptStore& receipts() const = 0;
  [[nodiscard]] virtual const StreamStore& stream() const = 0;

  /// The highest place (of the stream, whoever's) that this unit of work can see.
  [[nodiscard]] virtual Place snapshot() const = 0;
  /// Every message up to this id may be gone (retention). 0: none is.
  [[nodiscard]] virtual Place gone_up_to() const = 0;

  /// The time that retention last believed; see RetentionService.
  [[nodiscard]] virtual Timestamp believed_time() const = 0;
  virtual void set_believed_time(Timestamp now) = 0;

  /// Writes something that changes nothing, so that the unit of work succeeds only if the disk takes writes.
  virtual void touch() = 0;
};

}  // namespace sotto::server
