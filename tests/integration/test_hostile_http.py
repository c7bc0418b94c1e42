"""Hostile input on every REST route: a clear refusal, nothing half done, the process alive, the others undisturbed."""
import errno
import http.client
import json
import os
import random
import socket

import pytest

from harness import hostile, patience

# Every route with a body, and a body that is good but for its ids.
BODIES = {
    ("POST", "/api/auth/otp"): {"phone_number": "+99912345678901"},
    ("POST", "/api/auth/login"): {"phone_number": "+99912345678901", "otp": "1", "device_name": "x"},
    ("POST", "/api/auth/refresh"): {"refresh_token": "x"},
    ("PATCH", "/api/users/me"): {"display_name": "x", "about": "x", "privacy": {"last_seen": "everyone"}},
    ("POST", "/api/contacts"): {"phone_numbers": ["+99912345678901"]},
    ("POST", "/api/groups"): {"name": "x", "member_ids": []},
    ("PATCH", "/api/groups/{group}"): {"name": "x"},
    ("POST", "/api/groups/{group}/members"): {"user_ids": []},
    ("PUT", "/api/groups/{group}/members/{user}/role"): {"role": "member"},
    ("PUT", "/api/devices/me/push-token"): {"platform": "apns", "token": "x"},
}
PATHS = ["/api/devices/{x}", "/api/users/{x}", "/api/contacts/{x}", "/api/blocks/{x}", "/api/conversations/direct/{x}",
         "/api/groups/{x}", "/api/groups/{x}/members", "/api/groups/{x}/members/{x}", "/api/groups/{x}/members/{x}/role",
         "/api/conversations/{x}/messages", "/api/conversations/{x}/messages/{x}/receipts"]
# Well written, though nothing has these ids: what is not there need not be deleted.
WELL_WRITTEN = ("0", "00", "9223372036854775807")
MAX_BODY = 64 * 1024  # the default of max_body_size
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@pytest.fixture
def world(people):
    """Alice attacks; Bob and Carol talk on undisturbed, which is checked at the end."""
    alice, bob, carol = people.online(3)
    group = alice.device.group_with([bob])
    yield alice, group, bob
    bob.say("undisturbed", to=carol)
    carol.expect("message", content="undisturbed")


def concrete(path, group, bob):
    return path.replace("{group}", group).replace("{user}", bob.user_id)


@pytest.mark.parametrize("method,path", BODIES)
def test_what_is_not_json_is_refused_on_every_route(world, method, path):
    alice, group, bob = world
    for name, body in hostile.NOT_JSON.items():
        answer = alice.rest.call(method, concrete(path, group, bob), raw=body, headers={"Content-Type": "application/json"})
        too_large = len(body) > MAX_BODY
        answer.refused(413 if too_large else 400, "too_large" if too_large else "bad_request")
    for name, body in hostile.EXTREME.items():
        answer = alice.rest.call(method, concrete(path, group, bob), raw=body, headers={"Content-Type": "application/json"})
        assert answer.status < 500, f"{name}: {answer}"


@pytest.mark.parametrize("method,path", BODIES)
def test_wrong_shapes_and_values_are_refused_or_ignored_on_every_route(world, method, path):
    alice, group, bob = world
    where = concrete(path, group, bob)
    for shape in hostile.WRONG_SHAPES:
        answer = alice.rest.call(method, where, raw=hostile.as_json(shape), headers={"Content-Type": "application/json"})
        assert answer.status < 500, f"{shape!r}: {answer}"
    for field in BODIES[method, path]:
        for value in hostile.WRONG_VALUES:
            answer = alice.rest.call(method, where, {**BODIES[method, path], field: value})
            assert answer.status < 500, f"{field} = {value!r}: {answer}"
            if answer.status >= 400:
                answer.refused(answer.status)
            if isinstance(BODIES[method, path][field], list):
                answer = alice.rest.call(method, where, {**BODIES[method, path], field: [value]})
                assert answer.status < 500, f"{field} = [{value!r}]: {answer}"
    alice.rest.get("/api/users/me").ok()


