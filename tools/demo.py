#!/usr/bin/python3
"""Plays a conversation of three `sotto` clients against a server it starts, and shows it as it happens.

    ./dev run            plays it and ends
    ./dev run --keep     leaves the server up and says how to join

Every client is a process of its own (`sotto rpc`), so what is shown is what the programs do: somebody is offline for a while,
the server is killed with -9 in the middle, and at the end everybody has the same messages in the same order.
"""
import argparse
import itertools
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

STEP_TIMEOUT_S = 30  # far more than any step takes; a demo that hangs is worse than one that fails
COLOUR = sys.stdout.isatty() and "NO_COLOR" not in os.environ
TICKS = {"sent": "✓", "delivered": "✓✓", "read": "✓✓ read"}


def paint(text, code):
    return f"\033[{code}m{text}\033[0m" if COLOUR else text


def narrate(text):
    print(f"\n{paint('—', 2)} {paint(text, 2)}", flush=True)


def fail(text):
    print(f"\ndemo: {text}", file=sys.stderr)
    sys.exit(1)


class Server:
    def __init__(self, binary, data):
        self.binary, self.data, self.port, self.process = binary, data, 0, None

    def start(self):
        command = [self.binary, "--dev", "--listen", f"127.0.0.1:{self.port}", "--data", str(self.data)]
        self.log = open(self.data.parent / "server.log", "ab")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        for line in self.process.stdout:
            if "ready on " in line:
                self.url = line.split("ready on ")[1].split()[0]
                self.port = int(self.url.rsplit(":", 1)[1])
                threading.Thread(target=self.process.stdout.read, daemon=True).start()
                return
        fail(f"the server did not start; see {self.log.name}")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait(STEP_TIMEOUT_S)


