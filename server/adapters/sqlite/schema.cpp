// Migrations are numbered and never edited once released.
//
// Rows hold no times that an id tells already (snowflake.hpp). What grows with every message is appended:
// `messages` by rowid, `messages_by_key` because the SDK's keys rise (UUIDv7); the others grow at one place
// for each conversation or person that is active.
#include "server/adapters/sqlite/schema.hpp"

namespace sotto::server {

namespace {

constexpr const char* kFirst = R"sql(
-- One row. last_id: the highest id handed out in a committed batch, so that ids go on from there. gone_up_to: no message
-- beyond it has been deleted by retention.
CREATE TABLE progress (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  last_id INTEGER NOT NULL,
  gone_up_to INTEGER NOT NULL,
  token_key BLOB NOT NULL
) STRICT;

CREATE TABLE users (
  user_id INTEGER PRIMARY KEY,
  phone_number TEXT UNIQUE,  -- NULL once deleted
  display_name TEXT NOT NULL,
  about TEXT NOT NULL,
  avatar_media_id INTEGER,
  last_seen_privacy INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  last_seen_at INTEGER,
  deleted INTEGER NOT NULL
) STRICT;

CREATE TABLE devices (
  device_id INTEGER PRIMARY KEY,
  user_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  push_platform INTEGER NOT NULL,
  push_token TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL
) STRICT;
CREATE INDEX devices_by_user ON devices (user_id);

CREATE TABLE refresh_tokens (
  token_hash BLOB PRIMARY KEY,
  device_id INTEGER NOT NULL,
  issued_at INTEGER NOT NULL,
  superseded_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_tokens_by_device ON refresh_tokens (device_id, issued_at);
CREATE INDEX refresh_tokens_live ON refresh_tokens (device_id) WHERE superseded_at IS NULL;

CREATE TABLE otps (
  phone_number TEXT PRIMARY KEY,
  code_hash BLOB NOT NULL,
  wrong_tries INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX otps_by_expiry ON otps (expires_at);

CREATE TABLE contacts (
  owner_id INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  phone_number TEXT NOT NULL,
  PRIMARY KEY (owner_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE blocks (
  owner_id INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  PRIMARY KEY (owner_id, user_id)
) STRICT, WITHOUT ROWID;

-- message_count: ever stored. activity_id: the last message or change. log_from: see ConversationState. deleted: 1 once
-- deleted, 2 when its messages are gone too.
CREATE TABLE conversations (
  conversation_id INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL,
  name TEXT NOT NULL,
  creator_id INTEGER NOT NULL,
  creation_key TEXT,
  last_change_id INTEGER NOT NULL,
  activity_id INTEGER NOT NULL,
  message_count INTEGER NOT NULL,
  log_from INTEGER NOT NULL,
  gone_up_to_id INTEGER NOT NULL,
  deleted INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX conversations_by_creation_key ON conversations (creator_id, creation_key)
  WHERE creation_key IS NOT NULL;
CREATE INDEX conversations_to_delete ON conversations (deleted) WHERE deleted = 1;

CREATE TABLE direct_conversations (
  low_user_id INTEGER NOT NULL,
  high_user_id INTEGER NOT NULL,
  conversation_id INTEGER NOT NULL,
  PRIMARY KEY (low_user_id, high_user_id)
) STRICT, WITHOUT ROWID;

-- A period of membership: ids in (joined_id, left_id] are the person's to see.
CREATE TABLE memberships (
  conversation_id INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  joined_id INTEGER NOT NULL,
  left_id INTEGER,
  role INTEGER NOT NULL,
  PRIMARY KEY (conversation_id, user_id, joined_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX memberships_by_user ON memberships (user_id, conversation_id, joined_id, left_id);

CREATE TABLE changes (
  change_id INTEGER PRIMARY KEY,
  conversation_id INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  actor_id INTEGER NOT NULL,
  affected BLOB NOT NULL  -- user ids, 8 bytes each, big-endian
) STRICT;
CREATE TABLE change_audience (
  user_id INTEGER NOT NULL,
  change_id INTEGER NOT NULL,
  PRIMARY KEY (user_id, change_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE messages (
  message_id INTEGER PRIMARY KEY,
  conversation_id INTEGER NOT NULL,
  sender_id INTEGER NOT NULL,
  sender_device_id INTEGER NOT NULL,
  idempotency_key BLOB NOT NULL,
  body_kind INTEGER NOT NULL,
  body BLOB NOT NULL,
  epoch INTEGER NOT NULL,
  media_url TEXT,
  reply_to INTEGER
) STRICT;
-- The log of a conversation: history, read fan-out, and who sent what a reader has read, all without the rows.
CREATE INDEX messages_by_conversation ON messages (conversation_id, message_id, sender_id);
-- The key first: it rises, so the index grows at its right edge.
CREATE UNIQUE INDEX messages_by_key ON messages (idempotency_key, sender_id);

CREATE TABLE mailbox (
  user_id INTEGER NOT NULL,
  message_id INTEGER NOT NULL,
  PRIMARY KEY (user_id, message_id)
) STRICT, WITHOUT ROWID;

-- status: 2 delivered, 3 read (frames.proto).
CREATE TABLE receipts (
  audience_id INTEGER NOT NULL,
  receipt_id INTEGER NOT NULL,
  conversation_id INTEGER NOT NULL,
  message_id INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  status INTEGER NOT NULL,
  PRIMARY KEY (audience_id, receipt_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX receipts_delivered ON receipts (message_id, user_id) WHERE status = 2;
-- One row for each time a person read: the one for the reader's own devices.
CREATE INDEX receipts_read ON receipts (conversation_id, user_id, message_id)
  WHERE status = 3 AND audience_id = user_id;

-- See services/unread.hpp.
CREATE TABLE read_states (
  conversation_id INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  read_up_to_id INTEGER NOT NULL,
  own_count INTEGER NOT NULL,
  others_done INTEGER NOT NULL,
  count_at_leave INTEGER,
  PRIMARY KEY (conversation_id, user_id)
) STRICT, WITHOUT ROWID;
)sql";

constexpr const char* kSecond = R"sql(
-- The group's name when the person left: what it is called since is not theirs to know. NULL while they are in it, and for
-- those who left before this was noted.
ALTER TABLE memberships ADD COLUMN left_name TEXT;

-- How far the others have been told; NULL: as far as the person has read. See ReadState.
ALTER TABLE read_states ADD COLUMN told_up_to_id INTEGER;

-- Codes to sign in with, one for each that was asked for, kept for an hour. place: a keyed hash of the network it was asked
-- for from. code_hash: NULL once used.
CREATE TABLE sign_in_codes (
  code_id INTEGER PRIMARY KEY,
  phone_number TEXT NOT NULL,
  place BLOB NOT NULL,
  asked_at INTEGER NOT NULL,
  code_hash BLOB,
  wrong_tries INTEGER NOT NULL,
  wrong_tries_elsewhere INTEGER NOT NULL
) STRICT;
CREATE INDEX sign_in_codes_by_number ON sign_in_codes (phone_number, asked_at);
CREATE INDEX sign_in_codes_by_time ON sign_in_codes (asked_at);
-- From where those codes were asked for is not known; they were good for five minutes.
INSERT INTO sign_in_codes (phone_number, place, asked_at, code_hash, wrong_tries, wrong_tries_elsewhere)
  SELECT phone_number, zeroblob(32), expires_at - 300000, code_hash, wrong_tries, 0 FROM otps;
DROP TABLE otps;

-- The networks a person has signed in from, the latest few, as keyed hashes.
CREATE TABLE sign_in_places (
  user_id INTEGER NOT NULL,
  place BLOB NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_places_by_time ON sign_in_places (user_id, last_at);
)sql";

// Which stream the ids here belong to, and up to where it is the same as the one before; see StreamOrigin.
// 0: not named yet.
constexpr const char* kStreamOrigin = R"sql(
ALTER TABLE progress ADD COLUMN stream_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE progress ADD COLUMN stream_from INTEGER NOT NULL DEFAULT 0;
)sql";

// Milliseconds since 1970; see Store::believed_time. Of a database from before it is the time of its newest
// id (snowflake.hpp).
constexpr const char* kBelievedTime = R"sql(
ALTER TABLE progress ADD COLUMN believed_time INTEGER NOT NULL DEFAULT 0;
UPDATE progress SET believed_time = (last_id >> 22) + 1704067200000 WHERE last_id > 0;
)sql";

// A hash of body and media_url, so that damage to them is noticed. NULL: stored before there was one.
constexpr const char* kBodyCheck = "ALTER TABLE messages ADD COLUMN body_check INTEGER";

constexpr sqlite::Migration kMigrations[] = {
    {1, kFirst}, {2, kSecond}, {3, kStreamOrigin}, {4, kBelievedTime}, {5, kBodyCheck}};

// "Sott": this file is a Sotto server's.
constexpr sqlite::Schema kSchema{0x536f7474, kMigrations};

}  // namespace

const sqlite::Schema& server_schema() {
  return kSchema;
}

}  // namespace sotto::server
