"""Clients that do not read, vanish without a word, or stop being heard (guarantees.md, G8; protocol.md, slow clients)."""
import json
import threading
import uuid

from harness import patience
from harness.binaries import memory_limit
from harness.proxy import Proxy
from harness.raw_websocket import PONG, TEXT, RawWebSocket

MEGABYTE = 1024 * 1024
# Far more than any queue and every buffer of the kernel between the two.
FLOOD_MESSAGES = 1500
FLOOD_BODY = 20_000
# What a flood may leave in the server beyond what the same flood leaves without slow readers (SQLite's page cache grows
# with what is stored, up to a limit): queues of 256 KiB, a page of catch-up, the allocator's slack. The flood is 30 MB.
GROWTH_LIMIT = 8 * MEGABYTE


def flood(sender, conversation, count=FLOOD_MESSAGES):
    for start in range(0, count, 50):
        keys = [str(uuid.uuid4()) for _ in range(50)]
        sender.send_all([("message", {"idempotency_key": key, "conversation_id": conversation,
                                      "content": f"{start + number}:".ljust(FLOOD_BODY, "x")})
                         for number, key in enumerate(keys)])
        for key in keys:
            ack = sender.expect_any(("ack", "error"), patience.BULK, idempotency_key=key)
            assert ack["type"] == "ack", ack


def growth(server, what):
    before = server.resident_bytes()
    what()
    return server.resident_bytes() - before


def read_messages(raw, count):
    """Reads from a raw connection until it has `count` messages; their numbers and ids in the order received."""
    numbers, ids = [], []
    while len(numbers) < count:
        opcode, data = raw.receive()
        if opcode == TEXT:
            frame = json.loads(data)
            if frame["type"] == "message":
                numbers.append(int(frame["content"].split(":")[0]))
                ids.append(int(frame["message_id"]))
        elif opcode == 9:
            raw.send(PONG, data)
    return numbers, ids


def test_a_slow_reader_costs_bounded_memory_delays_nobody_and_gets_everything_in_order(make_server, make_people):
    server = make_server()
    people = make_people(server)
    alice, bob = people.online(2)
    sleepy = people.sign_in()
    group = alice.device.group_with([bob, sleepy])
    without = growth(server, lambda: flood(alice, group))
    slow = RawWebSocket(sleepy, receive_buffer=8192)
    slow.send(TEXT, json.dumps({"type": "sync", "last_seen_message_id": bob.of("message")[-1]["message_id"]}).encode())
    slow.receive_until(lambda opcode, data: b'"synced"' in data)
    grown = growth(server, lambda: flood(alice, group))
    bob.wait_until(lambda: len(bob.of("message")) >= 2 * FLOOD_MESSAGES, patience.BULK, "the fast reader's messages")
    assert grown < without + memory_limit(GROWTH_LIMIT), f"{(grown - without) / MEGABYTE:.0f} MiB for a reader who does not read"
    numbers, ids = read_messages(slow, FLOOD_MESSAGES)
    assert numbers == list(range(FLOOD_MESSAGES))
    assert ids == sorted(set(ids))
    alice.say("live again:", conversation=group)
    slow.receive_until(lambda opcode, data: b"live again" in data)
    slow.close()


