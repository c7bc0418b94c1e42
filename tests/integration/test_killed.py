"""kill -9 of the server and of clients in mid-traffic, many rounds, G1 to G4 checked at rest (guarantees.md, proof 2)."""
import random
import threading

import pytest

from harness import patience
from harness.promises import Chatterbox, check_promises

THRESHOLD = 3
SERVER_KILLS = 12
ACKS_BETWEEN_KILLS = (40, 400)


def total_acks(boxes):
    return sum(each.acks() for each in boxes)


def wait_for_acks(boxes, wanted):
    """Traffic is the clock: the next blow falls after so many acks."""
    step = threading.Event()
    for _ in range(int(patience.BULK / 0.005)):
        if total_acks(boxes) >= wanted:
            return
        for each in boxes:
            assert not each.violations, each.violations[:5]
        step.wait(0.005)
    raise AssertionError(f"{total_acks(boxes)} acks instead of {wanted}: traffic has stopped")


def conversation_of(people, crowd):
    """Two devices of Alice, one of Bob and one of Carol in a group on the wanted side of the threshold."""
    phone, bob, carol = people.devices(3)
    laptop = phone.another()
    group = phone.group_with([bob, carol] + people.devices(crowd))
    return [phone, laptop, bob, carol], group


@pytest.mark.parametrize("crowd", [0, THRESHOLD], ids=["write fan-out", "read fan-out"])
def test_the_promises_hold_through_many_kills_of_the_server(make_server, make_people, crowd):
    dice = random.Random(20260101 + crowd)
    server = make_server(write_fanout_max_members=THRESHOLD)
    devices, group = conversation_of(make_people(server), crowd)
    boxes = [Chatterbox(device, group).start() for device in devices]
    for _ in range(SERVER_KILLS):
        wait_for_acks(boxes, total_acks(boxes) + dice.randint(*ACKS_BETWEEN_KILLS))
        server.crash_and_restart()
    wait_for_acks(boxes, total_acks(boxes) + 100)
    stored = check_promises(boxes)
    assert stored >= SERVER_KILLS * ACKS_BETWEEN_KILLS[0]
    assert all(each.connects > SERVER_KILLS // 2 for each in boxes), "every client lived through the kills"


def test_the_promises_hold_through_many_kills_of_clients(make_server, make_people):
    dice = random.Random(20260102)
    server = make_server(write_fanout_max_members=THRESHOLD)
    devices, group = conversation_of(make_people(server), 0)
    boxes = [Chatterbox(device, group).start() for device in devices]
    for _ in range(60):
        wait_for_acks(boxes, total_acks(boxes) + dice.randint(5, 60))
        dice.choice(boxes).cut()
    check_promises(boxes)


def test_the_promises_hold_when_both_ends_are_killed(make_server, make_people):
    dice = random.Random(20260103)
    server = make_server(write_fanout_max_members=THRESHOLD)
    devices, group = conversation_of(make_people(server), THRESHOLD)
    boxes = [Chatterbox(device, group).start() for device in devices]
    for round_number in range(8):
        wait_for_acks(boxes, total_acks(boxes) + dice.randint(30, 200))
        dice.choice(boxes).cut()
        if round_number % 2:
            server.crash_and_restart()
    check_promises(boxes)


def test_an_ack_that_was_seen_survives_a_kill_at_once(make_server, make_people):
    server = make_server()
    people = make_people(server)
    alice, bob = people.devices(2)
    acked = []
    for round_number in range(10):
        connection = alice.online(acked[-1]["message_id"] if acked else "0")
        acked.append(connection.say(f"round {round_number}", to=bob))
        server.crash_and_restart()
    history = bob.whole_history(acked[0]["conversation_id"])
    assert [message["message_id"] for message in history] == [ack["message_id"] for ack in acked]
    ids = [int(ack["message_id"]) for ack in acked]
    assert ids == sorted(set(ids))


def test_membership_changes_and_messages_agree_after_kills(make_server, make_people):
    """What a change's answer promised before the kill holds after it."""
    server = make_server()
    people = make_people(server)
    alice, bob, carol = people.devices(3)
    group = alice.group_with([bob])
    for round_number in range(5):
        alice.online().say(f"bob and I {round_number}", conversation=group)
        alice.rest.post(f"/api/groups/{group}/members", {"user_ids": [carol.user_id]}).ok()
        server.crash_and_restart()
        alice.online().say(f"all of us {round_number}", conversation=group)
        alice.rest.delete(f"/api/groups/{group}/members/{carol.user_id}").ok(200)
        server.crash_and_restart()
    expected = [f"all of us {round_number}" for round_number in range(5)]
    assert [frame["content"] for frame in carol.online("0").of("message")] == expected
    assert len(bob.online("0").of("message")) == 10
