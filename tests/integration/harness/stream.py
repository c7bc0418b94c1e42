"""What holds for the frames of every connection in every test, checked as they arrive.

- `hello` comes first, once.
- Nothing but answers is pushed before the client's first `sync` (protocol.md, `sync`).
- Everything durable comes in strictly ascending order of its id: messages, receipts, changes of conversations, gaps.
- `synced` never names a place below what was already sent.
"""

# No id of this decade reaches it: 2^62 >> 22 ms are 34 years after 2024.
FUTURE = 1 << 62

BEFORE_SYNC = {"hello", "ack", "error", "going_away"}


class StreamChecker:
    def __init__(self):
        self.violations = []
        self.frames = 0
        self.syncs = 0
        self.position = 0

    def sync_sent(self, cursor):
        self.syncs += 1
        # A second sync starts the stream again somewhere else, while frames of the first may still be on their way;
        # a cursor from the future says nothing about the live frames that follow.
        self.position = int(cursor) if self.syncs == 1 and int(cursor) < FUTURE else None

    def received(self, frame):
        kind = frame.get("type")
        if (kind == "hello") != (self.frames == 0):
            self.violations.append(f"hello has to be the first frame and only that: {frame}")
        self.frames += 1
        if self.syncs == 0 and kind not in BEFORE_SYNC:
            self.violations.append(f"pushed before the first sync: {frame}")
        for place in places(frame):
            self._advance(place, frame)
        if kind == "synced" and self.position is not None:
            if int(frame["last_message_id"]) < self.position:
                self.violations.append(f"synced lies behind {self.position}, which was already sent: {frame}")

    def _advance(self, place, frame):
        if self.position is None:
            return
        if place <= self.position:
            self.violations.append(f"the stream went from {self.position} back to {place}: {frame}")
        self.position = max(self.position, place)

    def check(self):
        assert not self.violations, "\n".join(self.violations[:10])


def places(frame):
    """The places in the stream that a frame has elements at."""
    kind = frame.get("type")
    if kind == "message":
        return [int(frame["message_id"])]
    if kind == "conversation":
        return [int(frame["change_id"])]
    if kind == "receipts":
        return [int(item["receipt_id"]) for item in frame["items"]]
    if kind == "gap":
        return [int(frame["to_message_id"])]
    return []
