"""A WebSocket connection of a device, in either subprotocol, on a stock WebSocket library.

    bob = device.connect()                    # hello has been received
    bob.sync()                                # ... and synced
    ack = alice.say("hello", to=bob)
    frame = bob.expect("message", content="hello")

`expect` waits for a frame that matches and takes it out of what is pending; frames that came before it stay pending.
Every frame passes the StreamChecker; what it finds fails the test at the end.
"""
import threading
import time
import uuid

import websockets

from harness import background, frames, patience
from harness.stream import StreamChecker

# Checking the mapping costs about 50 us a frame; after this many it has been seen.
MAPPING_CHECKED_FRAMES = 300


class Closed(Exception):
    """The connection ended while a frame was awaited."""


class Connection:
    def __init__(self, device, form=frames.JSON, *, url=None, headers=None, subprotocols=None, tls=None):
        self.device = device
        self.form = form
        self.checker = StreamChecker()
        self.received = []
        self.close_code = None
        self.close_reason = None
        self._pending = []
        self._changed = threading.Condition()
        self._socket = background.run(self._open(url, headers, subprotocols, tls), patience.ANSWER)
        self._reader = background.submit(self._read())

    # ---- who this is

    @property
    def user_id(self):
        return self.device.user_id

    @property
    def device_id(self):
        return self.device.device_id

    @property
    def rest(self):
        return self.device.rest

    # ---- transport

    async def _open(self, url, headers, subprotocols, tls):
        if headers is None:
            headers = {"Authorization": f"Bearer {self.device.access_token}"}
        if subprotocols is None:
            subprotocols = [self.form]
        return await websockets.connect(url or self.device.server.websocket_url, extra_headers=headers,
                                        subprotocols=subprotocols or None, ping_interval=None, max_size=None,
                                        open_timeout=patience.ANSWER, close_timeout=patience.ANSWER,
                                        max_queue=None, ssl=tls)

    @property
    def subprotocol(self):
        return self._socket.subprotocol

    async def _read(self):
        try:
            async for data in self._socket:
                self._take(data)
        except websockets.ConnectionClosed:
            pass
        finally:
            with self._changed:
                self.close_code = self._socket.close_code
                self.close_reason = self._socket.close_reason
                self._changed.notify_all()

    def _take(self, data):
        try:
            frame = frames.decode(self.form, data)
            with self._changed:
                self.checker.received(frame)
                self.received.append(frame)
                self._pending.append(frame)
                self._changed.notify_all()
            if self.form == frames.JSON and len(self.received) <= MAPPING_CHECKED_FRAMES:
                wrong = frames.deviation(frame)
                if wrong:
                    self.checker.violations.append(f"not the JSON mapping: {wrong}: {frame}")
        except Exception as error:  # what cannot be read is a violation, not the end of the reader
            self.checker.violations.append(f"unreadable frame: {error!r}: {data!r}")

    # ---- sending

    def send(self, kind, **fields):
        if kind == "sync":
            self.checker.sync_sent(fields.get("last_seen_message_id", 0))
        self.send_raw(frames.encode(self.form, {"type": kind, **fields}))

    def send_raw(self, data):
        """Sends one WebSocket message as it is: text if `data` is a str."""
        background.run(self._socket.send(data), patience.ANSWER)

    def send_all(self, messages):
        """Sends many frames [(type, fields), ...] back to back, without waiting for anything in between."""
        encoded = [frames.encode(self.form, {"type": kind, **fields}) for kind, fields in messages]

        async def push():
            for data in encoded:
                await self._socket.send(data)

        background.run(push(), patience.BULK)

    def sync(self, cursor="0"):
        """Asks for everything after `cursor`; the synced frame."""
        self.send("sync", last_seen_message_id=str(cursor))
        return self.expect("synced", timeout=patience.BULK)

    def post(self, text=None, *, to=None, conversation=None, key=None, **fields):
        """Sends a message frame and does not wait for its answer; its idempotency key."""
        key = key or str(uuid.uuid4())
        if to is not None:
            fields["receiver_id"] = getattr(to, "user_id", to)
        if conversation is not None:
            fields["conversation_id"] = str(conversation)
        if text is not None:
            fields["content"] = text
        self.send("message", idempotency_key=key, **fields)
        return key

    def say(self, text=None, **how):
        """Sends a message and waits for it to be durable; the ack."""
        key = self.post(text, **how)
        return self.answer(key)

    def answer(self, key):
        """The ack of the message with this key; an error fails the test."""
        frame = self.expect_any(("ack", "error"), idempotency_key=key)
        assert frame["type"] == "ack", frame
        return frame

    def refusal(self, key, code=None):
        """The error for the message with this key."""
        frame = self.expect_any(("ack", "error"), idempotency_key=key)
        assert frame["type"] == "error", frame
        assert frame["message"], f"an error says what is wrong: {frame}"
        if code is not None:
            assert frame["code"] == code, frame
        return frame

    def round_trip(self):
        """Returns when the server has read what was sent and this end has read, and its pings answered, what the server had
        sent by then: with the pong to a ping of our own."""
        async def ping():
            await (await self._socket.ping())

        background.run(ping(), patience.ANSWER)

    # ---- receiving

    def expect(self, kind, timeout=patience.ANSWER, **match):
        return self.expect_any((kind,), timeout, **match)

    def expect_any(self, kinds, timeout=patience.ANSWER, **match):
        wanted = {key: str(value) if key.endswith("_id") else value for key, value in match.items()}
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                for index, frame in enumerate(self._pending):
                    if frame["type"] in kinds and all(frame.get(k) == v for k, v in wanted.items()):
                        return self._pending.pop(index)
                if self.close_code is not None:
                    raise Closed(f"closed with {self.close_code} {self.close_reason!r} while waiting for {kinds} "
                                 f"{match}; pending: {self._pending[-5:]}")
                if not self._changed.wait(deadline - time.monotonic()):
                    raise AssertionError(f"no {kinds} with {match} within {timeout:.0f} s; "
                                         f"{len(self._pending)} pending, the last: {self._pending[-5:]}")

    def take(self, kind):
        """All pending frames of a type, without waiting."""
        with self._changed:
            taken = [frame for frame in self._pending if frame["type"] == kind]
            self._pending = [frame for frame in self._pending if frame["type"] != kind]
            return taken

    def of(self, kind):
        """All frames of a type that were ever received here."""
        with self._changed:
            return [frame for frame in self.received if frame["type"] == kind]

    def wait_until(self, condition, timeout=patience.ANSWER, what="the condition"):
        """Waits until condition() holds; it is asked again at each frame and at the end of the connection."""
        with self._changed:
            assert self._changed.wait_for(condition, timeout), f"{what} did not come about within {timeout:.0f} s"

    def expect_close(self, code=None, timeout=patience.ANSWER):
        """Waits for the connection to end; the close code."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.close_code is not None, timeout), \
                f"the connection was not closed within {timeout:.0f} s; pending: {self._pending[-5:]}"
        if code is not None:
            codes = code if isinstance(code, tuple) else (code,)
            assert self.close_code in codes, f"closed with {self.close_code} {self.close_reason!r}, not {code}"
        return self.close_code

    # ---- the end

    def close(self):
        """Closes in good order and waits until it is closed; finding violations is an error."""
        self.leave()
        self.checker.check()

    def leave(self):
        if self.close_code is None:
            try:
                background.run(self._socket.close(), patience.ANSWER)
            except Exception:  # the other end may be dead: then there is nothing to close
                self.drop()
            self._reader.result(patience.ANSWER)

    def drop(self):
        """Cuts the TCP connection without a close frame, as a lost network or a killed app does."""
        background.loop().call_soon_threadsafe(self._socket.transport.abort)
        with self._changed:
            self._changed.wait_for(lambda: self.close_code is not None, patience.ANSWER)
