"""The WebSocket itself: the upgrade, subprotocols, hello, close codes, what a frame may be (protocol.md, WebSocket)."""
import time

import pytest

from harness import frames
from harness.raw_websocket import CLOSE, CONTINUATION, PING, PONG, TEXT, RawWebSocket
from test_devices import refused_connection

FRAME_LIMIT = 64 * 1024


def bearer(device):
    return {"Authorization": f"Bearer {device.access_token}"}


def test_hello_comes_first_and_tells_who_and_when(people, form):
    device = people.sign_in()
    hello = device.connect(form).received[0]
    assert hello["user_id"] == device.user_id and hello["device_id"] == device.device_id
    assert abs(int(hello["server_time"]) - time.time() * 1000) < 60_000
    assert hello["limits"]["frame_bytes"] == FRAME_LIMIT


def test_the_offered_subprotocol_is_chosen(people, form):
    assert people.sign_in().connect(form).subprotocol == form


def test_without_a_subprotocol_it_is_json(people):
    connection = people.sign_in().connect(subprotocols=[])
    assert connection.subprotocol is None
    connection.sync()


@pytest.mark.parametrize("offered,chosen", [([frames.BINARY, frames.JSON], {frames.BINARY, frames.JSON}),
                                            (["chat", frames.JSON], {frames.JSON})])
def test_among_several_subprotocols_a_known_one_is_chosen(people, offered, chosen):
    device = people.sign_in()
    raw = RawWebSocket(device, subprotocols=offered)
    assert raw.headers["sec-websocket-protocol"] in chosen
    raw.close()


def test_a_browser_offers_its_token_as_a_subprotocol(people, form):
    device = people.sign_in()
    connection = device.connect(form, headers={}, subprotocols=[f"bearer.{device.access_token}", form])
    assert connection.subprotocol == form
    connection.sync()


def test_a_browser_that_offers_only_its_token_gets_json(people):
    device = people.sign_in()
    raw = RawWebSocket(device, headers={}, subprotocols=[f"bearer.{device.access_token}"])
    assert not raw.headers.get("sec-websocket-protocol", "").startswith("bearer."), "a token is not to be sent back"
    raw.close()


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic YTpi"},
                                     {"Authorization": "Bearer "}])
def test_a_connection_without_a_valid_token_is_turned_away(people, headers):
    assert refused_connection(people.sign_in(), headers=headers) == 401


def test_a_connection_with_a_bad_token_in_the_subprotocol_is_turned_away(people):
    device = people.sign_in()
    assert refused_connection(device, headers={}, subprotocols=["bearer.nonsense", frames.JSON]) == 401


def test_a_plain_get_of_the_websocket_path_is_refused(people):
    people.sign_in().rest.get("/ws/connect").refused(426, "upgrade_required")


def test_an_old_websocket_version_is_refused(people):
    device = people.sign_in()
    answer = device.rest.get("/ws/connect", headers={"Upgrade": "websocket", "Connection": "Upgrade",
                                                     "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
                                                     "Sec-WebSocket-Version": "8"})
    answer.refused(426, "upgrade_required")


def test_an_unknown_type_is_an_error_and_the_connection_stays(people):
    alice, bob = people.online(2)
    alice.send_raw('{"type":"dance"}')
    error = alice.expect("error")
    assert error["code"] == "unknown_type" and "dance" in error["message"]
    alice.say("still here", to=bob)


def test_an_unknown_field_of_the_binary_oneof_is_an_unknown_type(people):
    alice, bob = people.online(2, form=frames.BINARY)
    alice.send_raw(bytes([(99 << 3 | 2) & 0x7F | 0x80, (99 << 3 | 2) >> 7, 0]))
    assert alice.expect("error")["code"] == "unknown_type"
    alice.send_raw(b"")
    assert alice.expect("error")["code"] == "bad_frame", "nothing at all names no type"
    alice.say("still here", to=bob)


def test_a_frame_of_the_wrong_kind_is_a_bad_frame_and_the_connection_stays(people, form):
    alice, bob = people.online(2, form=form)
    alice.send_raw(b"\x0a\x00" if form == frames.JSON else '{"type":"sync"}')
    assert alice.expect("error")["code"] == "bad_frame"
    alice.say("still here", to=bob)


