#!/usr/bin/env python3
"""Puts messages into the database of a server that is not running, so that it can be measured with them.

    sotto-server --dev --data DIR        once, to make the file; then stop it
    tests/bench/fill_database.py DIR/server.db --messages 10000000
    sotto-server --dev --data DIR        and sotto-bench against it

Ten thousand people in five thousand conversations who write in turn, spread over two years, with everything
the server keeps for a message: its row and indexes, the mailbox entries, the counts. The people have the phone
numbers that sotto-bench signs in with, so its load goes to conversations in the midst of all others.
"""

import argparse
import sqlite3
import struct
import sys
import time
from pathlib import Path

PAIRS = 5000
FIRST_PHONE = 15_200_000_000  # Options::first_phone of sotto-bench
BODY = "x" * 100
EPOCH_MS = 1_704_067_200_000  # of Snowflake ids: 2024-01-01
SPREAD_MS = 2 * 365 * 24 * 3600 * 1000
STEP = 2_654_435_761  # an odd number without a common factor with PAIRS: neighbours are not written next to each other


def snowflake(ms_since_2024: int, sequence: int = 0) -> int:
    return ms_since_2024 << 22 | sequence


class Fill:
    def __init__(self, file: Path, messages: int) -> None:
        self.db = sqlite3.connect(file, isolation_level=None)
        self.per_pair = -(-messages // PAIRS)
        self.messages = self.per_pair * PAIRS
        self.now_ms = int(time.time() * 1000) - EPOCH_MS
        self.first_ms = self.now_ms - SPREAD_MS
        self.step_us = SPREAD_MS * 1000 // (self.messages + 1)
        # Ids of people and conversations: before the first message, and in another order than the phone numbers.
        self.people = [snowflake(self.first_ms - 40_000 + i) for i in range(2 * PAIRS)]
        self.conversations = [snowflake(self.first_ms - 20_000 + pair * STEP % PAIRS) for pair in range(PAIRS)]

    def message_id(self, number: int) -> int:
        # The number is the sequence: several may fall into one millisecond.
        return snowflake(self.first_ms + number * self.step_us // 1000, number & 0xFFF)

    def sender(self, number: int) -> tuple[int, int]:
        """Pair, and which of the two."""
        return number % PAIRS, number // PAIRS % 2

    def run(self) -> None:
        db = self.db
        if db.execute("SELECT count(*) FROM messages").fetchone()[0]:
            sys.exit("fill_database: the database holds messages already")
        db.execute("PRAGMA journal_mode = OFF")  # a file that is worth nothing until it is whole
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA cache_size = -1000000")
        db.execute("BEGIN")
        self.make_people()
        self.make_messages()
        self.make_mailboxes()
        last = self.message_id(self.messages - 1)
        db.execute("UPDATE progress SET last_id = max(last_id, ?)", (last,))
        db.execute("COMMIT")
        db.execute("PRAGMA journal_mode = WAL")

    def make_people(self) -> None:
        created = self.first_ms + EPOCH_MS
        self.db.executemany(
            "INSERT INTO users (user_id, phone_number, display_name, about, avatar_media_id, last_seen_privacy, created_at,"
            " last_seen_at, deleted) VALUES (?, ?, '', '', NULL, 0, ?, NULL, 0)",
            ((person, f"+{FIRST_PHONE + i}", created) for i, person in enumerate(self.people)))
        for pair, conversation in enumerate(self.conversations):
            two = self.people[2 * pair:2 * pair + 2]
            self.db.execute(
                "INSERT INTO conversations (conversation_id, kind, name, creator_id, creation_key, last_change_id, activity_id,"
                " message_count, log_from, gone_up_to_id, deleted) VALUES (?, 1, '', ?, NULL, ?, ?, ?, 0, 0, 0)",
                (conversation, two[0], conversation, self.message_id((self.per_pair - 1) * PAIRS + pair), self.per_pair))
            self.db.execute("INSERT INTO direct_conversations VALUES (?, ?, ?)", (*two, conversation))
            for which, person in enumerate(two):
                self.db.execute("INSERT INTO memberships VALUES (?, ?, ?, NULL, 1)", (conversation, person, conversation))
                own = (self.per_pair + 1 - which) // 2
                self.db.execute(
                    "INSERT INTO read_states (conversation_id, user_id, read_up_to_id, own_count, others_done)"
                    " VALUES (?, ?, 0, ?, 0)", (conversation, person, own))

    def make_messages(self) -> None:
        pack = struct.Struct(">QQ").pack

        def rows():
            for number in range(self.messages):
                if number % 1_000_000 == 0:
                    print(f"fill_database: {number:,} of {self.messages:,} messages", file=sys.stderr)
                pair, which = self.sender(number)
                message = self.message_id(number)
                person = self.people[2 * pair + which]
                # A version 7 UUID: 48 bits of milliseconds first.
                key = pack((message >> 22) + EPOCH_MS << 16 | 0x7000, 1 << 63 | number)
                yield message, self.conversations[pair], person, person, key

        self.db.executemany(
            "INSERT INTO messages (message_id, conversation_id, sender_id, sender_device_id, idempotency_key, body_kind, body,"
            f" epoch, media_url, reply_to) VALUES (?, ?, ?, ?, ?, 1, CAST('{BODY}' AS BLOB), 0, NULL, NULL)", rows())

    def make_mailboxes(self) -> None:
        print(f"fill_database: {2 * self.messages:,} mailbox entries", file=sys.stderr)

        def rows():
            for i, person in enumerate(self.people):
                for number in range(i // 2, self.messages, PAIRS):
                    yield person, self.message_id(number)

        self.db.executemany("INSERT INTO mailbox (user_id, message_id) VALUES (?, ?)", rows())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("database", type=Path)
    parser.add_argument("--messages", type=int, default=10_000_000)
    options = parser.parse_args()
    if not options.database.is_file():
        sys.exit(f"fill_database: {options.database} is not there; start the server once to make it")
    Fill(options.database, options.messages).run()


if __name__ == "__main__":
    main()
