"""SIGTERM: everybody is told, everything acked is kept, the process ends with 0 (architecture.md, Server process)."""
import random
import signal

from harness.promises import Chatterbox, check_promises
from test_killed import total_acks, wait_for_acks


def test_sigterm_tells_everybody_closes_with_1012_and_exits_with_0(make_server, make_people):
    server = make_server()
    people = make_people(server)
    synced = people.online(3)
    silent = people.sign_in().connect()
    server.process.send_signal(signal.SIGTERM)
    for connection in synced + [silent]:
        assert connection.expect("going_away")["reconnect_after_ms"] >= 0
        connection.expect_close(1012)
    assert server.wait() == 0


def test_sigint_drains_as_well(make_server, make_people):
    server = make_server()
    connection = make_people(server).online(1)[0]
    server.process.send_signal(signal.SIGINT)
    connection.expect("going_away")
    assert server.wait() == 0


def test_clients_are_told_different_times_to_come_back(make_server, make_people):
    server = make_server()
    connections = make_people(server).online(12)
    server.process.send_signal(signal.SIGTERM)
    times = {connection.expect("going_away")["reconnect_after_ms"] for connection in connections}
    assert len(times) > 3, f"all at once: {times}"
    assert server.wait() == 0


def test_a_client_that_does_not_answer_does_not_hold_the_drain_up(make_server, make_people):
    from harness.raw_websocket import RawWebSocket
    server = make_server()
    raw = RawWebSocket(make_people(server).sign_in())
    assert server.terminate() == 0
    raw.close()


def test_an_idle_server_stops_quickly(make_server):
    server = make_server()
    server.process.send_signal(signal.SIGTERM)
    assert server.wait(timeout=10) == 0


def test_the_promises_hold_through_drains_under_load(make_server, make_people):
    dice = random.Random(20260104)
    server = make_server()
    people = make_people(server)
    devices = people.devices(3)
    group = devices[0].group_with(devices[1:])
    boxes = [Chatterbox(device, group).start() for device in devices]
    for _ in range(4):
        wait_for_acks(boxes, total_acks(boxes) + dice.randint(50, 300))
        assert server.terminate() == 0
        server.start()
    check_promises(boxes)


def test_a_second_sigterm_is_no_harm(make_server, make_people):
    server = make_server()
    make_people(server).online(2)
    for _ in range(3):
        server.process.send_signal(signal.SIGTERM)
    assert server.wait() in (0, -signal.SIGTERM)
    server.start()
    assert server.alive()


def test_receipts_that_were_waiting_are_written_before_the_end(make_server, make_people):
    server = make_server(receipt_flush_interval="5s")
    people = make_people(server)
    alice, bob = people.online(2)
    ack = alice.say("hello", to=bob)
    bob.expect("message", content="hello")
    bob.send("read", conversation_id=ack["conversation_id"], up_to_message_id=ack["message_id"])
    bob.say("a barrier", to=alice)
    assert server.terminate() == 0
    server.start()
    assert alice.device.receipts(ack["conversation_id"], ack["message_id"]) == {bob.user_id: "read"}