def test_a_frame_at_the_limit_is_taken_and_one_past_it_closes_with_1009(people):
    alice, bob = people.online(2)
    start = '{"type":"dance","x":"'
    alice.send_raw(start + "y" * (FRAME_LIMIT - len(start) - 2) + '"}')
    assert alice.expect("error")["code"] == "unknown_type"
    alice.send_raw(start + "y" * (FRAME_LIMIT - len(start) - 1) + '"}')
    alice.expect_close(1009)
    bob.say("the others go on", to=alice)


def test_a_message_in_fragments_is_one_message(people):
    device, bob = people.sign_in(), people.online(1)[0]
    raw = RawWebSocket(device)
    raw.send(TEXT, b'{"type":"sync","last_', final=False)
    raw.send(PING, b"between")
    raw.send(CONTINUATION, b'seen_message_id":"0"}')
    kinds = [raw.receive(), raw.receive()]
    assert (PONG, b"between") in kinds
    assert any(opcode == TEXT and b'"synced"' in data for opcode, data in kinds)
    raw.close()


def test_fragments_past_the_limit_are_refused_too(people):
    raw = RawWebSocket(people.sign_in())
    raw.send(TEXT, b"x" * 40_000, final=False)
    raw.send(CONTINUATION, b"x" * 40_000)
    assert raw.receive_close() == 1009


def test_a_ping_is_answered_with_its_data(people):
    raw = RawWebSocket(people.sign_in())
    raw.send(PING, b"12345")
    raw.receive_until(lambda opcode, data: (opcode, data) == (PONG, b"12345"))
    raw.close()


def test_a_close_is_answered_with_a_close(people):
    raw = RawWebSocket(people.sign_in())
    raw.send(CLOSE, (1000).to_bytes(2, "big"))
    assert raw.receive_close() == 1000


@pytest.mark.parametrize("name,code,data", [
    ("not masked", 1002, bytes([0x81, 0x02]) + b"{}"),
    ("reserved bit", 1002, bytes([0xF1, 0x80, 0, 0, 0, 0])),
    ("reserved opcode", 1002, bytes([0x83, 0x80, 0, 0, 0, 0])),
    ("long ping", 1002, bytes([0x89, 0xFE, 0x00, 0x7E, 0, 0, 0, 0]) + b"x" * 126),
    ("fragmented ping", 1002, bytes([0x09, 0x80, 0, 0, 0, 0])),
    ("continuation of nothing", 1002, bytes([0x80, 0x80, 0, 0, 0, 0])),
    ("length of 2^63", 1009, bytes([0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])),
    ("text that is not UTF-8", 1007, bytes([0x81, 0x82, 0, 0, 0, 0]) + b"\xff\xfe"),
    ("close with one byte", 1002, bytes([0x88, 0x81, 0, 0, 0, 0]) + b"\x03"),
    ("close with a code that must not be sent", 1002, bytes([0x88, 0x82, 0, 0, 0, 0]) + (1005).to_bytes(2, "big")),
])
def test_a_breach_of_rfc_6455_ends_that_connection_only(people, name, code, data):
    alice, bob = people.online(2)
    raw = RawWebSocket(people.sign_in())
    raw.send_bytes(data)
    assert raw.receive_close() == code, name
    alice.say("undisturbed", to=bob)
    bob.expect("message", content="undisturbed")


def test_compression_is_not_negotiated(people):
    raw = RawWebSocket(people.sign_in(), extensions="permessage-deflate; client_max_window_bits")
    assert "sec-websocket-extensions" not in raw.headers
    raw.close()


def test_frames_are_small_enough_for_any_client_that_trusts_hello(people):
    alice, bob = people.online(2)
    for number in range(40):
        alice.say(chr(97 + number % 26) * 30_000, to=bob)
    reader = people.sign_in(bob.device.phone_number)
    raw = RawWebSocket(reader)
    raw.send(TEXT, b'{"type":"sync","last_seen_message_id":"0"}')
    sizes = []
    raw.receive_until(lambda opcode, data: sizes.append(len(data)) or b'"synced"' in data)
    assert len(sizes) >= 41 and max(sizes) <= FRAME_LIMIT + 4096
    raw.close()
