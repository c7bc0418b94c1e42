// The columns of a message as every reader of `messages AS m JOIN conversations AS c` selects them.
#pragma once

#include "sdk/store/tables/message_table.hpp"

namespace sotto::store {

#define SOTTO_MESSAGE_COLUMNS                                                                         \
  "m.row, m.position, m.conversation, c.id, m.sender_id, m.sender_device_id, m.is_mine, m.text, "     \
  "m.media_url, m.reply_to, m.created_at, m.state, m.idempotency_key, m.expires_at, m.failure_code, " \
  "m.failure_text, m.can_retry"
#define SOTTO_MESSAGES "messages AS m JOIN conversations AS c ON c.row = m.conversation"

StoredMessage read_message(const Query& q);

}  // namespace sotto::store