@pytest.mark.parametrize("method,path", BODIES)
def test_a_missing_field_is_named(world, method, path):
    alice, group, bob = world
    if method == "PATCH":
        return  # all fields of a change are optional
    body = BODIES[method, path]
    for field in body:
        if field == "device_name":
            continue
        rest = {name: value for name, value in body.items() if name != field}
        problem = alice.rest.call(method, concrete(path, group, bob), rest).refused(400, "bad_request")
        assert field in problem["detail"], problem


@pytest.mark.parametrize("path", PATHS)
def test_ids_that_are_none_are_refused_on_every_route(world, path):
    alice, group, bob = world
    for value in hostile.IDS_IN_PATHS:
        for method in METHODS:
            body = {} if method in ("POST", "PUT", "PATCH") else None
            answer = alice.rest.call(method, path.replace("{x}", value), body)
            if value in WELL_WRITTEN and method == "DELETE" and answer.status == 204:
                continue
            assert 400 <= answer.status < 500, f"{method} {value}: {answer}"
            answer.refused(answer.status)


def test_an_unknown_path_is_404_and_a_wrong_method_405(world):
    alice, group, bob = world
    for path in ("/", "/api", "/api/", "/api/nothing", "/api/auth/login/x", "//api/users/me", "/api/users/me/", "/API/users/me",
                 "/api/users/../users/me", "/.git/config", "/ws", "/ws/connect/x", "/" + "a" * 2000):
        alice.rest.get(path).refused(404)
    for method, path in (("GET", "/api/auth/login"), ("DELETE", "/api/groups"), ("PUT", "/api/users/me"),
                         ("POST", "/api/conversations"), ("PATCH", "/api/devices"), ("DELETE", "/healthz"),
                         ("TRACE", "/api/users/me"), ("BREW", "/api/users/me")):
        answer = alice.rest.call(method, path)
        answer.refused(405, "method_not_allowed")
        assert answer.headers.get("allow"), f"405 names what is allowed: {answer.headers}"


def test_a_body_that_is_too_large_is_refused(world):
    alice, group, bob = world
    for size in (70_000, 2_000_000):
        head = (f"POST /api/groups HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {alice.rest.token}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {size}\r\n\r\n").encode()
        received = raw_exchange(alice.rest.server, head + b"x" * size)
        assert received.startswith(b"HTTP/1.1 413 ") and b'"too_large"' in received, received[:300]


def test_a_body_of_another_type_is_refused(world):
    alice, group, bob = world
    for kind in ("text/xml", "multipart/form-data", "application/x-www-form-urlencoded"):
        answer = alice.rest.post("/api/groups", raw=b"<x/>", headers={"Content-Type": kind})
        answer.refused(415, "unsupported_media_type")


def raw_exchange(server, data, finish=True):
    """Sends bytes as they are; what comes back until the end.

    The server may answer and close while the request is still going out. What it said is read all the same: the reset that
    a late write earns is no end of reading, and after it a socket that is shut down once more says that it is not connected.
    """
    with socket.create_connection(("127.0.0.1", server.port), timeout=patience.ANSWER) as connection:
        received = b""
        try:
            connection.sendall(data)
            if finish:
                connection.shutdown(socket.SHUT_WR)
        except (ConnectionResetError, BrokenPipeError):
            pass
        except OSError as gone:
            if gone.errno != errno.ENOTCONN:
                raise
        try:
            while block := connection.recv(65536):
                received += block
        except ConnectionResetError:
            pass
        return received


def blameless(received):
    """No answer, or one that does not blame the server: 501 and 505 say that the request was beyond HTTP/1.1 as spoken."""
    return not received.startswith(b"HTTP/1.1 5") or received[9:12] in (b"501", b"505")