class Person:
    """One person with one device: a `sotto rpc` process."""

    ids = itertools.count(1)

    def __init__(self, name, phone, colour, binary, server, store):
        self.name, self.phone, self.colour = name, phone, colour
        self.binary, self.server, self.store = binary, server, store
        self.events, self.seen = queue.Queue(), []
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [self.binary, "rpc", "--server", self.server.url, "--store", str(self.store)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.answers = {}
        self.answered = threading.Condition()
        threading.Thread(target=self._read, args=(self.process,), daemon=True).start()

    def _read(self, process):
        for line in process.stdout:
            frame = json.loads(line)
            if "id" in frame:
                with self.answered:
                    self.answers[frame["id"]] = frame
                    self.answered.notify_all()
            else:
                self.events.put(frame["params"])

    def call(self, method, **params):
        request = next(self.ids)
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": request, "method": method, "params": params}) + "\n")
        self.process.stdin.flush()
        with self.answered:
            if not self.answered.wait_for(lambda: request in self.answers, STEP_TIMEOUT_S):
                fail(f"{self.name}: no answer to {method}")
            answer = self.answers.pop(request)
        if "error" in answer:
            fail(f"{self.name}: {method}: {answer['error']}")
        return answer["result"]

    def wait(self, what, matches):
        """The first event, seen already or still to come, that matches."""
        deadline = time.monotonic() + STEP_TIMEOUT_S
        for event in self.seen:
            if matches(event):
                return event
        while True:
            try:
                event = self.events.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                fail(f"{self.name} waited in vain for {what}")
            self.seen.append(event)
            if matches(event):
                return event

    def sign_in(self):
        account = self.call("login", phone_number=self.phone, otp="000000")
        self.user_id = account["user_id"]
        self.go_online()

    def go_online(self):
        self.call("connect")
        self.wait("the connection", lambda e: e["type"] == "connection" and e["state"] == "online")

    def receives(self, text):
        return self.wait(f"“{text}”", lambda e: e["type"] == "message" and e["message"]["text"] == text)["message"]

    def sees_status(self, local_id, status):
        order = ["sent", "delivered", "read"]
        reached = order[order.index(status):]
        self.wait(f"status {status}", lambda e: e["type"] == "status" and e["local_id"] == local_id and e["status"] in reached)

    def die(self):
        self.process.kill()
        self.process.wait()
        self.events, self.seen = queue.Queue(), []

    def leave(self):
        self.process.stdin.close()
        self.process.wait(STEP_TIMEOUT_S)

    @property
    def label(self):
        return paint(f"{self.name:>7}", self.colour)


def show(sender, text, note=""):
    print(f"  {sender.label}  {text}  {paint(note, 36)}", flush=True)


def says(sender, text, readers, **where):
    """Sends, waits until every reader has it and has read it, and shows it with its ticks and the time that took."""
    started = time.monotonic()
    sent = sender.call("send", text=text, **where)
    for reader in readers:
        message = reader.receives(text)
        took = (time.monotonic() - started) * 1000
        reader.call("mark_read", conversation_id=message["conversation_id"], message_id=message["message_id"])
    sender.sees_status(sent["local_id"], "read")
    names = " and ".join(r.name for r in readers)
    show(sender, text, f"{TICKS['read']}  (with {names} after {took:.0f} ms)")
    return sent


def play(anna, ben, chiara, server):
    narrate("Anna, Ben and Chiara sign in, each with a device of their own.")
    for person in (anna, ben, chiara):
        person.sign_in()
        print(f"  {person.label}  {paint('is online', 2)}")

    narrate("Anna writes to Ben. One tick: safe on the server. Two: on Ben's device. Then: read.")
    says(anna, "Hi Ben, did you see the weather for Sunday?", [ben], user_id=ben.user_id)
    says(ben, "Sun all day ☀️  shall we ask Chiara?", [anna], user_id=anna.user_id)

    narrate("Anna starts a group.")
    group = anna.call("group_create", name="Sunday hike", member_ids=[ben.user_id, chiara.user_id])["conversation_id"]
    for person in (ben, chiara):
        person.wait("the group", lambda e: e["type"] == "conversation" and e["conversation_id"] == group)
    says(anna, "Up the Herzogstand?", [ben, chiara], conversation_id=group)
    says(chiara, "Ja! 🥾", [anna, ben], conversation_id=group)

    narrate("Ben's phone dies (his process is killed with -9). The others go on.")
    ben.die()
    missed = ["Train at 7:32 from platform 11", "Bring water", "…and the good cheese 🧀"]
    pending = []
    for sender, text in zip((anna, chiara, anna), missed):
        sent = sender.call("send", conversation_id=group, text=text)
        sender.sees_status(sent["local_id"], "sent")
        pending.append((sender, sent["local_id"]))
        show(sender, text, TICKS["sent"])

    narrate("Ben has a charger but no signal yet: he opens the app, reads what is there, and answers. It waits on his device.")
    ben.start()
    offline = ben.call("send", conversation_id=group, text="Back! What did I miss?")
    show(ben, "Back! What did I miss?", "🕓 waiting for the network")

    narrate("Signal. What he missed arrives in order, and his answer goes out.")
    ben.go_online()
    for text in missed:
        message = ben.receives(text)
        show(ben, f"received: {text}")
    ben.call("mark_read", conversation_id=group, message_id=message["message_id"])
    ben.sees_status(offline["local_id"], "sent")
    for other in (anna, chiara):
        other.receives("Back! What did I miss?")
    show(ben, "Back! What did I miss?", TICKS["delivered"])

    narrate("The server is killed with -9 while Chiara is sending. Her client keeps everything and tries again.")
    burst = [f"Packing list {n}/5: {thing}" for n, thing in
             enumerate(["map", "rain jacket", "sun cream", "chocolate", "more chocolate"], 1)]
    for number, text in enumerate(burst):
        chiara.call("send", conversation_id=group, text=text)
        if number == 1:
            server.kill()
    show(chiara, f"{burst[0]} … {burst[-1]}", "🕓 sent into the void")
    server.start()
    narrate("It is back, on the same data.")
    for other in (anna, ben):
        for text in burst:
            other.receives(text)
    show(chiara, f"{burst[0]} … {burst[-1]}", TICKS["delivered"])

    narrate("Everybody compares what they have.")
    timelines = {p.name: [m["text"] for m in p.call("messages", conversation_id=group, limit=50)["messages"]]
                 for p in (anna, ben, chiara)}
    reference = timelines["Anna"]
    if any(t != reference for t in timelines.values()) or len(reference) != len(set(reference)):
        fail(f"the timelines differ: {json.dumps(timelines, ensure_ascii=False, indent=2)}")
    print(f"  {paint(f'{len(reference)} messages, the same ones in the same order, each exactly once, on all three devices.', 32)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", action="store_true", help="leave the server up afterwards, until Ctrl-C")
    parser.add_argument("--bin", type=Path, default=Path("build/release/bin"), help="where the programs are")
    parser.add_argument("--data", type=Path, default=Path("build/demo"), help="where to keep the data; emptied first")
    args = parser.parse_args()

    shutil.rmtree(args.data, ignore_errors=True)
    (args.data / "server").mkdir(parents=True)
    server = Server(args.bin / "sotto-server", args.data / "server")
    server.start()
    sotto = args.bin / "sotto"
    print(paint(f"sotto-server --dev is up on {server.url}; its data and log are in {args.data}", 1))
    people = []
    try:
        for name, phone, colour in (("Anna", "+4915100000001", 35), ("Ben", "+4915100000002", 33), ("Chiara", "+4915100000003", 34)):
            people.append(Person(name, phone, colour, sotto, server, args.data / name.lower()))
        play(*people, server)
        for person in people:
            person.leave()
        if args.keep:
            print(f"""
The server stays up on {paint(server.url, 1)} until Ctrl-C. Join it from two other terminals:

  {sotto} chat --server {server.url} --profile mia --phone +4915100000011
  {sotto} chat --server {server.url} --profile noah --phone +4915100000012

The code is 000000. Then type  /new +4915100000012  in Mia's window and say hello.""", flush=True)
            signal.sigwait({signal.SIGINT, signal.SIGTERM})
    finally:
        for person in people:
            if person.process.poll() is None:
                person.process.kill()
        if server.process.poll() is None:
            server.stop()


if __name__ == "__main__":
    main()