def test_many_slow_readers_cost_bounded_memory(make_server, make_people):
    server = make_server()
    people = make_people(server)
    alice = people.online(1)[0]
    crowd = people.devices(20)
    group = alice.device.group_with(crowd)
    without = growth(server, lambda: flood(alice, group, 500))
    readers = [RawWebSocket(device, receive_buffer=8192) for device in crowd]
    for reader in readers:
        reader.send(TEXT, b'{"type":"sync","last_seen_message_id":"0"}')
        reader.receive_until(lambda opcode, data: b'"conversation"' in data)
    grown = growth(server, lambda: flood(alice, group, 500)) - without
    # 256 KiB for each of them, and as much again being written; the flood would be 200 MB.
    assert grown < memory_limit(GROWTH_LIMIT + len(readers) * MEGABYTE // 2), f"{grown / MEGABYTE:.0f} MiB"
    numbers, ids = read_messages(readers[7], 1000)
    assert numbers == 2 * list(range(500)) and ids == sorted(set(ids))
    for reader in readers:
        reader.close()


def test_a_sender_who_never_reads_its_acks_is_read_no_further(make_server, make_people):
    server = make_server()
    people = make_people(server)
    alice, bob = people.sign_in(), people.sign_in()
    carol, dave = people.online(2)
    conversation = alice.direct_with(bob)
    raw = RawWebSocket(alice, receive_buffer=4096)
    sent, most = 0, 500_000  # their acks would be 100 MB, beyond every buffer of the kernel

    def push():
        nonlocal sent
        try:
            while sent < most:
                raw.send(TEXT, json.dumps({"type": "message", "idempotency_key": str(uuid.uuid4()),
                                           "conversation_id": conversation, "content": "x"}).encode())
                sent += 1
        except OSError:
            pass

    writer = threading.Thread(target=push, daemon=True)
    writer.start()
    progress = -1
    while sent != progress:
        progress = sent
        for number in range(20):  # the others are served meanwhile; and once nothing moves, it never will
            carol.say(str(number), to=dave)
    assert 0 < sent < most, "the sender was not slowed down"
    assert server.resident_bytes() < memory_limit(128 * MEGABYTE)
    raw.close()
    writer.join(patience.ANSWER)


def test_a_device_that_lost_its_network_connects_anew_at_once(make_server, make_people):
    server = make_server()
    people = make_people(server)
    alice, bob = people.online(1)[0], people.sign_in()
    proxy = Proxy(server.port)
    lost = bob.connect(url=f"ws://127.0.0.1:{proxy.port}/ws/connect")
    cursor = lost.sync()["last_message_id"]
    proxy.freeze()
    alice.say("into the void", to=bob)
    back = bob.online(cursor)
    back.expect("message", content="into the void")
    alice.say("and live", to=bob)
    back.expect("message", content="and live")
    proxy.close()


def test_a_half_open_connection_is_closed_and_its_person_offline(make_server, make_people):
    """By default a ping every 30 s and an end after 75 s of silence; here the same in seconds."""
    server = make_server(ping_interval="1s", silence_limit="3s")
    people = make_people(server)
    alice, bob = people.online(1)[0], people.sign_in()
    proxy = Proxy(server.port)
    lost = bob.connect(url=f"ws://127.0.0.1:{proxy.port}/ws/connect")
    lost.sync()
    alice.send("presence_subscribe", user_ids=[bob.user_id])
    alice.expect("presence", user_id=bob.user_id, online=True)
    proxy.freeze()
    files = server.open_files()
    alice.expect("presence", user_id=bob.user_id, online=False)
    wait_for(lambda: server.open_files() < files)
    assert alice.close_code is None, "who answers pings stays"
    proxy.close()


def test_a_thousand_connections_that_vanish_leave_nothing_behind(make_server, make_people):
    server = make_server()
    people = make_people(server)
    alice, bob = people.online(2)
    devices = people.devices(20)
    baseline = server.open_files()
    for round_number in range(50):
        sockets = [RawWebSocket(device) for device in devices]
        for raw in sockets:
            raw.close()
    alice.say("a barrier", to=bob)
    wait_for(lambda: server.open_files() <= baseline + 2)


def wait_for(condition, timeout=patience.ANSWER):
    """For conditions outside the protocol, such as open files: nothing announces them, so they are asked for."""
    step = threading.Event()
    for _ in range(int(timeout / 0.02)):
        if condition():
            return
        step.wait(0.02)
    raise AssertionError("the condition did not come about")


def test_connections_that_say_nothing_do_not_keep_others_out(make_server, make_people):
    import socket
    server = make_server()
    people = make_people(server)
    mute = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(300)]
    partial = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(100)]
    for each in partial:
        each.sendall(b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
    alice, bob = people.online(2)
    alice.say("undisturbed", to=bob)
    bob.expect("message", content="undisturbed")
    for each in mute + partial:
        each.close()
