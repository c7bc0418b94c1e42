"""A day's schedule compressed: people come, talk, read, type, form groups and go, over and over; memory stays flat and
nothing is lost (issue "Prove the promises"; guarantees.md, G8)."""
import os
import random
import threading

from harness import patience
from harness.binaries import memory_limit
from harness.raw_websocket import TEXT, RawWebSocket

MEGABYTE = 1024 * 1024
WARM_UP_ROUNDS = 15
ROUNDS = 60
# The page cache of the readers and the allocator's slack still settle; a leak of one connection or frame a step would be
# far more over 60 rounds of about 400 steps.
GROWTH_LIMIT = 8 * MEGABYTE


class Day:
    """A small town whose people keep doing what people do."""

    def __init__(self, people, dice):
        self.dice = dice
        self.devices = people.devices(12)
        self.groups = [self.devices[0].group_with(self.devices[1:5]), self.devices[5].group_with(self.devices[6:])]
        self.cursors = {}
        self.said = 0

    def come(self, device):
        connection = device.connect()
        self.cursors[device] = connection.sync(self.cursors.get(device, "0"))["last_message_id"]
        return connection

    def round(self):
        present = [self.come(device) for device in self.dice.sample(self.devices, 6)]
        for _ in range(40):
            speaker, listener = self.dice.sample(present, 2)
            speaker.send("typing", conversation_id=self.groups[0])
            ack = speaker.say("x" * self.dice.randint(1, 2000), to=listener)
            self.said += 1
            frame = listener.expect("message", message_id=ack["message_id"])
            listener.send("read", conversation_id=frame["conversation_id"], up_to_message_id=frame["message_id"])
        present[0].send("presence_subscribe", user_ids=[device.user_id for device in self.devices])
        present[1].device.inbox()
        speaker.device.history(ack["conversation_id"])
        present[3].rest.patch("/api/users/me", {"about": str(self.said)}).ok()
        for connection in present[:3]:
            connection.close()
        for connection in present[3:]:
            connection.drop()


def test_memory_stays_flat_over_a_long_day(make_server, make_people):
    server = make_server(write_fanout_max_members=5)
    people = make_people(server)
    day = Day(people, random.Random(20260108))
    for _ in range(WARM_UP_ROUNDS):
        day.round()
    people.connections.clear()
    before, files = server.resident_bytes(), server.open_files()
    for _ in range(ROUNDS):
        day.round()
        people.connections.clear()
    grown = server.resident_bytes() - before
    assert grown < memory_limit(GROWTH_LIMIT), f"{grown / MEGABYTE:.1f} MiB more after {ROUNDS} rounds"
    assert server.open_files() <= files + 12
    assert len(day.devices[0].inbox("?limit=100")) >= 5


def test_a_flood_of_rubbish_does_not_hold_up_the_others(make_server, make_people):
    """Every hostile client at once; the others' messages still cross within the patience of an ordinary test."""
    server = make_server(messages_per_second=200, message_burst=400)
    people = make_people(server)
    alice, bob, mallory = people.online(2) + [people.sign_in()]
    stop = threading.Event()

    def connect_and_babble(seed):
        dice = random.Random(seed)
        while not stop.is_set():
            try:
                raw = RawWebSocket(mallory if seed % 2 else mallory_too)
                for _ in range(200):
                    raw.send(TEXT, dice.choice([b"{", b'{"type":"dance"}', os.urandom(50), b"[" * 5000,
                                                b'{"type":"sync","last_seen_message_id":"0"}']))
                raw.close()
            except (OSError, EOFError, AssertionError):
                pass

    mallory_too = mallory.another()
    crowd = [threading.Thread(target=connect_and_babble, args=(seed,), daemon=True) for seed in range(4)]
    for each in crowd:
        each.start()
    for number in range(200):
        ack = alice.say(str(number), to=bob)
        bob.expect("message", message_id=ack["message_id"])
    stop.set()
    for each in crowd:
        each.join(patience.ANSWER)
    assert server.alive()
