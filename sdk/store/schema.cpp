#include "sdk/store/schema.hpp"

namespace sotto::store {
namespace {

constexpr const char* kVersion1 = R"sql(
-- Who is signed in. No row: nobody has ever been. Empty tokens: signed out.
CREATE TABLE account (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  user_id INTEGER NOT NULL,
  device_id INTEGER NOT NULL,
  access_token BLOB NOT NULL,
  refresh_token BLOB NOT NULL,
  access_expires_at INTEGER NOT NULL,
  -- The place in the server's stream below which nothing is missing.
  cursor INTEGER NOT NULL,
  -- Where the stream of this store began: older messages are only on the server.
  stream_start INTEGER NOT NULL,
  -- Messages up to here are known to the server as delivered to this device.
  delivered_told INTEGER NOT NULL,
  -- The conversations older than this device have been asked for and stored.
  inbox_loaded INTEGER NOT NULL
) STRICT;

CREATE TABLE conversations (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  -- The server's id. NULL: not known yet, the app sees a provisional id made from `row`.
  id INTEGER UNIQUE,
  kind INTEGER NOT NULL,
  -- Direct: the other person, or the number they are looked up by.
  peer_id INTEGER UNIQUE,
  peer_phone TEXT UNIQUE,
  name TEXT NOT NULL,
  is_member INTEGER NOT NULL,
  is_deleted INTEGER NOT NULL,
  -- The newest change applied, and its time.
  change_id INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  read_up_to INTEGER NOT NULL,
  -- read_up_to as the server knows it from this device.
  read_told INTEGER NOT NULL,
  unread INTEGER NOT NULL,
  -- What the list is sorted by: the position of the newest message or change.
  activity INTEGER NOT NULL,
  -- Older messages than this one are only on the server; 0: none are.
  history_from INTEGER NOT NULL
) STRICT;
CREATE INDEX conversations_by_activity ON conversations (activity);
CREATE INDEX conversations_to_tell ON conversations (row) WHERE read_up_to > read_told;

-- Rows that were merged into another: provisional ids stay valid.
CREATE TABLE conversation_aliases (
  old_row INTEGER PRIMARY KEY,
  row INTEGER NOT NULL
) STRICT;

CREATE TABLE members (
  conversation INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  role INTEGER NOT NULL,
  joined_at INTEGER NOT NULL,
  -- Member for messages with since_id < message_id, and where until_id is not 0, message_id < until_id.
  since_id INTEGER NOT NULL,
  until_id INTEGER NOT NULL,
  read_up_to INTEGER NOT NULL,
  read_at INTEGER NOT NULL,
  PRIMARY KEY (conversation, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE messages (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  conversation INTEGER NOT NULL,
  position INTEGER NOT NULL UNIQUE,
  sender_id INTEGER NOT NULL,
  sender_device_id INTEGER NOT NULL,
  is_mine INTEGER NOT NULL,
  text TEXT NOT NULL,
  media_url TEXT,
  reply_to INTEGER,
  created_at INTEGER NOT NULL,
  state INTEGER NOT NULL,
  idempotency_key BLOB,
  expires_at INTEGER,
  failure_code INTEGER,
  failure_text TEXT,
  can_retry INTEGER NOT NULL
) STRICT;
INSERT INTO sqlite_sequence (name, seq) VALUES ('messages', 4294967295);
CREATE INDEX messages_in_conversation ON messages (conversation, position, is_mine);
-- Other people's keys are theirs: only our own are unique.
CREATE UNIQUE INDEX messages_by_own_key ON messages (idempotency_key) WHERE is_mine = 1;
-- Own messages whose status can still rise (sent, delivered).
CREATE INDEX messages_unread_by_others ON messages (conversation, position) WHERE state IN (4, 5);

-- Own messages that the server has not acknowledged, in the order they go out (that of `message`).
CREATE TABLE outbox (
  message INTEGER PRIMARY KEY,
  conversation INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  -- Set with the first attempt that named a receiver instead of a conversation: a retry under the same key has
  -- to be the same request.
  receiver_id INTEGER
) STRICT;

CREATE TABLE transitions (
  message INTEGER NOT NULL,
  step INTEGER NOT NULL,
  at INTEGER NOT NULL,
  state INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  cause TEXT NOT NULL,
  PRIMARY KEY (message, step)
) STRICT, WITHOUT ROWID;

-- Who has stored which own message. Reading is a position, in `members`.
CREATE TABLE deliveries (
  message INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (message, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE holes (
  conversation INTEGER NOT NULL,
  from_id INTEGER NOT NULL,
  to_id INTEGER NOT NULL,
  PRIMARY KEY (conversation, from_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE drafts (
  conversation INTEGER PRIMARY KEY,
  text TEXT NOT NULL,
  reply_to INTEGER,
  cursor INTEGER NOT NULL
) STRICT;

CREATE TABLE people (
  user_id INTEGER PRIMARY KEY,
  display_name TEXT NOT NULL,
  about TEXT NOT NULL,
  avatar_media_id TEXT,
  phone_number TEXT UNIQUE,
  is_contact INTEGER NOT NULL,
  is_blocked INTEGER NOT NULL
) STRICT;
CREATE INDEX people_contacts ON people (user_id) WHERE is_contact = 1;
CREATE INDEX people_blocked ON people (user_id) WHERE is_blocked = 1;

-- Any part of a message, three characters or more; the text itself is in `messages`.
CREATE VIRTUAL TABLE search USING fts5 (text, content = '', tokenize = 'trigram');
)sql";

// Words of one and two characters are found by the index too: by the trigrams that begin with them
// (search_index.hpp).
constexpr const char* kVersion2 = R"sql(
-- The pages of the old index are used again at once. To overwrite all of them with zeros as well takes 400 bytes of
-- memory for each message.
PRAGMA secure_delete = FAST;
DROP TABLE search;
PRAGMA secure_delete = ON;
-- What is indexed is not the text but search_index.cpp's form of it, which has its case folded already. No sizes of
-- texts are kept: they are for ranking, and we find by time.
CREATE VIRTUAL TABLE search USING fts5 (
  text, content = '', columnsize = 0, tokenize = 'trigram case_sensitive 1'
);
-- Its trigrams in order, and where each of them stands.
CREATE VIRTUAL TABLE search_places USING fts5vocab (search, instance);

-- At most one row: messages from this row on are not in the index yet. The store adds them when it opens, some
-- thousands in a transaction, so that a phone does not need the memory for all of them at once.
CREATE TABLE search_rebuild (from_row INTEGER PRIMARY KEY) STRICT;
INSERT INTO search_rebuild (from_row) SELECT row FROM messages ORDER BY row LIMIT 1;
)sql";

// The index is of folded text (text_folding.hpp): accents go as well, ß is ss. It is filled after the store
// has opened, while the app is at work.
constexpr const char* kVersion3 = R"sql(
PRAGMA secure_delete = FAST;
DROP TABLE search_places;
DROP TABLE search;
PRAGMA secure_delete = ON;
CREATE VIRTUAL TABLE search USING fts5 (
  text, content = '', columnsize = 0, tokenize = 'trigram case_sensitive 1'
);
CREATE VIRTUAL TABLE search_places USING fts5vocab (search, instance);

-- At most one row: messages below `below` are not in the index yet. The newest come first; `top` is where it began.
DROP TABLE search_rebuild;
CREATE TABLE search_rebuild (below INTEGER PRIMARY KEY, top INTEGER NOT NULL) STRICT;
INSERT INTO search_rebuild (below, top) SELECT row + 1, row + 1 FROM messages ORDER BY row DESC LIMIT 1;
)sql";

constexpr const char* kVersion4 = R"sql(
-- Where the account is. No row: a store of an earlier version, which takes the first address it is opened with.
CREATE TABLE server (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  address TEXT NOT NULL
) STRICT;
)sql";

constexpr const char* kVersion5 = R"sql(
-- What the server said last of what it takes (`Limits` of frames.proto); empty before its first hello.
ALTER TABLE account ADD COLUMN limits BLOB NOT NULL DEFAULT x'';
-- The stream that `cursor` is a place in (`stream_id` of Hello); 0: none was named yet.
ALTER TABLE account ADD COLUMN stream_id INTEGER NOT NULL DEFAULT 0;
-- Why a range is missing: Hole::Cause of views.hpp.
ALTER TABLE holes ADD COLUMN cause INTEGER NOT NULL DEFAULT 2;
)sql";

constexpr sqlite::Migration kMigrations[] = {
    {1, kVersion1}, {2, kVersion2}, {3, kVersion3}, {4, kVersion4}, {5, kVersion5}};
constexpr sqlite::Schema kSchema{kApplicationId, kMigrations};

}  // namespace

const sqlite::Schema& schema() {
  return kSchema;
}

}  // namespace sotto::store
