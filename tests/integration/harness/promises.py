"""A client that does everything the protocol asks of one, and a check of the promises G1 to G4 on what came of it.

`Chatterbox` keeps an outbox, a cursor and what it has received, as the SDK does, over any number of lost connections;
`check_promises` compares all devices with the server's history and with what each sender was told.
"""
import threading
import uuid

import websockets

from harness import patience
from harness.connection import Closed, Connection


class Chatterbox:
    """A device that talks in one conversation through thick and thin. `run` is its thread; `finish` ends it healed."""

    # Pipelined, as the SDK does: a kill then hits messages in every state.
    IN_FLIGHT = 32

    def __init__(self, device, conversation, speaks=True):
        self.device = device
        self.conversation = conversation
        self.speaks = speaks
        self.sent = []  # (key, content) in the order the app sent them
        self.acked = {}  # key -> message_id
        self.seen = []  # (message_id, key, content) in the order shown, without what a retried sync repeats
        self.cursor = "0"
        self.violations = []
        self.connects = 0
        self._target = None
        self._connection = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self._thread.start()
        return self

    def cut(self):
        """kill -9 of the client, as seen from outside."""
        connection = self._connection
        if connection:
            connection.drop()

    def _run(self):
        while not self._stop.is_set():
            try:
                self._live_through_one_connection()
            except (Closed, ConnectionError, OSError, EOFError, TimeoutError, websockets.WebSocketException):
                self._stop.wait(0.02)  # the server is down; a client asks again
            except AssertionError as error:
                self.violations.append(str(error))
                return

    def _open(self):
        return Connection(self.device, tls=self.device.people.tls)

    def _live_through_one_connection(self):
        connection = self._connection = self._open()
        self.connects += 1
        pending = 0
        try:
            connection.send("sync", last_seen_message_id=self.cursor)
            for key, content in self.sent:
                if key not in self.acked:
                    connection.post(content, conversation=self.conversation, key=key)
                    pending += 1
            while not self._stop.is_set():
                while self.speaks and pending < self.IN_FLIGHT and not self._stop.is_set():
                    key = str(uuid.uuid4())
                    content = f"{self.device.device_id}/{len(self.sent)}"
                    self.sent.append((key, content))
                    connection.post(content, conversation=self.conversation, key=key)
                    pending += 1
                frame = connection.expect_any(("ack", "error", "message", "synced"), patience.BULK)
                pending -= self._take(frame)
        finally:
            self._connection = None
            for kind in ("ack", "message"):  # what had arrived before the end counts as received
                for frame in connection.take(kind):
                    self._take(frame)
            self.violations += connection.checker.violations
            connection.leave()

    def _take(self, frame):
        """Handles a frame; how many messages in flight it settled."""
        if frame["type"] == "ack":
            key, message_id = frame["idempotency_key"], frame["message_id"]
            if self.acked.setdefault(key, message_id) != message_id:
                self.violations.append(f"{key} was acked as {self.acked[key]} and as {message_id}")
            return 1
        if frame["type"] == "error":
            raise Closed(f"refused: {frame}")  # retried in order on a new connection
        if frame["type"] == "message" and frame["conversation_id"] == self.conversation:
            self.seen.append((frame["message_id"], frame["idempotency_key"], frame["content"]))
            self.cursor = frame["message_id"]
        return 0

    def acks(self):
        return len(self.acked)

    def finish(self):
        """Stops sending, then heals: everything unacked is sent again, everything missed is fetched."""
        self._stop.set()
        self._thread.join(patience.BULK)
        assert not self._thread.is_alive(), "a client hangs"
        connection = self._open()
        connection.sync(self.cursor)
        for key, content in self.sent:
            if key not in self.acked:
                self._take(connection.say(content, conversation=self.conversation, key=key))
        return connection

    def settle(self, connection, barrier_id):
        """Reads up to the barrier, which was sent after everybody had finished."""
        if not any(frame["message_id"] == barrier_id for frame in connection.of("ack")):
            connection.wait_until(lambda: any(f["message_id"] == barrier_id for f in connection.of("message")),
                                  patience.BULK, "the barrier")
        for frame in connection.take("message"):
            self._take(frame)
        connection.close()


def check_promises(chatterboxes):
    """Heals everybody, then checks G1 (acked is stored), G2 (once), G3 (one order), G4 (nothing missed)."""
    connections = [each.finish() for each in chatterboxes]
    barrier = connections[0].say("the end", conversation=chatterboxes[0].conversation)["message_id"]
    for each, connection in zip(chatterboxes, connections):
        each.settle(connection, barrier)
        assert not each.violations, "\n".join(each.violations[:10])
    history = [message for message in chatterboxes[0].device.whole_history(chatterboxes[0].conversation)
               if message["message_id"] != barrier]
    truth = [(message["message_id"], message["idempotency_key"], message["content"]) for message in history]
    ids = [int(message_id) for message_id, _, _ in truth]
    assert ids == sorted(set(ids)), "history is in ascending order without repeats"
    stored = {key: message_id for message_id, key, _ in truth}
    assert len(stored) == len(truth), "G2: a key was stored twice"
    sent = [key for each in chatterboxes for key, _ in each.sent]
    assert set(stored) == set(sent), "G1, G2: what was sent and what is stored are the same"
    for each in chatterboxes:
        for key, message_id in each.acked.items():
            assert stored[key] == message_id, f"G1: {key} was acked as {message_id}, stored as {stored[key]}"
        own = [key for _, key, content in truth if content.startswith(f"{each.device.device_id}/")]
        assert own == [key for key, _ in each.sent], "G3: a sender's messages keep the order in which they were sent"
        others = [entry for entry in truth if not entry[2].startswith(f"{each.device.device_id}/")]
        seen = [entry for entry in each.seen if entry[0] != barrier]
        repeated = len(seen) - len({key for _, key, _ in seen})
        assert repeated == 0, f"G2: {repeated} messages were shown twice on {each.device.device_id}"
        missing = [entry for entry in others if entry not in set(seen)]
        assert not missing, f"G4: {len(missing)} messages never reached {each.device.device_id}: {missing[:3]}"
        foreign = [entry for entry in seen if not entry[2].startswith(f"{each.device.device_id}/")]
        assert foreign == others, f"G3: {each.device.device_id} saw another order"
    return len(truth)