RAW = {
    "garbage": b"\x00\x01\x02\x03" * 100,
    "a line without an end": b"G" * 100_000,
    "no version": b"GET /\r\n\r\n",
    "version 0.9": b"GET / HTTP/0.9\r\n\r\n",
    "version 2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a space before the colon": b"GET /healthz HTTP/1.1\r\nHost : x\r\n\r\n",
    "a folded header": b"GET /healthz HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
    "a header without a colon": b"GET /healthz HTTP/1.1\r\nnonsense\r\n\r\n",
    "a huge header": b"GET /healthz HTTP/1.1\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
    "many headers": b"GET /healthz HTTP/1.1\r\n" + b"X: y\r\n" * 50_000 + b"\r\n",
    "a negative length": b"POST /api/auth/otp HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "a length that is none": b"POST /api/auth/otp HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n",
    "a huge length": b"POST /api/auth/otp HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
    "two lengths": b"POST /api/auth/otp HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
    "length and chunks": b"POST /api/auth/otp HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a bad chunk": b"POST /api/auth/otp HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a huge chunk": b"POST /api/auth/otp HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    "an unknown encoding": b"POST /api/auth/otp HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
    "a body cut short": b"POST /api/auth/otp HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
    "a null in the path": b"GET /health\x00z HTTP/1.1\r\nHost: x\r\n\r\n",
    "bytes in the path": b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    "an absolute path": b"GET http://evil.example/healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "an asterisk": b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    "connect": b"CONNECT example.org:80 HTTP/1.1\r\nHost: x\r\n\r\n",
    "header injection in the path": b"GET /api/x%0d%0aSet-Cookie:%20a=b HTTP/1.1\r\nHost: x\r\n\r\n",
    "a TLS hello": bytes.fromhex("16030100") + os.urandom(200),
    "a lone carriage return": b"GET /healthz HTTP/1.1\rHost: x\r\r",
    "upgrade to something": b"GET /ws/connect HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
    "upgrade without a key": b"GET /ws/connect HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
}


@pytest.mark.parametrize("name", RAW)
def test_what_is_not_http_is_refused_or_cut_off(world, server, name):
    received = raw_exchange(server, RAW[name])
    assert blameless(received), received[:300]
    assert b"Set-Cookie" not in received.split(b"\r\n\r\n")[0]
    assert server.alive()


def test_requests_on_one_connection_are_answered_in_order(world, server):
    alice, group, bob = world
    request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /nothing HTTP/1.1\r\nHost: x\r\n\r\n" * 20
    received = raw_exchange(server, request + b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", finish=False)
    statuses = [int(part[:3]) for part in received.decode("latin-1").split("HTTP/1.1 ")[1:]]
    assert statuses == [200, 404] * 20 + [200]


def test_a_connection_is_kept_for_the_next_request(world, server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=patience.ANSWER)
    for _ in range(5):
        connection.request("GET", "/healthz")
        response = connection.getresponse()
        response.read()
        assert response.status == 200 and connection.sock is not None
    connection.close()


def test_a_request_byte_by_byte_is_a_request(world, server):
    alice, group, bob = world
    body = json.dumps({"name": "Slowly", "member_ids": []}).encode()
    request = (f"POST /api/groups HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {alice.device.access_token}\r\n"
               f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n").encode() + body
    with socket.create_connection(("127.0.0.1", server.port), timeout=patience.ANSWER) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in request:
            connection.sendall(bytes([byte]))
        assert connection.recv(65536).startswith(b"HTTP/1.1 201")


def test_a_chunked_body_is_a_body(world, server):
    alice, group, bob = world
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=patience.ANSWER)
    connection.request("POST", "/api/groups", body=iter([b'{"name":"Chunks",', b'"member_ids":[]}']), encode_chunked=True,
                       headers={"Authorization": f"Bearer {alice.device.access_token}", "Transfer-Encoding": "chunked",
                                "Content-Type": "application/json"})
    assert connection.getresponse().status == 201
    connection.close()


def test_mutated_requests_never_bring_the_server_down(world, server):
    alice, group, bob = world
    dice = random.Random(7)
    body = json.dumps({"name": "x", "member_ids": [bob.user_id]}).encode()
    seed = (f"POST /api/groups?a=b&limit=5 HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {alice.device.access_token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body
    for _ in range(300):
        data = bytearray(seed)
        for _ in range(dice.randint(1, 6)):
            place = dice.randrange(len(data))
            choice = dice.randrange(4)
            if choice == 0:
                data[place] = dice.randrange(256)
            elif choice == 1:
                del data[place:place + dice.randint(1, 20)]
            elif choice == 2:
                data[place:place] = bytes(dice.randrange(256) for _ in range(dice.randint(1, 20)))
            else:
                data[place:place] = data[max(0, place - 30):place]
            data = data or bytearray(b"x")
        received = raw_exchange(server, bytes(data))
        assert blameless(received), (bytes(data), received[:300])
    assert server.alive()
