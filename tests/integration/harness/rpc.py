"""`sotto rpc` as a process of its own: the SDK, driven by JSON-RPC 2.0 (protocol.md, JSON-RPC of the terminal client).

    alice = RpcClient(server.url, tmp_path / "alice").sign_in()
    alice.call("send", user_id=bob.user_id, text="hello")
    bob.expect("message", lambda event: event["message"]["text"] == "hello")
    alice.kill(); alice.start()               # SIGKILL, and again on the same store
"""
import json
import os
import subprocess
import threading
import time

from harness import patience
from harness.binaries import program
from harness.logbook import Logbook
from harness.people import DEV_CODE, fresh_phone_number


class RpcFailure(Exception):
    """An error answer; `code` is JSON-RPC's number, `word` the SDK's."""

    def __init__(self, method, error):
        super().__init__(f"{method}: {error}")
        self.code = error["code"]
        self.message = error["message"]
        self.word = error.get("data", {}).get("code")


class RpcClient:
    def __init__(self, url, store, *, arguments=(), start=True):
        self.url = url
        self.store = store
        self.arguments = list(arguments)
        self.process = None
        self.user_id = None
        self.phone_number = None
        self.events = []
        self._answers = {}
        self._next_id = 0
        self._changed = threading.Condition()
        if start:
            self.start()

    # ---- the process

    def start(self):
        environment = {key: value for key, value in os.environ.items() if not key.startswith("SOTTO_")}
        command = [program("sotto"), "rpc", "--server", self.url, "--store", str(self.store), *self.arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        env=environment)
        self.output = Logbook(self.process.stdout, on_line=self._take)
        self.errors = Logbook(self.process.stderr)
        return self

    def kill(self):
        self.process.kill()
        self.wait()

    def wait(self, timeout=patience.STOP):
        code = self.process.wait(timeout)
        self.output.wait_until_ended(patience.ANSWER)
        with self._changed:
            self._changed.notify_all()
        return code

    def end_input(self):
        """Closes standard input, which ends the program cleanly; its exit code."""
        self.process.stdin.close()
        return self.wait()

    def alive(self):
        return self.process.poll() is None

    # ---- lines

    def _take(self, line):
        answer = json.loads(line)
        assert answer["jsonrpc"] == "2.0", line
        with self._changed:
            if answer.get("method") == "event":
                self.events.append(answer["params"])
            else:
                self._answers[json.dumps(answer["id"])] = answer
            self._changed.notify_all()

    def write_line(self, line):
        self.process.stdin.write(line if isinstance(line, bytes) else line.encode())
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def post(self, method, **params):
        """Sends a request without waiting; its id."""
        with self._changed:
            self._next_id += 1
            number = self._next_id
        self.write_line(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}))
        return number

    def answer(self, number, timeout=patience.ANSWER):
        key = json.dumps(number)
        with self._changed:
            there = self._changed.wait_for(lambda: key in self._answers or not self.alive(), timeout)
            assert there and key in self._answers, f"no answer to {number}; log: {self.errors.text()[-2000:]}"
            return self._answers.pop(key)

    def call(self, method, timeout=patience.ANSWER, **params):
        """The result; an error answer raises RpcFailure."""
        answer = self.answer(self.post(method, **params), timeout)
        if "error" in answer:
            raise RpcFailure(method, answer["error"])
        return answer["result"]

    # ---- events

    def expect(self, kind, condition=lambda event: True, timeout=patience.ANSWER, since=0):
        """The first event of a type that fulfils a condition, among those from number `since` on."""
        def find():
            return next((event for event in self.events[since:] if event["type"] == kind and condition(event)), None)

        return self.wait_until(find, timeout, f"an event {kind}")

    def expect_text(self, text, timeout=patience.ANSWER):
        return self.expect("message", lambda event: event["message"]["text"] == text, timeout)["message"]

    def wait_until(self, condition, timeout=patience.ANSWER, what="the condition"):
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                # A condition that calls lets go of the lock meanwhile: what came then is a reason to look again.
                seen = len(self.events)
                if result := condition():
                    return result
                assert self.alive(), f"sotto rpc ended: {self.errors.text()[-2000:]}"
                news = self._changed.wait_for(lambda: len(self.events) > seen or not self.alive(), deadline - time.monotonic())
                assert news, f"{what} did not come within {timeout:.0f} s; the last events: {self.events[-5:]}"

    def wait_until_status(self, local_id, *statuses, timeout=patience.ANSWER):
        return self.expect("status", lambda event: event["local_id"] == local_id and event["status"] in statuses, timeout)

    # ---- everyday steps

    def sign_in(self, phone_number=None):
        self.phone_number = phone_number or fresh_phone_number()
        self.user_id = self.call("login", phone_number=self.phone_number, otp=DEV_CODE)["user_id"]
        self.call("connect")
        return self

    def all_messages(self, conversation):
        """All messages of a conversation in the local store, oldest first."""
        messages, before = [], {}  # newest first
        while True:
            page = self.call("messages", conversation_id=conversation, limit=100, **before)
            messages += page["messages"]
            if not page["has_more"]:
                return messages[::-1]
            before = {"before_local_id": messages[-1]["local_id"]}

    def shown(self, conversation):
        return [message["text"] for message in self.all_messages(conversation)]
