"""One account's use of the server is bounded, in answers that nobody reads and in requests, and nobody else waits for it."""
import socket
import time

import pytest

from harness import frames, patience
from harness.people import fresh_phone_number
from harness.raw_websocket import RawWebSocket
from harness.rpc import RpcClient

# Each character of it takes six bytes of JSON.
LARGEST = "\x01" * 65_000
READERS = 40
# What the readers may hold together: the largest page, 393 KB, each. Without a bound a page of history alone was 39 MB.
HELD = 48 * 1024 * 1024


def wait_until(condition, what):
    end = time.monotonic() + patience.ANSWER
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def unread_requests(device, path, count=READERS):
    """Connections that ask and do not read; each holds as little in its own kernel buffer as can be."""
    sockets = []
    for _ in range(count):
        connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(patience.ANSWER)
        connection.connect(("127.0.0.1", device.server.port))
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {device.access_token}\r\n\r\n".encode())
        sockets.append(connection)
    for connection in sockets:
        assert connection.recv(1, socket.MSG_PEEK)  # its answer is there, and stays there
    return sockets


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Alice with everything that makes large answers: a history, an inbox, a group, contacts, a stream."""
    from harness.people import People
    from harness.server import Server
    with Server(tmp_path_factory.mktemp("server") / "data") as server:
        people = People(server)
        alice = people.sign_in()
        bob = people.sign_in().online(form=frames.BINARY)
        for _ in range(24):
            ack = bob.say(LARGEST, to=alice)
        others = people.devices(60)
        for device in others:
            device.rest.patch("/api/users/me", {"display_name": "\U0001f600" * 100}).ok()
        alice.rest.post("/api/contacts", {"phone_numbers": [other.phone_number for other in others]}).ok()
        group = bob.device.group_with([alice, *others])
        for number in range(12):
            bob.say(LARGEST, conversation=bob.device.group_with([alice], name=f"{number}"))
        said = bob.say("hello all", conversation=group)
        yield {"alice": alice, "bob": bob, "direct": ack["conversation_id"], "group": group, "said": said["message_id"],
               "server": server}
        people.finish()


@pytest.mark.parametrize("kind", ["history", "history_from_the_start", "inbox", "contacts", "group", "receipts", "devices"])
def test_answers_that_nobody_reads_take_bounded_memory(large, kind):
    alice, server = large["alice"], large["server"]
    path = {"history": f"/api/conversations/{large['direct']}/messages?limit=100",
            "history_from_the_start": f"/api/conversations/{large['direct']}/messages?after_id=0&limit=100",
            "inbox": "/api/conversations?limit=100", "contacts": "/api/contacts", "group": f"/api/groups/{large['group']}",
            "receipts": f"/api/conversations/{large['group']}/messages/{large['said']}/receipts",
            "devices": "/api/devices"}[kind]
    before = server.resident_bytes()
    sockets = unread_requests(alice, path)
    try:
        assert server.resident_bytes() - before < HELD
        assert large["bob"].device.rest.get("/api/users/me").status == 200
    finally:
        for connection in sockets:
            connection.close()


def test_a_stream_that_nobody_reads_takes_bounded_memory(large):
    server = large["server"]
    before = server.resident_bytes()
    connections = []
    for _ in range(24):  # a person has at most 32 devices
        connection = RawWebSocket(large["alice"].another(), receive_buffer=4096)
        connection.send(1, b'{"type":"sync","last_seen_message_id":"0"}')
        connections.append(connection)
    for connection in connections:
        connection.receive()  # the first frame of its catch-up
    assert server.resident_bytes() - before < HELD
    for connection in connections:
        connection.close()


def test_rest_requests_of_an_account_are_limited_and_others_have_theirs(make_server, make_people):
    server = make_server(rest_reads_per_second=1, rest_read_burst=5, rest_writes_per_second=1, rest_write_burst=3)
    alice, bob = make_people(server).devices(2)
    statuses = [alice.rest.get("/api/users/me").status for _ in range(8)]
    assert statuses[:5] == [200] * 5 and statuses[-1] == 429, statuses
    statuses = [alice.rest.patch("/api/users/me", {"about": "x"}).status for _ in range(6)]
    assert statuses[:3] == [200] * 3 and statuses[-1] == 429, statuses
    answer = alice.rest.patch("/api/users/me", {"about": "x"})
    answer.refused(429, "rate_limited")
    bob.rest.get("/api/users/me").ok()
    time.sleep(int(answer.headers["retry-after"]))
    alice.rest.patch("/api/users/me", {"about": "x"}).ok()


def test_a_group_of_many_counts_as_many_requests(make_server, make_people):
    server = make_server(rest_writes_per_second=1, rest_write_burst=4)
    people = make_people(server)
    alice, others = people.sign_in(), people.devices(49)
    members = [other.user_id for other in others]
    assert alice.rest.post("/api/groups", {"name": "1", "member_ids": members}).status == 201
    assert alice.rest.post("/api/groups", {"name": "2", "member_ids": members}).status == 201
    alice.rest.post("/api/groups", {"name": "3", "member_ids": members}).refused(429, "rate_limited")


def test_the_sdk_waits_where_it_is_told_to_and_nothing_fails(make_server, make_people, tmp_path):
    server = make_server(rest_writes_per_second=2, rest_write_burst=2)
    client = RpcClient(server.url, tmp_path / "client").sign_in(fresh_phone_number())
    try:
        started = time.monotonic()
        for number in range(6):
            client.call("set_profile", about=str(number))
        assert client.call("me")["about"] == "5"
        assert time.monotonic() - started > 1.5, "4 past the burst at 2 a second take 2 s"
    finally:
        client.kill()


def from_address(rest, address):
    def post(path, body):
        return rest.post(path, body, headers={"X-Forwarded-For": address})
    return post


def test_a_stranger_cannot_keep_the_owner_of_a_number_from_signing_in(make_server, make_people):
    server = make_server(dev=False, behind_proxy=True)
    rest = make_people(server).anonymous()
    number = fresh_phone_number()
    owner, stranger = from_address(rest, "203.0.113.1"), from_address(rest, "198.51.100.1")
    for _ in range(5):
        stranger("/api/auth/otp", {"phone_number": number}).ok(204)
    stranger("/api/auth/otp", {"phone_number": number}).refused(429, "rate_limited")
    wait_until(lambda: server.printed().count(number) == 5, "the stranger's codes did not come")
    owner("/api/auth/otp", {"phone_number": number}).ok(204)
    wait_until(lambda: server.printed().count(number) == 6, "no code came")
    code = [line for line in server.printed().splitlines() if number in line][-1].rsplit(" ", 1)[1]
    other = from_address(rest, "198.51.100.2")
    wrong = "111111" if code != "111111" else "222222"
    for _ in range(6):
        other("/api/auth/login", {"phone_number": number, "otp": wrong}).refused(401)
    server.crash_and_restart()
    stranger("/api/auth/otp", {"phone_number": number}).refused(429, "rate_limited")
    owner("/api/auth/login", {"phone_number": number, "otp": code}).ok()


def test_codes_are_limited_by_ipv6_network(make_server, make_people):
    server = make_server(dev=False, behind_proxy=True)
    rest = make_people(server).anonymous()
    statuses = [from_address(rest, f"2001:db8::{number:x}")("/api/auth/otp", {"phone_number": fresh_phone_number()}).status
                for number in range(1, 16)]
    assert statuses == [204] * 10 + [429] * 5
