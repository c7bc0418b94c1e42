"""sync, catch-up and the hand-over to live frames (protocol.md, `sync`), on both sides of the fan-out threshold."""
import threading
import uuid

import pytest

from harness import patience

THRESHOLD = 3
SERVER_OPTIONS = {"write_fanout_max_members": THRESHOLD}


@pytest.fixture(params=["direct", "write fan-out", "read fan-out"])
def place(request, people):
    """A sender who is online, a receiver who is not, and the fields that address the place they talk in."""
    sender, receiver = people.sign_in(), people.sign_in()
    if request.param == "direct":
        conversation = sender.direct_with(receiver)
    else:
        others = people.devices(0 if request.param == "write fan-out" else THRESHOLD)
        conversation = sender.group_with([receiver] + others)
    return sender.online(), receiver, {"conversation": conversation}


def texts(connection):
    return [frame["content"] for frame in connection.of("message")]


def send_many(sender, where, names):
    sender.send_all([("message", {"idempotency_key": str(uuid.uuid4()), "conversation_id": where["conversation"],
                                  "content": name}) for name in names])
    for _ in names:
        sender.expect("ack", timeout=patience.BULK)


def test_nothing_is_pushed_before_the_first_sync(place):
    sender, receiver, where = place
    silent = receiver.connect()
    sender.say("while not synced", **where)
    silent.send("nonsense")
    silent.expect("error")
    assert {frame["type"] for frame in silent.received} == {"hello", "error"}
    silent.sync()
    assert texts(silent) == ["while not synced"]


def test_an_empty_stream_is_synced_at_once(people):
    connection = people.sign_in().connect()
    assert connection.sync("0")["last_message_id"].isdigit()
    assert [frame["type"] for frame in connection.received] == ["hello", "synced"]


def test_sync_from_nothing_sends_everything_oldest_first(place):
    sender, receiver, where = place
    send_many(sender, where, [str(number) for number in range(30)])
    connection = receiver.online("0")
    assert texts(connection) == [str(number) for number in range(30)]


def test_sync_from_a_message_sends_what_came_after_it(place):
    sender, receiver, where = place
    acks = [sender.say(str(number), **where) for number in range(10)]
    connection = receiver.online(acks[5]["message_id"])
    assert texts(connection) == ["6", "7", "8", "9"]


def test_synced_names_the_place_to_go_on_from(place):
    sender, receiver, where = place
    sender.say("first", **where)
    connection = receiver.connect()
    cursor = connection.sync("0")["last_message_id"]
    connection.close()
    sender.say("second", **where)
    later = receiver.connect()
    assert int(later.sync(cursor)["last_message_id"]) > int(cursor)
    assert texts(later) == ["second"]


def test_sync_from_the_future_is_refused_and_the_connection_goes_on_from_a_place_it_knows(place):
    sender, receiver, where = place
    ack = sender.say("old", **where)
    connection = receiver.connect()
    connection.send("sync", last_seen_message_id=str(int(ack["message_id"]) + (1 << 30)))
    assert connection.expect("error")["code"] == "unknown_place"
    connection.sync(ack["message_id"])
    sender.say("live", **where)
    connection.expect("message", content="live")
    assert texts(connection) == ["live"]


@pytest.mark.parametrize("cursor", ["18446744073709551615", "9223372036854775808"])
def test_a_cursor_that_is_no_id_is_refused(people, cursor):
    alice, bob = people.sign_in(), people.online(1)[0]
    connection = alice.connect()
    connection.send("sync", last_seen_message_id=cursor)
    assert connection.expect("error")["code"] == "bad_frame"
    bob.say("to a strange cursor", to=alice)
    assert "to a strange cursor" in texts(alice.online("0"))


def test_a_second_sync_on_the_same_connection_starts_again_from_its_place(place):
    sender, receiver, where = place
    acks = [sender.say(str(number), **where) for number in range(5)]
    connection = receiver.online("0")
    connection.sync(acks[2]["message_id"])
    assert texts(connection) == ["0", "1", "2", "3", "4", "3", "4"]
    sender.say("live", **where)
    connection.expect("message", content="live")


def test_catch_up_and_live_frames_join_without_a_hole_or_a_repeat(place):
    """The receiver syncs again and again, each time from where it was, while the sender never stops."""
    sender, receiver, where = place
    count, chunk = 2000, 20
    names = [str(number) for number in range(count)]

    def write():
        for start in range(0, count, chunk):
            send_many(sender, where, names[start:start + chunk])

    writer = threading.Thread(target=write)
    writer.start()
    seen, cursor, rounds = [], "0", 0
    try:
        while len(seen) < count:
            connection = receiver.connect()
            connection.sync(cursor)
            wanted = min(count, len(seen) + chunk)
            connection.wait_until(lambda: len(seen) + len(connection.of("message")) >= wanted, patience.BULK)
            connection.drop()
            connection.checker.check()
            frames = connection.of("message")
            seen += [frame["content"] for frame in frames]
            cursor = frames[-1]["message_id"] if frames else cursor
            rounds += 1
    finally:
        writer.join()
    assert seen == names
    assert rounds > 3


def test_several_devices_catch_up_at_the_same_time(place):
    sender, receiver, where = place
    names = [str(number) for number in range(400)]
    devices = [receiver] + [receiver.another() for _ in range(3)]
    send_many(sender, where, names[:200])
    connections = [device.connect() for device in devices]
    for connection in connections:
        connection.send("sync", last_seen_message_id="0")
    send_many(sender, where, names[200:])
    for connection in connections:
        connection.wait_until(lambda c=connection: len(c.of("message")) >= 400, patience.BULK)
        assert texts(connection) == names


def test_the_senders_other_device_catches_up_on_what_the_first_one_sent(place):
    sender, receiver, where = place
    other = sender.device.another()
    send_many(sender, where, ["one", "two"])
    assert texts(other.online("0")) == ["one", "two"]


def test_conversations_on_both_sides_of_the_threshold_are_one_stream(people):
    alice, bob = people.sign_in(), people.sign_in()
    small = alice.group_with([bob])
    large = alice.group_with([bob] + people.devices(THRESHOLD))
    direct = alice.direct_with(bob)
    sender = alice.online()
    expected = []
    for number in range(60):
        sender.say(str(number), conversation=(small, large, direct)[number % 3])
        expected.append(str(number))
    assert texts(bob.online("0")) == expected


def test_a_group_that_grows_past_the_threshold_loses_nothing_and_repeats_nothing(people):
    alice, bob = people.sign_in(), people.sign_in()
    group = alice.group_with([bob])
    sender, listener = alice.online(), bob.online()
    crowd = people.devices(THRESHOLD + 1)
    expected = []
    for member in crowd:
        sender.say(f"before {member.user_id}", conversation=group)
        alice.rest.post(f"/api/groups/{group}/members", {"user_ids": [member.user_id]}).ok()
        sender.say(f"after {member.user_id}", conversation=group)
        expected += [f"before {member.user_id}", f"after {member.user_id}"]
    listener.expect("message", content=expected[-1])
    assert texts(listener) == expected
    assert texts(bob.online("0")) == expected
    for index, member in enumerate(crowd):
        assert texts(member.online("0")) == expected[2 * index + 1:]


def test_a_group_that_shrinks_below_the_threshold_loses_nothing_and_repeats_nothing(people):
    alice, bob = people.sign_in(), people.sign_in()
    crowd = people.devices(THRESHOLD + 1)
    group = alice.group_with([bob] + crowd)
    sender, listener = alice.online(), bob.online()
    expected = []
    for member in crowd:
        sender.say(f"with {member.user_id}", conversation=group)
        alice.rest.delete(f"/api/groups/{group}/members/{member.user_id}").ok(200)
        expected.append(f"with {member.user_id}")
    sender.say("the two of us", conversation=group)
    listener.expect("message", content="the two of us")
    assert texts(listener) == texts(bob.online("0")) == expected + ["the two of us"]
    for index, member in enumerate(crowd):
        assert texts(member.online("0")) == expected[:index + 1]


def test_large_messages_page_through_catch_up_whole(place):
    sender, receiver, where = place
    bodies = [chr(97 + number) * 40_000 for number in range(26)]
    send_many(sender, where, bodies)
    assert texts(receiver.online("0")) == bodies
